//! Tables of counts: does the share of failures differ between columns, does it rise with a score?

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::{real, two_sided};

/// Pearson's chi-square of a table's two rows: statistic, degrees of freedom, p. None where a row or all but one of the
/// columns are empty.
pub fn chi_square(first: &[usize], second: &[usize]) -> Option<(f64, usize, f64)> {
    let (n1, n2) = (real(first.iter().sum()), real(second.iter().sum()));
    let columns: Vec<(f64, f64)> =
        first.iter().zip(second).map(|(a, b)| (real(*a), real(*b))).filter(|(a, b)| a + b > 0.0).collect();
    if n1 == 0.0 || n2 == 0.0 || columns.len() < 2 {
        return None;
    }
    let cell = |seen: f64, row: f64, column: f64| {
        let expected = row * column / (n1 + n2);
        (seen - expected) * (seen - expected) / expected
    };
    let statistic: f64 = columns.iter().map(|(a, b)| cell(*a, n1, a + b) + cell(*b, n2, a + b)).sum();
    let freedom = columns.len() - 1;
    let p = ChiSquared::new(real(freedom)).map_or(1.0, |distribution| distribution.sf(statistic));
    Some((statistic, freedom, p))
}

/// Whether failures rise with a score (Cochran 1954, Armitage 1955): z, positive when they rise, and its two-sided p. None
/// where all scores or all outcomes are the same.
pub fn trend(failures: &[usize], successes: &[usize], scores: &[f64]) -> Option<(f64, f64)> {
    let (mut n, mut failed, mut sum, mut squares, mut rise) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for ((failures, successes), score) in failures.iter().zip(successes).zip(scores) {
        let count = real(failures + successes);
        n += count;
        failed += real(*failures);
        sum += count * score;
        squares += count * score * score;
        rise += real(*failures) * score;
    }
    let rate = failed / n;
    // Over all ways to distribute the failures, so over n - 1.
    let variance = rate * (1.0 - rate) * (squares - sum * sum / n) * n / (n - 1.0);
    (variance > 0.0).then(|| {
        let z = (rise - rate * sum) / variance.sqrt();
        (z, two_sided(z))
    })
}
