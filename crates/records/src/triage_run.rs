//! A line of `retro/triage.jsonl`: what one triage run found; and of `retro/deep-triage.jsonl`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::deferred::Deferred;
use crate::lenient;
use crate::number;
use crate::number::number_in;
use crate::time::time_in;

/// What one triage run found. A line of another writer may lack any field.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default)]
pub struct TriageRun {
    /// When.
    #[serde(deserialize_with = "lenient::text")]
    pub timestamp: Option<String>,
    /// How many issues were open.
    #[serde(deserialize_with = "lenient::number")]
    pub total_open: Option<u64>,
    /// How many of them were scored.
    #[serde(deserialize_with = "lenient::number")]
    pub scored: Option<u64>,
    /// How many are ready.
    #[serde(deserialize_with = "lenient::number")]
    pub ready: Option<u64>,
    /// How many are not.
    #[serde(deserialize_with = "lenient::number")]
    pub not_ready: Option<u64>,
    /// How many are in quarantine.
    #[serde(deserialize_with = "lenient::number")]
    pub quarantined: Option<u64>,
    /// The issues that this run put into quarantine.
    pub newly_quarantined: Deferred<IssueNumbers>,
    /// The best issue.
    #[serde(deserialize_with = "lenient::number")]
    pub top_issue: Option<u64>,
    /// The ready issues, best first.
    pub ready_issues: Deferred<IssueNumbers>,
    /// The score of every scored issue; old runs have none.
    pub scores: Deferred<IssueScores>,
    /// Milliseconds.
    #[serde(deserialize_with = "lenient::number")]
    pub duration_ms: Option<u64>,
}

/// A line of the log of deep triage: of other writers nothing but its time is read.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default)]
pub struct DeepTriageRun {
    /// When.
    #[serde(deserialize_with = "lenient::text")]
    pub timestamp: Option<String>,
}

/// Numbers of issues; what is none in a list is left out.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct IssueNumbers(pub Vec<u64>);

/// A score as it is written: a whole number without a fraction.
struct Score(f64);

/// Scores by issue, in the order of numbers when they are written, and of the file when they are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IssueScores(pub Vec<(u64, f64)>);

impl TriageRun {
    /// Returns when it was.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        time_in(self.timestamp.as_deref())
    }
}

impl DeepTriageRun {
    /// Returns when it was.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        time_in(self.timestamp.as_deref())
    }
}

impl FromIterator<u64> for IssueNumbers {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

impl FromIterator<(u64, i64)> for IssueScores {
    /// The last of several scores of one issue counts.
    #[expect(clippy::cast_precision_loss, reason = "sums of a few points")]
    fn from_iter<I: IntoIterator<Item = (u64, i64)>>(scores: I) -> Self {
        let sorted: BTreeMap<u64, i64> = scores.into_iter().collect();
        Self(sorted.into_iter().map(|(issue, score)| (issue, score as f64)).collect())
    }
}

impl<'de> Deserialize<'de> for IssueNumbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Value::Array(list) = Value::deserialize(deserializer)? else { return Ok(Self::default()) };
        Ok(list.iter().filter_map(number_in).collect())
    }
}

impl Serialize for IssueScores {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(issue, score)| (issue, Score(*score))))
    }
}

impl Serialize for Score {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        number::serialize(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for IssueScores {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Value::Object(fields) = Value::deserialize(deserializer)? else { return Ok(Self::default()) };
        Ok(Self(fields.iter().filter_map(|(issue, score)| Some((issue.parse().ok()?, score.as_f64()?))).collect()))
    }
}

impl JsonSchema for IssueNumbers {
    fn schema_name() -> Cow<'static, str> {
        "IssueNumbers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<u64>::json_schema(generator)
    }
}

impl JsonSchema for IssueScores {
    fn schema_name() -> Cow<'static, str> {
        "IssueScores".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, f64>::json_schema(generator)
    }
}
