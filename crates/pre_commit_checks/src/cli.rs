//! The flags.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use common::CommonArgs;

/// Finds what would fail in CI before it is committed: exit 0 no findings, 1 findings
#[derive(Debug, Parser)]
#[command(name = "pre_commit_checks", version, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Check these files and directories only [default: the work tree, without what Git ignores]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Check what is staged, as it is staged
    #[arg(long, conflicts_with_all = ["from_ref", "fix"])]
    pub staged: bool,

    /// Check what has changed since this commit …
    #[arg(long, value_name = "REF", requires = "to_ref", conflicts_with = "fix")]
    pub from_ref: Option<String>,

    /// … up to this one, in the state of this one
    #[arg(long, value_name = "REF", requires = "from_ref")]
    pub to_ref: Option<String>,

    /// Run only this check (may be repeated)
    #[arg(long, value_name = "ID")]
    pub check: Vec<String>,

    /// Skip this check (may be repeated)
    #[arg(long, value_name = "ID")]
    pub skip: Vec<String>,

    /// List the checks, and check nothing
    #[arg(long)]
    pub list: bool,

    /// Fix what needs no judgement: line endings, trailing spaces, the final newline, the formatting
    #[arg(long)]
    pub fix: bool,

    /// Leave out the findings that are listed in this file
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Write all current findings to the file of --baseline, and exit with 0
    #[arg(long, requires = "baseline")]
    pub update_baseline: bool,

    /// The format of the output
    #[arg(long, value_enum, value_name = "FORM", default_value = "text", conflicts_with = "json")]
    pub format: Format,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// What else the tool does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Install a hook with which Git runs this tool before each commit
    InstallHook(HookArgs),
}

/// The flags of `install-hook`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct HookArgs {
    /// Remove the hook
    #[arg(long)]
    pub remove: bool,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The forms of the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For people, in the format of the old script
    Text,
    /// One JSON document
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// JUnit XML
    Junit,
    /// Annotations of GitHub, Gitea and Forgejo Actions
    Github,
}
