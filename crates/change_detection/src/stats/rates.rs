//! Rates: successes out of trials.

use statrs::distribution::{Binomial, DiscreteCDF};
use statrs::stats_tests::Alternative;
use statrs::stats_tests::fisher::fishers_exact;

use super::{Interval, reach, real, two_sided};

/// The interval of a rate (Wilson 1927, no continuity correction). Of no trials nothing is known: 0 to 1.
pub fn wilson(successes: usize, trials: usize, confidence: f64) -> Interval {
    if trials == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let (n, p, z) = (real(trials), real(successes) / real(trials), reach(confidence));
    let shrink = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / shrink;
    let half = z / shrink * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let low = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if successes == trials { 1.0 } else { (centre + half).min(1.0) };
    Interval { low, high }
}

/// The first rate less the second, and its interval (Newcombe 1998, method 10, from two Wilson intervals).
pub fn newcombe(first: (usize, usize), second: (usize, usize), confidence: f64) -> (f64, Interval) {
    let rate = |(successes, trials): (usize, usize)| real(successes) / real(trials.max(1));
    let (p1, p2) = (rate(first), rate(second));
    let (w1, w2) = (wilson(first.0, first.1, confidence), wilson(second.0, second.1, confidence));
    let difference = p1 - p2;
    let low = difference - (p1 - w1.low).hypot(w2.high - p2);
    let high = difference + (w1.high - p1).hypot(p2 - w2.low);
    (difference, Interval { low, high })
}

/// The log likelihood of a rate at its best value. Counts may be fractions: outages count in part.
pub fn log_likelihood(successes: f64, trials: f64) -> f64 {
    let failures = trials - successes;
    let part = |count: f64| if count > 0.0 { count * (count / trials).ln() } else { 0.0 };
    part(successes) + part(failures)
}

/// How strongly the data speak for two rates rather than one: the root of twice the log likelihood ratio, at least 0.
/// On one rate it is about as large as a standard normal variable without its sign.
pub fn root_likelihood_ratio(s1: f64, n1: f64, s2: f64, n2: f64) -> f64 {
    let ratio = 2.0 * (log_likelihood(s1, n1) + log_likelihood(s2, n2) - log_likelihood(s1 + s2, n1 + n2));
    ratio.max(0.0).sqrt()
}

/// The z of two proportions with a pooled variance, and its two-sided p.
pub fn two_proportions(first: (usize, usize), second: (usize, usize)) -> (f64, f64) {
    let ((s1, n1), (s2, n2)) = ((real(first.0), real(first.1)), (real(second.0), real(second.1)));
    let pooled = (s1 + s2) / (n1 + n2);
    let z = (s1 / n1 - s2 / n2) / (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
    (z, two_sided(z))
}

/// Which tail of Fisher's exact test is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Tail {
    /// Both.
    TwoSided,
    /// The first rate is lower.
    Less,
    /// The first rate is higher.
    Greater,
}

/// The p of Fisher's exact test of `[[a, b], [c, d]]`, 1 where the table decides nothing. Values below 1e-16 come out as 0.
pub fn fisher(table: [u64; 4], tail: Tail) -> f64 {
    let alternative = match tail {
        Tail::TwoSided => Alternative::TwoSided,
        Tail::Less => Alternative::Less,
        Tail::Greater => Alternative::Greater,
    };
    fishers_exact(&table, alternative).map_or(1.0, |p| p.clamp(0.0, 1.0))
}

/// The probability of at least `k` successes in `n` trials of probability `p`.
pub fn at_least(k: u64, n: u64, p: f64) -> f64 {
    match (k, Binomial::new(p, n)) {
        (0, _) => 1.0,
        (_, Ok(binomial)) => binomial.sf(k - 1),
        (_, Err(_)) => f64::NAN,
    }
}

/// The probability of at most `k` successes in `n` trials of probability `p`.
pub fn at_most(k: u64, n: u64, p: f64) -> f64 {
    Binomial::new(p, n).map_or(f64::NAN, |binomial| binomial.cdf(k))
}
