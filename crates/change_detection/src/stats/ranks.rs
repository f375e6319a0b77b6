//! Ranks: comparisons that heavy tails and time-outs cannot upset.

use super::{Interval, reach, real, two_sided};
use crate::stats::robust::median_of;

/// Average ranks from 1, and the tie term: the sum of `t^3 - t` over groups of `t` equal values.
pub fn average_ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let (mut ranks, mut ties, mut from) = (vec![0.0; values.len()], 0.0, 0);
    while from < order.len() {
        let value = values[order[from]];
        let equal = order[from..].iter().take_while(|at| values[**at].total_cmp(&value).is_eq()).count();
        let rank = real(2 * from + equal + 1) / 2.0;
        for at in &order[from..from + equal] {
            ranks[*at] = rank;
        }
        let count = real(equal);
        ties += count * count * count - count;
        from += equal;
    }
    (ranks, ties)
}

/// What two samples' ranks say.
#[derive(Clone, Copy, Debug)]
pub struct MannWhitney {
    /// In how many pairs the first sample's value is the larger; equal pairs count half.
    pub u: f64,
    /// The two-sided p of the normal approximation with ties.
    pub p: f64,
    /// The same with a continuity correction.
    pub p_corrected: f64,
    /// The share of pairs in which the first sample's value is the larger: the area under the ROC curve.
    pub auc: f64,
}

/// Compares two samples by rank (Mann and Whitney 1947; ties by average rank). None of an empty sample.
pub fn mann_whitney(first: &[f64], second: &[f64]) -> Option<MannWhitney> {
    let (n1, n2) = (real(first.len()), real(second.len()));
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let all: Vec<f64> = first.iter().chain(second).copied().collect();
    let (ranks, ties) = average_ranks(&all);
    let u = ranks[..first.len()].iter().sum::<f64>() - n1 * (n1 + 1.0) / 2.0;
    let distance = (u - n1 * n2 / 2.0).abs();
    let deviation = rank_sum_variance(n1, n2, ties).sqrt();
    let p = |distance: f64| if deviation > 0.0 { two_sided(distance / deviation) } else { 1.0 };
    let p_corrected = if distance > 0.5 { p(distance - 0.5) } else { 1.0 };
    Some(MannWhitney { u, p: p(distance), p_corrected, auc: u / (n1 * n2) })
}

/// The variance of a rank sum when both samples are alike.
pub fn rank_sum_variance(n1: f64, n2: f64, ties: f64) -> f64 {
    let n = n1 + n2;
    n1 * n2 / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)))
}

/// The interval of an area under the ROC curve (Hanley and McNeil 1982), of `positives` against `negatives`.
pub fn auc_interval(auc: f64, positives: usize, negatives: usize, confidence: f64) -> Interval {
    let (q1, q2) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
    let (n1, n0) = (real(positives), real(negatives));
    let variance =
        (auc * (1.0 - auc) + (n1 - 1.0) * (q1 - auc * auc) + (n0 - 1.0) * (q2 - auc * auc)) / (n1 * n0).max(1.0);
    let half = reach(confidence) * variance.max(0.0).sqrt();
    Interval { low: (auc - half).max(0.0), high: (auc + half).min(1.0) }
}

/// By what factor the second sample's values are larger (Hodges and Lehmann 1963): the median of all differences of logs,
/// as a logarithm. The samples are logarithms already. None of an empty sample.
pub fn log_shift(before: &[f64], after: &[f64]) -> Option<f64> {
    let mut differences: Vec<f64> =
        after.iter().flat_map(|later| before.iter().map(move |earlier| later - earlier)).collect();
    median_of(&mut differences)
}
