//! Middles and spreads that single values cannot upset.

use super::{Interval, reach, real};

/// What a median absolute deviation is multiplied by to be a standard deviation of normal data.
pub const NORMAL: f64 = 1.482_602_218_505_602;

/// The median; the values change their order. None of no values.
pub fn median_of(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if below.len() == middle && values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values[..middle].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(f64::midpoint(lower, upper))
}

/// The median of values that stay as they are. None of no values.
pub fn median(values: &[f64]) -> Option<f64> {
    median_of(&mut values.to_vec())
}

/// A quantile by linear interpolation (type 7 of Hyndman and Fan 1996, NumPy's). None of no values.
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = q.clamp(0.0, 1.0) * real(sorted.len().checked_sub(1)?);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to the last index")]
    let below = at.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
    Some(low + (high - low) * at.fract())
}

/// The median absolute deviation from the median, as it is. None of no values.
pub fn mad(values: &[f64]) -> Option<f64> {
    let middle = median(values)?;
    median_of(&mut values.iter().map(|value| (value - middle).abs()).collect::<Vec<_>>())
}

/// How far each value's logarithm is from their median, in standard deviations as the median absolute deviation sees
/// them (Iglewicz and Hoaglin 1993). All 0 where more than half of the values are equal.
pub fn modified_z_of_logs(values: &[f64]) -> Vec<f64> {
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let (Some(middle), Some(spread)) = (median(&logs), mad(&logs)) else { return Vec::new() };
    let z = |log: &f64| if spread > 0.0 { 0.6745 * (log - middle) / spread } else { 0.0 };
    logs.iter().map(z).collect()
}

/// The median of the slopes between all pairs of points, with its interval (Theil 1950, Sen 1968). None where all x are
/// equal.
pub fn theil_sen(x: &[f64], y: &[f64], confidence: f64) -> Option<(f64, Interval)> {
    let mut slopes = Vec::new();
    for (at, (x1, y1)) in x.iter().zip(y).enumerate() {
        for (x2, y2) in x.iter().zip(y).take(at) {
            let run = x1 - x2;
            if run != 0.0 {
                slopes.push((y1 - y2) / run);
            }
        }
    }
    slopes.sort_by(f64::total_cmp);
    let middle = median(&slopes)?;
    let n = real(y.len());
    let spread = |count: f64| count * (count - 1.0) * (2.0 * count + 5.0);
    let ties = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|equal| spread(real(equal.len()))).sum::<f64>()
    };
    let deviation = ((spread(n) - ties(x) - ties(y)) / 18.0).max(0.0).sqrt();
    let (count, half) = (real(slopes.len()), reach(confidence) * deviation);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the list's indices")]
    let place = |at: f64| slopes[at.clamp(0.0, count - 1.0) as usize];
    let low = place(f64::midpoint(count, -half).round_ties_even() - 1.0);
    let high = place(f64::midpoint(count, half).round_ties_even());
    Some((middle, Interval { low, high }))
}
