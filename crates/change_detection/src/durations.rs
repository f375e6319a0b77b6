//! The durations of a window: centred by kind of work and outcome, and ranked.

use std::ops::Range;

use crate::masks::Masks;
use crate::series::Series;
use crate::stats::real;
use crate::stats::robust::median_of;
use crate::streams::KINDS;

/// The groups that durations are centred in: each kind of work, failed and succeeded.
const GROUPS: usize = 2 * KINDS.len();

/// How many bins values are put in before they are ranked.
const BINS: usize = 1024;

/// The durations that are known in a window, oldest first; keeps its working memory between windows.
#[derive(Default)]
pub(crate) struct Durations {
    pub at: Vec<usize>,
    pub value: Vec<f64>,
    group: Vec<u8>,
    order: Vec<u64>,
    pub rank: Vec<f64>,
    /// Sums of ranks before each value, and how far they may be off.
    pub sum: Vec<f64>,
    pub error: Vec<f64>,
    /// How many values each bin has, and each value's bin.
    bins: Vec<u32>,
    bin: Vec<u16>,
    working: Vec<f64>,
}

impl Durations {
    pub(crate) fn gather(&mut self, series: &Series, masks: &Masks, low: usize, range: Range<usize>) {
        self.at.clear();
        self.value.clear();
        self.group.clear();
        for at in range {
            let value = series.log_duration[at];
            if !masks.contains(at - low) && !value.is_nan() {
                self.at.push(at);
                self.value.push(value);
                self.group.push(series.kind[at] * 2 + u8::from(series.success[at]));
            }
        }
    }

    /// Takes from each value the median of its kind and outcome.
    pub(crate) fn centre(&mut self) {
        let mut ends = [0; GROUPS + 1];
        for group in &self.group {
            ends[usize::from(*group) + 1] += 1;
        }
        for group in 0..GROUPS {
            ends[group + 1] += ends[group];
        }
        let begins = ends;
        self.working.clear();
        self.working.resize(self.value.len(), 0.0);
        for (value, group) in self.value.iter().zip(&self.group) {
            let place = &mut ends[usize::from(*group)];
            self.working[*place] = *value;
            *place += 1;
        }
        let mut medians = [0.0; GROUPS];
        for (group, median) in medians.iter_mut().enumerate() {
            *median = median_of(&mut self.working[begins[group]..begins[group + 1]]).unwrap_or(0.0);
        }
        for (value, group) in self.value.iter_mut().zip(&self.group) {
            *value -= medians[usize::from(*group)];
        }
    }

    /// Sums ranks by bins of neighbouring values, which takes no sorting: each value counts as the middle of its bin, and may
    /// be off by half of it. Returns what the tie term is at most.
    pub(crate) fn rank_in_bins(&mut self) -> f64 {
        let (low, high) = self
            .value
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
        // A little less than a bin at the end, so that rounding leads to none beyond.
        let scale = (real(BINS) - 0.5) / (high - low).max(1e-9);
        self.bins.clear();
        self.bins.resize(BINS, 0);
        self.bin.clear();
        for value in &self.value {
            let bin = bin(*value, low, scale);
            self.bins[usize::from(bin)] += 1;
            self.bin.push(bin);
        }
        let (mut ties, mut before) = (0.0, 0.0);
        self.working.clear();
        self.working.extend(self.bins.iter().map(|count| {
            let count = f64::from(*count);
            let rank = before + f64::midpoint(count, 1.0);
            ties += count * count * count - count;
            before += count;
            rank
        }));
        let (mut sum, mut error) = (0.0, 0.0);
        for sums in [&mut self.sum, &mut self.error] {
            sums.clear();
            sums.push(0.0);
        }
        for bin in &self.bin {
            let bin = usize::from(*bin);
            sum += self.working[bin];
            error += f64::from(self.bins[bin] - 1) / 2.0;
            self.sum.push(sum);
            self.error.push(error);
        }
        ties
    }

    /// Ranks the values, ties by average; returns the tie term.
    pub(crate) fn rank(&mut self) -> f64 {
        self.sort();
        let (value, mask) = (&self.value, self.place_bits());
        let place = |key: &u64| place(*key, mask);
        self.rank.clear();
        self.rank.resize(self.value.len(), 0.0);
        let (mut ties, mut from) = (0.0, 0);
        while let Some(first) = self.order.get(from) {
            let first = value[place(first)];
            let equal = self.order[from..].iter().take_while(|key| value[place(key)].total_cmp(&first).is_eq()).count();
            let rank = real(2 * from + equal + 1) / 2.0;
            for key in &self.order[from..from + equal] {
                self.rank[place(key)] = rank;
            }
            let count = real(equal);
            ties += count * count * count - count;
            from += equal;
        }
        self.error.clear();
        self.error.resize(self.value.len() + 1, 0.0);
        self.sum.clear();
        self.sum.push(0.0);
        let mut sum = 0.0;
        self.sum.extend(self.rank.iter().map(|rank| {
            sum += rank;
            sum
        }));
        ties
    }

    /// Puts the values' places in the values' order. A key is a value's first bits and its place: such keys are sorted
    /// fast, and what their missing bits left in disorder is sorted afterwards.
    fn sort(&mut self) {
        let mask = self.place_bits();
        self.order.clear();
        self.order.extend(self.value.iter().zip(0_u64..).map(|(value, at)| sortable(*value) & !mask | at));
        self.order.sort_unstable();
        let value = |key: u64| self.value[place(key, mask)];
        for at in 1..self.order.len() {
            let mut to = at;
            while to > 0 && value(self.order[to - 1]) > value(self.order[to]) {
                self.order.swap(to - 1, to);
                to -= 1;
            }
        }
    }

    /// The bits of a key that are a place.
    fn place_bits(&self) -> u64 {
        (self.value.len() as u64).next_power_of_two() - 1
    }

    pub(crate) fn medians(&mut self, split: usize) -> (f64, f64) {
        let mut median = |values: &[f64]| {
            self.working.clear();
            self.working.extend_from_slice(values);
            median_of(&mut self.working).unwrap_or(f64::NAN)
        };
        (median(&self.value[..split]), median(&self.value[split..]))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a place in a list")]
fn place(key: u64, mask: u64) -> usize {
    (key & mask) as usize
}

/// The bin of a value: a larger value's is no lower.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 on, and far below the largest number"
)]
fn bin(value: f64, low: f64, scale: f64) -> u16 {
    ((value - low) * scale) as u16
}

/// A number's bits in an order that is the numbers' own; 0 and -0 are the same.
fn sortable(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The variance of ranks.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / real(values.len());
    values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / real(values.len())
}

#[cfg(test)]
mod tests {
    use simulated_loop::{Bursts, Scenario};

    use super::*;
    use crate::Parameters;

    #[test]
    fn ranks_in_bins_are_off_by_no_more_than_they_say() {
        let mut closest = f64::INFINITY;
        for (seed, slow_hours) in [(1, 0.0), (2, 0.9)] {
            let scenario = Scenario { bursts: Bursts::Unreported, success: 0.7, slow_hours, ..Scenario::default() };
            let mut series = Series::default();
            for cycle in scenario.cycles(seed, 2100) {
                // Some durations are unknown, and many are equal.
                let seconds = Some(f64::from(cycle.seconds / 30 * 30)).filter(|_| cycle.issue % 9 > 0);
                series.push(cycle.success, cycle.main_green, cycle.kind, seconds, Some(cycle.issue));
            }
            for count in [130, 700, 2100] {
                let mut masks = Masks::default();
                masks.find(&series, 0..count, 0, &Parameters::default());
                let mut durations = Durations::default();
                durations.gather(&series, &masks, 0, 0..count);
                durations.centre();
                let most_ties = durations.rank_in_bins();
                let (sums, errors) = (durations.sum.clone(), durations.error.clone());
                let ties = durations.rank();
                let all = durations.value.len();
                assert!(ties <= most_ties && durations.error.iter().all(|error| *error == 0.0));
                assert!((durations.sum[all] - sums[all]).abs() < 1e-6, "all ranks together are the same");
                for split in 0..=all {
                    let of = |sums: &[f64]| sums[all] - sums[split];
                    let (exact, rough, error) = (of(&durations.sum), of(&sums), of(&errors));
                    assert!((exact - rough).abs() <= error, "{exact} {rough} {error}");
                    closest = closest.min(error / exact.max(1.0));
                }
            }
        }
        assert!(closest < 0.05, "what they say is of use: {closest}");
    }

    #[test]
    fn equal_durations_are_one_bin() {
        let mut durations = Durations { value: vec![1.5; 10], ..Durations::default() };
        assert_eq!((durations.rank_in_bins(), durations.sum[10], durations.error[10]), (990.0, 55.0, 45.0));
        assert_eq!((durations.rank(), durations.sum[10], durations.error[10]), (990.0, 55.0, 0.0));
    }
}
