//! The log, read once: counts over all of it, and its latest cycles.
//!
//! What is kept does not grow with the log: the monitors look back a bounded number of cycles.

use change_detection::place;
use host::files::FileError;
use records::{Cycle as CycleRecord, IssueType};
use store::{Cycles, OpenLog};

use crate::line::{Line, Reader};

/// The replay starts at a multiple of this many cycles, and leaves at least as many before the end: a fixed place, that
/// neither moves from run to run nor lets the work grow with the log.
pub(crate) const STRIDE: usize = 20_000;

/// The most cycles that are kept.
const KEPT: usize = 2 * STRIDE;

/// The most parts: each keeps its own latest cycles.
const PARTS: u64 = 4;

/// A cycle of the counted log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cycle {
    /// When, in microseconds of Unix time.
    pub time: i64,
    /// Where its line begins in the file.
    pub at: u64,
    /// The issue; none where the failure was not its fault.
    pub issue: Option<u64>,
    /// Seconds; not a number where it is unknown.
    pub seconds: f64,
    pub panes: Option<u32>,
    pub kind: IssueType,
    pub success: bool,
    pub main_green: Option<bool>,
}

/// What a whole log holds.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// The latest cycles by time, and by line where times are equal.
    pub cycles: Vec<Cycle>,
    /// How many counted cycles come before those.
    pub before: usize,
    pub counts: Counts,
    file: Option<OpenLog>,
}

/// Counts over a whole log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Cycles that count: dated, not in the future, observed.
    pub cycles: usize,
    pub damaged: usize,
    pub backfilled: usize,
    /// Lines without a time that can be read.
    pub undated: usize,
    /// Lines of a time to come.
    pub future: usize,
    /// Cycles that were cut short, or whose right to the issue was lost.
    pub void: usize,
    /// By kind of work.
    pub kinds: [KindCount; 5],
}

/// Counts of one kind of work.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KindCount {
    pub cycles: usize,
    pub successes: usize,
    pub timed: usize,
    pub seconds: f64,
}

/// What one part of the file gave.
#[derive(Default)]
struct Part {
    counts: Counts,
    latest: Vec<Cycle>,
    reader: Reader,
}

/// Reads the log. Lines after `now` (microseconds of Unix time) are counted and left out.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn scan(cycles: &Cycles<'_>, now: i64) -> Result<Log, FileError> {
    let Some(file) = cycles.open()? else { return Ok(Log::default()) };
    let parts = file.scan_in_parts(PARTS, |part: &mut Part, at, line| part.take(at, line, now), Part::trim)?;
    let mut all = Part::default();
    for part in parts {
        all.counts.add(&part.counts);
        all.latest.extend(part.latest);
    }
    let kept = all.counts.cycles - rests_from(all.counts.cycles);
    let mut cycles = all.latest;
    cycles.sort_unstable_by_key(|cycle| (cycle.time, cycle.at));
    cycles.drain(..cycles.len().saturating_sub(kept));
    Ok(Log { before: all.counts.cycles - cycles.len(), cycles, counts: all.counts, file: Some(file) })
}

/// The first cycle of the replay in a log of so many.
pub(crate) fn rests_from(cycles: usize) -> usize {
    if cycles < KEPT { 0 } else { (cycles - STRIDE) / STRIDE * STRIDE }
}

impl Log {
    /// Reads the whole lines of cycles again; those of damaged lines are left out.
    pub(crate) fn lines(
        &self,
        cycles: impl Iterator<Item = usize>,
    ) -> impl Iterator<Item = Result<(usize, CycleRecord), FileError>> {
        cycles.filter_map(|place| {
            let line = self.file.as_ref()?.line(self.cycles[place].at).transpose()?;
            Some(line.map(|line| (place, line)))
        })
    }
}

impl Part {
    fn take(&mut self, at: u64, line: Option<(&[u8], usize)>, now: i64) {
        let Some(line) = line.and_then(|(text, length)| self.reader.read(text, length)) else {
            self.counts.damaged += 1;
            return;
        };
        let Line { time, issue, kind, success, main_green, seconds, panes, others_fault, void, backfilled } = line;
        let Some(time) = time else {
            self.counts.undated += 1;
            return;
        };
        let counts = &mut self.counts;
        if let Some(count) =
            [(backfilled, &mut counts.backfilled), (time > now, &mut counts.future), (void, &mut counts.void)]
                .into_iter()
                .find_map(|(is_left_out, count)| is_left_out.then_some(count))
        {
            *count += 1;
            return;
        }
        self.counts.cycles += 1;
        let count = &mut self.counts.kinds[place(kind)];
        count.cycles += 1;
        count.successes += usize::from(success);
        count.timed += usize::from(seconds.is_some());
        count.seconds += seconds.unwrap_or(0.0);
        // A failure that was not the issue's fault counts for no issue.
        let issue = issue.filter(|_| success || !others_fault);
        let panes = panes.and_then(|panes| u32::try_from(panes).ok());
        let seconds = seconds.unwrap_or(f64::NAN);
        self.latest.push(Cycle { time, at, issue, seconds, panes, kind, success, main_green });
        if self.latest.len() >= 2 * KEPT {
            self.trim();
        }
    }

    /// Drops what is not among the latest.
    fn trim(&mut self) {
        if let Some(surplus) = self.latest.len().checked_sub(KEPT).filter(|surplus| *surplus > 0) {
            self.latest.select_nth_unstable_by_key(surplus, |cycle| (cycle.time, cycle.at));
            self.latest.drain(..surplus);
        }
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.cycles += other.cycles;
        self.damaged += other.damaged;
        self.backfilled += other.backfilled;
        self.undated += other.undated;
        self.future += other.future;
        self.void += other.void;
        for (sum, kind) in self.kinds.iter_mut().zip(&other.kinds) {
            sum.cycles += kind.cycles;
            sum.successes += kind.successes;
            sum.timed += kind.timed;
            sum.seconds += kind.seconds;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replay_rests_on_twenty_to_forty_thousand_cycles() {
        for (cycles, from) in
            [(0, 0), (39_999, 0), (40_000, 20_000), (59_999, 20_000), (60_000, 40_000), (1_000_000, 980_000)]
        {
            assert_eq!(rests_from(cycles), from, "{cycles}");
        }
    }
}
