//! The log of cycles as a whole: where it is, an index that spares reading all of it, and its summary.

mod index;
mod line;
mod summary;

pub use index::Index;
pub use line::LineReader;
pub use summary::write as write_summary;

use std::path::{Path, PathBuf};

use records::Cycle;

use crate::journal;
use crate::layout::Repo;
use crate::manifest::Manifest;
use crate::settings::{Layers, Setting, SettingsError};
use host::Host;
use host::files::{self, FileError};

/// The automation that writes the log, and whose settings say where it is and what is made of it.
pub const OWNER: &str = "cycle_retro";

/// Where the log is, relative to the repository.
pub const RETRO_FILE: Setting<PathBuf> = Setting {
    key: "retro_file",
    aliases: &[],
    default: || ".loop/retro/cycles.jsonl".into(),
    valid: |path| path.file_name().is_some(),
    expected: "the path of a file",
};

/// How many of the last lines the summary covers.
pub const SUMMARY_WINDOW: Setting<u64> = Setting {
    key: "summary_window",
    aliases: &["TIMMY_CYCLE_RETRO_WINDOW"],
    default: || 50,
    valid: |count| (1..=100_000).contains(count),
    expected: "a whole number from 1 to 100000",
};

/// Returns the layers of the automation that writes the log.
pub(crate) fn layers<'a>(host: &'a Host, manifest: &'a Manifest) -> Layers<'a> {
    Layers::new(host, OWNER, manifest.config(OWNER).into_iter().collect(), Vec::new())
}

/// Returns where the log of cycles is: what the automation that writes it is set to.
///
/// # Errors
/// The setting has a value that does not parse.
pub fn place(host: &Host, repo: &Repo, manifest: &Manifest) -> Result<PathBuf, SettingsError> {
    Ok(repo.resolve(&layers(host, manifest).get(&RETRO_FILE, None)?))
}

/// Reads the last `count` intact lines of the log at `path`.
///
/// # Errors
/// The file cannot be read.
pub fn tail(path: &Path, count: usize) -> Result<journal::Entries<Cycle>, FileError> {
    let mut reader = LineReader::default();
    journal::tail_with(path, count, |line| reader.cycle(line))
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
