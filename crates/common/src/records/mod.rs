//! The files that the tools leave for one another, as types. Reading is lenient: existing data lacks fields and holds
//! them in other types, and a field that is not understood is not there. Fields that a type does not know are kept.

mod cycle;
mod quarantine;
mod queue;
mod triage_run;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

pub use cycle::{CycleRecord, PastCycle};
pub use quarantine::{Quarantined, quarantined_numbers};
pub use queue::{QueueItem, QueueLine, QueueRead, read_queue, read_whole_queue};
pub use triage_run::{PastScores, PastTriageRun, TriageRun};

/// What kind of work an issue asks for.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum IssueType {
    /// Something is broken.
    Bug,
    /// Something new.
    Feature,
    /// A change of structure, without a change of behaviour.
    Refactor,
    /// A question of direction, without code.
    Philosophy,
    /// Not known.
    #[default]
    Unknown,
}

impl IssueType {
    /// Returns the type's name in the files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bug => "bug",
            Self::Feature => "feature",
            Self::Refactor => "refactor",
            Self::Philosophy => "philosophy",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a type's name; none for any other word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Bug, Self::Feature, Self::Refactor, Self::Philosophy, Self::Unknown]
            .into_iter()
            .find(|kind| kind.name() == name.trim().to_lowercase())
    }
}

/// Returns a share with two decimals, rounded as Python's `round` does; none of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
pub fn rate(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| format!("{:.2}", part as f64 / whole as f64).parse().unwrap_or(0.0))
}

/// Reads a whole number of at least 0 as agents and old files write it: `85`, `85.0`, `"85"`, `"#85"`, `"1,450"`.
pub fn lenient_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim().trim_start_matches('#').replace([',', '_'], "");
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn whole(value: f64) -> Option<u64> {
    (0.0..9e15).contains(&value).then_some(value.round() as u64)
}

// Each field is taken as the text that stands there, and only that text is looked at: a line has twenty fields, and a
// window many lines.

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    Ok(raw.parse().ok().or_else(|| lenient_number(&serde_json::from_str(raw).ok()?)))
}

fn float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    Ok(raw.trim_matches('"').trim().parse().ok().filter(|value: &f64| value.is_finite()))
}

fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(<&RawValue>::deserialize(deserializer)?.get().parse().ok())
}

fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    Ok(if raw.starts_with('"') { serde_json::from_str(raw).ok() } else { None })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_as_agents_write_them() {
        for (value, expected) in [
            (json!(85), Some(85)),
            (json!(85.0), Some(85)),
            (json!("85"), Some(85)),
            (json!(" #85 "), Some(85)),
            (json!("1,450"), Some(1450)),
            (json!("12.6"), Some(13)),
            (json!(-1), None),
            (json!("many"), None),
            (json!(null), None),
            (json!([85]), None),
            (json!(1e300), None),
        ] {
            assert_eq!(lenient_number(&value), expected, "{value}");
        }
    }
}
