//! The log of cycles with the files that are made of it: appended to, merged into, read.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use records::{Cycle, Stored, Summary, pyjson, timestamp};

use super::index::Index;
use super::line::LineReader;
use super::merge::{self, PastCycle};
use super::parts::OpenLog;
use super::summary;
use crate::json_file::JsonFile;
use crate::lines;
use crate::log::Entries;
use host::files::{self, FileError};

/// The log of cycles, its index and its summary.
pub struct Cycles<'h> {
    log: PathBuf,
    index: PathBuf,
    summary: JsonFile<'h, Summary>,
}

/// What appending a record did.
#[derive(Debug)]
pub struct AppendResult {
    /// The record with its epoch, as it is in the log.
    pub cycle: Cycle,
    /// How many intact lines the log has.
    pub lines: u64,
    /// The epoch of another cycle of the last day, among those of the summary, that has the same number.
    pub same_number: Option<String>,
    /// Whether the index and the summary are up to date; where not, the next call updates them.
    pub derived: Result<(), FileError>,
}

impl<'h> Cycles<'h> {
    /// Takes the log at `log`; its index is next to it, its summary has its own place.
    pub(crate) fn new(log: &Path, summary: JsonFile<'h, Summary>) -> Self {
        Self { index: log.with_extension("index.json"), summary, log: log.to_owned() }
    }

    /// Returns the path of the log, for messages.
    pub fn path(&self) -> &Path {
        &self.log
    }

    /// Fails if something that is no file is in the place of the log, the index or the summary, before anything is written.
    ///
    /// # Errors
    /// Something else is there.
    pub fn check_writable(&self) -> Result<(), FileError> {
        [&self.log, &self.index, self.summary.path()].into_iter().try_for_each(files::check_writable_place)
    }

    /// Fails if something that is no file is in the place of the log.
    ///
    /// # Errors
    /// Something else is there.
    pub fn check_readable(&self) -> Result<(), FileError> {
        files::check_writable_place(&self.log)
    }

    /// Appends a record, whose epoch is the next one of the day, and brings index and summary up to date; the summary is that of
    /// the last `window` cycles. The clock is read under the lock: the epochs are in the order of the lines.
    ///
    /// # Errors
    /// The record is not in the log, which is as it was.
    pub fn append(
        &self,
        mut cycle: Cycle,
        clock: impl FnOnce() -> DateTime<Utc>,
        window: usize,
    ) -> Result<AppendResult, FileError> {
        let lock = files::lock(&self.log)?;
        let now = clock();
        let mut index = Index::up_to_date(&self.log, &self.index)?;
        cycle.epoch = Some(index.next_epoch(now).to_string());
        let line = pyjson::to_line(&cycle).map_err(|error| FileError::writing(&self.log, error.into()))?;
        let (_, end) = lock.append_line(line.as_bytes(), Cycle::FILE.durability)?;
        index.add(&cycle);
        let recent = index.save(&self.log, &self.index, end).and_then(|()| self.tail(window));
        let same_number = recent.as_ref().ok().and_then(|recent| same_number(&recent.intact, &cycle, now));
        let derived = recent.and_then(|recent| summary::write(&self.summary, &recent.intact, &index, timestamp(now)));
        Ok(AppendResult { cycle, lines: index.counts().lines, same_number, derived })
    }

    /// Returns whether there is a log, and no summary of it: a repair has set the summary aside, or a writer was killed.
    ///
    /// # Errors
    /// The system refuses to look.
    pub fn lacks_summary(&self) -> Result<bool, FileError> {
        Ok(files::is_there(&self.log)? && !files::is_there(self.summary.path())?)
    }

    /// Merges records of merged pull requests, which are in the order of time, into the log, less those that another run has put
    /// there meanwhile, and brings index and summary up to date: also with none, because an earlier run may have been killed.
    ///
    /// Every line that was there stays as it was, byte for byte; the log as it was goes to `.bak`.
    ///
    /// # Errors
    /// The system refuses; the old log stays.
    pub fn merge(&self, records: &mut Vec<PastCycle>, now: DateTime<Utc>, window: usize) -> Result<(), FileError> {
        if records.is_empty() && !files::is_there(&self.log)? {
            return Ok(());
        }
        let lock = files::lock(&self.log)?;
        if !records.is_empty() {
            let known = merge::known(&self.log)?;
            records.retain(|record| !known.contains(&record.pr));
        }
        if !records.is_empty() {
            merge::merge(&lock, records)?;
        }
        let index = Index::up_to_date(&self.log, &self.index)?;
        let recent = self.tail(window)?;
        drop(lock);
        summary::write(&self.summary, &recent.intact, &index, timestamp(now))
    }

    /// Returns the pull requests that the log has records of.
    ///
    /// # Errors
    /// The system refuses.
    pub fn pull_requests(&self) -> Result<HashSet<u64>, FileError> {
        merge::known(&self.log)
    }

    /// Reads the last `count` intact records.
    ///
    /// # Errors
    /// The system refuses.
    pub fn tail(&self, count: usize) -> Result<Entries<Cycle>, FileError> {
        let mut reader = LineReader::default();
        lines::tail(&self.log, count, |line| reader.cycle(line))
    }

    /// Gives the lines from the last to the first, none where one is too long to be read, until `visit` returns false.
    ///
    /// # Errors
    /// The system refuses.
    pub fn walk_back(&self, visit: impl FnMut(Option<&[u8]>) -> bool) -> Result<(), FileError> {
        lines::lines_from_end(&self.log, visit)
    }

    /// Reads every record in order; none where a line is damaged.
    ///
    /// # Errors
    /// The system refuses.
    pub fn scan(&self, mut visit: impl FnMut(Option<Cycle>)) -> Result<(), FileError> {
        let mut reader = LineReader::default();
        lines::scan(&self.log, 0, |line| visit(line.and_then(|line| reader.cycle(line)))).map(drop)
    }

    /// Returns how many cycles were observed, by which runs after a number of cycles are counted.
    ///
    /// # Errors
    /// The system refuses.
    pub fn observed(&self) -> Result<u64, FileError> {
        Ok(Index::up_to_date(&self.log, &self.index)?.counts().observed)
    }

    /// Opens the log to be read in parts; none if there is none.
    ///
    /// # Errors
    /// The system refuses.
    pub fn open(&self) -> Result<Option<OpenLog>, FileError> {
        OpenLog::open(&self.log)
    }

    /// Returns what tells the log's present content from every other.
    ///
    /// # Errors
    /// The system refuses.
    pub fn fingerprint(&self) -> Result<records::Fingerprint, FileError> {
        crate::fingerprint::fingerprint(&self.log)
    }
}

/// Returns the epoch of another cycle of the last day that has the same number.
fn same_number(recent: &[Cycle], cycle: &Cycle, now: DateTime<Utc>) -> Option<String> {
    let is_of_last_day = |time: DateTime<Utc>| (now - time).abs() < TimeDelta::days(1);
    let same = recent.iter().rev().find(|other| {
        other.was_observed()
            && other.cycle == cycle.cycle
            && other.epoch != cycle.epoch
            && other.time().is_some_and(is_of_last_day)
    })?;
    same.epoch.clone()
}
