//! A file of the configuration, which people edit: read whole, and changed only if it was not changed meanwhile.

use std::path::{Path, PathBuf};

use host::files::{self, FileError};

/// The largest file that is read, in bytes.
const LIMIT: u64 = 4 << 20;

/// How often an edit is repeated because another program was quicker.
const TRIES: usize = 50;

/// A file of the configuration.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
}

/// How an edit ended.
#[derive(Debug, Eq, PartialEq)]
pub enum EditOutcome {
    /// The file has the new text, or needed none.
    Done,
    /// Another program changed it each time.
    Busy,
}

impl ConfigFile {
    /// Takes the file at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file; none if there is none.
    ///
    /// # Errors
    /// It is no file, it is larger than 4 MiB, or the system refuses.
    pub fn read(&self) -> Result<Option<Vec<u8>>, FileError> {
        self.read_up_to(LIMIT)
    }

    /// Reads the file as [`ConfigFile::read`] does, but only if it has at most `limit` bytes.
    ///
    /// # Errors
    /// It is no file, it is larger, or the system refuses.
    pub fn read_up_to(&self, limit: u64) -> Result<Option<Vec<u8>>, FileError> {
        files::read(&self.path, limit)
    }

    /// Creates the file, with its directory; one that exists stays as it is.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(&self, content: &[u8]) -> Result<(), FileError> {
        self.path.parent().map_or(Ok(()), files::make_folder)?;
        files::create(&self.path, content)
    }

    /// Removes what a killed program has left next to the file, unless an edit is under way.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn sweep(&self, lock_path: &Path) -> Result<(), FileError> {
        let left = files::neighbour(&self.path, "tmp");
        if files::entry(&left)?.is_some()
            && let Some(_held) = files::try_lock(lock_path)?
        {
            files::remove(&left)?;
        }
        Ok(())
    }

    /// Changes the file: `make` gets its content, and returns the new one, or none if nothing is to change. Where another
    /// program changes the file meanwhile, the edit is repeated on what that program wrote. `lock_path` lies elsewhere, so that
    /// no lock file appears among the configuration.
    ///
    /// # Errors
    /// The system refuses, or what `make` fails with.
    pub(crate) fn edit<E: From<FileError>>(
        &self,
        lock_path: &Path,
        mut make: impl FnMut(Vec<u8>) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<EditOutcome, E> {
        let lock = files::lock_from(&self.path, lock_path)?;
        // What a killed program has left.
        files::remove(&files::neighbour(&self.path, "tmp"))?;
        for _ in 0..TRIES {
            let before = self.read()?.unwrap_or_default();
            let Some(after) = make(before.clone())? else { return Ok(EditOutcome::Done) };
            if lock.replace_if(&before, &after)? {
                return Ok(EditOutcome::Done);
            }
        }
        Ok(EditOutcome::Busy)
    }
}
