//! Triggers: when an automation runs, as the manifest says it.

use std::fmt;
use std::str::FromStr;

use common::text;

use crate::plan::Plan;

/// The names of triggers that have no parameter.
const NAMES: [&str; 6] = ["pre_cycle", "post_cycle", "pre_commit", "hourly", "daily", "manual"];

/// The beginning of a trigger by cron expression.
const CRON: &str = "cron:";

/// When an automation runs.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Trigger {
    /// Before every cycle of the loop.
    PreCycle,
    /// After every cycle.
    PostCycle,
    /// Before a commit.
    PreCommit,
    /// At every full hour.
    Hourly,
    /// Once a day, at a time that a setting says.
    Daily,
    /// After every so many cycles.
    EveryCycles(u64),
    /// When the clock fits a cron expression.
    Cron(String),
    /// When somebody calls it.
    Manual,
}

/// A text that is no trigger.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct TriggerError {
    message: String,
    /// What it was probably meant to be.
    pub hint: String,
}

impl Trigger {
    /// Returns whether it is an event of the loop or of git, which several agents may bring about at once.
    pub fn is_event(&self) -> bool {
        matches!(self, Self::PreCycle | Self::PostCycle | Self::PreCommit)
    }

    /// Returns whether a scheduler runs it.
    pub fn is_scheduled(&self) -> bool {
        matches!(self, Self::Hourly | Self::Daily | Self::EveryCycles(_) | Self::Cron(_))
    }
}

impl FromStr for Trigger {
    type Err = TriggerError;

    fn from_str(text: &str) -> Result<Self, TriggerError> {
        if let Some(expression) = text.strip_prefix(CRON) {
            return match Plan::cron(expression) {
                Ok(_) => Ok(Self::Cron(expression.trim().to_owned())),
                Err(message) => Err(TriggerError {
                    message: format!("`{}` is no cron expression: {message}", text::fit(expression, 60)),
                    hint: "five fields: minute hour day month weekday, such as `cron:30 6 * * mon-fri`".to_owned(),
                }),
            };
        }
        if let Some(count) = text.strip_prefix("every_").and_then(|rest| rest.strip_suffix("_cycles")) {
            return match count.parse() {
                Ok(count @ 1..=1_000_000) => Ok(Self::EveryCycles(count)),
                _ => Err(TriggerError {
                    message: format!("`{}`: the count of cycles is from 1 to 1000000", text::fit(text, 60)),
                    hint: "write it as every_20_cycles".to_owned(),
                }),
            };
        }
        Ok(match text {
            "pre_cycle" => Self::PreCycle,
            "post_cycle" => Self::PostCycle,
            "pre_commit" => Self::PreCommit,
            "hourly" => Self::Hourly,
            "daily" => Self::Daily,
            "manual" => Self::Manual,
            other => {
                let hint = text::nearest(other, NAMES).map_or_else(
                    || format!("it is one of {}, every_N_cycles, cron:EXPRESSION", NAMES.join(", ")),
                    |nearest| format!("did you mean `{nearest}`?"),
                );
                return Err(TriggerError { message: format!("there is no trigger `{}`", text::fit(other, 60)), hint });
            }
        })
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreCycle => formatter.write_str("pre_cycle"),
            Self::PostCycle => formatter.write_str("post_cycle"),
            Self::PreCommit => formatter.write_str("pre_commit"),
            Self::Hourly => formatter.write_str("hourly"),
            Self::Daily => formatter.write_str("daily"),
            Self::EveryCycles(count) => write!(formatter, "every_{count}_cycles"),
            Self::Cron(expression) => write!(formatter, "{CRON}{expression}"),
            Self::Manual => formatter.write_str("manual"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trigger_is_read_and_written_back() {
        for text in NAMES.into_iter().chain(["every_20_cycles", "cron:30 6 * * mon-fri", "cron:@daily"]) {
            assert_eq!(text.parse::<Trigger>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_none_is_answered_with_the_nearest() {
        for (text, message, hint) in [
            ("pre-cycel", "there is no trigger `pre-cycel`", "did you mean `pre_cycle`?"),
            ("every_0_cycles", "`every_0_cycles`: the count of cycles is from 1 to 1000000", "write it as"),
            ("every_x_cycles", "`every_x_cycles`: the count", "write it as"),
            ("cron:61 * * * *", "`61 * * * *` is no cron expression", "five fields"),
            ("cron:* * * *", "`* * * *` is no cron expression", "five fields"),
            ("cron:* * * * * *", "`* * * * * *` is no cron expression", "five fields"),
            ("cron:0 0 30 2 *", "`0 0 30 2 *` is no cron expression: it never comes", "five fields"),
            ("sometimes", "there is no trigger `sometimes`", "it is one of"),
        ] {
            let error = text.parse::<Trigger>().unwrap_err();
            assert!(error.to_string().starts_with(message), "{error}");
            assert!(error.hint.contains(hint), "{}", error.hint);
        }
    }
}
