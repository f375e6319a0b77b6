//! The log of cycles as a whole: the epochs of its lines, an index that spares reading all of it, and its summary.

mod epoch;
mod index;
mod summary;

pub use epoch::Epoch;
pub use index::Index;
pub use summary::write as write_summary;

use std::path::{Path, PathBuf};

use crate::files::{self, FileError};

/// The log and the files that are made of it.
#[derive(Clone, Debug)]
pub struct Places {
    /// The log itself.
    pub log: PathBuf,
    /// Its index.
    pub index: PathBuf,
    /// Its summary.
    pub summary: PathBuf,
}

impl Places {
    /// The files that go with the log at `log`; the summary has its own place.
    pub fn of(log: &Path, summary: PathBuf) -> Self {
        Self { index: log.with_extension("index.json"), summary, log: log.to_owned() }
    }

    /// Finds what stands in the way before anything is written.
    ///
    /// # Errors
    /// Something that is no file stands in the place of one.
    pub fn check(&self) -> Result<(), FileError> {
        [&self.log, &self.index, &self.summary].into_iter().try_for_each(|path| files::check_writable_place(path))
    }
}
