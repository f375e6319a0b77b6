//! The flags.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use common::run::CommonArgs;

/// One command over all tools of the suite, and what runs them
///
/// Called by a tool's name (a symlink loop_guard or loop_guard.py), it is that tool. `timmy TOOL …` is the tool too:
/// backfill_retro, cycle_retro, loop_guard, loop_introspect, orchestrator, pre_commit_checks, triage_score, each with its own
/// --help; demo_forge serves a project like a forge. A command that is unknown here is handed to the next `timmy` on the PATH.
#[derive(Debug, Parser)]
#[command(name = "timmy", version = crate::VERSION, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What `timmy` itself does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The automations of the manifest: list, validate, switch, configure, run
    #[command(subcommand)]
    Automation(AutomationCommand),
    /// Run the enabled automations of an event, such as pre_cycle
    Trigger(TriggerArgs),
    /// Run automations when their time comes
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Units for whoever keeps the scheduler running
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Put our tools in the place of a repository's scripts, which are kept
    Install(InstallArgs),
    /// Put a repository's scripts back, byte for byte
    Uninstall(UninstallArgs),
    /// Say what is installed, who calls it, and what is broken
    Doctor(PlainArgs),
    /// Run an old script and our tool on copies of the same files, and compare
    Shadow(ShadowArgs),
    /// Tell why: of an issue, of an idle loop, of an automation
    Why(WhyArgs),
    /// Say what a reason code means; without one, list all
    Explain(ExplainArgs),
    /// The token ledger: balance and movements
    Tokens(TokensArgs),
    /// Look for damage in every file under .loop/
    Verify(PlainArgs),
    /// Move damaged bytes out of the files under .loop/ into files beside them
    Repair(RepairArgs),
    /// Print what a shell needs to complete our commands
    Completions(CompletionsArgs),
    /// Print a manual page
    Man(ManArgs),
    /// Say more: of a command, or of exit-codes, environment, files
    Help(HelpArgs),
    /// Run one day of the loop on a sample project: triage, guard, agenda, three cycles
    Demo(DemoArgs),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// The automations.
#[derive(Debug, Subcommand)]
pub(crate) enum AutomationCommand {
    /// Show every automation: on or off, when, last run, next run, what is wrong
    List(PlainArgs),
    /// Look for everything that is wrong in the manifest (exit 1)
    Validate(PlainArgs),
    /// Switch automations on, in the manifest, which is otherwise left as it is
    Enable(IdsArgs),
    /// Switch automations off, in the manifest, which is otherwise left as it is
    Disable(IdsArgs),
    /// Put an automation off for a while
    Pause(PauseArgs),
    /// End the pause of automations
    Resume(IdsArgs),
    /// Show every setting with its value in force and where it came from
    Config(ConfigArgs),
    /// Add an automation: an entry in the manifest and a script to begin with
    New(NewArgs),
    /// Run an automation now, with its time limit, its log and its report
    Run(RunArgs),
}

/// Nothing but the common flags.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PlainArgs {
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Automations by id.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct IdsArgs {
    /// The automations
    #[arg(required = true, value_name = "ID", add = crate::completions::ids())]
    pub ids: Vec<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `timmy automation pause`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PauseArgs {
    /// The automations
    #[arg(required = true, value_name = "ID", add = crate::completions::ids())]
    pub ids: Vec<String>,

    /// For how long: 90s, 30m, 2h, 3d
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub length: Duration,

    /// Why, for whoever wonders
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `timmy automation config`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    /// The automation; without one, all
    #[arg(value_name = "ID", add = crate::completions::ids())]
    pub id: Option<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `timmy automation new`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct NewArgs {
    /// The new automation: lower-case letters, digits and `_`
    #[arg(value_name = "ID")]
    pub id: String,

    /// When it runs
    #[arg(long, value_name = "TRIGGER", default_value = "manual")]
    pub trigger: String,

    /// What the script is written in
    #[arg(long, value_enum, default_value = "sh")]
    pub language: Language,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// What a new script is written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// The shell.
    Sh,
    /// Python 3.
    Python,
}

/// The flags of `timmy automation run`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// The automation
    #[arg(value_name = "ID", add = crate::completions::ids())]
    pub id: String,

    #[command(flatten)]
    pub common: CommonArgs,

    /// Arguments for it
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<OsString>,
}

/// The flags of `timmy trigger`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TriggerArgs {
    /// The event: pre_cycle, post_cycle, pre_commit, or any other trigger
    #[arg(value_name = "EVENT", add = crate::completions::events())]
    pub event: String,

    #[command(flatten)]
    pub common: CommonArgs,

    /// Arguments for each of its automations
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<OsString>,
}

/// The scheduler.
#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Stay in the foreground and run what is due, until SIGTERM
    Run(PlainArgs),
    /// Run what is due, once, and end: for cron
    Tick(PlainArgs),
    /// List what runs when
    Next(NextArgs),
}

/// The flags of `timmy schedule next`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct NextArgs {
    /// At most so many
    #[arg(long, short = 'n', value_name = "N", default_value = "20")]
    pub count: usize,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// Units.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Print units that keep the scheduler of this repository running
    Print(ServiceArgs),
}

/// The flags of `timmy service print`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServiceArgs {
    /// Who keeps it running
    #[arg(value_enum, value_name = "MANAGER")]
    pub manager: Manager,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// Who keeps a service running.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Manager {
    /// systemd, as a user's service.
    Systemd,
    /// launchd, on macOS.
    Launchd,
    /// cron.
    Cron,
}

/// The flags of `timmy install`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct InstallArgs {
    /// The repository
    #[arg(long, value_name = "REPO")]
    pub into: PathBuf,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Also where a script has changes that are not committed
    #[arg(long)]
    pub allow_dirty: bool,

    /// The folder for the programs [default: .loop/bin in the repository]
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,

    /// The folder of automations.json
    #[arg(long, value_name = "DIR")]
    pub config_dir: Option<PathBuf>,

    /// Print one JSON document and nothing else on stdout
    #[arg(long)]
    pub json: bool,
}

/// The flags of `timmy uninstall`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct UninstallArgs {
    /// The repository
    #[arg(long, value_name = "REPO")]
    pub from: PathBuf,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Also put back over what somebody has put in the place of our links meanwhile (which is kept)
    #[arg(long)]
    pub force: bool,

    /// Print one JSON document and nothing else on stdout
    #[arg(long)]
    pub json: bool,
}

/// The flags of `timmy shadow`.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ShadowArgs {
    #[command(subcommand)]
    pub command: Option<ShadowCommand>,

    /// Run the old script on the repository itself, so that what it does counts; only ours gets a copy
    #[arg(long)]
    pub live: bool,

    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "900")]
    pub timeout: u64,

    #[command(flatten)]
    pub common: CommonArgs,

    /// The old script's call, such as python3 .loop/originals/scripts/triage_score.py --quiet
    #[arg(last = true, value_name = "CALL")]
    pub call: Vec<OsString>,
}

/// What else `timmy shadow` does.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ShadowCommand {
    /// Count how often old and new agreed, and show the differences
    Report(PlainArgs),
}

/// The flags of `timmy why`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// An issue's number, `idle`, or `automation`
    #[arg(value_name = "WHAT")]
    pub what: String,

    /// After `automation`: its id
    #[arg(value_name = "ID", add = crate::completions::ids())]
    pub id: Option<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `timmy explain`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The code
    #[arg(value_name = "CODE")]
    pub code: Option<String>,

    /// Print one JSON document and nothing else on stdout
    #[arg(long)]
    pub json: bool,
}

/// The flags of `timmy tokens`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TokensArgs {
    /// How many days are shown, the last ones
    #[arg(long, value_name = "N", default_value = "7")]
    pub days: usize,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `timmy repair`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RepairArgs {
    /// Say what would be done, and do nothing
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
    /// The command: timmy (the default) or a tool
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,

    /// Write the pages of all commands into this folder
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
    /// Keep the repository with its files in this folder, which must be new or empty
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,

    /// Leave the forge running when the day is over, and say how to call the tools against it
    #[arg(long)]
    pub serve: bool,
}

/// Reads a length of time: a number with `s`, `m`, `h` or `d`.
fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is no length of time such as 90s, 30m, 2h or 3d (a year at most)");
    let unit = text.chars().last().ok_or_else(expected)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(expected()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| expected())?;
    let seconds = number.checked_mul(factor).filter(|seconds| (1..=366 * 86_400).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        for text in ["", "h", "2", "-1h", "0m", "400d", "2ä", "99999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
