//! The settings.

use change_detection::stats::real;
use change_detection::{Parameters, Thresholds};
use common::settings::{Layers, Setting, SettingsError};

/// The settings in force.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// How many days are compared with as many before.
    pub window_days: u64,
    /// The success rate that the loop should have.
    pub success_target: f64,
    /// From which evidence on an open outage is reported.
    pub outage_alert: f64,
    /// The share of false names among the issues called stuck.
    pub issue_fdr: f64,
    /// The chance of a false association in a month.
    pub association_budget: f64,
    /// Every how many cycles associations are judged.
    pub association_every: usize,
    /// Over how many cycles.
    pub association_cycles: usize,
    /// How far out a duration must be.
    pub outlier_z: f64,
    /// The share of cycles lost from which on it is a recommendation.
    pub red_share_medium: f64,
    /// The share from which on it is an urgent one.
    pub red_share_high: f64,
    /// How many days an event is shown.
    pub hold_days: u64,
    /// How many recommendations are made.
    pub max_recommendations: usize,
    /// What the monitors see.
    pub parameters: Parameters,
}

const LOOK_EVERY: Setting<u64> = Setting {
    key: "look_every",
    aliases: &[],
    default: || 20,
    valid: |count| (5..=200).contains(count),
    expected: "a whole number from 5 to 200",
};
const MIN_CHANGE_POINTS: Setting<f64> = Setting {
    key: "min_change_points",
    aliases: &[],
    default: || 5.0,
    valid: |points| (0.0..=100.0).contains(points),
    expected: "a number from 0 to 100",
};
const TRIES_COUNTED: Setting<u64> = Setting {
    key: "tries_counted",
    aliases: &[],
    default: || 3,
    valid: |tries| (1..=1000).contains(tries),
    expected: "a whole number from 1 to 1000",
};
const MAX_RECOMMENDATIONS: Setting<u64> = Setting {
    key: "max_recommendations",
    aliases: &[],
    default: || 5,
    valid: |count| (1..=100).contains(count),
    expected: "a whole number from 1 to 100",
};

const fn share(key: &'static str, default: fn() -> f64) -> Setting<f64> {
    let expected = "a number above 0 and below 1";
    Setting { key, aliases: &[], default, valid: |share| *share > 0.0 && *share < 1.0, expected }
}

const fn cycles(key: &'static str, default: fn() -> u64) -> Setting<u64> {
    let expected = "a whole number from 1 to 40000";
    Setting { key, aliases: &[], default, valid: |count| (1..=40_000).contains(count), expected }
}

const fn days(key: &'static str) -> Setting<u64> {
    let expected = "a whole number of days from 1 to 365";
    Setting { key, aliases: &[], default: || 7, valid: |days| (1..=365).contains(days), expected }
}

/// A score, or a factor.
const fn from_one(key: &'static str, default: fn() -> f64) -> Setting<f64> {
    let expected = "a number from 1 to 100";
    Setting { key, aliases: &[], default, valid: |number| (1.0..=100.0).contains(number), expected }
}

impl Settings {
    /// Takes the settings; `window_days` is the flag.
    pub(crate) fn resolve(layers: &mut Layers, window_days: Option<u64>) -> Result<Self, SettingsError> {
        let look = whole(layers.get(&LOOK_EVERY, None)?);
        // Change points lie on looks, so the windows are whole numbers of them.
        let mut steps = |key, default: fn() -> u64| -> Result<usize, SettingsError> {
            Ok(whole(layers.get(&cycles(key, default), None)?).div_ceil(look) * look)
        };
        let parameters = Parameters {
            look,
            baseline: steps("baseline_cycles", || 1400)?,
            recent: steps("recent_cycles", || 700)?,
            min_recent: steps("min_recent_cycles", || 60)?,
            min_baseline: steps("min_baseline_cycles", || 200)?,
            episode_baseline: steps("episode_baseline_cycles", || 5600)?,
            episode_recent: steps("episode_recent_cycles", || 1400)?,
            outage_score: layers.get(&from_one("outage_score", || 7.0), None)?,
            outage_free: real(whole(layers.get(&cycles("outage_free_cycles", || 150), None)?)),
            tries: u32::try_from(layers.get(&TRIES_COUNTED, None)?).unwrap_or(u32::MAX),
            min_change: layers.get(&MIN_CHANGE_POINTS, None)? / 100.0,
            min_duration_ratio: layers.get(&from_one("min_duration_ratio", || 1.15), None)?,
            thresholds: Thresholds::of_budget(layers.get(&share("false_alarm_budget", || 0.05), None)?),
            ..Parameters::default()
        };
        Ok(Self {
            window_days: layers.get(&days("window_days"), window_days)?,
            success_target: layers.get(&share("success_target", || 0.70), None)?,
            outage_alert: layers.get(&from_one("outage_alert", || 12.0), None)?,
            issue_fdr: layers.get(&share("issue_fdr", || 0.10), None)?,
            association_budget: layers.get(&share("association_budget", || 0.01), None)?,
            association_every: whole(layers.get(&cycles("association_every", || 500), None)?),
            association_cycles: whole(layers.get(&cycles("association_cycles", || 2000), None)?),
            outlier_z: layers.get(&from_one("outlier_z", || 3.5), None)?,
            red_share_medium: layers.get(&share("red_share_medium", || 0.10), None)?,
            red_share_high: layers.get(&share("red_share_high", || 0.20), None)?,
            hold_days: layers.get(&days("hold_days"), None)?,
            max_recommendations: whole(layers.get(&MAX_RECOMMENDATIONS, None)?),
            parameters,
        })
    }
}

fn whole(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
