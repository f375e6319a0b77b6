//! Several claims at once: p values as they must be read when one was picked out of many.

/// Raises p values so that the chance of any false claim stays below the level (Holm 1979). In the order of the input.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let (mut adjusted, mut largest) = (vec![0.0; p.len()], 0.0_f64);
    for (rank, at) in order.iter().enumerate() {
        largest = largest.max(p[*at] * super::real(p.len() - rank)).min(1.0);
        adjusted[*at] = largest;
    }
    adjusted
}

/// Raises p values so that the share of false claims among those made stays below the level (Benjamini and Hochberg
/// 1995). In the order of the input.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let (mut adjusted, mut smallest) = (vec![0.0; p.len()], 1.0_f64);
    for (rank, at) in order.iter().enumerate().rev() {
        smallest = smallest.min(p[*at] * super::real(p.len()) / super::real(rank + 1));
        adjusted[*at] = smallest;
    }
    adjusted
}

fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    order
}
