//! The flags of `timmy install`, `timmy uninstall` and `timmy shadow`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Subcommand;
use common::CommonArgs;

use super::plain::PlainArgs;

/// The flags of `timmy install`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct InstallArgs {
    /// The repository
    #[arg(long, value_name = "REPO")]
    pub into: PathBuf,

    /// Show what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Put small text files at the paths, which find the programs and are to be committed; without --shims and --links, what is
    /// there is kept, and links are made where neither is
    #[arg(long, conflicts_with = "links")]
    pub shims: bool,

    /// Put symbolic links to the programs at the paths, which are not to be committed
    #[arg(long)]
    pub links: bool,

    /// Replace scripts that have uncommitted changes too
    #[arg(long)]
    pub allow_dirty: bool,

    /// The directory for the programs [default: .loop/bin in the repository]
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,

    /// The directory of automations.json
    #[arg(long, value_name = "DIR")]
    pub config_dir: Option<PathBuf>,

    /// Print one JSON document and nothing else on stdout
    #[arg(long)]
    pub json: bool,

    /// Print nothing but errors (and the JSON document, if asked for)
    #[arg(long, short)]
    pub quiet: bool,
}

/// The flags of `timmy uninstall`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct UninstallArgs {
    /// The repository
    #[arg(long, value_name = "REPO")]
    pub from: PathBuf,

    /// Show what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Restore scripts even where the installed link was replaced by another file (which is kept)
    #[arg(long)]
    pub force: bool,

    /// Print one JSON document and nothing else on stdout
    #[arg(long)]
    pub json: bool,

    /// Print nothing but errors (and the JSON document, if asked for)
    #[arg(long, short)]
    pub quiet: bool,
}

/// The flags of `timmy shadow`.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ShadowArgs {
    #[command(subcommand)]
    pub command: Option<ShadowCommand>,

    /// Run the old script on the repository itself, so that its changes take effect; only the tool runs on a copy
    #[arg(long)]
    pub live: bool,

    /// The timeout of each run, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "900", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub timeout: u64,

    #[command(flatten)]
    pub common: CommonArgs,

    /// The command line of the old script, such as python3 .loop/originals/scripts/triage_score.py --quiet
    #[arg(last = true, value_name = "CALL")]
    pub call: Vec<OsString>,
}

/// What else `timmy shadow` does.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ShadowCommand {
    /// Show how often the old and the new results agreed, and the differences
    Report(PlainArgs),
}
