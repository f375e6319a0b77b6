//! The facts of the insights: arithmetic over the record, without inference.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Some days of the loop.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Period {
    /// Its first moment.
    pub from: Option<String>,
    /// Its last moment.
    pub to: Option<String>,
    /// How many cycles it holds.
    pub cycles: usize,
    /// How many of them succeeded.
    pub successes: usize,
    /// Their share; null of no cycles.
    pub success_rate: Option<f64>,
    /// The lower end of its interval of 95 % (Wilson).
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The mean duration in seconds, of those known.
    pub avg_duration: Option<f64>,
    /// The median.
    pub median_duration: Option<f64>,
    /// How many durations are known.
    pub timed: usize,
    /// Lines added, of those reported.
    pub lines_added: u64,
    /// Lines removed, of those reported.
    pub lines_removed: u64,
    /// Different pull requests of successful cycles.
    pub pull_requests: usize,
}

/// Two periods compared.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Trends {
    /// The days up to the last cycle.
    pub recent: Period,
    /// As many days before.
    pub previous: Period,
    /// What is more in the recent one: shown, and no claim that anything changed.
    pub difference: Difference,
    /// How the daily success rates of both slope, a day (Theil and Sen); shown only.
    pub slope: Option<Slope>,
    /// The days of both that have cycles.
    pub daily: Vec<Day>,
}

/// A day that ends at the hour of the last cycle.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Day {
    /// Its last moment.
    pub to: String,
    /// How many cycles it has.
    pub cycles: usize,
    /// How many succeeded.
    pub successes: usize,
}

/// The recent period less the previous one; null where either is unknown.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Difference {
    /// Of cycles.
    pub cycles: i64,
    /// Of success rates.
    pub success_rate: Option<f64>,
    /// The lower end of its interval of 95 % (Newcombe).
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// Of mean durations, in seconds.
    pub avg_duration: Option<f64>,
    /// Of median durations, in seconds.
    pub median_duration: Option<f64>,
}

/// A slope with its interval of 95 %.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Slope {
    /// A day.
    pub per_day: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Over how many days.
    pub days: usize,
}

/// One kind of work, over the whole log.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct TypeRecord {
    /// How many cycles.
    pub cycles: usize,
    /// How many succeeded.
    pub successes: usize,
    /// Their share.
    pub success_rate: Option<f64>,
    /// The lower end of its interval of 95 %.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The mean duration in seconds.
    pub avg_duration: Option<f64>,
    /// How many of the cycles are in the recent period.
    pub recent_cycles: usize,
    /// How many of those succeeded.
    pub recent_successes: usize,
}

/// A cycle that took much longer than its kind does.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Outlier {
    /// Its place in the counted log.
    pub position: usize,
    /// When it ended.
    pub timestamp: String,
    /// Its issue.
    pub issue: Option<u64>,
    /// Its kind of work.
    #[serde(rename = "type")]
    pub kind: String,
    /// Seconds.
    pub duration: f64,
    /// The median of its kind, in seconds.
    pub median_duration: f64,
    /// How far it is out, in robust standard deviations of logarithms.
    pub z: f64,
    /// Among how many.
    pub n: usize,
}

/// A reason for failure.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct FailureReason {
    /// The reason without its numbers, paths and quotations.
    pub template: String,
    /// One reason as it was recorded.
    pub example: String,
    /// How often it occurred: failures within five cycles count once.
    pub episodes: usize,
    /// How many cycles it cost.
    pub cycles: usize,
    /// Its share of all episodes.
    pub share: f64,
    /// The lower end of the share's interval of 95 %.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Of how many episodes.
    pub n: usize,
    /// Whether it was first seen in the recent period, and at least three times.
    pub new: bool,
    /// When it was last seen.
    pub last_seen: String,
}

/// What red main and outages cost in a period.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct LostCycles {
    /// How many cycles there are.
    pub cycles: usize,
    /// In how many of them main was red.
    pub red: usize,
    /// How many of them were lost to an outage that no record names.
    pub outage: usize,
    /// The share of both.
    pub share: Option<f64>,
    /// The lower end of the share's interval of 95 %; cycles of one episode are not independent, so it is too narrow.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// How many separate stretches there were.
    pub episodes: usize,
    /// The longest of them, in cycles.
    pub longest: usize,
}
