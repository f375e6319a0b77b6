//! `insights.json`: all that introspection concluded, every number with what it rests on.

use std::collections::BTreeMap;

use loop_monitor::Event;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::facts::{Lost, OfKind, Outlier, Reason, Trends};

/// The document. Everything but `generated_at` is a function of the records and the settings.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Insights {
    /// When it was made.
    pub generated_at: String,
    /// How many cycles count: dated, not in the future, seen to happen.
    pub cycles: usize,
    /// How many of the last ones the replay covers.
    pub rests_on: usize,
    /// Lines of the log that cannot be read.
    pub damaged_lines: usize,
    /// Lines without a time that can be read; left out.
    pub undated_lines: usize,
    /// Lines of a time to come; left out.
    pub future_lines: usize,
    /// Lines made from merged pull requests: always successes, so in no rate.
    pub backfilled: usize,
    /// When the last counted cycle ended.
    pub last_cycle_at: Option<String>,
    /// How many days a period has.
    pub window_days: u64,
    /// How often triage ran in the recent period.
    pub triage_runs: usize,
    /// How often deep triage did.
    pub deep_triage_runs: usize,
    /// The last days beside those before.
    pub trends: Trends,
    /// Each kind of work.
    pub by_type: BTreeMap<String, OfKind>,
    /// Issues that failed more than once in a row, the least likely first.
    pub repeat_failures: Vec<RepeatFailure>,
    /// Cycles that took much longer than their kind does.
    pub duration_outliers: Vec<Outlier>,
    /// How many recent cycles ended at the same longest duration.
    pub timeouts: Option<Timeouts>,
    /// Why cycles fail.
    pub failure_reasons: Vec<Reason>,
    /// Whether issues with higher scores succeed more.
    pub triage_effectiveness: Option<Effectiveness>,
    /// What red main and outages cost.
    pub red_main: RedMain,
    /// Who is kept out, and whether rightly.
    pub quarantine: Quarantine,
    /// Every change event that the log holds, oldest first.
    pub events: Vec<EventRecord>,
    /// What to do, the most urgent first.
    pub recommendations: Vec<Finding>,
    /// What would be recommended as well, were there not enough already.
    pub details: Vec<Finding>,
    /// What was judged and is no recommendation, with the reason.
    pub considered: Vec<Finding>,
}

/// A change event as it is kept.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
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
    /// What it had to reach.
    pub threshold: f64,
    /// How many times as clustered as chance the data are.
    pub phi: f64,
    /// How much changed: a difference of rates, or a factor for `duration` and `episodes`.
    pub effect: f64,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// A finding, made a recommendation or not.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[expect(clippy::struct_field_names, reason = "`finding` is what the file calls the words")]
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
#[derive(Clone, Debug, Deserialize, Serialize)]
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
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Span {
    /// When it begins.
    pub from: String,
    /// When it ends.
    pub to: String,
    /// How many cycles it holds.
    pub cycles: usize,
}

/// An issue that failed more than once in a row.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
    /// As that must be read among all issues tried (Benjamini and Hochberg).
    pub adjusted_p: f64,
    /// How many issues were tried.
    pub n: usize,
    /// When it last failed.
    pub last_failure: String,
}

/// Cycles that ended at the longest duration.
#[derive(Clone, Debug, Deserialize, Serialize)]
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

/// Whether the triage score tells anything.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Effectiveness {
    /// The chance that of two issues the one which succeeds at its first try has the higher score; 0.5 tells nothing.
    pub auc: f64,
    /// The lower end of its interval of 95 % (Hanley and McNeil).
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// First tries that succeeded.
    pub succeeded: usize,
    /// First tries that failed.
    pub failed: usize,
    /// The p of both being alike, as it must be read among the associations (Holm).
    pub adjusted_p: f64,
}

/// Red main and outages in both periods.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct RedMain {
    /// The recent period.
    pub recent: Lost,
    /// The one before.
    pub previous: Lost,
}

/// Who is in quarantine, and how much of that is bad luck.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
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
    /// The failure rate of first tries over that of second ones: 1 means that an issue's failure tells nothing about it.
    pub luck_share: Option<f64>,
    /// At least.
    pub luck_low: Option<f64>,
}

impl EventRecord {
    /// Makes a record of an event. `before` counted cycles lie before the replay's first; `time` tells a place's time.
    pub(crate) fn of(event: &Event, before: usize, time: &dyn Fn(usize) -> String) -> Self {
        let interval = event.interval();
        // Sizes on a logarithmic scale are told as factors.
        let told = |effect: f64| if event.is_factor() { effect.exp() } else { effect };
        Self {
            id: event_id(event, before),
            stream: event.stream.name(),
            direction: if event.up { "up" } else { "down" }.to_owned(),
            raised_after: before + event.raised_after,
            change_at: before + event.change_at,
            change_low: before + event.change_low,
            change_high: before + event.change_high,
            raised_after_timestamp: time(event.raised_after - 1),
            change_at_timestamp: time(event.change_at),
            change_low_timestamp: time(event.change_low),
            change_high_timestamp: time(event.change_high),
            before: event.before,
            after: event.after,
            n_before: event.n_before,
            n_after: event.n_after,
            r: event.r,
            threshold: event.threshold,
            phi: event.phi,
            effect: told(event.effect),
            low: told(interval.low),
            high: told(interval.high),
        }
    }
}

/// The name of an event: its stream and the place of the change.
pub(crate) fn event_id(event: &Event, before: usize) -> String {
    format!("{}-{}", event.stream.name(), before + event.change_at)
}

impl Insights {
    /// The same with only the events since a day, where one is given; what was computed stays.
    pub(crate) fn since(&self, day: Option<&str>) -> Self {
        let mut shown = self.clone();
        if let Some(day) = day {
            shown.events.retain(|event| event.change_at_timestamp.as_str() >= day);
        }
        shown
    }
}
