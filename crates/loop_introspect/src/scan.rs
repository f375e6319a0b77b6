//! The log, read once: counts over all of it, and its latest cycles.
//!
//! The file is read in as many parts as there are processors, each by itself and in blocks. What is kept does not grow with
//! the log: the monitors look back a bounded number of cycles.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use change_detection::place;
use host::files::{self, FileError};
use records::{Cycle as CycleRecord, IssueType};
use store::log::{self, MAX_LINE};

use crate::line::{Line, Reader};

/// The replay starts at a multiple of this many cycles, and leaves at least as many before the end: a fixed place, that
/// neither moves from run to run nor lets the work grow with the log.
pub(crate) const STRIDE: usize = 20_000;

/// The most cycles that are kept.
const KEPT: usize = 2 * STRIDE;

/// How much is read at once, in bytes.
const BLOCK: usize = 256 << 10;

/// The least part of a log that is worth a thread of its own, in bytes.
const PART: u64 = 4 << 20;

/// The most parts: each keeps its own latest cycles.
const PARTS: u64 = 4;

/// A cycle of the counted log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cycle {
    /// When, in microseconds of Unix time.
    pub time: i64,
    /// Where its line begins in the file.
    pub at: u64,
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
    file: Option<File>,
}

/// Counts over a whole log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Cycles that count: dated, not in the future, seen to happen.
    pub cycles: usize,
    pub damaged: usize,
    pub backfilled: usize,
    /// Lines without a time that can be read.
    pub undated: usize,
    /// Lines of a time to come.
    pub future: usize,
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
pub(crate) fn scan(path: &Path, now: i64) -> Result<Log, FileError> {
    let Some(file) = files::open(path)? else { return Ok(Log::default()) };
    let fail = |error| FileError::reading(path, error);
    let length = file.metadata().map_err(fail)?.len();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let parts = threads.clamp(1, PARTS).min(length / PART).max(1);
    let bounds: Vec<u64> =
        (0..=parts).map(|part| length / parts * part + if part == parts { length % parts } else { 0 }).collect();
    let read = |range: Range<u64>| -> std::io::Result<Part> {
        let mut part = Part::default();
        lines(&file, range, &mut |at, line| part.take(at, line, now))?;
        part.trim();
        Ok(part)
    };
    let parts: Vec<std::io::Result<Part>> = if parts == 1 {
        vec![read(0..length)]
    } else {
        std::thread::scope(|scope| {
            let workers: Vec<_> =
                bounds.windows(2).map(|ends| ends[0]..ends[1]).map(|range| scope.spawn(|| read(range))).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into())))
                .collect()
        })
    };
    let mut all = Part::default();
    for part in parts {
        let part = part.map_err(fail)?;
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
    /// Reads a cycle's whole line again.
    pub(crate) fn line(&self, cycle: &Cycle) -> Option<CycleRecord> {
        let file = self.file.as_ref()?;
        let mut line = Vec::new();
        let mut block = [0; 1024];
        let mut at = cycle.at;
        loop {
            let count = file.read_at(&mut block, at).ok().filter(|count| *count > 0);
            let Some(count) = count else { break };
            let end = block[..count].iter().position(|byte| *byte == b'\n');
            line.extend_from_slice(&block[..end.unwrap_or(count)]);
            if end.is_some() || line.len() > MAX_LINE {
                break;
            }
            at += count as u64;
        }
        log::parse(&line)
    }
}

impl Part {
    fn take(&mut self, at: u64, line: Option<(&[u8], usize)>, now: i64) {
        let Some(line) = line.and_then(|(text, length)| self.reader.read(text, length)) else {
            self.counts.damaged += 1;
            return;
        };
        let Line { time, issue, kind, success, main_green, seconds, panes, backfilled } = line;
        let Some(time) = time else {
            self.counts.undated += 1;
            return;
        };
        if backfilled || time > now {
            *(if backfilled { &mut self.counts.backfilled } else { &mut self.counts.future }) += 1;
            return;
        }
        self.counts.cycles += 1;
        let count = &mut self.counts.kinds[place(kind)];
        count.cycles += 1;
        count.successes += usize::from(success);
        count.timed += usize::from(seconds.is_some());
        count.seconds += seconds.unwrap_or(0.0);
        let panes = panes.and_then(|panes| u32::try_from(panes).ok());
        let seconds = seconds.unwrap_or(f64::NAN);
        self.latest.push(Cycle { time, at, issue, seconds, panes, kind, success, main_green });
        if self.latest.len() >= 2 * KEPT {
            self.trim();
        }
    }

    /// Lets go of what is not among the latest.
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
        for (sum, kind) in self.kinds.iter_mut().zip(&other.kinds) {
            sum.cycles += kind.cycles;
            sum.successes += kind.successes;
            sum.timed += kind.timed;
            sum.seconds += kind.seconds;
        }
    }
}

/// Gives every line that begins in `range`, with its place: a text that begins with it and its length without the newline,
/// or none where it is too long. Blank lines are passed over.
fn lines(file: &File, range: Range<u64>, visit: &mut impl FnMut(u64, Option<(&[u8], usize)>)) -> std::io::Result<()> {
    // A line that begins before the range ends belongs to the range before: the byte before tells.
    let (mut at, mut skipping) = (range.start.saturating_sub(1), range.start > 0);
    let (mut block, mut filled, mut begins, mut too_long) = (vec![0; BLOCK], 0, range.start, false);
    let mut give = |begins: u64, text: &[u8], length: usize, too_long: bool| {
        if too_long {
            visit(begins, None);
        } else if !text[..length].trim_ascii_start().is_empty() {
            visit(begins, Some((text, length)));
        }
    };
    loop {
        if filled == block.len() {
            if block.len() <= MAX_LINE {
                block.resize(2 * block.len(), 0);
            } else {
                too_long = true;
                filled = 0;
            }
        }
        let count = file.read_at(&mut block[filled..], at)?;
        if count == 0 {
            if begins < range.end && !skipping {
                give(begins, &block[..filled], filled, too_long);
            }
            return Ok(());
        }
        let (mut from, fresh) = (0, filled);
        let end = filled + count;
        let mut search = fresh;
        while let Some(found) = memchr::memchr(b'\n', &block[search..end]) {
            let newline = search + found;
            if !skipping {
                if begins >= range.end {
                    return Ok(());
                }
                give(begins, &block[from..end], newline - from, too_long || newline - from > MAX_LINE);
            }
            (skipping, too_long) = (false, false);
            from = newline + 1;
            search = from;
            begins = at + (from - fresh) as u64;
        }
        at += count as u64;
        if skipping || (begins >= range.end && from > 0) {
            if !skipping {
                return Ok(());
            }
            filled = 0;
            continue;
        }
        block.copy_within(from..end, 0);
        filled = end - from;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be read")]

    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn split(content: &[u8], parts: u64) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        let (length, mut found) = (content.len() as u64, Vec::new());
        for part in 0..parts {
            let range = length * part / parts..length * (part + 1) / parts;
            lines(&file, range, &mut |at, line| {
                found.push((at, line.map(|(text, length)| text[..length].to_vec())));
            })
            .unwrap();
        }
        found
    }

    #[test]
    fn a_line_without_end_is_damage_and_is_not_held() {
        let mut content = b"one\n".to_vec();
        content.extend(std::iter::repeat_n(b'x', 3 * MAX_LINE));
        content.extend_from_slice(b"\ntwo");
        let after = content.len() as u64 - 3;
        for parts in [1, 2, 5] {
            let found = split(&content, parts);
            assert_eq!(found, [(0, Some(b"one".to_vec())), (4, None), (after, Some(b"two".to_vec()))], "{parts}");
        }
    }

    #[test]
    fn the_replay_rests_on_twenty_to_forty_thousand_cycles() {
        for (cycles, from) in
            [(0, 0), (39_999, 0), (40_000, 20_000), (59_999, 20_000), (60_000, 40_000), (1_000_000, 980_000)]
        {
            assert_eq!(rests_from(cycles), from, "{cycles}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn in_parts_the_same_lines_are_met(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..90_000), 0..8),
            parts in 1_u64..9,
        ) {
            let content = pieces.join(&b'\n');
            let whole = split(&content, 1);
            let given: Vec<Option<Vec<u8>>> = content.split(|byte| *byte == b'\n')
                .filter(|line| !line.trim_ascii().is_empty()).map(|line| Some(line.to_vec())).collect();
            prop_assert_eq!(whole.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>(), given);
            prop_assert_eq!(split(&content, parts), whole);
        }
    }
}
