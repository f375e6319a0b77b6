//! What a record needs to know of the whole log, kept so that its cost does not grow with the log: counts by week and
//! weekday, and how far each day's epochs have come.
//!
//! The index is never trusted: it says which file it is of, how much of it it covers and how that part ends, and when the
//! log does not match it is counted again. Lines that others appended since are added to it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use chrono::{DateTime, Datelike, Utc};
use json_fields::{Object, slot};
use records::{Cycle, CycleIndex, Epoch, Stored, parse_time, pyjson, written};

use super::line::LineReader;
use crate::document::Content;
use crate::fingerprint::{ending, identity};
use crate::{json_file, lines};
use host::files::{self, FileError};

/// The counts over the whole log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Index {
    counts: CycleIndex,
    /// How many lines have been counted since the index was kept.
    unsaved: u64,
}

const VERSION: u32 = 2;

/// How many lines are counted again by each call before the index is saved.
const SAVE_EVERY: u64 = 16;

/// What of a line is counted.
struct IndexedLine {
    time: Option<DateTime<Utc>>,
    epoch: Option<Epoch>,
    was_observed: bool,
}

const TIMESTAMP: usize = slot(Cycle::FIELDS, "timestamp");
const EPOCH: usize = slot(Cycle::FIELDS, "epoch");
const BACKFILLED: usize = slot(Cycle::FIELDS, "backfilled");

impl IndexedLine {
    fn from_fields(fields: &Object<'_>) -> Self {
        let text = |slot| fields.get(slot).and_then(written::string);
        Self {
            time: text(TIMESTAMP).and_then(|time| parse_time(&time)),
            epoch: text(EPOCH).and_then(|epoch| Epoch::parse(&epoch)),
            was_observed: fields.get(BACKFILLED) != Some(b"true"),
        }
    }
}

impl From<&Cycle> for IndexedLine {
    fn from(cycle: &Cycle) -> Self {
        Self {
            time: cycle.time(),
            epoch: cycle.epoch.as_deref().and_then(Epoch::parse),
            was_observed: cycle.was_observed(),
        }
    }
}

impl Index {
    /// Returns the index of the log as it is now: the kept one where it fits, with what was appended since; else a new
    /// one, made by reading the whole log.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn up_to_date(log: &Path, path: &Path) -> Result<Self, FileError> {
        let Some(file) = files::open(log)? else { return Ok(Self::empty()) };
        let mut index = match json_file::read::<CycleIndex>(path)? {
            Content::Intact(counts) if fits(&counts, log, &file)? => Self { counts, unsaved: 0 },
            // Damage in it loses nothing: all it says is in the log.
            _ => Self::empty(),
        };
        let start = index.counts.covered;
        let mut reader = LineReader::default();
        index.counts.covered = lines::scan(log, start, |line| {
            let counted =
                line.and_then(|line| reader.read(line, IndexedLine::from_fields, |cycle| IndexedLine::from(&cycle)));
            index.count(counted);
        })?;
        Ok(index)
    }

    /// Counts a cycle that was appended.
    pub(crate) fn add(&mut self, cycle: &Cycle) {
        self.count(Some(cycle.into()));
    }

    /// Counts a line; none is a damaged one.
    fn count(&mut self, line: Option<IndexedLine>) {
        self.unsaved += 1;
        let counts = &mut self.counts;
        let Some(IndexedLine { time, epoch, was_observed }) = line else {
            counts.damaged += 1;
            return;
        };
        counts.lines += 1;
        counts.observed += u64::from(was_observed);
        if let Some(time) = time {
            let week = time.iso_week();
            *counts.by_week.entry(format!("{}-W{:02}", week.year(), week.week())).or_default() += 1;
            *counts.by_weekday.entry(time.weekday().number_from_monday().to_string()).or_default() += 1;
        }
        match (epoch, time) {
            (Some(epoch), _) => {
                let count = counts.epochs.entry(epoch.day).or_default();
                *count = (*count).max(epoch.count);
            }
            // An old line without an epoch is a cycle of its day all the same.
            (None, Some(time)) if was_observed => {
                *counts.epochs.entry(Epoch::day_of(time)).or_default() += 1;
            }
            _ => {}
        }
    }

    /// Returns the epoch of a cycle that is recorded at `now`, after all that the log holds.
    pub(crate) fn next_epoch(&self, now: DateTime<Utc>) -> Epoch {
        let day = Epoch::day_of(now);
        let count = self.counts.cycles_on(&day) + 1;
        Epoch { day, count }
    }

    /// Keeps the index for the calls to come; `covered` is the log's length that it now counts. An index that lacks only
    /// a few lines is good enough: counting these again costs less than writing it.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub(crate) fn save(&mut self, log: &Path, path: &Path, covered: u64) -> Result<(), FileError> {
        if self.unsaved < SAVE_EVERY && self.counts.lines > self.unsaved {
            return Ok(());
        }
        let Some(file) = files::open(log)? else { return Ok(()) };
        self.counts.covered = covered;
        self.counts.ending = ending(log, &file, covered)?;
        self.counts.set_identity(&identity(log, &file)?);
        let text = pyjson::to_document(&self.counts).map_err(|error| FileError::writing(path, error.into()))?;
        files::lock(path)?.replace(text.as_bytes(), CycleIndex::FILE.durability)
    }

    /// Returns the counts.
    pub(crate) fn counts(&self) -> &CycleIndex {
        &self.counts
    }

    /// Returns the index of a log without lines.
    pub(crate) fn empty() -> Self {
        Self { counts: CycleIndex { version: VERSION, ..CycleIndex::default() }, unsaved: 0 }
    }
}

/// Whether the log still begins with what is counted.
fn fits(counts: &CycleIndex, log: &Path, file: &File) -> Result<bool, FileError> {
    let now = identity(log, file)?;
    // The same length but another time: the log was edited in place.
    let in_place = now.length == counts.covered && now.changed != counts.changed;
    Ok(counts.version == VERSION
        && counts.file == now.file
        && counts.covered <= now.length
        && !in_place
        && counts.ending == ending(log, file, counts.covered)?
        && ends_a_line(counts.covered, log, file, now.length)?)
}

/// Whether the counted part ends where a line ends, so that what follows can be read by itself.
fn ends_a_line(covered: u64, log: &Path, file: &File, length: u64) -> Result<bool, FileError> {
    if covered == 0 || covered == length {
        return Ok(true);
    }
    let mut byte = [0];
    file.read_exact_at(&mut byte, covered - 1).map_err(|error| FileError::reading(log, error))?;
    Ok(byte[0] == b'\n')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be read")]

    use std::fs;

    use super::*;

    fn line(day: u32, epoch: Option<u32>) -> String {
        let epoch = epoch.map_or(String::new(), |count| format!(", \"epoch\": \"\\u27f312.{day}:{count:03}\""));
        format!("{{\"timestamp\": \"2026-03-{:02}T12:00:00+00:00\"{epoch}}}\n", 15 + day)
    }

    #[test]
    fn a_kept_index_is_the_one_that_would_be_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (log, path) = (folder.path().join("c.jsonl"), folder.path().join("c.index.json"));
        let mut text = String::new();
        // Appended by us, by others, cut, ended, edited in place, cut back, made anew.
        let more = [
            line(1, Some(1)),
            line(1, None),
            "{\"cut".to_owned(),
            "\n".to_owned() + &line(2, Some(7)),
            "garbage\n".to_owned(),
        ];
        for piece in more {
            text += &piece;
            fs::write(&log, &text).unwrap();
            let mut index = Index::up_to_date(&log, &path).unwrap();
            let fresh = Index::up_to_date(&log, Path::new("/nowhere")).unwrap();
            assert_eq!(
                (&index.counts.epochs, index.counts.lines, &index.counts.by_week),
                (&fresh.counts.epochs, fresh.counts.lines, &fresh.counts.by_week),
                "{text}"
            );
            assert_eq!(index.counts.damaged, fresh.counts.damaged, "{text}");
            index.save(&log, &path, text.len() as u64).unwrap();
        }
        let index = Index::up_to_date(&log, &path).unwrap();
        assert_eq!(
            (index.counts.lines, index.counts.damaged, index.counts.cycles_on("12.1"), index.counts.cycles_on("12.2")),
            (3, 2, 2, 7)
        );
        for edited in [text.replace("\\u27f312.2:007", "\\u27f312.2:009"), line(3, Some(2)), String::new()] {
            // The edit is seen by the time of change, which has a grain.
            std::thread::sleep(std::time::Duration::from_millis(20));
            fs::write(&log, &edited).unwrap();
            let index = Index::up_to_date(&log, &path).unwrap();
            let fresh = Index::up_to_date(&log, Path::new("/nowhere")).unwrap();
            assert_eq!(index.counts.epochs, fresh.counts.epochs, "{edited}");
        }
    }
}
