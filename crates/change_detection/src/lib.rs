//! The statistics that find changes in a log of cycles, as a pure function of the log.
//!
//! The log is walked in looks of twenty cycles from its first line. At each look every possible change point of the last
//! weeks is tried, and an event is raised where the evidence passes a threshold that was calibrated for a month of looks.
//! A run only reports the events that the log holds: looking more often raises no alarm, and a longer log takes none
//! back. Positions are cycles of the counted log, from 0; ranges are half-open.

mod dispersion;
mod durations;
mod episodes;
mod masks;
mod replay;
mod series;
pub mod stats;

pub use dispersion::Dispersion;
pub use masks::{Masks, open_outage, outages, repeats};
pub use replay::{Replay, replay};
pub use series::Series;

use records::IssueType;

/// The kinds of work in the order of their streams.
pub const KINDS: [IssueType; 5] =
    [IssueType::Bug, IssueType::Feature, IssueType::Refactor, IssueType::Philosophy, IssueType::Unknown];

/// How many streams are watched.
pub const STREAMS: usize = 8;

/// Cycles within which two bursts are one episode.
pub const SAME_EPISODE: usize = 10;

/// What is watched for a change.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stream {
    /// The success rate.
    Success,
    /// The success rate of one kind of work.
    SuccessOf(IssueType),
    /// The time that a cycle takes.
    Duration,
    /// How often main turns red or an outage begins.
    Episodes,
}

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

/// A change that the log shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What changed.
    pub stream: Stream,
    /// Whether it went up.
    pub up: bool,
    /// After how many cycles it was raised.
    pub raised_after: usize,
    /// The first cycle after the change.
    pub change_at: usize,
    /// The earliest that it may be.
    pub change_low: usize,
    /// The latest that it may be.
    pub change_high: usize,
    /// The evidence: the root of the likelihood ratio over the dispersion.
    pub r: f64,
    /// What it had to reach.
    pub threshold: f64,
    /// How many times as clustered as chance the data are; at least 1.
    pub phi: f64,
    /// The rate before; for the duration the median of the centred logs; for episodes, how many per normal cycle.
    pub before: f64,
    /// The same after.
    pub after: f64,
    /// How many observations there are before; for episodes, how many began.
    pub n_before: f64,
    /// The same after; fractions where an outage counts in part.
    pub n_after: f64,
    /// How much changed: the difference of rates, or the logarithm of the factor between durations or episode rates.
    pub effect: f64,
    /// The standard error of that.
    pub error: f64,
}

impl Event {
    /// Whether its effect is the logarithm of a factor, and no difference.
    pub fn is_factor(&self) -> bool {
        matches!(self.stream, Stream::Duration | Stream::Episodes)
    }

    /// How much changed at least and at most: the effect, a threshold's width of errors to either side. At the moment of
    /// an alarm the estimate was selected, and 1.96 errors would be too few.
    pub fn interval(&self) -> stats::Interval {
        let half = self.threshold * self.error;
        stats::Interval { low: self.effect - half, high: self.effect + half }
    }
}

impl Stream {
    /// The stream's name in files: `success`, `success:bug`, `duration`, `episodes`.
    pub fn name(self) -> String {
        match self {
            Self::Success => "success".to_owned(),
            Self::SuccessOf(kind) => format!("success:{}", kind.name()),
            Self::Duration => "duration".to_owned(),
            Self::Episodes => "episodes".to_owned(),
        }
    }

    /// The stream's place in the order in which ties are broken.
    pub fn place(self) -> usize {
        match self {
            Self::Success => 0,
            Self::SuccessOf(kind) => 1 + place(kind),
            Self::Duration => 6,
            Self::Episodes => 7,
        }
    }
}

/// The place of a kind of work in [`KINDS`].
pub fn place(kind: IssueType) -> usize {
    KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len() - 1)
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
