//! A log in a file of JSON lines.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use records::{Durability, Fingerprint, pyjson};

use crate::fingerprint::fingerprint;
use crate::lines;
use crate::log::{Entries, Log};
use host::files::{self, FileError, Lock};

/// A log in a file of JSON lines.
pub struct JsonLines<T> {
    path: PathBuf,
    durability: Durability,
    line: PhantomData<fn() -> T>,
}

impl<T> JsonLines<T> {
    pub(crate) fn new(path: PathBuf, durability: Durability) -> Self {
        Self { path, durability, line: PhantomData }
    }

    /// Returns its path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what tells its present content from every other.
    ///
    /// # Errors
    /// The system refuses.
    pub fn fingerprint(&self) -> Result<Fingerprint, FileError> {
        fingerprint(&self.path)
    }
}

impl<T: Serialize> JsonLines<T> {
    /// Adds lines to the log that is held; returns its length before and after.
    pub(crate) fn append_held(&self, lock: &Lock, lines: &[T]) -> Result<(u64, u64), FileError> {
        let mut text = String::new();
        for line in lines {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&pyjson::to_line(line).map_err(|error| FileError::writing(&self.path, error.into()))?);
        }
        lock.append_line(text.as_bytes(), self.durability)
    }
}

impl<T: DeserializeOwned + Serialize> Log for JsonLines<T> {
    type Line = T;
    type Error = FileError;

    fn append(&self, lines: &[T]) -> Result<(), FileError> {
        if lines.is_empty() {
            return Ok(());
        }
        self.append_held(&files::lock(&self.path)?, lines).map(drop)
    }

    fn tail(&self, count: usize) -> Result<Entries<T>, FileError> {
        lines::tail(&self.path, count, lines::parse)
    }

    fn scan(&self, from: u64, mut visit: impl FnMut(Option<T>)) -> Result<u64, FileError> {
        lines::scan(&self.path, from, |line| visit(line.and_then(lines::parse)))
    }
}
