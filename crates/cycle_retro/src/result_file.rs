//! `cycle_result.json`: what the agent says it did, and what becomes of the file once that is on the record.

use host::files::FileError;
use records::CycleResult;
use store::cycle_result::{CycleResultFile, StoredResult};

/// The agent's result, as far as a record takes it.
#[derive(Debug)]
pub(crate) struct ResultFile {
    stored: Option<StoredResult>,
    /// Whether it is of another issue than the record; then nothing of it is used.
    is_of_other: bool,
}

impl ResultFile {
    /// Reads the file for a record of this issue, if one is given. A content that is no result is an answer.
    pub(crate) fn read(file: &CycleResultFile<'_>, issue: Option<u64>) -> Result<Self, FileError> {
        let stored = file.read()?;
        let reported = stored.as_ref().and_then(|stored| stored.result.as_ref()?.issue);
        Ok(Self { stored, is_of_other: issue.is_some() && reported.is_some() && reported != issue })
    }

    /// Returns what it reports; what it does not report is none.
    pub(crate) fn result(&self) -> CycleResult {
        let stored = self.stored.as_ref().filter(|_| !self.is_of_other);
        stored.and_then(|stored| stored.result.clone()).unwrap_or_default()
    }

    /// Removes the file once its content is on the record; one that could not be read, or in which an agent reports of another
    /// issue, is kept next to it as `.bad`. Returns a warning where there is one.
    pub(crate) fn consume(&self, file: &CycleResultFile<'_>) -> Result<Option<String>, FileError> {
        let Some(stored) = &self.stored else { return Ok(None) };
        let Some(result) = &stored.result else { return self.set_aside(file) };
        if !self.is_of_other {
            let is_removed = file.remove(stored)?;
            return Ok((!is_removed).then(|| format!("{} was changed meanwhile, and is kept", file.path().display())));
        }
        let other = result.issue.unwrap_or_default();
        let what = format!("{} is of #{other}, so nothing is taken from it", file.path().display());
        if result.is_as_begun() {
            return file.remove(stored).map(|_| Some(what));
        }
        Ok(file.set_aside()?.map(|kept| format!("{what}; it is kept as {}", kept.display())))
    }

    /// Keeps a file that could not be read next to it as `.bad`, and returns a warning; leaves any other as it is.
    pub(crate) fn set_aside(&self, file: &CycleResultFile<'_>) -> Result<Option<String>, FileError> {
        if self.stored.as_ref().is_none_or(|stored| stored.result.is_some()) {
            return Ok(None);
        }
        let path = file.path().display();
        Ok(file.set_aside()?.map(|kept| format!("{path} could not be read; it is kept as {}", kept.display())))
    }
}
