//! A line of `retro/triage.jsonl`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{lenient_number, number, words};
use crate::host::parse_time;

/// What one triage run found.
#[derive(Clone, Debug, Serialize)]
pub struct TriageRun {
    /// When.
    pub timestamp: String,
    /// How many issues were open.
    pub total_open: usize,
    /// How many of them were scored.
    pub scored: usize,
    /// How many are ready.
    pub ready: usize,
    /// How many are not.
    pub not_ready: usize,
    /// How many are in quarantine.
    pub quarantined: usize,
    /// The numbers of those that came into quarantine by this run.
    pub newly_quarantined: Vec<u64>,
    /// The number of the best one.
    pub top_issue: Option<u64>,
    /// The numbers of the ready ones, best first.
    pub ready_issues: Vec<u64>,
    /// The score of every scored issue, by number.
    pub scores: BTreeMap<u64, i64>,
    /// Milliseconds.
    pub duration_ms: u64,
}

/// What most readers need of a triage run. Everything may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PastTriageRun {
    #[serde(deserialize_with = "words")]
    timestamp: Option<String>,
    /// How many issues were open.
    #[serde(deserialize_with = "number")]
    pub total_open: Option<u64>,
}

/// What a triage run said of each issue: much to read, where there are many. Everything may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PastScores {
    #[serde(deserialize_with = "words")]
    timestamp: Option<String>,
    /// The numbers of the ready ones, best first.
    #[serde(deserialize_with = "numbers")]
    pub ready_issues: Vec<u64>,
    /// The score of every scored issue, by number; old runs say none.
    #[serde(deserialize_with = "scores")]
    pub scores: Vec<(u64, f64)>,
}

impl PastTriageRun {
    /// Returns when it was.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        parse_time(self.timestamp.as_deref()?)
    }
}

impl PastScores {
    /// Returns when it was.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        parse_time(self.timestamp.as_deref()?)
    }
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let Value::Array(list) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(list.iter().filter_map(lenient_number).collect())
}

fn scores<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(u64, f64)>, D::Error> {
    let Value::Object(fields) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(fields.iter().filter_map(|(issue, score)| Some((issue.parse().ok()?, score.as_f64()?))).collect())
}
