//! Claims about the present: not that something changed, but how it is now.
//!
//! Each is judged at the last look (associations at every 500th cycle only, an outage on the last cycle), so that running
//! the tool more often raises no alarm.

use change_detection::stats::rates::{log_likelihood, root_likelihood_ratio};
use change_detection::stats::several::benjamini_hochberg;
use change_detection::stats::{Interval, rates, real};
use change_detection::{Dispersion, KINDS, Masks, Parameters, Series, open_outage, repeats};

/// How strong the evidence must be that success is below its target.
pub const LEVEL: f64 = 3.5;

/// How strong it must be that a kind of work succeeds less than the others.
pub const KIND: f64 = 4.0;

/// The fewest failures in a row by which an issue is named.
pub const STUCK: usize = 3;

/// How many cycles of the overall rate the base rate of a kind of work is drawn towards.
const PSEUDO: f64 = 20.0;

/// A claim that a rate is low, with what it rests on.
#[derive(Clone, Copy, Debug)]
pub struct Low {
    /// Successes among its cycles.
    pub successes: usize,
    /// How many cycles.
    pub cycles: usize,
    /// The rate that it is held against.
    pub against: f64,
    /// Of how many cycles that rate is; none where it is a target.
    pub against_cycles: usize,
    /// The evidence, negative where the rate is not the lower one.
    pub r: f64,
    /// How many times as clustered as chance the cycles are.
    pub phi: f64,
}

/// An issue's failures in a row, and how likely chance is to make as many.
#[derive(Clone, Debug)]
pub struct Run {
    /// The place of the issue's last cycle.
    pub last: usize,
    /// How many.
    pub failures: usize,
    /// How often its kind fails.
    pub base: f64,
    /// The chance of as many.
    pub p: f64,
    /// As it must be read among all issues that were tried.
    pub adjusted: f64,
}

/// An outage that is still open.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    /// How far its evidence has come.
    pub evidence: f64,
    /// The place of its first cycle.
    pub begun: usize,
    /// How many cycles it holds, red ones left out.
    pub cycles: usize,
    /// How many of them failed.
    pub failures: usize,
    /// How often cycles fail otherwise.
    pub base: f64,
}

/// The cycles of a window that tell about the loop: not red, in no outage, no later try of a stuck issue.
pub struct InformativeCycles {
    /// Their places in the log.
    pub at: Vec<usize>,
}

impl InformativeCycles {
    /// Finds them in `window`, from `since` on.
    pub fn find(series: &Series, window: std::ops::Range<usize>, since: usize, parameters: &Parameters) -> Self {
        let mut masks = Masks::default();
        masks.find(series, window.clone(), since, parameters);
        let again = repeats(series, parameters.tries);
        let at = window.clone().filter(|at| !masks.contains(at - window.start) && !again[*at] && *at >= since);
        Self { at: at.collect() }
    }

    /// Is success below its target, over the recent part of the regime? None with fewer than 100 cycles.
    pub fn level(&self, series: &Series, look: usize, target: f64, parameters: &Parameters) -> Option<Low> {
        let recent: Vec<usize> = self.at.iter().copied().filter(|at| at + parameters.recent >= look).collect();
        let (successes, cycles) = (count(series, &recent), recent.len());
        if cycles < 100 {
            return None;
        }
        let (s, n) = (real(successes), real(cycles));
        let ratio = 2.0 * (log_likelihood(s, n) - (s * target.ln() + (n - s) * (1.0 - target).ln()));
        let phi = dispersion(series, &recent, &[], parameters);
        let r = (ratio.max(0.0) / phi).sqrt();
        let r = if s / n < target { r } else { -r };
        Some(Low { successes, cycles, against: target, against_cycles: 0, r, phi })
    }

    /// Does each kind of work succeed less than the others together? None where there are too few cycles.
    pub fn kinds(&self, series: &Series, look: usize, parameters: &Parameters) -> [Option<Low>; 5] {
        let regime: Vec<usize> = self.at.iter().copied().filter(|at| at + parameters.baseline >= look).collect();
        std::array::from_fn(|kind| {
            let (own, others): (Vec<usize>, Vec<usize>) =
                regime.iter().partition(|at| usize::from(series.kind[**at]) == kind);
            if own.len() < 30 || others.len() < 100 {
                return None;
            }
            let (s1, s2) = (count(series, &own), count(series, &others));
            let raw = root_likelihood_ratio(real(s1), real(own.len()), real(s2), real(others.len()));
            let phi = if raw >= 2.5 { dispersion(series, &own, &others, parameters) } else { 1.0 };
            let against = real(s2) / real(others.len());
            let r = raw / phi.sqrt();
            let r = if real(s1) / real(own.len()) < against { r } else { -r };
            Some(Low { successes: s1, cycles: own.len(), against, against_cycles: others.len(), r, phi })
        })
    }
}

impl Low {
    /// The rate's interval of 95 %.
    pub fn interval(&self) -> Interval {
        rates::wilson(self.successes, self.cycles, 0.95)
    }
}

/// The issues that fail again and again in `window`, the least likely first, each with its failures in a row; and how many
/// issues were tried. A run is as likely as `q^f`, q being the base failure rate of the issue's kind without it.
pub fn stuck(series: &Series, window: std::ops::Range<usize>, parameters: &Parameters) -> (Vec<Run>, usize) {
    let mut masks = Masks::default();
    masks.find(series, window.clone(), window.start, parameters);
    let mut issues: std::collections::BTreeMap<u32, (usize, usize)> = std::collections::BTreeMap::new();
    let (mut failures, mut cycles) = ([0.0; KINDS.len()], [0.0; KINDS.len()]);
    for at in window.clone().filter(|at| !masks.contains(at - window.start)) {
        let kind = usize::from(series.kind[at]);
        cycles[kind] += 1.0;
        failures[kind] += f64::from(u8::from(!series.success[at]));
        let (last, run) = issues.entry(series.issue[at]).or_default();
        *last = at;
        *run = if series.success[at] { 0 } else { *run + 1 };
    }
    let overall = failures.iter().sum::<f64>() / cycles.iter().sum::<f64>().max(1.0);
    let tried = issues.len();
    let mut runs: Vec<Run> = issues
        .into_values()
        .map(|(last, run)| {
            let kind = usize::from(series.kind[last]);
            let base = (failures[kind] - real(run) + PSEUDO * overall) / (cycles[kind] - real(run) + PSEUDO);
            let p = if run == 0 { 1.0 } else { base.clamp(0.0, 1.0).powf(real(run)) };
            Run { last, failures: run, base, p, adjusted: p }
        })
        .collect();
    let adjusted = benjamini_hochberg(&runs.iter().map(|run| run.p).collect::<Vec<_>>());
    for (run, adjusted) in runs.iter_mut().zip(adjusted) {
        run.adjusted = adjusted;
    }
    runs.retain(|run| run.failures > 1);
    runs.sort_by(|a, b| a.p.total_cmp(&b.p).then(a.last.cmp(&b.last)));
    (runs, tried)
}

/// The outage that is open at the log's last cycle, however weak its evidence.
pub fn outage_now(
    series: &Series,
    window: std::ops::Range<usize>,
    since: usize,
    parameters: &Parameters,
) -> Option<Outage> {
    let mut masks = Masks::default();
    masks.find(series, window.clone(), since, parameters);
    let success = &series.success[window.clone()];
    let base = masks.base_failure(success, since.saturating_sub(window.start));
    let normal: Vec<usize> = window.clone().filter(|at| !masks.red[at - window.start]).collect();
    let of_normal: Vec<bool> = normal.iter().map(|at| series.success[*at]).collect();
    let (evidence, begun) = open_outage(&of_normal, base, parameters.outage_score, parameters.outage_success)?;
    let failures = of_normal[begun..].iter().filter(|success| !**success).count();
    Some(Outage { evidence, begun: normal[begun], cycles: normal.len() - begun, failures, base })
}

fn count(series: &Series, at: &[usize]) -> usize {
    at.iter().filter(|at| series.success[**at]).count()
}

/// The dispersion of successes in one or two groups of cycles.
pub fn dispersion(series: &Series, first: &[usize], second: &[usize], parameters: &Parameters) -> f64 {
    let all = || first.iter().chain(second);
    let values: Vec<f64> = all().map(|at| f64::from(u8::from(series.success[*at]))).collect();
    let issues: Vec<u32> = all().map(|at| series.issue[*at]).collect();
    // A single group is the second segment of two, the first being empty.
    let split = if second.is_empty() { 0 } else { first.len() };
    Dispersion::default().of_rates(&values, &issues, series.issues, split, parameters)
}
