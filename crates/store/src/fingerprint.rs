//! Whether a file is still the one that something was computed from, without reading all of it.

use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use chrono::{DateTime, Utc};
use records::{FileIdentity, Fingerprint};

use host::files::{self, FileError};

/// How much of a file's end is compared, in bytes.
const SAMPLE: u64 = 4 << 10;

/// Returns when a file was last written; none if there is none, or its file system does not know.
///
/// # Errors
/// The system refuses.
pub(crate) fn modified(path: &Path) -> Result<Option<DateTime<Utc>>, FileError> {
    Ok(files::metadata(path)?.and_then(|metadata| Some(metadata.modified().ok()?.into())))
}

/// Returns the identity of the file at `path`; none if there is none.
///
/// # Errors
/// The system refuses.
pub(crate) fn identity_at(path: &Path) -> Result<Option<FileIdentity>, FileError> {
    files::metadata(path).map(|metadata| metadata.as_ref().map(of))
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
