//! A change that the log shows.

use crate::stats::Interval;
use crate::streams::Stream;

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
    pub fn interval(&self) -> Interval {
        let half = self.threshold * self.error;
        Interval { low: self.effect - half, high: self.effect + half }
    }
}
