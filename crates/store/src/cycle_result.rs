//! The agent's result of its cycle, `cycle_result.json`: the guard creates it, the agent completes it, a record consumes it.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use records::CycleResult;

use crate::damage::keep_damaged;
use crate::fingerprint::modified;
use crate::json_file::JsonFile;
use host::files::{self, FileError};

/// The largest result that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// The file of the agent's result.
pub struct CycleResultFile<'h>(pub(crate) JsonFile<'h, CycleResult>);

/// The text in the file of the agent's result.
#[derive(Debug)]
pub enum ResultText {
    /// No file.
    Missing,
    /// What the agent wrote, which need not be JSON only.
    Text(Vec<u8>),
    /// More than any result can be.
    TooLarge,
}

impl CycleResultFile<'_> {
    /// Returns its path, for messages.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns when it was last written; none where that cannot be known.
    pub fn modified(&self) -> Option<DateTime<Utc>> {
        modified(self.path())
    }

    /// Creates the file for a cycle.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(&self, result: &CycleResult) -> Result<(), FileError> {
        self.0.replace(result)
    }

    /// Reads what the agent wrote.
    ///
    /// # Errors
    /// Something that is no file is in its place, or the system refuses.
    pub fn read(&self) -> Result<ResultText, FileError> {
        files::check_writable_place(self.path())?;
        match files::read(self.path(), LIMIT) {
            Ok(None) => Ok(ResultText::Missing),
            Ok(Some(bytes)) => Ok(ResultText::Text(bytes)),
            Err(error) if error.is_too_large() => Ok(ResultText::TooLarge),
            Err(error) => Err(error),
        }
    }

    /// Removes the file.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove(&self) -> Result<(), FileError> {
        files::remove(self.path())
    }

    /// Removes the file, and keeps its content next to it as `.bad`; returns where.
    ///
    /// # Errors
    /// The system refuses.
    pub fn set_aside(&self) -> Result<PathBuf, FileError> {
        let kept = keep_damaged(&files::lock(self.path())?)?;
        files::remove(self.path())?;
        Ok(kept)
    }
}
