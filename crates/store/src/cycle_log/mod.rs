//! The log of cycles as a whole: its lines, an index that spares reading all of it, and its summary.

mod index;
mod line;
mod summary;

pub use index::Index;
pub use line::LineReader;
pub use summary::write as write_summary;

use std::path::{Path, PathBuf};

use records::Cycle;

use crate::log;
use host::files::{self, FileError};

/// Reads the last `count` intact lines of the log at `path`.
///
/// # Errors
/// The file cannot be read.
pub fn tail(path: &Path, count: usize) -> Result<log::Entries<Cycle>, FileError> {
    let mut reader = LineReader::default();
    log::tail_with(path, count, |line| reader.cycle(line))
}

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
