//! A document in a JSON file: replaced in one step under its lock, so that a reader sees the old text or the new.
//!
//! A document that cannot be read never stops a tool and is never lost: its damaged bytes are kept next to it as `NAME.bad`
//! before it is written again.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use records::{Durability, Fingerprint, Replacement, pyjson};

use crate::damage::{Warnings, keep_damaged};
use crate::document::{Change, Content, Document, Found, LIMIT, Version};
use crate::fingerprint::{fingerprint, identity_at, modified};
use host::files::{self, FileError, Lock};
use host::source::{Source, SourceError};

/// A document in a JSON file.
pub struct JsonFile<'h, T> {
    path: PathBuf,
    durability: Durability,
    /// How long another writer is waited for.
    patience: Duration,
    warnings: Warnings<'h>,
    value: PhantomData<fn() -> T>,
}

impl<'h, T> JsonFile<'h, T> {
    pub(crate) fn new(path: PathBuf, durability: Durability, warnings: Warnings<'h>) -> Self {
        Self { path, durability, patience: files::PATIENCE, warnings, value: PhantomData }
    }

    /// Waits for another writer so long at most: for a document that is not worth more.
    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    fn lock(&self) -> Result<Lock, FileError> {
        files::lock_within(&self.path, self.patience)
    }

    /// Returns its path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns when it was last written; none if there is none.
    ///
    /// # Errors
    /// The system refuses to look.
    pub fn modified(&self) -> Result<Option<DateTime<Utc>>, FileError> {
        modified(&self.path)
    }

    /// Removes the document and its lock file.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove(&self) -> Result<(), FileError> {
        files::remove(&self.path)?;
        files::remove(&files::neighbour(&self.path, "lock"))
    }

    /// Returns what tells its present content from every other.
    ///
    /// # Errors
    /// The system refuses.
    pub fn fingerprint(&self) -> Result<Fingerprint, FileError> {
        fingerprint(&self.path)
    }
}

impl<T: Serialize> JsonFile<'_, T> {
    /// Replaces the document, whatever it was.
    ///
    /// # Errors
    /// The system refuses; the old document stays.
    pub fn replace(&self, value: &T) -> Result<(), FileError> {
        self.write(&self.lock()?, value)
    }

    /// Replaces the document as [`JsonFile::replace`] does, by one on a single line: for one that is large, and that no person
    /// reads.
    ///
    /// # Errors
    /// The system refuses; the old document stays.
    pub fn replace_compact(&self, value: &T) -> Result<(), FileError> {
        let lock = self.lock()?;
        let text = pyjson::to_line(value).map_err(|error| FileError::writing(lock.path(), error.into()))?;
        lock.replace(text.as_bytes(), self.durability)
    }

    /// Replaces the fields `fields` of the document by those of `record`, and keeps the other fields that it has. A damaged
    /// document is kept first.
    ///
    /// # Errors
    /// The system refuses; the old document stays.
    pub fn replace_fields(&self, record: &T, fields: &[&str]) -> Result<(), FileError> {
        let lock = self.lock()?;
        let (others, _) = read_for_update(&lock, self.warnings)?;
        self.write(&lock, &Replacement::new(record, fields, others))
    }

    fn write(&self, lock: &Lock, value: &impl Serialize) -> Result<(), FileError> {
        let text = pyjson::to_document(value).map_err(|error| FileError::writing(lock.path(), error.into()))?;
        lock.replace(text.as_bytes(), self.durability)
    }
}

impl<T: DeserializeOwned> JsonFile<'_, T> {
    /// Reads the document; a damaged one counts as missing, and is reported with what that means for the caller.
    ///
    /// # Errors
    /// The system refuses.
    pub fn read_intact(&self, consequence: &str) -> Result<Option<T>, FileError> {
        Ok(read(&self.path)?.intact_or(|error| {
            let consequence = if consequence.is_empty() { String::new() } else { format!("; {consequence}") };
            self.warnings.warn(&format!("{error}{consequence}"));
        }))
    }

    /// Reads the document as another type, such as one that keeps numbers as they are written.
    ///
    /// # Errors
    /// The system refuses.
    pub fn read_as<U: DeserializeOwned>(&self) -> Result<Content<U>, FileError> {
        read(&self.path)
    }
}

impl<T: DeserializeOwned + Serialize + Default> JsonFile<'_, T> {
    /// Changes the document in one step and writes it; a missing or damaged one is changed from the default value.
    ///
    /// # Errors
    /// The system refuses; the old document stays.
    pub fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, FileError> {
        let lock = self.lock()?;
        let (mut value, _) = read_for_update(&lock, self.warnings)?;
        let result = change(&mut value);
        self.write(&lock, &value)?;
        Ok(result)
    }

    /// Changes the document as [`JsonFile::change`] does, but leaves a damaged one as it is, and returns its damage.
    ///
    /// # Errors
    /// The system refuses; the old document stays.
    pub fn change_intact<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<Result<R, SourceError>, FileError> {
        let lock = self.lock()?;
        let mut value = match read(lock.path())? {
            Content::Missing => T::default(),
            Content::Intact(value) => value,
            Content::Damaged(error) => return Ok(Err(error)),
        };
        let result = change(&mut value);
        self.write(&lock, &value)?;
        Ok(Ok(result))
    }
}

impl<T: DeserializeOwned + Serialize + Default> Document for JsonFile<'_, T> {
    type Value = T;
    type Error = FileError;

    fn read(&self) -> Result<Content<T>, FileError> {
        read(&self.path)
    }

    fn version(&self) -> Result<Version, FileError> {
        identity_at(&self.path).map(Version)
    }

    fn update<R, E: From<FileError>>(
        &self,
        mut change: impl FnMut(&mut T, Found) -> Result<Change<R>, E>,
    ) -> Result<R, E> {
        let lock = self.lock()?;
        let (mut value, found) = read_for_update(&lock, self.warnings)?;
        match change(&mut value, found)? {
            Change::Keep(result) => Ok(result),
            Change::Write(result) => {
                self.write(&lock, &value)?;
                Ok(result)
            }
        }
    }
}

/// Reads a document. Damage in its content is an answer, not an error.
///
/// # Errors
/// The system refuses: the file is a directory, or may not be read.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Content<T>, FileError> {
    let Some(bytes) = files::read(path, LIMIT)? else { return Ok(Content::Missing) };
    if bytes.is_empty() {
        // What a power cut leaves of a file that was not flushed: there is nothing in it to lose.
        return Ok(Content::Missing);
    }
    let source = match Source::from_bytes(path, bytes) {
        Ok(source) => source,
        Err(error) => return Ok(Content::Damaged(error)),
    };
    Ok(match source.json() {
        Ok(value) => Content::Intact(value),
        Err(error) => Content::Damaged(error),
    })
}

/// Reads the held document in order to write it. A missing one counts as the default; so does a damaged one, whose bytes are
/// kept first.
fn read_for_update<T: DeserializeOwned + Default>(
    lock: &Lock,
    warnings: Warnings<'_>,
) -> Result<(T, Found), FileError> {
    match read(lock.path())? {
        Content::Missing => {
            let found = if files::is_there(lock.path())? { Found::Empty } else { Found::Missing };
            Ok((T::default(), found))
        }
        Content::Intact(value) => Ok((value, Found::Intact)),
        Content::Damaged(error) => {
            let kept = keep_damaged(lock)?;
            warnings.warn(&format!("{error}; it is recreated, and the damaged file is kept as {}", kept.display()));
            Ok((T::default(), Found::Damaged))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be read")]

    use std::fs;

    use host::Host;
    use serde_json::Value;

    use super::*;

    #[test]
    fn damage_is_an_answer_and_its_bytes_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.json");
        let (host, _, _) = Host::test(&["x"], &[], Path::new("/"));
        let file: JsonFile<'_, Value> =
            JsonFile::new(path.clone(), Durability::Derived, Warnings { host: &host, is_quiet: true });
        assert!(matches!(file.read().unwrap(), Content::Missing));
        for (round, bytes) in [&b"[{\"issue\": "[..], b"\0\0\0", b"\xff\xfe"].iter().enumerate() {
            fs::write(&path, bytes).unwrap();
            assert!(matches!(file.read().unwrap(), Content::Damaged(_)));
            let kept = keep_damaged(&files::lock(&path).unwrap()).unwrap();
            let result: Result<(), FileError> = file.update(|value, found| {
                assert_eq!((&*value, found), (&Value::Null, Found::Damaged));
                *value = serde_json::json!([round]);
                Ok(Change::Write(()))
            });
            result.unwrap();
            assert_eq!(&fs::read(kept).unwrap(), bytes, "the same bytes are kept once");
            assert!(matches!(file.read().unwrap(), Content::Intact(_)));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5, "the file, its lock, three that were damaged");
    }

    #[test]
    fn an_empty_file_is_told_from_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("idle_state.json");
        let (host, _, _) = Host::test(&["x"], &[], Path::new("/"));
        let file: JsonFile<'_, Value> =
            JsonFile::new(path.clone(), Durability::Derived, Warnings { host: &host, is_quiet: true });
        let found = || -> Result<Found, FileError> { file.update(|_, found| Ok(Change::Keep(found))) };
        assert_eq!(found().unwrap(), Found::Missing);
        fs::write(&path, "").unwrap();
        assert_eq!(found().unwrap(), Found::Empty);
        assert!(matches!(file.read().unwrap(), Content::Missing));
    }

    #[test]
    fn a_document_that_must_not_be_recreated_keeps_its_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let (host, _, _) = Host::test(&["x"], &[], Path::new("/"));
        let file: JsonFile<'_, Value> =
            JsonFile::new(path.clone(), Durability::Derived, Warnings { host: &host, is_quiet: true });
        fs::write(&path, "{").unwrap();
        assert!(file.change_intact(|_| ()).unwrap().is_err());
        assert_eq!(fs::read(&path).unwrap(), b"{");
    }
}
