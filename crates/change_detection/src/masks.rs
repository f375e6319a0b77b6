//! What is set aside before anything is compared: red main, unlabelled outages, and the later tries of an issue
//! that is stuck. Most of what looks like change is bursts of these.

use std::ops::Range;

use crate::parameters::Parameters;
use crate::series::Series;
use crate::stats::real;

/// What is set aside in a window of the log. Positions count from the window's beginning.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    /// Cycles in which main was red: at least two in a row that report it.
    pub red: Vec<bool>,
    /// Cycles of an outage that no red main explains.
    pub out: Vec<bool>,
    /// The outages.
    pub outages: Vec<Range<usize>>,
    /// The places of the red cycles.
    red_at: Vec<usize>,
}

/// The share of failures that carry the flag from which on it is only an echo of the failure.
const ECHO: f64 = 0.95;

/// How many failures must be there before the flag can be called an echo.
const ECHO_FAILURES: usize = 20;

impl Masks {
    /// Makes the masks of the cycles in `window`. The base failure rate is that of the cycles from `since` on, where the
    /// present regime began, that are neither red nor in an outage.
    pub fn find(&mut self, series: &Series, window: Range<usize>, since: usize, parameters: &Parameters) {
        let (success, failures) = (&series.success[window.clone()], series.failures(&window));
        self.find_red(series, &window, failures);
        for flags in [&mut self.red, &mut self.out] {
            flags.clear();
            flags.resize(success.len(), false);
        }
        for at in &self.red_at {
            self.red[*at] = true;
        }
        self.outages.clear();
        let begin = since.saturating_sub(window.start).min(success.len());
        // Where all is red, nothing else is left to look at.
        let some_are_red = (1..success.len()).contains(&self.red_at.len());
        let begins = failures.iter().map(|at| at - window.start);
        // Twice: the second time with the outages taken out of the base rate.
        for _ in 0..2 {
            let base = base_rate(success, begins.clone(), begin, self.set_aside());
            let (score, rate) = (parameters.outage_score, parameters.outage_success);
            self.out.fill(false);
            let (begins, numbers) = (begins.clone(), [base, score, rate]);
            if some_are_red {
                find_outages(success, |at| self.red[at], begins, numbers, &mut self.outages);
            } else {
                find_outages(success, |_| false, begins, numbers, &mut self.outages);
            }
            for at in self.outages.iter().flat_map(Range::clone) {
                self.out[at] = !self.red[at];
            }
            // Without any, the base rate stays what it is.
            if self.outages.is_empty() {
                break;
            }
        }
    }

    /// The failure rate of what is not set aside, from `begin` on, drawn a little towards a half.
    pub fn base_failure(&self, success: &[bool], begin: usize) -> f64 {
        let failures = success.iter().enumerate().filter(|(_, success)| !**success).map(|(at, _)| at);
        base_rate(success, failures, begin.min(success.len()), self.set_aside())
    }

    /// The places of what is set aside, each once.
    fn set_aside(&self) -> impl Iterator<Item = usize> {
        let out = self.outages.iter().flat_map(Range::clone).filter(|at| self.out[*at]);
        self.red_at.iter().copied().chain(out)
    }

    /// Whether nothing is set aside.
    pub(crate) fn is_empty(&self) -> bool {
        self.red_at.is_empty() && self.outages.is_empty()
    }

    /// Whether nothing of these places is set aside.
    pub(crate) fn is_clear(&self, places: Range<usize>) -> bool {
        self.is_empty() || !places.into_iter().any(|at| self.contains(at))
    }

    fn find_red(&mut self, series: &Series, window: &Range<usize>, failures: &[usize]) {
        self.red_at.clear();
        let reported = series.reported_red(window);
        if reported.is_empty() {
            return;
        }
        let red_failures = reported.iter().filter(|at| !series.success[**at]).count();
        if failures.len() >= ECHO_FAILURES && real(red_failures) >= ECHO * real(failures.len()) {
            return;
        }
        for (place, at) in reported.iter().enumerate() {
            let follows = place > 0 && reported[place - 1] + 1 == *at;
            if follows || reported.get(place + 1) == Some(&(at + 1)) {
                self.red_at.push(at - window.start);
            }
        }
    }

    /// Whether a cycle of the window is set aside as red or in an outage.
    pub fn contains(&self, at: usize) -> bool {
        self.red[at] || self.out[at]
    }
}

/// The failure rate of a window from `begin` on, without what is set aside, drawn a little towards a half.
fn base_rate(
    success: &[bool],
    failures: impl Iterator<Item = usize>,
    begin: usize,
    set_aside: impl Iterator<Item = usize>,
) -> f64 {
    let (mut failed, mut count) = (1 + failures.filter(|at| *at >= begin).count(), 2 + success.len() - begin);
    for at in set_aside.filter(|at| *at >= begin) {
        count -= 1;
        failed -= usize::from(!success[at]);
    }
    (real(failed) / real(count)).clamp(0.05, 0.85)
}

/// The outages among `success`: stretches in which failing is almost certain. A sum of `ln((1 - outage_success) / base)` a
/// failure and `ln(outage_success / (1 - base))` a success says how much more likely the cycles are in an outage than
/// otherwise; an outage runs from where it left 0 to its peak, if that is at least `score`.
pub fn outages(success: &[bool], base_failure: f64, score: f64, outage_success: f64) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let failures = success.iter().enumerate().filter(|(_, success)| !**success).map(|(at, _)| at);
    find_outages(success, |_| false, failures, [base_failure, score, outage_success], &mut found);
    found
}

/// Finds the [`outages`] among the cycles that are not red. `failures` are the places of the failures.
fn find_outages(
    success: &[bool],
    is_red: impl Fn(usize) -> bool,
    failures: impl Iterator<Item = usize>,
    [base, score, outage_success]: [f64; 3],
    found: &mut Vec<Range<usize>>,
) {
    found.clear();
    let (up, down) = (((1.0 - outage_success) / base).ln(), (outage_success / (1.0 - base)).ln());
    let mut next = 0;
    // Only a failure can begin one.
    for begin in failures {
        if begin < next || is_red(begin) {
            continue;
        }
        let (mut sum, mut peak, mut peak_at, mut at) = (0.0_f64, 0.0_f64, begin, begin);
        while let Some(success) = success.get(at) {
            if !is_red(at) {
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
            }
            at += 1;
        }
        next = if peak >= score {
            found.push(begin..peak_at + 1);
            peak_at + 1
        } else {
            at + 1
        };
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

/// What lies before every position of a window: the longest run of set-aside cycles that ended there, and how many cycles of
/// outages there are.
pub(crate) fn episodes_before(masks: &Masks, before: &mut Vec<(f64, usize)>) {
    before.clear();
    let (mut run, mut longest, mut out) = (0.0, 0.0_f64, 0);
    before.push((0.0, 0));
    for at in 0..masks.red.len() {
        out += usize::from(masks.out[at]);
        if masks.contains(at) {
            run += 1.0;
        } else {
            longest = longest.max(run);
            run = 0.0;
        }
        before.push((longest, out));
    }
}

#[cfg(test)]
mod tests {
    use records::IssueType;
    use simulated_loop::{Bursts, Scenario};

    use super::*;

    /// The masks by their definitions, cycle by cycle: red, out, and the base failure rate.
    fn defined(series: &Series, reported: &[bool], window: Range<usize>, since: usize) -> (Vec<bool>, Vec<bool>, f64) {
        let parameters = Parameters::default();
        let (success, reported) = (&series.success[window.clone()], &reported[window.clone()]);
        let count = |of: &dyn Fn(usize) -> bool| (0..success.len()).filter(|at| of(*at)).count();
        let failures = count(&|at| !success[at]);
        let is_echo =
            failures >= ECHO_FAILURES && real(count(&|at| !success[at] && reported[at])) >= ECHO * real(failures);
        let red: Vec<bool> = (0..reported.len())
            .map(|at| {
                let has_neighbour = (at > 0 && reported[at - 1]) || reported.get(at + 1) == Some(&true);
                !is_echo && reported[at] && has_neighbour
            })
            .collect();
        let begin = since.saturating_sub(window.start).min(success.len());
        let base = |out: &[bool]| {
            let counts = |at: usize| at >= begin && !red[at] && !out[at];
            let failed = 1 + count(&|at| counts(at) && !success[at]);
            (real(failed) / real(2 + count(&counts))).clamp(0.05, 0.85)
        };
        let normal: Vec<usize> = (0..success.len()).filter(|at| !red[*at]).collect();
        let of_normal: Vec<bool> = normal.iter().map(|at| success[*at]).collect();
        let mut out = vec![false; success.len()];
        for _ in 0..2 {
            let found = outages(&of_normal, base(&out), parameters.outage_score, parameters.outage_success);
            out.fill(false);
            for at in found.into_iter().flatten() {
                out[normal[at]] = true;
            }
        }
        let base = base(&out);
        (red, out, base)
    }

    #[test]
    fn masks_are_what_their_definitions_say() {
        let mut masks = Masks::default();
        let mut seen = [0; 3];
        for (seed, bursts) in (0..).zip([Bursts::None, Bursts::Reported, Bursts::Unreported, Bursts::Echo]) {
            for success in [0.5, 0.9] {
                let (mut series, mut reported) = (Series::default(), Vec::new());
                for cycle in (Scenario { bursts, success, ..Scenario::default() }).cycles(seed, 3000) {
                    // A flag by itself, now and then, is no red main.
                    let green = if cycle.issue % 50 == 0 { Some(false) } else { cycle.main_green };
                    series.push(cycle.success, green, cycle.kind, None, Some(cycle.issue));
                    reported.push(green == Some(false));
                }
                for (window, since) in
                    [(0..3000, 0), (0..3000, 2990), (700..2800, 900), (1..22, 0), (40..41, 50), (9..9, 0)]
                {
                    masks.find(&series, window.clone(), since, &Parameters::default());
                    let (red, out, base) = defined(&series, &reported, window.clone(), since);
                    let begin = since.saturating_sub(window.start);
                    let own = masks.base_failure(&series.success[window], begin);
                    assert_eq!((&masks.red, &masks.out, own.to_bits()), (&red, &out, base.to_bits()));
                    let holds = (0..red.len()).filter(|at| masks.contains(*at)).count();
                    seen = [seen[0] + masks.red_at.len(), seen[1] + masks.outages.len(), seen[2] + holds];
                }
            }
        }
        assert!(seen.iter().all(|count| *count > 50), "the loops show something: {seen:?}");
    }

    #[test]
    fn a_window_that_is_all_red_has_no_outage() {
        let mut series = Series::default();
        for at in 0..60 {
            series.push(at >= 15, Some(false), IssueType::Bug, None, None);
        }
        let mut masks = Masks::default();
        masks.find(&series, 0..60, 0, &Parameters::default());
        assert!(masks.red.iter().all(|red| *red) && !masks.out.contains(&true));
    }
}
