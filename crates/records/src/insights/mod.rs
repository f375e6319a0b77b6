//! `retro/insights.json`: everything that introspection concluded, each number with what it is based on; and
//! `retro/insights.source.json`: what that was computed from.

mod facts;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use facts::{Day, Difference, FailureReason, LostCycles, Outlier, Period, Slope, Trends, TypeRecord};

use crate::fingerprint::Fingerprint;

/// The document. Everything but `generated_at` is a function of the records and the settings.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Insights {
    /// When it was made.
    pub generated_at: String,
    /// How many cycles count: dated, not in the future, observed.
    pub cycles: usize,
    /// How many of the last ones the replay covers.
    pub rests_on: usize,
    /// Lines of the log that cannot be read.
    pub damaged_lines: usize,
    /// Lines without a time that can be read; left out.
    pub undated_lines: usize,
    /// Lines with a time in the future; left out.
    pub future_lines: usize,
    /// Lines made from merged pull requests: always successes, so in no rate.
    pub backfilled: usize,
    /// Cycles that were cut short, or whose right to the issue was lost: in no rate.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interrupted: usize,
    /// When the last counted cycle ended.
    pub last_cycle_at: Option<String>,
    /// How many days a period has.
    pub window_days: u64,
    /// How often triage ran in the recent period.
    pub triage_runs: usize,
    /// How often deep triage did.
    pub deep_triage_runs: usize,
    /// The last days compared with those before.
    pub trends: Trends,
    /// Each kind of work.
    pub by_type: BTreeMap<String, TypeRecord>,
    /// Issues that failed more than once in a row, the least likely first.
    pub repeat_failures: Vec<RepeatFailure>,
    /// Cycles that took much longer than their kind does.
    pub duration_outliers: Vec<Outlier>,
    /// How many recent cycles ended at the same longest duration.
    pub timeouts: Option<Timeouts>,
    /// Why cycles fail.
    pub failure_reasons: Vec<FailureReason>,
    /// Whether issues with higher scores succeed more.
    pub triage_effectiveness: Option<Effectiveness>,
    /// What red main and outages cost.
    pub red_main: RedMain,
    /// The issues in quarantine, and how much of that is chance.
    pub quarantine: Quarantine,
    /// Every change event that the log holds, oldest first.
    pub events: Vec<EventRecord>,
    /// What to do, the most urgent first.
    pub recommendations: Vec<Finding>,
    /// What would be recommended as well, if the list were longer.
    pub details: Vec<Finding>,
    /// What was judged and is no recommendation, with the reason.
    pub considered: Vec<Finding>,
}

/// A change event as it is kept.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct EventRecord {
    /// Stable: the stream and the place of the change.
    pub id: String,
    /// What changed.
    pub stream: String,
    /// `up` or `down`.
    pub direction: String,
    /// After how many counted cycles it was raised.
    pub raised_after: usize,
    /// The first cycle after the change, from 0.
    pub change_at: usize,
    /// The earliest that may be.
    pub change_low: usize,
    /// The latest that may be.
    pub change_high: usize,
    /// When the cycle ended after which it was raised.
    pub raised_after_timestamp: String,
    /// When the cycle `change_at` ended.
    pub change_at_timestamp: String,
    /// When the cycle `change_low` ended.
    pub change_low_timestamp: String,
    /// When the cycle `change_high` ended.
    pub change_high_timestamp: String,
    /// The rate before; for `duration` the median of the logarithms, centred by kind of work and outcome.
    pub before: f64,
    /// The same after.
    pub after: f64,
    /// How many observations before.
    pub n_before: f64,
    /// How many after.
    pub n_after: f64,
    /// The evidence.
    pub r: f64,
    /// The threshold that it had to reach.
    pub threshold: f64,
    /// How many times more clustered than by chance the data are.
    pub phi: f64,
    /// How much changed: a difference of rates, or a factor for `duration` and `episodes`.
    pub effect: f64,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// A finding, made a recommendation or not.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Finding {
    /// Stable from run to run.
    pub id: String,
    /// `high`, `medium`, `low`, `info`; null where nothing is recommended.
    pub severity: Option<String>,
    /// What it is about.
    pub category: String,
    /// Why it was made a recommendation, or why not.
    pub reason: String,
    /// What was found.
    pub finding: String,
    /// What to do about it.
    pub suggestion: String,
    /// The numbers.
    pub evidence: Map<String, Value>,
    /// How much, with its interval.
    pub effect: Option<Effect>,
    /// From when to when.
    pub period: Option<Span>,
    /// The calculation, step by step.
    pub calculation: Vec<String>,
}

/// A size with its interval.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Effect {
    /// What it is: `points`, `factor`, `share`.
    pub unit: String,
    /// The estimate.
    pub value: f64,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// A stretch of the log.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Span {
    /// When it begins.
    pub from: String,
    /// When it ends.
    pub to: String,
    /// How many cycles it holds.
    pub cycles: usize,
}

/// An issue that failed more than once in a row.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct RepeatFailure {
    /// Its number.
    pub issue: u64,
    /// Its kind of work.
    #[serde(rename = "type")]
    pub kind: String,
    /// How often in a row.
    pub failures: usize,
    /// How often its kind fails.
    pub base_rate: f64,
    /// How likely chance makes as many.
    pub p: f64,
    /// The same, adjusted for all issues tried (Benjamini and Hochberg).
    pub adjusted_p: f64,
    /// How many issues were tried.
    pub n: usize,
    /// When it last failed.
    pub last_failure: String,
}

/// Cycles that ended at the longest duration.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Timeouts {
    /// How many.
    pub cycles: usize,
    /// Of how many.
    pub n: usize,
    /// Their share.
    pub share: f64,
    /// The lower end of its interval of 95 %.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// That duration, in seconds.
    pub duration: f64,
}

/// Whether the triage score predicts anything.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Effectiveness {
    /// The chance that of two issues the one which succeeds at its first try has the higher score; 0.5 predicts nothing.
    pub auc: f64,
    /// The lower end of its interval of 95 % (Hanley and McNeil).
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// First tries that succeeded.
    pub succeeded: usize,
    /// First tries that failed.
    pub failed: usize,
    /// The p of both being equal, adjusted for the associations (Holm).
    pub adjusted_p: f64,
}

/// Red main and outages in both periods.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct RedMain {
    /// The recent period.
    pub recent: LostCycles,
    /// The one before.
    pub previous: LostCycles,
}

/// The issues in quarantine, and how much of that is chance.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Quarantine {
    /// The issues.
    pub issues: Vec<u64>,
    /// First tries, and how many failed.
    pub first_tries: usize,
    /// How many of them failed.
    pub first_failures: usize,
    /// Tries after one failure.
    pub second_tries: usize,
    /// How many of them failed.
    pub second_failures: usize,
    /// The failure rate of first tries over that of second ones: 1 means that an issue's failure says nothing about it.
    pub luck_share: Option<f64>,
    /// At least.
    pub luck_low: Option<f64>,
}

/// Everything that the insights were computed from, and their own fingerprint: while it stays the same, so do they.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct InsightsSource {
    /// The version of the tool.
    pub tool: String,
    /// Its settings.
    pub settings: String,
    /// The log of cycles.
    pub log: Fingerprint,
    /// The log of triage runs.
    pub triage: Fingerprint,
    /// The log of deep triage runs.
    pub deep_triage: Fingerprint,
    /// The quarantine.
    pub quarantine: Fingerprint,
    /// The insights themselves.
    pub answer: Fingerprint,
}

impl Insights {
    /// Returns the same insights with only the events whose change was on or after a day (`2026-03-21`).
    #[must_use]
    pub fn since(mut self, day: Option<&str>) -> Self {
        if let Some(day) = day {
            self.events.retain(|event| event.change_at_timestamp.as_str() >= day);
        }
        self
    }
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}
