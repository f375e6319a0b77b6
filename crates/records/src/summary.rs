//! `retro/summary.json`: the last cycles in numbers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient;

/// The rolling summary. Rates have two decimals; durations are whole seconds.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct Summary {
    /// When it was made.
    #[serde(deserialize_with = "lenient::or_default")]
    pub updated_at: String,
    /// The epoch of the last line.
    #[serde(deserialize_with = "lenient::field")]
    pub current_epoch: Option<String>,
    /// How many of the last lines it covers.
    #[serde(deserialize_with = "lenient::or_default")]
    pub window: usize,
    /// How many lines the log has.
    #[serde(deserialize_with = "lenient::or_default")]
    pub total_cycles: u64,
    /// The share of successes among the observed cycles of the window.
    #[serde(deserialize_with = "lenient::field")]
    pub success_rate: Option<f64>,
    /// The share of green main branches among those reported.
    #[serde(deserialize_with = "lenient::field")]
    pub main_green_rate: Option<f64>,
    /// The mean duration.
    #[serde(deserialize_with = "lenient::or_default")]
    pub avg_duration_seconds: u64,
    /// The median duration.
    #[serde(deserialize_with = "lenient::or_default")]
    pub median_duration_seconds: u64,
    /// Lines added in the window.
    #[serde(deserialize_with = "lenient::or_default")]
    pub total_lines_added: u64,
    /// Lines removed in the window.
    #[serde(deserialize_with = "lenient::or_default")]
    pub total_lines_removed: u64,
    /// Successful cycles of the window that name a pull request.
    #[serde(deserialize_with = "lenient::or_default")]
    pub total_prs_merged: usize,
    /// The window by type of work.
    #[serde(deserialize_with = "lenient::or_default")]
    pub by_type: BTreeMap<String, TypeSummary>,
    /// All lines by ISO week.
    #[serde(deserialize_with = "lenient::or_default")]
    pub by_week: BTreeMap<String, u64>,
    /// All lines by ISO weekday.
    #[serde(deserialize_with = "lenient::or_default")]
    pub by_weekday: BTreeMap<String, u64>,
    /// The issues with two or more failures in the window, with their number.
    #[serde(deserialize_with = "lenient::or_default")]
    pub quarantine_candidates: BTreeMap<u64, u64>,
    /// The last five failures.
    #[serde(deserialize_with = "lenient::or_default")]
    pub recent_failures: Vec<RecentFailure>,
    /// How many lines of the log cannot be read.
    #[serde(deserialize_with = "lenient::or_default")]
    pub damaged_lines: u64,
}

/// The cycles of one type.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct TypeSummary {
    /// How many cycles.
    pub count: usize,
    /// How many of them succeeded.
    pub success: usize,
    /// The share of successes among those observed.
    pub success_rate: Option<f64>,
    /// The mean duration.
    pub avg_duration: u64,
}

/// A failed cycle.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct RecentFailure {
    /// The caller's number.
    pub cycle: Option<u64>,
    /// Its epoch.
    pub epoch: Option<String>,
    /// The issue that was worked on.
    pub issue: Option<u64>,
    /// Why it failed.
    pub reason: String,
}

impl Summary {
    /// The names of its fields; the others of the file are those of other programs.
    pub const FIELDS: [&str; 17] = [
        "updated_at",
        "current_epoch",
        "window",
        "total_cycles",
        "success_rate",
        "main_green_rate",
        "avg_duration_seconds",
        "median_duration_seconds",
        "total_lines_added",
        "total_lines_removed",
        "total_prs_merged",
        "by_type",
        "by_week",
        "by_weekday",
        "quarantine_candidates",
        "recent_failures",
        "damaged_lines",
    ];
}

/// Returns a share with two decimals, rounded as Python's `round` does; none of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
pub fn rate(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| format!("{:.2}", part as f64 / whole as f64).parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_its_fields_are_all_of_them() {
        let summary = serde_json::to_value(Summary::default()).unwrap();
        assert_eq!(summary.as_object().unwrap().keys().collect::<Vec<_>>(), Summary::FIELDS.iter().collect::<Vec<_>>());
    }
}
