//! A line of `retro/cycles.jsonl`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{IssueType, boolean, float, number, words};
use crate::host::parse_time;

/// A cycle's record, as it is written.
#[derive(Clone, Debug, Serialize)]
pub struct CycleRecord {
    /// When it was written.
    pub timestamp: String,
    /// The caller's number; not unique.
    pub cycle: u64,
    /// `⟳WW.D:NNN`, unique in the file.
    pub epoch: String,
    /// The issue that was worked on.
    pub issue: Option<u64>,
    /// What kind of work it was.
    #[serde(rename = "type")]
    pub kind: IssueType,
    /// Whether the cycle counts as a success.
    pub success: bool,
    /// Whether the agent ended cleanly.
    pub hermes_clean: bool,
    /// Whether the main branch's checks were green afterwards, if told.
    pub main_green: Option<bool>,
    /// Seconds.
    pub duration: u64,
    /// How many tests passed.
    pub tests_passed: u64,
    /// How many tests are new.
    pub tests_added: u64,
    /// How many files changed.
    pub files_changed: u64,
    /// Lines added.
    pub lines_added: u64,
    /// Lines removed.
    pub lines_removed: u64,
    /// How many panes of Kimi ran side by side.
    pub kimi_panes: u64,
    /// The pull request.
    pub pr: Option<u64>,
    /// Why it failed; empty on success.
    pub reason: String,
    /// Whatever else is worth keeping.
    pub notes: String,
}

/// A cycle's record, as it is read: what a later reader needs of it. Everything may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PastCycle {
    #[serde(deserialize_with = "words")]
    timestamp: Option<String>,
    /// The caller's number.
    #[serde(deserialize_with = "number")]
    pub cycle: Option<u64>,
    /// Its epoch.
    #[serde(deserialize_with = "words")]
    pub epoch: Option<String>,
    /// The issue that was worked on.
    #[serde(deserialize_with = "number")]
    pub issue: Option<u64>,
    #[serde(rename = "type", deserialize_with = "words")]
    kind: Option<String>,
    #[serde(deserialize_with = "boolean")]
    success: Option<bool>,
    /// Whether the main branch was green afterwards, if told.
    #[serde(deserialize_with = "boolean")]
    pub main_green: Option<bool>,
    #[serde(deserialize_with = "float")]
    duration: Option<f64>,
    /// Lines added.
    #[serde(deserialize_with = "number")]
    pub lines_added: Option<u64>,
    /// Lines removed.
    #[serde(deserialize_with = "number")]
    pub lines_removed: Option<u64>,
    /// How many panes of Kimi ran side by side.
    #[serde(deserialize_with = "number")]
    pub kimi_panes: Option<u64>,
    /// The pull request.
    #[serde(deserialize_with = "number")]
    pub pr: Option<u64>,
    #[serde(deserialize_with = "words")]
    reason: Option<String>,
    #[serde(deserialize_with = "boolean")]
    backfilled: Option<bool>,
}

impl PastCycle {
    /// Returns when it was written.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        parse_time(self.timestamp.as_deref()?)
    }

    /// Returns what kind of work it was.
    pub fn kind(&self) -> IssueType {
        self.kind.as_deref().and_then(IssueType::from_name).unwrap_or_default()
    }

    /// Returns whether it succeeded; a record that does not say so did not.
    pub fn succeeded(&self) -> bool {
        self.success == Some(true)
    }

    /// Returns whether it was seen to happen. One that was seeded from a merged pull request was not: it is always a
    /// success, and belongs in no rate.
    pub fn was_observed(&self) -> bool {
        self.backfilled != Some(true)
    }

    /// Returns how long it took in seconds, where that is known: above 0 and no longer than a year.
    pub fn seconds(&self) -> Option<f64> {
        self.duration.filter(|seconds| Self::is_plausible(*seconds))
    }

    /// Returns whether a cycle can have taken so many seconds.
    pub fn is_plausible(seconds: f64) -> bool {
        seconds > 0.0 && seconds < 3.2e7
    }

    /// Returns why it failed.
    pub fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }
}
