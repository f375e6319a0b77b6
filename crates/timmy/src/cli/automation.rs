//! The flags of `timmy automation`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use common::CommonArgs;

use super::plain::PlainArgs;

/// The automations.
#[derive(Debug, Subcommand)]
pub(crate) enum AutomationCommand {
    /// Show every automation: on or off, when, last run, next run, what is wrong
    List(PlainArgs),
    /// List every problem of the manifest (exit 1 if there is one)
    Validate(PlainArgs),
    /// Enable automations in the manifest, the rest of which stays unchanged
    Enable(IdsArgs),
    /// Disable automations in the manifest, the rest of which stays unchanged
    Disable(IdsArgs),
    /// Pause automations for some time
    Pause(PauseArgs),
    /// End the pause of automations
    Resume(IdsArgs),
    /// Show every setting with its effective value and its origin
    Config(ConfigArgs),
    /// Add an automation: an entry in the manifest, and a script to start from or one that is there
    New(NewArgs),
    /// Run an automation now, with its time limit, its log and its report
    Run(RunArgs),
}

/// Automations by id.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct IdsArgs {
    /// The automations
    #[arg(required = true, value_name = "ID", add = crate::candidates::ids())]
    pub ids: Vec<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `timmy automation pause`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PauseArgs {
    /// The automations
    #[arg(required = true, value_name = "ID", add = crate::candidates::ids())]
    pub ids: Vec<String>,

    /// For how long: 90s, 30m, 2h, 3d, 1w
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub length: Duration,

    /// The reason, shown wherever the pause is shown
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `timmy automation config`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    /// The automation; without one, all
    #[arg(value_name = "ID", add = crate::candidates::ids())]
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
    #[arg(long, value_name = "TRIGGER", default_value = "manual", add = crate::candidates::all_triggers())]
    pub trigger: String,

    /// The language of the script
    #[arg(long, value_enum, default_value = "sh")]
    pub language: Language,

    /// Register this script, which is there, in place of a new one
    #[arg(long, value_name = "PATH", conflicts_with = "language")]
    pub script: Option<PathBuf>,

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

impl From<Language> for automations::create::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::Sh => Self::Sh,
            Language::Python => Self::Python,
        }
    }
}

/// The flags of `timmy automation run`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// The automation
    #[arg(value_name = "ID", add = crate::candidates::ids())]
    pub id: String,

    #[command(flatten)]
    pub common: CommonArgs,

    /// Arguments for the automation
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<OsString>,
}

/// Reads a length of time: a number with `s`, `m`, `h`, `d` or `w`.
fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is not a duration such as 90s, 30m, 2h, 3d or 1w (a year at most)");
    let unit = text.chars().last().ok_or_else(expected)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
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
        assert_eq!(duration("1w"), duration("7d"));
        for text in ["", "h", "2", "-1h", "0m", "400d", "53w", "w", "1y", "2ä", "99999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
