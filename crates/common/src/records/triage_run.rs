//! A line of `retro/triage.jsonl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::number;

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

/// What a reader needs of a triage run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PastTriageRun {
    /// How many issues were open.
    #[serde(deserialize_with = "number")]
    pub total_open: Option<u64>,
}
