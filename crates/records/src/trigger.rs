//! When an automation runs.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
    /// Once a day, at a time that a setting gives.
    Daily,
    /// After every N cycles, N from 1 to [`Trigger::MOST_CYCLES`].
    EveryCycles(u64),
    /// When the clock matches a cron expression, which is not checked here.
    Cron(String),
    /// When it is called.
    Manual,
}

/// A text that is no trigger.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TriggerError {
    /// No such trigger exists.
    #[error("there is no trigger `{0}`")]
    Unknown(String),
    /// `every_N_cycles` with an N that is no number or out of range.
    #[error("`{0}`: the count of cycles is from 1 to 1000000")]
    Count(String),
}

/// A trigger as a file has it: its text, and what it means.
#[derive(Clone, Debug)]
pub struct DeclaredTrigger {
    text: String,
    parsed: Result<Trigger, TriggerError>,
}

impl Trigger {
    /// The names of the triggers that have no parameter.
    pub const NAMES: [&str; 6] = ["pre_cycle", "post_cycle", "pre_commit", "hourly", "daily", "manual"];

    /// The largest N of `every_N_cycles`.
    pub const MOST_CYCLES: u64 = 1_000_000;

    /// Returns whether it is an event of the loop or of git, which several agents may cause at once.
    pub fn is_event(&self) -> bool {
        matches!(self, Self::PreCycle | Self::PostCycle | Self::PreCommit)
    }

    /// Returns whether exit code 1 of a script is the answer no on this trigger, and not a failure.
    pub fn takes_no(&self) -> bool {
        matches!(self, Self::PreCycle | Self::PreCommit)
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
            return Ok(Self::Cron(expression.trim().to_owned()));
        }
        if let Some(count) = text.strip_prefix("every_").and_then(|rest| rest.strip_suffix("_cycles")) {
            return match count.parse() {
                Ok(count @ 1..=Self::MOST_CYCLES) => Ok(Self::EveryCycles(count)),
                _ => Err(TriggerError::Count(text.to_owned())),
            };
        }
        Ok(match text {
            "pre_cycle" => Self::PreCycle,
            "post_cycle" => Self::PostCycle,
            "pre_commit" => Self::PreCommit,
            "hourly" => Self::Hourly,
            "daily" => Self::Daily,
            "manual" => Self::Manual,
            other => return Err(TriggerError::Unknown(other.to_owned())),
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

impl DeclaredTrigger {
    /// Parses a text.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { parsed: text.parse(), text }
    }

    /// Returns the text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the trigger; none for a text that is none.
    pub fn trigger(&self) -> Option<&Trigger> {
        self.parsed.as_ref().ok()
    }

    /// Returns what is wrong with the text.
    pub fn error(&self) -> Option<&TriggerError> {
        self.parsed.as_ref().err()
    }

    /// Returns whether it is this trigger, however it is written.
    pub fn is(&self, trigger: &Trigger) -> bool {
        self.trigger() == Some(trigger)
    }
}

impl Default for DeclaredTrigger {
    fn default() -> Self {
        Self { text: Trigger::Manual.to_string(), parsed: Ok(Trigger::Manual) }
    }
}

impl Serialize for DeclaredTrigger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for DeclaredTrigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl JsonSchema for DeclaredTrigger {
    fn schema_name() -> Cow<'static, str> {
        "Trigger".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trigger_is_read_and_written_back() {
        for text in Trigger::NAMES.into_iter().chain(["every_20_cycles", "cron:30 6 * * mon-fri", "cron:@daily"]) {
            assert_eq!(text.parse::<Trigger>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn texts_that_are_no_trigger_are_kept_and_reported() {
        for (text, error) in [
            ("pre-cycel", TriggerError::Unknown("pre-cycel".to_owned())),
            ("every_0_cycles", TriggerError::Count("every_0_cycles".to_owned())),
            ("every_x_cycles", TriggerError::Count("every_x_cycles".to_owned())),
            ("every_1000001_cycles", TriggerError::Count("every_1000001_cycles".to_owned())),
        ] {
            let declared = DeclaredTrigger::new(text);
            assert_eq!((declared.text(), declared.error(), declared.trigger()), (text, Some(&error), None));
        }
        let declared = DeclaredTrigger::new("cron: 5 * * * * ");
        assert!(declared.is(&Trigger::Cron("5 * * * *".to_owned())) && declared.text() == "cron: 5 * * * * ");
    }
}
