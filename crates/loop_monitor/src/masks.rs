//! What is set aside before anything is compared: red main, outages that nobody labelled, and the later tries of an issue
//! that is stuck. Most of what looks like change is bursts of these.

use std::ops::Range;

use crate::stats::real;
use crate::{Parameters, Series};

/// What is set aside in a window of the log. Positions count from the window's beginning.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    /// Cycles in which main was red: at least two in a row that say so.
    pub red: Vec<bool>,
    /// Cycles of an outage that no red main explains.
    pub out: Vec<bool>,
    /// The outages.
    pub outages: Vec<Range<usize>>,
    /// The cycles that are not red, and whether they succeeded; kept for its memory.
    counted: Vec<u32>,
    counted_success: Vec<bool>,
}

/// The share of failures that carry the flag from which on it is only an echo of the failure.
const ECHO: f64 = 0.95;

/// How many failures must be there before the flag can be called an echo.
const ECHO_FAILURES: usize = 20;

impl Masks {
    /// Makes the masks of the cycles in `window`. The base failure rate is that of the cycles from `since` on, where the
    /// present regime began, that are neither red nor in an outage.
    pub fn find(&mut self, series: &Series, window: Range<usize>, since: usize, parameters: &Parameters) {
        let success = &series.success[window.clone()];
        self.find_red(success, &series.red[window.clone()]);
        self.out.clear();
        self.out.resize(success.len(), false);
        self.outages.clear();
        self.counted.clear();
        if self.red.contains(&true) {
            self.counted_success.clear();
            for (at, (red, success)) in (0..u32::MAX).zip(self.red.iter().zip(success)) {
                if !red {
                    self.counted.push(at);
                    self.counted_success.push(*success);
                }
            }
        }
        let begin = since.saturating_sub(window.start).min(success.len());
        // Twice: the second time with the outages taken out of the base rate.
        for _ in 0..2 {
            let base = self.base_failure(success, begin);
            let (score, rate) = (parameters.outage_score, parameters.outage_success);
            let counted = if self.counted.is_empty() { success } else { &self.counted_success };
            find_outages(counted, base, score, rate, &mut self.outages);
            if !self.counted.is_empty() {
                for outage in &mut self.outages {
                    *outage = self.counted[outage.start] as usize..self.counted[outage.end - 1] as usize + 1;
                }
            }
            self.out.fill(false);
            for outage in &self.outages {
                for at in outage.clone() {
                    self.out[at] = !self.red[at];
                }
            }
            // Without any, the base rate stays what it is.
            if self.outages.is_empty() {
                break;
            }
        }
    }

    /// The failure rate of what is not set aside, from `begin` on, drawn a little towards a half.
    pub fn base_failure(&self, success: &[bool], begin: usize) -> f64 {
        let (mut failures, mut count) = (1_usize, 2_usize);
        for ((success, red), out) in success.iter().zip(&self.red).zip(&self.out).skip(begin) {
            let counts = !(*red || *out);
            count += usize::from(counts);
            failures += usize::from(counts && !success);
        }
        (real(failures) / real(count)).clamp(0.05, 0.85)
    }

    fn find_red(&mut self, success: &[bool], told: &[bool]) {
        self.red.clear();
        self.red.resize(told.len(), false);
        if !told.contains(&true) {
            return;
        }
        let failures = success.iter().filter(|success| !**success).count();
        let red_failures = success.iter().zip(told).filter(|(success, told)| !**success && **told).count();
        if failures >= ECHO_FAILURES && real(red_failures) >= ECHO * real(failures) {
            return;
        }
        for at in 0..told.len() {
            self.red[at] = told[at] && ((at > 0 && told[at - 1]) || told.get(at + 1) == Some(&true));
        }
    }

    /// Whether a cycle of the window is set aside as red or in an outage.
    pub fn holds(&self, at: usize) -> bool {
        self.red[at] || self.out[at]
    }
}

/// The outages among `success`: stretches in which failing is almost certain. A sum of `ln((1 - outage_success) / base)` a
/// failure and `ln(outage_success / (1 - base))` a success says how much more likely the cycles are in an outage than
/// otherwise; an outage runs from where it left 0 to its peak, if that is at least `score`.
pub fn outages(success: &[bool], base_failure: f64, score: f64, outage_success: f64) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    find_outages(success, base_failure, score, outage_success, &mut found);
    found
}

fn find_outages(success: &[bool], base: f64, score: f64, outage_success: f64, found: &mut Vec<Range<usize>>) {
    found.clear();
    let (up, down) = (((1.0 - outage_success) / base).ln(), (outage_success / (1.0 - base)).ln());
    let mut begin = 0;
    // Only a failure can begin one.
    while let Some(ahead) = success[begin..].iter().position(|success| !success) {
        begin += ahead;
        let (mut sum, mut peak, mut peak_at, mut at) = (0.0_f64, 0.0_f64, begin, begin);
        while let Some(success) = success.get(at) {
            sum += if *success { down } else { up };
            if sum <= 0.0 {
                break;
            }
            if sum > peak {
                (peak, peak_at) = (sum, at);
            }
            if sum <= peak - score {
                break;
            }
            at += 1;
        }
        let next = if peak >= score {
            found.push(begin..peak_at + 1);
            peak_at + 1
        } else {
            at + 1
        };
        begin = next.min(success.len());
    }
}

/// The outage that is still open at the last of `success`: the peak that its evidence has reached, and where it began.
/// None where the sum of [`outages`] has fallen to 0, or by `score` from its peak.
pub fn open_outage(success: &[bool], base_failure: f64, score: f64, outage_success: f64) -> Option<(f64, usize)> {
    let (up, down) = (((1.0 - outage_success) / base_failure).ln(), (outage_success / (1.0 - base_failure)).ln());
    let mut open: Option<(f64, f64, usize)> = None;
    for (at, success) in success.iter().enumerate() {
        let (sum, peak, begun) = open.unwrap_or((0.0, 0.0, at));
        let sum = sum + if *success { down } else { up };
        open = (sum > 0.0 && sum > peak - score).then_some((sum, peak.max(sum), begun));
    }
    open.map(|(_, peak, begun)| (peak, begun))
}

/// The cycles that were spent on an issue which had already failed `tries` times in a row: one stuck issue is one finding,
/// not evidence about the loop.
pub fn repeats(series: &Series, tries: u32) -> Vec<bool> {
    let mut failed = vec![0_u32; series.issues as usize];
    let again = |(issue, success): (&u32, &bool)| {
        let run = &mut failed[*issue as usize];
        let again = tries > 0 && *run >= tries;
        *run = if *success { 0 } else { *run + 1 };
        again
    };
    series.issue.iter().zip(&series.success).map(again).collect()
}

/// For every position of a window, the longest run of set-aside cycles that ended before it.
pub(crate) fn longest_episode(masks: &Masks, longest: &mut Vec<f64>) {
    longest.clear();
    longest.push(0.0);
    let (mut run, mut most) = (0.0, 0.0_f64);
    for at in 0..masks.red.len() {
        if masks.holds(at) {
            run += 1.0;
        } else {
            most = most.max(run);
            run = 0.0;
        }
        longest.push(most);
    }
}
