//! A JSON file that is read and rewritten whole: state, queue, quarantine.
//!
//! A document that cannot be read never stops a tool and is never lost: whoever must rewrite it first keeps the damaged
//! bytes beside it as `NAME.bad`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use records::{Durability, Replacement, Stored, pyjson};

use crate::repo::Repo;
use host::files::{self, FileError, Lock};
use host::source::{Source, SourceError};

/// The largest document that is read, in bytes.
pub const LIMIT: u64 = 64 << 20;

/// What stands at a document's path.
#[derive(Debug)]
pub enum Document<T> {
    /// No file, or an empty one.
    Missing,
    /// A document that could be read.
    Intact(T),
    /// A file that is none, and why.
    Damaged(SourceError),
}

/// Reads a document. What is wrong with its content is an answer, not an error.
///
/// # Errors
/// The system refuses: the file is a directory, or is not ours to read.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Document<T>, FileError> {
    let Some(bytes) = files::read(path, LIMIT)? else { return Ok(Document::Missing) };
    if bytes.is_empty() {
        // What a power cut leaves of a file that was not flushed: there is nothing in it to lose.
        return Ok(Document::Missing);
    }
    let source = match Source::from_bytes(path, bytes) {
        Ok(source) => source,
        Err(error) => return Ok(Document::Damaged(error)),
    };
    Ok(match source.json() {
        Ok(value) => Document::Intact(value),
        Err(error) => Document::Damaged(error),
    })
}

/// Reads a stored file of the repository as its type.
///
/// # Errors
/// As [`read`].
pub fn load<T: Stored + DeserializeOwned>(repo: &Repo) -> Result<Document<T>, FileError> {
    read(&repo.path(&T::FILE))
}

/// Replaces a stored file of the repository.
///
/// # Errors
/// As [`replace`].
pub fn store<T: Stored + Serialize>(repo: &Repo, record: &T) -> Result<(), FileError> {
    replace(&files::lock(&repo.path(&T::FILE))?, record, T::FILE.durability)
}

/// Changes a stored file of the repository under its lock: reads it, has it changed, writes it. A missing file is read as the
/// default; so is a damaged one, whose bytes are kept first and which is reported to `warn`.
///
/// # Errors
/// The system refuses to read or to write it.
pub fn update<T: Stored + DeserializeOwned + Serialize + Default, R>(
    repo: &Repo,
    warn: impl FnOnce(&str),
    change: impl FnOnce(&mut T) -> R,
) -> Result<R, FileError> {
    let lock = files::lock(&repo.path(&T::FILE))?;
    let mut record: T = read_or_default(&lock, warn)?;
    let result = change(&mut record);
    replace(&lock, &record, T::FILE.durability)?;
    Ok(result)
}

/// Replaces the held document by `value`, as Python would write it.
///
/// # Errors
/// As [`Lock::replace`]; a value that is no JSON counts as a failure to write.
pub fn replace<T: Serialize + ?Sized>(lock: &Lock, value: &T, durability: Durability) -> Result<(), FileError> {
    let text = pyjson::to_document(value).map_err(|error| FileError::writing(lock.path(), error.into()))?;
    lock.replace(text.as_bytes(), durability)
}

/// Replaces the held document by `record`, whose fields are `fields`, and keeps the other fields that the document has. A damaged
/// document is kept first, as by [`read_or_default`].
///
/// # Errors
/// As [`replace`] and [`read_or_default`].
pub fn replace_record<T: Stored + Serialize>(
    lock: &Lock,
    record: &T,
    fields: &[&str],
    warn: impl FnOnce(&str),
) -> Result<(), FileError> {
    let replacement = Replacement::new(record, fields, read_or_default(lock, warn)?);
    replace(lock, &replacement, T::FILE.durability)
}

/// Reads the held document in order to rewrite it. A missing one counts as empty; so does a damaged one, whose bytes are
/// kept first, which is handed to `warn` in words.
///
/// # Errors
/// The system refuses to read it, or to keep the damaged bytes.
pub fn read_or_default<T: DeserializeOwned + Default>(lock: &Lock, warn: impl FnOnce(&str)) -> Result<T, FileError> {
    match read(lock.path())? {
        Document::Missing => Ok(T::default()),
        Document::Intact(value) => Ok(value),
        Document::Damaged(error) => {
            let kept = keep_damaged(lock)?;
            warn(&format!("{error}; it is recreated, and the damaged file is kept as {}", kept.display()));
            Ok(T::default())
        }
    }
}

/// Keeps the held file's present bytes under `NAME.bad` (or `NAME.bad.1` and so on, where that is taken by other bytes).
///
/// # Errors
/// The system refuses.
pub fn keep_damaged(lock: &Lock) -> Result<PathBuf, FileError> {
    let path = lock.path();
    let mut name = path.as_os_str().to_owned();
    name.push(".bad");
    for count in 0..1000 {
        let mut candidate = name.clone();
        if count > 0 {
            candidate.push(format!(".{count}"));
        }
        let candidate = PathBuf::from(candidate);
        match fs::hard_link(path, &candidate) {
            Ok(()) => return Ok(candidate),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if fs::read(&candidate).ok() == fs::read(path).ok() {
                    return Ok(candidate);
                }
            }
            // A file system without hard links.
            Err(_) => {
                fs::copy(path, &candidate).map_err(|error| FileError::writing(&candidate, error))?;
                return Ok(candidate);
            }
        }
    }
    Err(FileError::writing(path, ErrorKind::AlreadyExists.into()))
}

impl<T> Document<T> {
    /// Returns the document where it is intact; else nothing, with the damage handed to `warn`.
    pub fn intact_or(self, warn: impl FnOnce(&SourceError)) -> Option<T> {
        match self {
            Self::Missing => None,
            Self::Intact(value) => Some(value),
            Self::Damaged(error) => {
                warn(&error);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be read")]

    use serde_json::Value;

    use super::*;

    #[test]
    fn damage_is_an_answer_and_its_bytes_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.json");
        assert!(matches!(read::<Value>(&path).unwrap(), Document::Missing));
        for (round, bytes) in [&b"[{\"issue\": "[..], b"\0\0\0", b"\xff\xfe"].iter().enumerate() {
            fs::write(&path, bytes).unwrap();
            assert!(matches!(read::<Value>(&path).unwrap(), Document::Damaged(_)));
            let lock = files::lock(&path).unwrap();
            let kept = keep_damaged(&lock).unwrap();
            assert_eq!(keep_damaged(&lock).unwrap(), kept, "the same bytes are kept once");
            replace(&lock, &serde_json::json!([round]), Durability::Derived).unwrap();
            assert_eq!(&fs::read(kept).unwrap(), bytes);
            assert!(matches!(read::<Value>(&path).unwrap(), Document::Intact(_)));
        }
    }
}
