//! Whether a file is still the one that something was computed from, without reading all of it.

use std::fs::{self, File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use chrono::{DateTime, Utc};
use records::{FileIdentity, Fingerprint};

use host::files::{self, FileError};

/// How much of a file's end is compared, in bytes.
const SAMPLE: u64 = 4 << 10;

/// Returns when a file was last written; none where that cannot be known.
pub(crate) fn modified(path: &Path) -> Option<DateTime<Utc>> {
    Some(fs::metadata(path).ok()?.modified().ok()?.into())
}

/// Returns the identity of the file at `path`; none if there is none.
///
/// # Errors
/// The system refuses.
pub(crate) fn identity_at(path: &Path) -> Result<Option<FileIdentity>, FileError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(of(&metadata))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::reading(path, error)),
    }
}

/// Returns the identity of the open `file` at `path`.
///
/// # Errors
/// The system refuses.
pub(crate) fn identity(path: &Path, file: &File) -> Result<FileIdentity, FileError> {
    file.metadata().map(|metadata| of(&metadata)).map_err(|error| FileError::reading(path, error))
}

fn of(metadata: &Metadata) -> FileIdentity {
    FileIdentity {
        length: metadata.len(),
        file: (metadata.dev(), metadata.ino()),
        changed: (metadata.mtime(), metadata.mtime_nsec()),
    }
}

/// Returns the fingerprint of the file at `path`.
///
/// # Errors
/// It is no regular file, or the system refuses.
pub(crate) fn fingerprint(path: &Path) -> Result<Fingerprint, FileError> {
    let Some(file) = files::open(path)? else { return Ok(Fingerprint::default()) };
    let identity = identity(path, &file)?;
    Ok(Fingerprint { ending: ending(path, &file, identity.length)?, identity })
}

/// A checksum (FNV-1a, 64 bits) of the last bytes before `end`.
///
/// # Errors
/// The system refuses, or the file ends before.
pub(crate) fn ending(path: &Path, file: &File, end: u64) -> Result<String, FileError> {
    let start = end.saturating_sub(SAMPLE);
    let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(0)];
    file.read_exact_at(&mut bytes, start).map_err(|error| FileError::reading(path, error))?;
    let sum = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    Ok(format!("{sum:016x}"))
}
