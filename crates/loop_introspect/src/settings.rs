//! The settings.

use common::settings::{Layers, Setting, SettingsError};

use loop_monitor::{Parameters, Thresholds};

/// The settings in force.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// How many days are set beside as many before.
    pub window_days: u64,
    /// The success rate that the loop should have.
    pub success_target: f64,
    /// From which evidence on an open outage is told.
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

macro_rules! setting {
    ($key:literal, $type:ty, $default:expr, $valid:expr, $expected:literal) => {
        Setting::<$type> { key: $key, aliases: &[], default: || $default, valid: $valid, expected: $expected }
    };
}

const SHARE: &str = "a number above 0 and below 1";
const CYCLES: &str = "a whole number from 1 to 40000";

fn share(key: &'static str, default: fn() -> f64) -> Setting<f64> {
    Setting { key, aliases: &[], default, valid: |share| *share > 0.0 && *share < 1.0, expected: SHARE }
}

fn cycles(key: &'static str, default: fn() -> u64) -> Setting<u64> {
    Setting { key, aliases: &[], default, valid: |count| (1..=40_000).contains(count), expected: CYCLES }
}

impl Settings {
    /// Takes the settings; `window_days` is the flag.
    pub fn take(layers: &mut Layers, window_days: Option<u64>) -> Result<Self, SettingsError> {
        const DAYS: &str = "a whole number of days from 1 to 365";
        let days = |key, default| Setting::<u64> {
            key,
            aliases: &[],
            default,
            valid: |days| (1..=365).contains(days),
            expected: DAYS,
        };
        let score = |key, default| Setting::<f64> {
            key,
            aliases: &[],
            default,
            valid: |score| (1.0..=100.0).contains(score),
            expected: "a number from 1 to 100",
        };
        let whole = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        let window_days = layers.get(&days("window_days", || 7), window_days)?;
        let success_target = layers.get(&share("success_target", || 0.70), None)?;
        let budget = layers.get(&share("false_alarm_budget", || 0.05), None)?;
        let look = whole(layers.get(
            &setting!("look_every", u64, 20, |count| (5..=200).contains(count), "a whole number from 5 to 200"),
            None,
        )?);
        // Change points lie on looks, so the windows are whole numbers of them.
        let mut steps = |key, default: fn() -> u64| -> Result<usize, SettingsError> {
            Ok(whole(layers.get(&cycles(key, default), None)?).div_ceil(look) * look)
        };
        let (baseline, recent) = (steps("baseline_cycles", || 1400)?, steps("recent_cycles", || 700)?);
        let (min_recent, min_baseline) = (steps("min_recent_cycles", || 60)?, steps("min_baseline_cycles", || 200)?);
        let (episode_baseline, episode_recent) =
            (steps("episode_baseline_cycles", || 5600)?, steps("episode_recent_cycles", || 1400)?);
        let points = layers.get(
            &setting!("min_change_points", f64, 5.0, |points| (0.0..=100.0).contains(points), "a number from 0 to 100"),
            None,
        )?;
        let ratio = layers.get(
            &setting!("min_duration_ratio", f64, 1.15, |ratio| (1.0..=100.0).contains(ratio), "a number from 1 to 100"),
            None,
        )?;
        let tries = layers.get(
            &setting!("tries_counted", u64, 3, |tries| (1..=1000).contains(tries), "a whole number from 1 to 1000"),
            None,
        )?;
        let parameters = Parameters {
            look,
            baseline,
            recent,
            min_recent,
            min_baseline,
            episode_baseline,
            episode_recent,
            outage_score: layers.get(&score("outage_score", || 7.0), None)?,
            outage_free: real(layers.get(&cycles("outage_free_cycles", || 150), None)?),
            tries: u32::try_from(tries).unwrap_or(u32::MAX),
            min_change: points / 100.0,
            min_duration_ratio: ratio,
            thresholds: Thresholds::of_budget(budget),
            ..Parameters::default()
        };
        Ok(Self {
            window_days,
            success_target,
            outage_alert: layers.get(&score("outage_alert", || 12.0), None)?,
            issue_fdr: layers.get(&share("issue_fdr", || 0.10), None)?,
            association_budget: layers.get(&share("association_budget", || 0.01), None)?,
            association_every: whole(layers.get(&cycles("association_every", || 500), None)?),
            association_cycles: whole(layers.get(&cycles("association_cycles", || 2000), None)?),
            outlier_z: layers.get(&score("outlier_z", || 3.5), None)?,
            red_share_medium: layers.get(&share("red_share_medium", || 0.10), None)?,
            red_share_high: layers.get(&share("red_share_high", || 0.20), None)?,
            hold_days: layers.get(&days("hold_days", || 7), None)?,
            max_recommendations: whole(layers.get(
                &setting!(
                    "max_recommendations",
                    u64,
                    5,
                    |count| (1..=100).contains(count),
                    "a whole number from 1 to 100"
                ),
                None,
            )?),
            parameters,
        })
    }
}

fn real(count: u64) -> f64 {
    loop_monitor::stats::real(usize::try_from(count).unwrap_or(usize::MAX))
}
