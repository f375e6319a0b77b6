//! The walk over the log: one look and one stream at a time.

use crate::dispersion::Dispersion;
use crate::durations::{Durations, variance};
use crate::episodes::Episodes;
use crate::event::Event;

use crate::masks::{Masks, episodes_before, repeats};
use crate::parameters::Parameters;
use crate::series::Series;
use crate::stats::ranks::{log_shift, rank_sum_variance};
use crate::stats::rates::root_likelihood_ratio;
use crate::stats::real;
use crate::streams::{KINDS, STREAMS, Stream};
use crate::tally::{Tally, spread};

/// From which raw evidence on dispersion is measured: below it no threshold is in reach.
const WORTH_MEASURING: f64 = 3.0;

/// How far below its peak the evidence may lie for a change point to be among the likely ones, in units of dispersion.
const LIKELY: f64 = 6.0;

/// What the walk found.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Every change event that the log holds, in the order in which they were raised.
    pub events: Vec<Event>,
    /// Where the present regime of each stream begins.
    pub regimes: [usize; STREAMS],
}

/// Walks the log.
pub fn replay(series: &Series, parameters: &Parameters) -> Replay {
    let mut walk = Walk::new(series, parameters);
    for look in (parameters.look..=series.len()).step_by(parameters.look) {
        walk.look(look);
    }
    Replay { events: walk.events, regimes: walk.begun }
}

/// The state between looks, and the working memory of one.
struct Walk<'a> {
    series: &'a Series,
    parameters: &'a Parameters,
    again: Vec<bool>,
    /// Where the present regime of each stream began.
    begun: [usize; STREAMS],
    events: Vec<Event>,
    masks: Masks,
    /// The longest episode and the cycles of outages before each place of the window; kept where there are outages only.
    before: Vec<(f64, usize)>,
    /// What each step of the log holds by kind of work, where nothing is set aside.
    steps: Vec<[Tally; KINDS.len()]>,
    /// What each success stream holds before each step of the window. All change points, and with them the beginnings of
    /// windows and regimes, lie on such steps.
    tallies: Vec<[Tally; 6]>,
    values: Vec<f64>,
    issues: Vec<u32>,
    durations: Durations,
    episodes: Episodes,
    dispersion: Dispersion,
}

/// A change point of the durations.
struct Split {
    /// The evidence, with its direction.
    z: f64,
    at: usize,
    /// How many durations lie before it.
    before: usize,
}

/// The best change point of a scan.
struct Best {
    evidence: f64,
    change_at: usize,
    before: Tally,
    after: Tally,
}

impl<'a> Walk<'a> {
    fn new(series: &'a Series, parameters: &'a Parameters) -> Self {
        Self {
            series,
            parameters,
            again: repeats(series, parameters.tries),
            begun: [0; STREAMS],
            events: Vec::new(),
            masks: Masks::default(),
            before: Vec::new(),
            steps: Vec::new(),
            tallies: Vec::new(),
            values: Vec::new(),
            issues: Vec::new(),
            durations: Durations::default(),
            episodes: Episodes::default(),
            dispersion: Dispersion::default(),
        }
    }

    fn look(&mut self, look: usize) {
        let low = look.saturating_sub(self.parameters.baseline + self.parameters.recent);
        self.masks.find(self.series, low..look, low.max(self.begun[0]), self.parameters);
        if !self.masks.outages.is_empty() {
            episodes_before(&self.masks, &mut self.before);
        }
        let step = self.count(look - self.parameters.look, None);
        self.steps.push(step);
        self.tally(low, look);
        for place in 0..=KINDS.len() {
            self.success(place, low, look);
        }
        self.duration(low, look);
        self.episodes(look);
    }

    /// The change points that are tried: from the latest to the earliest.
    fn candidates(&self, look: usize, from: usize, recent: usize) -> impl Iterator<Item = usize> + use<> {
        let earliest = (from + self.parameters.min_baseline).max(look.saturating_sub(recent));
        let latest = look.saturating_sub(self.parameters.min_recent);
        (earliest..=latest).rev().step_by(self.parameters.look)
    }

    /// Counts the success streams step by step: all cycles, and each kind of work.
    fn tally(&mut self, low: usize, look: usize) {
        self.tallies.clear();
        let (mut kinds, size) = ([Tally::default(); 6], self.parameters.look);
        self.tallies.push(kinds);
        for begin in (low..look).step_by(size) {
            let place = begin - low;
            // Windows begin on steps as long as their longest is a whole number of them.
            let known = if begin % size == 0 { self.steps.get(begin / size) } else { None };
            let step = match known {
                Some(known) if self.masks.is_clear(place..place + size) => *known,
                _ => self.count(begin, Some(low)),
            };
            for (kind, step) in kinds[1..].iter_mut().zip(&step) {
                *kind = kind.and(step);
            }
            kinds[0] = kinds[1..].iter().fold(Tally::default(), Tally::and);
            self.tallies.push(kinds);
        }
    }

    /// Counts the step that begins at `begin`, by kind of work: in the window that begins at `low` with what is set aside
    /// there, or with nothing set aside but the later tries of stuck issues.
    fn count(&self, begin: usize, low: Option<usize>) -> [Tally; KINDS.len()] {
        let mut kinds = [Tally::default(); KINDS.len()];
        for at in begin..begin + self.parameters.look {
            let (red, out) = low.map_or((false, false), |low| (self.masks.red[at - low], self.masks.out[at - low]));
            if self.again[at] | red {
                continue;
            }
            let (success, tally) = (f64::from(self.series.success[at]), &mut kinds[usize::from(self.series.kind[at])]);
            let out = f64::from(out);
            tally.out += out;
            tally.out_successes += out * success;
            tally.count += 1.0 - out;
            tally.successes += (1.0 - out) * success;
        }
        kinds
    }

    fn success(&mut self, place: usize, low: usize, look: usize) {
        let parameters = self.parameters;
        let (need_before, need_after, threshold) = match place {
            0 => (100.0, 30.0, parameters.thresholds.success),
            _ => (parameters.kind_min_baseline, parameters.kind_min_recent, parameters.thresholds.kind),
        };
        let from = self.begun[place].max(low);
        let mut tried = Vec::with_capacity(parameters.recent / parameters.look + 1);
        let Some(best) = self.most_likely(place, low, from..look, [need_before, need_after], &mut tried) else {
            return;
        };
        let (before, after) = (best.before.successes / best.before.count, best.after.successes / best.after.count);
        let mut phi = 1.0;
        if best.evidence >= WORTH_MEASURING {
            let begin = from.max(best.change_at.saturating_sub(parameters.baseline));
            let split = self.observe(place, low, begin..look, best.change_at);
            phi = self.dispersion.of_rates(&self.values, &self.issues, self.series.issues, split, parameters);
        }
        let r = best.evidence / phi.sqrt();
        if r < threshold || (after - before).abs() < parameters.min_change {
            return;
        }
        let likely = tried
            .iter()
            .filter(|(_, evidence)| evidence * evidence >= best.evidence * best.evidence - LIKELY * phi)
            .map(|(at, _)| *at);
        self.begun[place] = best.change_at;
        self.events.push(Event {
            stream: if place == 0 { Stream::Success } else { Stream::SuccessOf(KINDS[place - 1]) },
            up: after > before,
            raised_after: look,
            change_at: best.change_at,
            change_low: likely.clone().min().unwrap_or(best.change_at),
            change_high: likely.max().unwrap_or(best.change_at),
            r,
            threshold,
            phi,
            before,
            after,
            n_before: best.before.count,
            n_after: best.after.count,
            effect: after - before,
            error: (phi * (spread(before, best.before.count) + spread(after, best.after.count))).sqrt(),
        });
    }

    /// The change point of a success stream with the most evidence; every one that was tried goes into `tried`.
    fn most_likely(
        &self,
        place: usize,
        low: usize,
        range: std::ops::Range<usize>,
        [need_before, need_after]: [f64; 2],
        tried: &mut Vec<(usize, f64)>,
    ) -> Option<Best> {
        let (parameters, from, look) = (self.parameters, range.start, range.end);
        if self.tallied(place, low, from, look).count < need_before + need_after {
            return None;
        }
        let mut best: Option<Best> = None;
        for candidate in self.candidates(look, from, parameters.recent) {
            let before = self.tallied(place, low, from.max(candidate.saturating_sub(parameters.baseline)), candidate);
            let mut after = self.tallied(place, low, candidate, look);
            if let Some(back) = self.counted_share(low, look, from, candidate) {
                after.count += back * after.out;
                after.successes += back * after.out_successes;
            }
            if before.count < need_before || after.count < need_after {
                continue;
            }
            let evidence = root_likelihood_ratio(before.successes, before.count, after.successes, after.count);
            tried.push((candidate, evidence));
            if evidence > best.as_ref().map_or(0.0, |best| best.evidence) {
                best = Some(Best { evidence, change_at: candidate, before, after });
            }
        }
        best
    }

    /// What a success stream holds between two steps.
    fn tallied(&self, place: usize, low: usize, from: usize, to: usize) -> Tally {
        let step = |at: usize| &self.tallies[(at - low) / self.parameters.look][place];
        step(to).less(step(from))
    }

    /// Writes a success stream's observations in `range`; returns how many lie before `split_at`.
    fn observe(&mut self, place: usize, low: usize, range: std::ops::Range<usize>, split_at: usize) -> usize {
        self.values.clear();
        self.issues.clear();
        let mut split = 0;
        for at in range {
            let of_stream = place == 0 || usize::from(self.series.kind[at]) == place - 1;
            if of_stream && !self.again[at] && !self.masks.contains(at - low) {
                self.values.push(f64::from(self.series.success[at]));
                self.issues.push(self.series.issue[at]);
                split += usize::from(at < split_at);
            }
        }
        split
    }

    /// Outages are set aside only as far as the past has known them. The share of those after `candidate` that counts as
    /// ordinary cycles; none where there are none or all are set aside.
    fn counted_share(&self, low: usize, look: usize, from: usize, candidate: usize) -> Option<f64> {
        if self.masks.outages.is_empty() {
            return None;
        }
        let begin = from.max(candidate.saturating_sub(self.parameters.baseline));
        let out =
            |range: std::ops::Range<usize>| real(self.before[range.end - low].1 - self.before[range.start - low].1);
        let recent = out(candidate..look);
        if recent == 0.0 {
            return None;
        }
        let longest = self.before[candidate - low].0;
        let known = out(begin..candidate) / real(candidate - begin) * real(look - candidate);
        let free = self.parameters.outage_free.max(3.0 * longest).min(2.0 * self.parameters.outage_free) + 3.0 * known;
        Some(1.0 - free / recent).filter(|share| *share > 0.0)
    }

    fn duration(&mut self, low: usize, look: usize) {
        let (parameters, place) = (self.parameters, Stream::Duration.place());
        let from = self.begun[place].max(low);
        self.durations.gather(self.series, &self.masks, low, from..look);
        let count = self.durations.at.len();
        if count < 130 {
            return;
        }
        self.durations.centre();
        // The evidence is at most that of ranks which are off by as much as they may be. Mostly that is too little.
        let ties = self.durations.rank_in_bins();
        if self.best_split(look, from, ties).z.abs() < 0.999 * parameters.thresholds.duration {
            return;
        }
        let ties = self.durations.rank();
        let Split { z: best_z, at: best_at, before: best_split } = self.best_split(look, from, ties);
        let (best, durations) = (best_z.abs(), &self.durations);
        if best == 0.0 {
            return;
        }
        let mut phi = 1.0;
        if best >= WORTH_MEASURING {
            let variances = [variance(&durations.rank[..best_split]), variance(&durations.rank[best_split..])];
            self.issues.clear();
            self.issues.extend(durations.at.iter().map(|at| self.series.issue[*at]));
            let (ranks, issues, issue_count) = (&durations.rank, &self.issues, self.series.issues);
            phi = self.dispersion.measure(ranks, issues, issue_count, best_split, variances, parameters.block);
        }
        let r = best / phi.sqrt();
        if r < parameters.thresholds.duration {
            return;
        }
        let (before, after) = self.durations.medians(best_split);
        if (after - before).abs() < parameters.min_duration_ratio.ln() {
            return;
        }
        let (earlier, later) = self.durations.value.split_at(best_split);
        let effect = log_shift(earlier, later).unwrap_or(after - before);
        self.begun[place] = best_at;
        self.events.push(Event {
            stream: Stream::Duration,
            up: best_z > 0.0,
            raised_after: look,
            change_at: best_at,
            change_low: best_at,
            change_high: best_at,
            r,
            threshold: parameters.thresholds.duration,
            phi,
            before,
            after,
            n_before: real(best_split),
            n_after: real(count - best_split),
            effect,
            // The evidence is the effect over its error.
            error: effect.abs() / r,
        });
    }

    /// The change point with the strongest evidence in the ranks of durations, which count as off by as much as they may
    /// be. Its `z` is 0 where there is none.
    fn best_split(&self, look: usize, from: usize, ties: f64) -> Split {
        let Durations { at, sum, error, .. } = &self.durations;
        let (count, n) = (at.len(), real(at.len()));
        let (mut best, mut before) = (Split { z: 0.0, at: 0, before: 0 }, count);
        for candidate in self.candidates(look, from, self.parameters.recent) {
            while before > 0 && at[before - 1] >= candidate {
                before -= 1;
            }
            let (n1, n2) = (real(before), real(count - before));
            if n1 < 100.0 || n2 < 30.0 {
                continue;
            }
            let distance = sum[count] - sum[before] - n2 * (n + 1.0) / 2.0;
            let off = error[count] - error[before];
            let variance = rank_sum_variance(n1, n2, ties);
            let z = if off > 0.0 && variance <= 0.0 {
                f64::INFINITY
            } else {
                (distance + off.copysign(distance)) / variance.sqrt()
            };
            if z.abs() > best.z.abs() {
                best = Split { z, at: candidate, before };
            }
        }
        best
    }

    fn episodes(&mut self, look: usize) {
        let (parameters, place) = (self.parameters, Stream::Episodes.place());
        let low = look.saturating_sub(parameters.episode_baseline + parameters.episode_recent);
        self.episodes.gather(self.series, low..look, low.max(self.begun[0]), parameters);
        let tallies = &self.episodes.tallies;
        let step = |at: usize| tallies[(at - low) / parameters.look];
        let (from, [all, all_normal]) = (self.begun[place].max(low), step(look));
        let (mut best, mut numbers) = (0.0, None);
        if all >= 3.0 {
            for candidate in self.candidates(look, from, parameters.episode_recent) {
                let begin = step(from.max(candidate.saturating_sub(parameters.episode_baseline)));
                let split = step(candidate);
                let (c1, n1, c2, n2) =
                    (split[0] - begin[0], split[1] - begin[1], all - split[0], all_normal - split[1]);
                if n1 < 100.0 || n2 < 30.0 || c1 + c2 < 3.0 {
                    continue;
                }
                let part = |count: f64, of: f64| if count > 0.0 { count * (count / of).ln() } else { 0.0 };
                let evidence = (2.0 * (part(c1, n1) + part(c2, n2) - part(c1 + c2, n1 + n2))).max(0.0).sqrt();
                if evidence > best && (c2 >= 4.0 || c2 / n2 < c1 / n1) {
                    best = evidence;
                    numbers = Some((candidate, [c1, n1], [c2, n2]));
                }
            }
        }
        let Some((change_at, [c1, n1], [c2, n2])) = numbers.filter(|_| best >= parameters.thresholds.episodes) else {
            return;
        };
        self.begun[place] = change_at;
        self.events.push(Event {
            stream: Stream::Episodes,
            up: c2 / n2 > c1 / n1,
            raised_after: look,
            change_at,
            change_low: change_at,
            change_high: change_at,
            r: best,
            threshold: parameters.thresholds.episodes,
            phi: 1.0,
            before: c1 / n1,
            after: c2 / n2,
            n_before: c1,
            n_after: c2,
            // Half an episode more on either side keeps none from being nothing.
            effect: ((c2 + 0.5) / n2 / ((c1 + 0.5) / n1)).ln(),
            error: (1.0 / (c1 + 0.5) + 1.0 / (c2 + 0.5)).sqrt(),
        });
    }
}
