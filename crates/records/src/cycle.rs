//! A line of `retro/cycles.jsonl`: the record of one cycle.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::failure_class::FailureClass;
use crate::issue_type::IssueType;
use crate::lenient;
use crate::time::time_in;
use crate::written;

/// The record of a cycle. A line of another writer may lack any field, or have it in another type: then it is none.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct Cycle {
    /// When it was written.
    #[serde(deserialize_with = "lenient::text")]
    pub timestamp: Option<String>,
    /// The caller's number; not unique.
    #[serde(deserialize_with = "lenient::number")]
    pub cycle: Option<u64>,
    /// `⟳WW.D:NNN`, unique in the file; old lines have none.
    #[serde(deserialize_with = "lenient::text", skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// The issue that was worked on.
    #[serde(deserialize_with = "lenient::number")]
    pub issue: Option<u64>,
    /// What kind of work it was.
    #[serde(rename = "type", deserialize_with = "IssueType::lenient")]
    pub kind: IssueType,
    /// Whether it counts as a success; a line without this field does not.
    #[serde(deserialize_with = "flag")]
    pub success: bool,
    /// Whether the agent ended cleanly; old lines do not say.
    #[serde(deserialize_with = "lenient::boolean", skip_serializing_if = "Option::is_none")]
    pub hermes_clean: Option<bool>,
    /// How the main branch's checks were afterwards.
    #[serde(skip_serializing_if = "MainChecks::is_absent")]
    pub main_green: MainChecks,
    /// How long it took; above 0 where it is known.
    #[serde(deserialize_with = "seconds", skip_serializing_if = "Option::is_none")]
    pub duration: Option<Seconds>,
    /// How many tests passed.
    #[serde(deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub tests_passed: Option<u64>,
    /// How many tests are new.
    #[serde(deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub tests_added: Option<u64>,
    /// How many files changed.
    #[serde(deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub files_changed: Option<u64>,
    /// Lines added.
    #[serde(deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<u64>,
    /// Lines removed.
    #[serde(deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub lines_removed: Option<u64>,
    /// How many panes of Kimi ran at once.
    #[serde(deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub kimi_panes: Option<u64>,
    /// The pull request.
    #[serde(deserialize_with = "lenient::number")]
    pub pr: Option<u64>,
    /// Why it failed; empty on success.
    #[serde(deserialize_with = "text_or_empty")]
    pub reason: String,
    /// Anything else worth keeping.
    #[serde(deserialize_with = "text_or_empty")]
    pub notes: String,
    /// Whose fault a failure was; none where it was the issue's.
    #[serde(deserialize_with = "FailureClass::lenient", skip_serializing_if = "Option::is_none")]
    pub failure_class: Option<FailureClass>,
    /// Whether the agent's right to the issue was lost while it worked on it.
    #[serde(deserialize_with = "flag", skip_serializing_if = "std::ops::Not::not")]
    pub claim_lost: bool,
    /// Whether the line was made from a merged pull request.
    #[serde(deserialize_with = "flag", skip_serializing_if = "std::ops::Not::not")]
    pub backfilled: bool,
}

/// How the main branch's checks were after a cycle.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MainChecks {
    /// The line has no such field.
    #[default]
    Absent,
    /// They were not reported: `null`.
    NotReported,
    /// They passed.
    Green,
    /// They failed.
    Red,
}

/// A length of time in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seconds {
    /// As our tools write it.
    Whole(u64),
    /// As other writers may.
    Fraction(f64),
}

impl Cycle {
    /// The names of its fields: a line that has one of them twice is damaged.
    pub const FIELDS: &[&str; 21] = &[
        "timestamp",
        "cycle",
        "epoch",
        "issue",
        "type",
        "success",
        "hermes_clean",
        "main_green",
        "duration",
        "tests_passed",
        "tests_added",
        "files_changed",
        "lines_added",
        "lines_removed",
        "kimi_panes",
        "pr",
        "reason",
        "notes",
        "failure_class",
        "claim_lost",
        "backfilled",
    ];

    /// Makes it of the values of its fields as they are written, in the order of [`Cycle::FIELDS`]: what reading the line as
    /// JSON reads it, if no field is there twice.
    pub fn from_written(values: [Option<&[u8]>; Self::FIELDS.len()]) -> Self {
        let [
            timestamp,
            cycle,
            epoch,
            issue,
            kind,
            success,
            hermes_clean,
            main_green,
            duration,
            tests_passed,
            tests_added,
            files_changed,
            lines_added,
            lines_removed,
            kimi_panes,
            pr,
            reason,
            notes,
            failure_class,
            claim_lost,
            backfilled,
        ] = values;
        let number = |value: Option<&[u8]>| value.and_then(written::number);
        let text = |value: Option<&[u8]>| value.and_then(written::string).map(Cow::into_owned);
        Self {
            timestamp: text(timestamp),
            cycle: number(cycle),
            epoch: text(epoch),
            issue: number(issue),
            kind: kind.map(IssueType::written).unwrap_or_default(),
            success: success == Some(b"true"),
            hermes_clean: hermes_clean.and_then(written::boolean),
            main_green: main_green.map(written::boolean).map(MainChecks::reported).unwrap_or_default(),
            duration: duration.and_then(Seconds::written),
            tests_passed: number(tests_passed),
            tests_added: number(tests_added),
            files_changed: number(files_changed),
            lines_added: number(lines_added),
            lines_removed: number(lines_removed),
            kimi_panes: number(kimi_panes),
            pr: number(pr),
            reason: text(reason).unwrap_or_default(),
            notes: text(notes).unwrap_or_default(),
            failure_class: failure_class.and_then(FailureClass::written),
            claim_lost: claim_lost == Some(b"true"),
            backfilled: backfilled == Some(b"true"),
        }
    }

    /// Returns when it was written.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        time_in(self.timestamp.as_deref())
    }

    /// Returns whether it was observed. A line that was made from a merged pull request was not: it is always a success, and
    /// counts in no rate.
    pub fn was_observed(&self) -> bool {
        !self.backfilled
    }

    /// Returns whether it counts in rates: it was observed, it was not cut short from outside, and its right to the issue was
    /// not lost.
    pub fn is_rated(&self) -> bool {
        self.was_observed() && !is_void(self.failure_class, self.claim_lost)
    }

    /// Returns what it says of its issue: whether it succeeded; none where it says nothing, because the failure was not the
    /// issue's.
    pub fn outcome_for_issue(&self) -> Option<bool> {
        let is_others_fault = self.failure_class.is_some() || self.claim_lost;
        (self.success || !is_others_fault).then_some(self.success)
    }

    /// Returns how long it took in seconds, where that is known: above 0 and no longer than a year.
    pub fn seconds(&self) -> Option<f64> {
        self.duration.map(Seconds::as_f64).filter(|seconds| Self::is_plausible(*seconds))
    }

    /// Returns whether a cycle can have taken this number of seconds.
    pub fn is_plausible(seconds: f64) -> bool {
        seconds > 0.0 && seconds < 3.2e7
    }
}

/// Returns whether a cycle of this class counts in no rate.
pub fn is_void(class: Option<FailureClass>, claim_lost: bool) -> bool {
    claim_lost || class == Some(FailureClass::Interrupted)
}

impl MainChecks {
    /// Makes it of what was reported.
    pub fn reported(is_green: Option<bool>) -> Self {
        match is_green {
            None => Self::NotReported,
            Some(true) => Self::Green,
            Some(false) => Self::Red,
        }
    }

    /// Returns whether they passed, where that was reported.
    pub fn is_green(self) -> Option<bool> {
        match self {
            Self::Absent | Self::NotReported => None,
            Self::Green => Some(true),
            Self::Red => Some(false),
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field by reference")]
    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

impl Serialize for MainChecks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.is_green().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MainChecks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::boolean(deserializer).map(Self::reported)
    }
}

impl JsonSchema for MainChecks {
    fn schema_name() -> Cow<'static, str> {
        "MainChecks".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<bool>::json_schema(generator)
    }
}

impl Seconds {
    /// Reads a length of time as it is written.
    fn written(raw: &[u8]) -> Option<Self> {
        let whole = std::str::from_utf8(raw).ok().and_then(|raw| raw.parse().ok());
        whole.map(Self::Whole).or_else(|| written::float(raw).map(Self::Fraction))
    }

    /// Returns the length as a number.
    #[expect(clippy::cast_precision_loss, reason = "seconds of a cycle")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Whole(seconds) => seconds as f64,
            Self::Fraction(seconds) => seconds,
        }
    }
}

impl Default for Seconds {
    fn default() -> Self {
        Self::Whole(0)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(seconds) => seconds.fmt(formatter),
            Self::Fraction(seconds) => seconds.fmt(formatter),
        }
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(seconds) => serializer.serialize_u64(*seconds),
            Self::Fraction(seconds) => serializer.serialize_f64(*seconds),
        }
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        f64::json_schema(generator)
    }
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(<&RawValue>::deserialize(deserializer)?.get() == "true")
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Seconds>, D::Error> {
    Ok(Seconds::written(<&RawValue>::deserialize(deserializer)?.get().as_bytes()))
}

fn text_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(lenient::text(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pyjson;

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let line = "{\"timestamp\": \"2026-03-21T12:34:56.123456+00:00\", \"cycle\": 42, \"epoch\": \"\\u27f312.6:003\", \"issue\": 85, \"type\": \"bug\", \"success\": true, \"hermes_clean\": true, \"main_green\": null, \"duration\": 480, \"tests_passed\": 1450, \"tests_added\": 3, \"files_changed\": 2, \"lines_added\": 45, \"lines_removed\": 12, \"kimi_panes\": 2, \"pr\": null, \"reason\": \"\", \"notes\": \"\"}";
        let cycle: Cycle = serde_json::from_str(line).unwrap();
        assert_eq!(pyjson::to_line(&cycle).unwrap(), line);
        assert_eq!((cycle.main_green, cycle.seconds()), (MainChecks::NotReported, Some(480.0)));
    }

    #[test]
    fn what_a_line_does_not_say_is_absent_and_never_0() {
        let line = "{\"timestamp\": \"2026-03-21T12:00:00+00:00\", \"cycle\": null, \"issue\": null, \"type\": \"refactor\", \"success\": true, \"pr\": 91, \"reason\": \"\", \"notes\": \"Tidy up\", \"backfilled\": true}";
        let cycle: Cycle = serde_json::from_str(line).unwrap();
        assert_eq!(pyjson::to_line(&cycle).unwrap(), line);
        assert_eq!((cycle.main_green, cycle.duration, cycle.was_observed()), (MainChecks::Absent, None, false));
    }

    #[test]
    fn a_field_that_is_there_twice_is_damage() {
        for name in Cycle::FIELDS {
            let line = format!("{{\"{name}\": null, \"{name}\": null}}");
            assert!(serde_json::from_str::<Cycle>(&line).is_err(), "{name}");
        }
        let schema = serde_json::to_value(schemars::schema_for!(Cycle)).unwrap();
        let known: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(known, Cycle::FIELDS.iter().collect::<Vec<_>>());
    }

    #[test]
    fn values_of_other_types_are_none() {
        let line = r##"{"timestamp": 5, "cycle": "12", "epoch": null, "issue": "#85", "type": "Bug", "success": "yes", "main_green": "no", "duration": "9.5", "reason": 7}"##;
        let cycle: Cycle = serde_json::from_str(line).unwrap();
        assert_eq!(
            (cycle.timestamp.clone(), cycle.cycle, cycle.issue, cycle.kind),
            (None, Some(12), Some(85), IssueType::Bug)
        );
        assert_eq!(
            (cycle.success, cycle.main_green.is_green(), cycle.seconds(), cycle.reason.as_str()),
            (false, None, Some(9.5), "")
        );
    }
}
