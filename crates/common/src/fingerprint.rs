//! Whether a file is still the one that something was made of, without reading all of it.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};

/// How much of a file's end is compared, in bytes.
const SAMPLE: u64 = 4 << 10;

/// Which file it is, and its state as the system tells it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Identity {
    /// Bytes.
    pub length: u64,
    /// Device and number. Whoever replaces a file makes another one.
    pub file: (u64, u64),
    /// When it was last changed: seconds and nanoseconds of Unix time.
    pub changed: (i64, i64),
}

/// A file's identity and a checksum of its end. The default is that of no file.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Fingerprint {
    identity: Identity,
    ending: String,
}

impl Identity {
    /// Takes the identity of the open `file` at `path`.
    ///
    /// # Errors
    /// The system refuses.
    pub fn of(path: &Path, file: &File) -> Result<Self, FileError> {
        let metadata = file.metadata().map_err(|error| FileError::reading(path, error))?;
        Ok(Self {
            length: metadata.len(),
            file: (metadata.dev(), metadata.ino()),
            changed: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

impl Fingerprint {
    /// Takes the fingerprint of the file at `path`.
    ///
    /// # Errors
    /// It is no regular file, or the system refuses.
    pub fn of(path: &Path) -> Result<Self, FileError> {
        let Some(file) = files::open(path)? else { return Ok(Self::default()) };
        let identity = Identity::of(path, &file)?;
        Ok(Self { ending: ending(path, &file, identity.length)?, identity })
    }
}

/// A checksum (FNV-1a, 64 bits) of the last bytes before `end`.
///
/// # Errors
/// The system refuses, or the file ends before.
pub fn ending(path: &Path, file: &File, end: u64) -> Result<String, FileError> {
    let start = end.saturating_sub(SAMPLE);
    let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(0)];
    file.read_exact_at(&mut bytes, start).map_err(|error| FileError::reading(path, error))?;
    let sum = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    Ok(format!("{sum:016x}"))
}
