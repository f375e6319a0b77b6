//! What a record needs to know of the whole log, kept so that its cost does not grow with the log: counts by week and
//! weekday, and how far each day's epochs have come.
//!
//! The index is never trusted: it says which file it is of, how much of it it covers and how that part ends, and when the
//! log does not fit it is made anew. Lines that others appended since are added to it.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::document::{self, Document};
use crate::files::{self, Durability, FileError};
use crate::fingerprint::{Identity, ending};
use crate::journal;
use crate::records::PastCycle;
use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::epoch::{Epoch, day};

/// The counts over the whole log.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Index {
    version: u32,
    /// How many bytes of the log are counted.
    covered: u64,
    /// A checksum of the end of that part.
    ending: String,
    /// The file that it is of: device and number. Whoever rewrites the log makes another file.
    file: (u64, u64),
    /// When the log was last changed: seconds and nanoseconds.
    changed: (i64, i64),
    lines: u64,
    /// How many of them were cycles, and not seeded.
    observed: u64,
    damaged: u64,
    /// How many lines have been counted since the index was kept.
    #[serde(skip)]
    unsaved: u64,
    by_week: BTreeMap<String, u64>,
    by_weekday: BTreeMap<String, u64>,
    /// The highest count of each `WW.D`: at most 371 entries, since epochs have no year.
    epochs: BTreeMap<String, u64>,
}

const VERSION: u32 = 2;

/// How many lines are counted again by each call before the index is kept anew.
const SAVE_EVERY: u64 = 16;

impl Index {
    /// Returns the index of the log as it is now: the kept one where it fits, with what was appended since; else a new
    /// one, made by reading the whole log.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn up_to_date(log: &Path, path: &Path) -> Result<Self, FileError> {
        let Some(file) = files::open(log)? else { return Ok(Self::empty()) };
        let mut index = match document::read::<Self>(path)? {
            Document::Intact(index) if index.fits(log, &file)? => index,
            // Damage in it loses nothing: all it says is in the log.
            _ => Self::empty(),
        };
        let start = index.covered;
        index.covered =
            journal::scan(log, start, |line| index.add(line.and_then(journal::parse::<PastCycle>).as_ref()))?;
        Ok(index)
    }

    /// Counts a line; none is a damaged one.
    pub fn add(&mut self, line: Option<&PastCycle>) {
        self.unsaved += 1;
        let Some(cycle) = line else {
            self.damaged += 1;
            return;
        };
        self.lines += 1;
        self.observed += u64::from(cycle.was_observed());
        let time = cycle.time();
        if let Some(time) = time {
            let week = time.iso_week();
            *self.by_week.entry(format!("{}-W{:02}", week.year(), week.week())).or_default() += 1;
            *self.by_weekday.entry(time.weekday().number_from_monday().to_string()).or_default() += 1;
        }
        match (cycle.epoch.as_deref().and_then(Epoch::parse), time) {
            (Some(epoch), _) => {
                let count = self.epochs.entry(epoch.day).or_default();
                *count = (*count).max(epoch.count);
            }
            // An old line without an epoch is a cycle of its day all the same.
            (None, Some(time)) if cycle.was_observed() => *self.epochs.entry(day(time)).or_default() += 1,
            _ => {}
        }
    }

    /// Keeps the index for the calls to come; `covered` is the log's length that it now counts. An index that lacks only
    /// a few lines is good enough: counting these again costs less than writing it.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn save(&mut self, log: &Path, path: &Path, covered: u64) -> Result<(), FileError> {
        if self.unsaved < SAVE_EVERY && self.lines > self.unsaved {
            return Ok(());
        }
        let Some(file) = files::open(log)? else { return Ok(()) };
        self.covered = covered;
        self.ending = ending(log, &file, covered)?;
        let identity = Identity::of(log, &file)?;
        (self.file, self.changed) = (identity.file, identity.changed);
        document::replace(&files::lock(path)?, self, Durability::Derived)
    }

    /// Returns how many cycles the log has; seeded lines were none.
    pub fn cycles(&self) -> u64 {
        self.observed
    }

    /// Returns how many lines could be read.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Returns how many lines could not.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Returns how far the epochs of `WW.D` have come.
    pub fn cycles_on(&self, day: &str) -> u64 {
        self.epochs.get(day).copied().unwrap_or(0)
    }

    /// Returns the lines by ISO week (`2026-W12`).
    pub fn by_week(&self) -> &BTreeMap<String, u64> {
        &self.by_week
    }

    /// Returns the lines by ISO weekday, all seven of them.
    pub fn by_weekday(&self) -> BTreeMap<String, u64> {
        (1..=7)
            .map(|weekday| weekday.to_string())
            .map(|weekday| (weekday.clone(), self.by_weekday.get(&weekday).copied().unwrap_or(0)))
            .collect()
    }

    fn empty() -> Self {
        Self { version: VERSION, ..Self::default() }
    }

    /// Whether the log still begins with what is counted here.
    fn fits(&self, log: &Path, file: &File) -> Result<bool, FileError> {
        let Identity { length, file: number, changed } = Identity::of(log, file)?;
        // The same length but another time: somebody has edited it in place.
        let in_place = length == self.covered && changed != self.changed;
        Ok(self.version == VERSION
            && self.file == number
            && self.covered <= length
            && !in_place
            && self.ending == ending(log, file, self.covered)?
            && self.ends_a_line(log, file, length)?)
    }

    /// Whether the counted part ends where a line ends, so that what follows can be read by itself.
    fn ends_a_line(&self, log: &Path, file: &File, length: u64) -> Result<bool, FileError> {
        if self.covered == 0 || self.covered == length {
            return Ok(true);
        }
        let mut byte = [0];
        file.read_exact_at(&mut byte, self.covered - 1).map_err(|error| FileError::reading(log, error))?;
        Ok(byte[0] == b'\n')
    }
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
                (&index.epochs, index.lines, &index.by_week),
                (&fresh.epochs, fresh.lines, &fresh.by_week),
                "{text}"
            );
            assert_eq!(index.damaged, fresh.damaged, "{text}");
            index.save(&log, &path, text.len() as u64).unwrap();
        }
        let index = Index::up_to_date(&log, &path).unwrap();
        assert_eq!((index.lines, index.damaged, index.cycles_on("12.1"), index.cycles_on("12.2")), (3, 2, 2, 7));
        for edited in [text.replace("\\u27f312.2:007", "\\u27f312.2:009"), line(3, Some(2)), String::new()] {
            // The edit is seen by the time of change, which has a grain.
            std::thread::sleep(std::time::Duration::from_millis(20));
            fs::write(&log, &edited).unwrap();
            let index = Index::up_to_date(&log, &path).unwrap();
            let fresh = Index::up_to_date(&log, Path::new("/nowhere")).unwrap();
            assert_eq!(index.epochs, fresh.epochs, "{edited}");
        }
    }
}
