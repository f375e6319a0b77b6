//! What goes with success: the triage score, the number of panes, the hour of the day. What goes with it need not cause it.

use std::collections::{BTreeMap, HashMap, HashSet};

use change_detection::stats::several::holm;
use change_detection::stats::{Interval, ranks, real, tables, two_sided};
use change_detection::{Parameters, Series};
use host::files::FileError;
use records::TriageRun;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use store::Log;
use store::json_lines::JsonLines;

use crate::claims::dispersion;
use crate::scan::Cycle;

/// The bins of the day: six of four hours.
const BINS: usize = 6;

/// The fewest cycles that an association is looked for in.
const FEWEST: usize = 100;

/// Whether a higher score goes with success.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfScore {
    /// The chance that an issue which succeeds has the higher score of two.
    pub auc: f64,
    pub interval: Interval,
    pub succeeded: usize,
    pub failed: usize,
    pub p: f64,
}

/// Whether more panes go with success.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfPanes {
    /// Positive when success rises with the number of panes.
    pub z: f64,
    pub p: f64,
    pub cycles: usize,
}

/// Whether success depends on the hour.
#[derive(Clone, Debug)]
pub(crate) struct OfHours {
    /// Successes and cycles of each four hours of UTC.
    pub bins: [(usize, usize); BINS],
    pub statistic: f64,
    pub phi: f64,
    pub p: f64,
}

/// The three, with their p values as they must be read together, in that order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Associations {
    pub score: Option<OfScore>,
    pub panes: Option<OfPanes>,
    pub hours: Option<OfHours>,
    pub adjusted: [Option<f64>; 3],
}

impl Associations {
    /// Looks for them among the cycles at `telling`; `scores` are what triage reported of issues before their first try.
    pub(crate) fn find(
        cycles: &[Cycle],
        series: &Series,
        telling: &[usize],
        scores: &HashMap<usize, f64>,
        parameters: &Parameters,
    ) -> Self {
        let score = of_score(series, telling, scores);
        let panes = of_panes(cycles, series, telling);
        let hours = of_hours(cycles, series, telling, parameters);
        let p = [score.map(|found| found.p), panes.map(|found| found.p), hours.as_ref().map(|found| found.p)];
        let present: Vec<f64> = p.iter().copied().flatten().collect();
        let mut adjusted = holm(&present).into_iter();
        Self { score, panes, hours, adjusted: p.map(|p| p.and_then(|_| adjusted.next())) }
    }
}

fn of_score(series: &Series, telling: &[usize], scores: &HashMap<usize, f64>) -> Option<OfScore> {
    let of = |outcome: bool| -> Vec<f64> {
        let tries = telling.iter().filter(|at| series.success[**at] == outcome);
        tries.filter_map(|at| scores.get(at).copied()).collect()
    };
    let (succeeded, failed) = (of(true), of(false));
    if succeeded.len() < 30 || failed.len() < 10 {
        return None;
    }
    let both = ranks::mann_whitney(&succeeded, &failed)?;
    let interval = ranks::auc_interval(both.auc, succeeded.len(), failed.len(), 0.95);
    Some(OfScore { auc: both.auc, interval, succeeded: succeeded.len(), failed: failed.len(), p: both.p })
}

/// A score test for a trend, its variance taken over issues: tries of one issue are no independent cycles.
fn of_panes(cycles: &[Cycle], series: &Series, telling: &[usize]) -> Option<OfPanes> {
    let told: Vec<(usize, f64)> = telling.iter().filter_map(|at| Some((*at, f64::from(cycles[*at].panes?)))).collect();
    if told.len() < FEWEST {
        return None;
    }
    let n = real(told.len());
    let success = |at: usize| f64::from(u8::from(series.success[at]));
    let rate = told.iter().map(|(at, _)| success(*at)).sum::<f64>() / n;
    let mean = told.iter().map(|(_, panes)| panes).sum::<f64>() / n;
    let mut by_issue: BTreeMap<u32, f64> = BTreeMap::new();
    for (at, panes) in &told {
        *by_issue.entry(series.issue[*at]).or_default() += (success(*at) - rate) * (panes - mean);
    }
    let variance: f64 = by_issue.values().map(|sum| sum * sum).sum();
    let z = by_issue.values().sum::<f64>() / variance.sqrt();
    (variance > 0.0).then(|| OfPanes { z, p: two_sided(z), cycles: told.len() })
}

fn of_hours(cycles: &[Cycle], series: &Series, telling: &[usize], parameters: &Parameters) -> Option<OfHours> {
    if telling.len() < FEWEST {
        return None;
    }
    let mut bins = [(0, 0); BINS];
    for at in telling {
        let hour = cycles[*at].time.div_euclid(3_600_000_000).rem_euclid(24);
        let bin = &mut bins[usize::try_from(hour).unwrap_or(0) / 4];
        bin.0 += usize::from(series.success[*at]);
        bin.1 += 1;
    }
    let failures = bins.map(|(successes, cycles)| cycles - successes);
    let (statistic, freedom, _) = tables::chi_square(&failures, &bins.map(|(successes, _)| successes))?;
    let phi = dispersion(series, telling, &[], parameters);
    let p = ChiSquared::new(real(freedom)).ok()?.sf(statistic / phi);
    Some(OfHours { bins, statistic, phi, p })
}

/// What triage reported of each issue in its last run before the issue's first try: its score, or where runs are old and have
/// none, its place among the ready ones, the best being 1. By the place of the first try.
///
/// # Errors
/// The log of triage runs cannot be read.
pub(crate) fn scores_before_first_tries(
    runs: &JsonLines<TriageRun>,
    cycles: &[Cycle],
    series: &Series,
    window: std::ops::Range<usize>,
) -> Result<(HashMap<usize, f64>, usize), FileError> {
    let mut tried = HashSet::new();
    let mut first: Vec<(usize, u64)> = Vec::new();
    for (at, cycle) in cycles.iter().enumerate().take(window.end) {
        if let (Some(issue), true) = (cycle.issue, tried.insert(series.issue[at]))
            && at >= window.start
        {
            first.push((at, issue));
        }
    }
    let wanted: HashSet<u64> = first.iter().map(|(_, issue)| *issue).collect();
    let (mut said, mut places, mut damaged) = (HashMap::new(), HashMap::new(), 0);
    runs.scan(0, |run| {
        let Some(run) = run else {
            damaged += 1;
            return;
        };
        let Some(time) = run.time().map(|time| time.timestamp_micros()) else { return };
        let scores = run.scores.into_value().0.into_iter();
        let of_run: HashMap<u64, f64> = scores.filter(|(issue, _)| wanted.contains(issue)).collect();
        let ready = run.ready_issues.into_value().0;
        let last = real(ready.len().max(2) - 1);
        let place: HashMap<u64, usize> = ready.iter().copied().zip(0..).collect();
        // The tries are in the order of time.
        let from = first.partition_point(|(at, _)| cycles[*at].time < time);
        for (at, issue) in &first[from..] {
            match of_run.get(issue) {
                Some(score) => drop(said.insert(*at, *score)),
                None if of_run.is_empty() && !ready.is_empty() => {
                    if let Some(place) = place.get(issue) {
                        places.insert(*at, 1.0 - real(*place) / last);
                    }
                }
                None => {}
            }
        }
    })?;
    if said.is_empty() {
        said = within_kinds(series, &places);
    }
    Ok((said, damaged))
}

/// Places compared within each kind of work: bugs are put first whatever their score.
fn within_kinds(series: &Series, places: &HashMap<usize, f64>) -> HashMap<usize, f64> {
    let mut said = HashMap::new();
    for kind in 0..5 {
        let mut of_kind: Vec<usize> = places.keys().copied().filter(|at| series.kind[*at] == kind).collect();
        of_kind.sort_unstable();
        let values: Vec<f64> = of_kind.iter().map(|at| places[at]).collect();
        let (ranks, _) = ranks::average_ranks(&values);
        said.extend(of_kind.iter().zip(ranks).map(|(at, rank)| (*at, rank / real(values.len()))));
    }
    said
}
