//! The agent's result of its cycle, `cycle_result.json`: the guard creates it, the agent completes it, a record consumes it.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use records::CycleResult;

use crate::fingerprint::modified;
use crate::json_file::JsonFile;
use host::files::{self, FileError};

/// The largest result that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// The file of the agent's result.
pub struct CycleResultFile<'h>(pub(crate) JsonFile<'h, CycleResult>);

/// The file's content at the time when it was read.
#[derive(Debug)]
pub struct StoredResult {
    /// What it reports; none where it cannot be read as a result.
    pub result: Option<CycleResult>,
    /// The bytes; none where there are more than any result can have.
    content: Option<Vec<u8>>,
}

impl StoredResult {
    /// Returns whether an agent wrote it: it holds more than what the guard began it with.
    pub fn is_of_agent(&self) -> bool {
        let is_blank = || self.content.as_ref().is_some_and(|content| content.trim_ascii().is_empty());
        self.result.as_ref().map_or_else(|| !is_blank(), |result| !result.is_as_begun())
    }
}

impl CycleResultFile<'_> {
    /// Returns its path, for messages.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns when it was last written; none if there is none.
    ///
    /// # Errors
    /// The system refuses to look.
    pub fn modified(&self) -> Result<Option<DateTime<Utc>>, FileError> {
        modified(self.path())
    }

    /// Creates the file for a cycle.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(&self, result: &CycleResult) -> Result<(), FileError> {
        self.0.replace(result)
    }

    /// Reads what the agent wrote; none where there is no file.
    ///
    /// # Errors
    /// Something that is no file is in its place, or the system refuses.
    pub fn read(&self) -> Result<Option<StoredResult>, FileError> {
        files::check_writable_place(self.path())?;
        match files::read(self.path(), LIMIT) {
            Ok(None) => Ok(None),
            Ok(Some(bytes)) => {
                let result = CycleResult::from_text(&String::from_utf8_lossy(&bytes));
                Ok(Some(StoredResult { result, content: Some(bytes) }))
            }
            Err(error) if error.is_too_large() => Ok(Some(StoredResult { result: None, content: None })),
            Err(error) => Err(error),
        }
    }

    /// Removes the file if it still is what was read; false where it was changed or removed meanwhile.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove(&self, read: &StoredResult) -> Result<bool, FileError> {
        let lock = files::lock(self.path())?;
        read.content.as_ref().map_or(Ok(false), |content| lock.remove_if(content))
    }

    /// Moves the file to where damaged ones are kept, next to it as `.bad`; returns where, or none where it has gone meanwhile.
    ///
    /// # Errors
    /// The system refuses.
    pub fn set_aside(&self) -> Result<Option<PathBuf>, FileError> {
        let _lock = files::lock(self.path())?;
        files::set_aside(self.path())
    }
}
