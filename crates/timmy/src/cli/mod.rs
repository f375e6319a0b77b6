//! The flags.

mod automation;
mod install;
mod plain;
mod schedule;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use common::CommonArgs;

pub(crate) use automation::{AutomationCommand, IdsArgs, NewArgs, PauseArgs, RunArgs};
pub(crate) use install::{InstallArgs, ShadowArgs, ShadowCommand, UninstallArgs};
pub(crate) use plain::PlainArgs;
pub(crate) use schedule::{ScheduleCommand, ServiceArgs, ServiceCommand};

/// Runs and manages all tools of the suite
///
/// Called through a symbolic link with the name of a tool, such as loop_guard.py, it runs that tool. So does `timmy TOOL …`:
/// backfill_retro, cycle_retro, loop_guard, loop_introspect, orchestrator, pre_commit_checks, triage_score, each with its own
/// --help; demo_forge is a local forge with a sample project. An unknown command is passed on to the next `timmy` on the PATH.
#[derive(Debug, Parser)]
#[command(name = "timmy", version = crate::version::VERSION, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What `timmy` itself does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Manage the automations of the manifest: list, validate, switch, configure, run
    #[command(subcommand)]
    Automation(AutomationCommand),
    /// Run the enabled automations of an event, such as pre_cycle
    Trigger(TriggerArgs),
    /// Run automations when they are due
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Print service units for the scheduler
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Replace the scripts of a repository by the tools of the suite, and keep the scripts
    Install(InstallArgs),
    /// Restore the scripts of a repository, byte for byte
    Uninstall(UninstallArgs),
    /// Report what is installed, what calls it, and what is broken
    Doctor(PlainArgs),
    /// Run an old script and the tool that replaces it on copies of the same files, and compare
    Shadow(ShadowArgs),
    /// Explain the state of an issue, of an idle loop or of an automation
    Why(WhyArgs),
    /// Explain a reason code; without one, list all
    Explain(ExplainArgs),
    /// Show the token ledger: balance and changes
    Tokens(TokensArgs),
    /// Check every file under .loop/ for damage
    Verify(PlainArgs),
    /// Move damaged data under .loop/ next to its file: lines of a log NAME to NAME.damaged, a document NAME to NAME.bad
    Repair(RepairArgs),
    /// Print the completion script for a shell
    ///
    /// It completes timmy, and the tools by their own names. bash and zsh: source <(timmy completions bash); fish: timmy completions fish | source. The script asks this program, which
    /// knows the flags, and the automations, issues and findings of the repository around the current directory.
    Completions(CompletionsArgs),
    /// Print a manual page
    Man(ManArgs),
    /// Show help for a command, or for exit-codes, environment, files
    Help(HelpArgs),
    /// Run one day of the loop on a sample project: triage, guard, agenda, three cycles
    Demo(DemoArgs),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// The flags of `timmy trigger`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TriggerArgs {
    /// The event: pre_cycle, post_cycle, pre_commit, or any other trigger
    #[arg(value_name = "EVENT", add = crate::candidates::events())]
    pub event: String,

    #[command(flatten)]
    pub common: CommonArgs,

    /// Arguments for each of the automations
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<OsString>,
}

/// The flags of `timmy why`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// An issue's number, `idle`, or `automation`
    #[arg(value_name = "WHAT", add = crate::candidates::stories())]
    pub what: String,

    /// After `automation`: its id
    #[arg(value_name = "ID", add = crate::candidates::ids())]
    pub id: Option<String>,

    /// For an issue: show the rules that do not hold too, and all of its cycles
    #[arg(long)]
    pub all: bool,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `timmy explain`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The code
    #[arg(value_name = "CODE", add = crate::candidates::codes())]
    pub code: Option<String>,

    /// Print one JSON document and nothing else on stdout
    #[arg(long)]
    pub json: bool,
}

/// The flags of `timmy tokens`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TokensArgs {
    /// Show the last N days
    #[arg(long, value_name = "N", default_value = "7", value_parser = clap::value_parser!(u16).range(1..=36_500))]
    pub days: u16,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `timmy repair`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RepairArgs {
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `timmy completions`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell: bash, zsh or fish
    #[arg(value_name = "SHELL", value_parser = ["bash", "zsh", "fish"])]
    pub shell: String,
}

/// The flags of `timmy man`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The command: timmy (the default), a tool, or words such as automation pause
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,

    /// Write the pages of all commands to this directory
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub out: Option<PathBuf>,
}

/// The flags of `timmy help`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct HelpArgs {
    /// exit-codes, environment, files, or a command
    #[arg(value_name = "TOPIC")]
    pub topic: Vec<String>,
}

/// The flags of `timmy demo`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Keep the repository with its files in this directory, which must be new or empty
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,

    /// Leave the forge running after the demo, and show how to run the tools with it
    #[arg(long)]
    pub serve: bool,
}
