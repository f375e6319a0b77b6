//! The numbers that decide what is seen.

/// Cycles within which two bursts are one episode.
pub const SAME_EPISODE: usize = 10;

/// The numbers that decide what is seen. The defaults are those that were calibrated together.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// Cycles between two looks.
    pub look: usize,
    /// The longest baseline before a change point.
    pub baseline: usize,
    /// The longest recent part after it.
    pub recent: usize,
    /// The shortest recent part.
    pub min_recent: usize,
    /// The shortest baseline.
    pub min_baseline: usize,
    /// The longest baseline for episodes, which are few.
    pub episode_baseline: usize,
    /// The longest recent part for episodes.
    pub episode_recent: usize,
    /// How far the evidence of an outage must have come.
    pub outage_score: f64,
    /// The success rate in an outage.
    pub outage_success: f64,
    /// How many outage cycles are set aside whatever the past has known.
    pub outage_free: f64,
    /// How many failures in a row of one issue count.
    pub tries: u32,
    /// The least change of a rate that is worth telling, as a share.
    pub min_change: f64,
    /// The least change of the duration that is worth telling, as a factor.
    pub min_duration_ratio: f64,
    /// The least recent cycles of one kind of work.
    pub kind_min_recent: f64,
    /// The least baseline cycles of one kind of work.
    pub kind_min_baseline: f64,
    /// The length of the blocks that dispersion is measured in.
    pub block: usize,
    /// The thresholds for success, each kind of work, the duration and the episodes.
    pub thresholds: Thresholds,
}

/// How strong the evidence must be, per kind of stream.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// For the success rate.
    pub success: f64,
    /// For the success rate of each kind of work.
    pub kind: f64,
    /// For the duration.
    pub duration: f64,
    /// For the episodes.
    pub episodes: f64,
}

impl Thresholds {
    /// Spends a month's budget of false alarms: 20 % on success, 4 % on each kind of work, 10 % on the duration, 20 % on
    /// episodes; the rest covers what the dispersion does not see.
    pub fn of_budget(budget: f64) -> Self {
        Self {
            success: threshold(0.20 * budget, 150.0),
            kind: threshold(0.04 * budget, 150.0),
            duration: threshold(0.10 * budget, 150.0),
            episodes: threshold(0.20 * budget, 15.0),
        }
    }
}

/// What the maximum of a scan exceeds in a month of looks with probability `alpha`, on a loop that does not change. The
/// law is empirical: `c` was measured by simulation.
pub fn threshold(alpha: f64, c: f64) -> f64 {
    (2.0 * (c / alpha).ln()).sqrt()
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            look: 20,
            baseline: 1400,
            recent: 700,
            min_recent: 60,
            min_baseline: 200,
            episode_baseline: 5600,
            episode_recent: 1400,
            outage_score: 7.0,
            outage_success: 0.05,
            outage_free: 150.0,
            tries: 3,
            min_change: 0.05,
            min_duration_ratio: 1.15,
            kind_min_recent: 15.0,
            kind_min_baseline: 60.0,
            block: 20,
            thresholds: Thresholds::of_budget(0.05),
        }
    }
}
