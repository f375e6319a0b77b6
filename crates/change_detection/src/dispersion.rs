//! How much more clustered than chance the data are.

use crate::parameters::Parameters;

/// Measures dispersion; keeps its working memory between calls.
#[derive(Debug, Default)]
pub struct Dispersion {
    by_issue: Vec<[f64; 2]>,
}

impl Dispersion {
    /// How many times as wide as that of independent observations the variance of their sums is: the largest of 1, what
    /// blocks of consecutive observations say, and what clusters by issue say.
    ///
    /// `values` are the observations, those before `split` of the first segment; `issues` their issues as numbers below
    /// `issue_count`; `variances` what one observation's variance is under independence, by segment.
    pub fn measure(
        &mut self,
        values: &[f64],
        issues: &[u32],
        issue_count: u32,
        split: usize,
        variances: [f64; 2],
        block: usize,
    ) -> f64 {
        let (first, second) = values.split_at(split);
        let means = [mean(first), mean(second)];
        // Blocks are counted from each segment's end.
        let (mut total, mut blocks, mut segments) = (0.0, 0_usize, 0_usize);
        for (segment, (mean, variance)) in [first, second].into_iter().zip(means.into_iter().zip(variances)) {
            let count = segment.len() / block;
            if count == 0 || variance <= 0.0 {
                continue;
            }
            segments += 1;
            blocks += count;
            let size = crate::stats::real(block);
            for chunk in segment.rchunks_exact(block) {
                let distance = chunk.iter().fold(-size * mean, |sum, value| sum + value);
                total += distance * distance / (size * variance);
            }
        }
        let mut phi = 1.0_f64;
        if blocks >= segments + 5 {
            phi = phi.max(total / crate::stats::real(blocks - segments));
        }
        // Between calls all sums are 0.
        self.by_issue.resize(self.by_issue.len().max(issue_count as usize), [0.0; 2]);
        let mut expected = 0.0;
        for (at, (value, issue)) in values.iter().zip(issues).enumerate() {
            let segment = usize::from(at >= split);
            self.by_issue[*issue as usize][segment] += value - means[segment];
            expected += variances[segment];
        }
        if expected > 0.0 {
            // Over the observations, not over all numbers: each issue's sum is taken once and cleared.
            let mut squares = 0.0;
            for issue in issues {
                let sums = std::mem::take(&mut self.by_issue[*issue as usize]);
                squares += sums[0] * sums[0] + sums[1] * sums[1];
            }
            phi = phi.max(squares / expected);
        }
        phi
    }

    /// The dispersion of successes, whose variance follows from their rate.
    pub fn of_rates(
        &mut self,
        values: &[f64],
        issues: &[u32],
        issue_count: u32,
        split: usize,
        parameters: &Parameters,
    ) -> f64 {
        let variance = |segment: &[f64]| {
            let rate = (segment.iter().sum::<f64>() + 0.5) / (crate::stats::real(segment.len()) + 1.0);
            rate * (1.0 - rate)
        };
        let variances = [variance(&values[..split]), variance(&values[split..])];
        self.measure(values, issues, issue_count, split, variances, parameters.block)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / crate::stats::real(values.len().max(1))
}
