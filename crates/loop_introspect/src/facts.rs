//! Facts: arithmetic over the record, without inference, never worded as change.

use std::collections::BTreeMap;
use std::ops::Range;

use change_detection::stats::robust::{median, median_of, modified_z_of_logs, theil_sen};
use change_detection::stats::{rates, real};
use change_detection::{KINDS, Masks, Parameters, SAME_EPISODE, Series};
use chrono::{DateTime, Utc};
use host::files::FileError;
use records::insights::{Day, Difference, FailureReason, LostCycles, Outlier, Period, Slope, Trends, TypeRecord};
use records::{Cycle as CycleRecord, IssueType, timestamp};

use crate::reasons;
use crate::scan::{Counts, Cycle, Log};

/// The fewest durations of a kind of work among which one can be an outlier.
const OUTLIER_CYCLES: usize = 20;

/// How many entries a list holds at most.
const LISTED: usize = 10;

/// A day in microseconds.
pub(crate) const DAY: i64 = 86_400_000_000;

/// Cycles that share the longest duration from this many on are time-outs.
const TIMEOUTS: usize = 3;

/// The days that facts are about.
pub(crate) struct Windows {
    pub recent: Range<usize>,
    pub previous: Range<usize>,
    begin: [i64; 3],
}

impl Windows {
    /// The last `days` up to the last cycle, and as many before.
    pub(crate) fn find(cycles: &[Cycle], days: u64) -> Self {
        let end = cycles.last().map_or(0, |cycle| cycle.time);
        let length = i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(DAY);
        let begin = [end.saturating_sub(length.saturating_mul(2)), end.saturating_sub(length), end];
        // A cycle exactly a week before the last one belongs to the week before.
        let place = |time: i64| cycles.partition_point(|cycle| cycle.time <= time);
        let (previous, recent) = (place(begin[0]), place(begin[1]));
        Self { recent: recent..cycles.len(), previous: previous..recent, begin }
    }

    /// Compares the periods.
    ///
    /// # Errors
    /// The log cannot be read again.
    pub(crate) fn trends(&self, log: &Log) -> Result<Trends, FileError> {
        let cycles = &log.cycles;
        let recent = period(log, self.recent.clone(), [self.begin[1], self.begin[2]])?;
        let previous = period(log, self.previous.clone(), [self.begin[0], self.begin[1]])?;
        let less = |one: Option<f64>, other: Option<f64>| Some(one? - other?);
        let interval = (recent.cycles > 0 && previous.cycles > 0)
            .then(|| rates::newcombe((recent.successes, recent.cycles), (previous.successes, previous.cycles), 0.95).1);
        let count = |period: &Period| i64::try_from(period.cycles).unwrap_or(i64::MAX);
        let difference = Difference {
            cycles: count(&recent) - count(&previous),
            success_rate: less(recent.success_rate, previous.success_rate),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            avg_duration: less(recent.avg_duration, previous.avg_duration),
            median_duration: less(recent.median_duration, previous.median_duration),
        };
        let days = self.daily(cycles);
        let day = |(day, (successes, cycles)): (&i64, &(usize, usize))| Day {
            to: moment(self.begin[2] + (day + 1) * DAY),
            cycles: *cycles,
            successes: *successes,
        };
        Ok(Trends { slope: slope(&days), daily: days.iter().map(day).collect(), recent, previous, difference })
    }

    fn daily(&self, cycles: &[Cycle]) -> BTreeMap<i64, (usize, usize)> {
        let mut days: BTreeMap<i64, (usize, usize)> = BTreeMap::new();
        for cycle in &cycles[self.previous.start..] {
            // The last cycle's moment belongs to the day that it ends.
            let day = days.entry((cycle.time - self.begin[2] - 1).div_euclid(DAY)).or_default();
            day.0 += usize::from(cycle.success);
            day.1 += 1;
        }
        days
    }
}

fn slope(days: &BTreeMap<i64, (usize, usize)>) -> Option<Slope> {
    #[expect(clippy::cast_precision_loss, reason = "some days")]
    let x: Vec<f64> = days.keys().map(|day| *day as f64).collect();
    let y: Vec<f64> = days.values().map(|(successes, cycles)| real(*successes) / real(*cycles)).collect();
    let (per_day, range) = theil_sen(&x, &y, 0.95).filter(|_| x.len() >= 5)?;
    Some(Slope { per_day, low: range.low, high: range.high, days: x.len() })
}

/// Counts a period.
fn period(log: &Log, range: Range<usize>, ends: [i64; 2]) -> Result<Period, FileError> {
    let cycles = &log.cycles[range.clone()];
    let (mut added, mut removed, mut pulls) = (0_u64, 0_u64, std::collections::BTreeSet::new());
    for line in log.lines(range) {
        let (_, line) = line?;
        added = added.saturating_add(line.lines_added.unwrap_or(0));
        removed = removed.saturating_add(line.lines_removed.unwrap_or(0));
        if line.success {
            pulls.extend(line.pr);
        }
    }
    let successes = cycles.iter().filter(|cycle| cycle.success).count();
    let mut seconds: Vec<f64> = cycles.iter().map(|cycle| cycle.seconds).filter(|seconds| !seconds.is_nan()).collect();
    let timed = seconds.len();
    let (success_rate, low, high) = rate(successes, cycles.len());
    Ok(Period {
        from: (!cycles.is_empty()).then(|| moment(ends[0])),
        to: (!cycles.is_empty()).then(|| moment(ends[1])),
        cycles: cycles.len(),
        successes,
        success_rate,
        low,
        high,
        avg_duration: (timed > 0).then(|| seconds.iter().sum::<f64>() / real(timed)),
        median_duration: median_of(&mut seconds),
        timed,
        lines_added: added,
        lines_removed: removed,
        pull_requests: pulls.len(),
    })
}

/// A rate with its interval; nothing of no cycles.
pub(crate) fn rate(successes: usize, cycles: usize) -> (Option<f64>, Option<f64>, Option<f64>) {
    if cycles == 0 {
        return (None, None, None);
    }
    let interval = rates::wilson(successes, cycles, 0.95);
    (Some(real(successes) / real(cycles)), Some(interval.low), Some(interval.high))
}

/// The kinds of work over the whole log.
pub(crate) fn by_kind(counts: &Counts, recent: &[Cycle]) -> BTreeMap<String, TypeRecord> {
    let of_kind = |(kind, count): (&IssueType, &crate::scan::KindCount)| {
        let own = || recent.iter().filter(|cycle| cycle.kind == *kind);
        let (success_rate, low, high) = rate(count.successes, count.cycles);
        let avg_duration = (count.timed > 0).then(|| count.seconds / real(count.timed));
        let (recent_cycles, recent_successes) = (own().count(), own().filter(|cycle| cycle.success).count());
        let of = TypeRecord {
            cycles: count.cycles,
            successes: count.successes,
            success_rate,
            low,
            high,
            avg_duration,
            recent_cycles,
            recent_successes,
        };
        (kind.name().to_owned(), of)
    };
    KINDS.iter().zip(&counts.kinds).filter(|(_, count)| count.cycles > 0).map(of_kind).collect()
}

/// The cycles of the recent period that took much longer than their kind does, the farthest out first.
pub(crate) fn outliers(log: &Log, windows: &Windows, most: f64) -> Vec<Outlier> {
    let mut found = Vec::new();
    let begin = windows.previous.start;
    for kind in KINDS {
        let timed: Vec<(usize, f64)> = (begin..log.cycles.len())
            .map(|at| (at, &log.cycles[at]))
            .filter(|(_, cycle)| cycle.kind == kind && !cycle.seconds.is_nan())
            .map(|(at, cycle)| (at, cycle.seconds))
            .collect();
        let seconds: Vec<f64> = timed.iter().map(|(_, seconds)| *seconds).collect();
        let Some(middle) = median(&seconds).filter(|_| timed.len() >= OUTLIER_CYCLES) else { continue };
        for ((at, duration), z) in timed.iter().zip(modified_z_of_logs(&seconds)) {
            if z > most && windows.recent.contains(at) {
                let cycle = &log.cycles[*at];
                found.push(Outlier {
                    position: log.before + at,
                    timestamp: moment(cycle.time),
                    issue: cycle.issue,
                    kind: kind.name().to_owned(),
                    duration: *duration,
                    median_duration: middle,
                    z,
                    n: timed.len(),
                });
            }
        }
    }
    found.sort_by(|a, b| b.z.total_cmp(&a.z).then(a.position.cmp(&b.position)));
    found.truncate(LISTED);
    found
}

/// How many of the recent cycles ended at the longest duration that there is, and what that is in seconds: time-outs, when
/// several do.
pub(crate) fn timeouts(recent: &[Cycle]) -> Option<(usize, f64)> {
    let longest = recent.iter().map(|cycle| cycle.seconds).filter(|seconds| !seconds.is_nan()).fold(0.0, f64::max);
    let count = recent.iter().filter(|cycle| cycle.seconds >= longest).count();
    (count >= TIMEOUTS && longest > 0.0).then_some((count, longest))
}

/// Why the recent period's cycles failed, the most frequent reason first. Older failures tell which reasons are new.
///
/// # Errors
/// The log cannot be read again.
pub(crate) fn reasons(log: &Log, windows: &Windows, history: Range<usize>) -> Result<Vec<FailureReason>, FileError> {
    let given = |(at, CycleRecord { reason, .. }): (usize, CycleRecord)| {
        (at, if reason.trim().is_empty() { "no reason given".to_owned() } else { reason })
    };
    let failures = log.lines(history.filter(|at| !log.cycles[*at].success));
    let groups = reasons::group(failures.map(|failure| failure.map(given)))?;
    let recent = |places: &[usize]| places.iter().filter(|at| windows.recent.contains(at)).count();
    let all: usize = groups.iter().map(|group| recent(&group.episodes)).sum();
    let mut reasons: Vec<FailureReason> = groups
        .into_iter()
        .filter(|group| recent(&group.at) > 0)
        .map(|group| {
            let episodes = recent(&group.episodes);
            let interval = rates::wilson(episodes, all, 0.95);
            let is_new = group.at.first().is_some_and(|first| windows.recent.contains(first));
            FailureReason {
                share: real(episodes) / real(all.max(1)),
                low: interval.low,
                high: interval.high,
                n: all,
                cycles: recent(&group.at),
                // In the first days of a log everything is.
                new: is_new && episodes >= 3 && !windows.previous.is_empty(),
                last_seen: group.at.last().map_or_else(String::new, |at| moment(log.cycles[*at].time)),
                template: group.template,
                example: host::text::fit(&group.example, 200),
                episodes,
            }
        })
        .collect();
    reasons.sort_by(|a, b| b.episodes.cmp(&a.episodes).then(b.cycles.cmp(&a.cycles)));
    reasons.truncate(LISTED);
    Ok(reasons)
}

/// What red main and outages cost in `range`.
pub(crate) fn lost(series: &Series, range: Range<usize>, since: usize, parameters: &Parameters) -> LostCycles {
    let low = range.end.saturating_sub(parameters.baseline + parameters.recent).min(range.start);
    let mut masks = Masks::default();
    // A range that ended before the present regime began has its own base rate.
    let since = if since < range.end { since.max(low) } else { low };
    masks.find(series, low..range.end, since, parameters);
    let mut lost = LostCycles { cycles: range.len(), ..LostCycles::default() };
    let (mut run, mut before) = (0, None::<usize>);
    for at in range.clone().map(|at| at - low) {
        lost.red += usize::from(masks.red[at]);
        lost.outage += usize::from(masks.out[at]);
        if masks.contains(at) {
            lost.episodes += usize::from(before.is_none_or(|before| before + SAME_EPISODE < at));
            run += 1;
            lost.longest = lost.longest.max(run);
            before = Some(at);
        } else {
            run = 0;
        }
    }
    (lost.share, lost.low, lost.high) = rate(lost.red + lost.outage, range.len());
    lost
}

/// A moment as the files have it.
pub(crate) fn moment(micros: i64) -> String {
    DateTime::<Utc>::from_timestamp_micros(micros).map_or_else(String::new, timestamp)
}

/// The series that the monitors see.
pub(crate) fn series(cycles: &[Cycle]) -> Series {
    let mut series = Series::default();
    for cycle in cycles {
        series.push(cycle.success, cycle.main_green, cycle.kind, Some(cycle.seconds), cycle.issue);
    }
    series
}
