//! The statistics: small functions of numbers, each with its source, each checked against reference values.
//!
//! Distributions come from `statrs`; what it lacks, or has with another convention, is here.

pub mod ranks;
pub mod rates;
pub mod robust;
pub mod several;
pub mod tables;

use statrs::distribution::{ContinuousCDF, Normal};

/// A range in which the truth lies with a stated confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// A count as a real number; counts of cycles are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn real(count: usize) -> f64 {
    count as f64
}

/// The standard normal distribution's quantile: the value that it stays below with probability `p`.
pub fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// The probability that a standard normal variable exceeds `z` in either direction.
pub fn two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// How many standard errors an interval of that confidence (0 to 1) reaches to either side.
pub(crate) fn reach(confidence: f64) -> f64 {
    normal_quantile(f64::midpoint(1.0, confidence))
}
