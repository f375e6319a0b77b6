//! A lease in a lock file: the system ends it with the last process that has the file open.
//!
//! The file is always empty, because it may be what a child process reads; so the fencing number is the time of its last
//! modification, in nanoseconds, which every grant raises.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::lease::{Fence, Grant, Lease};
use host::files::{self, FileError};

/// A lease in a lock file.
pub struct LockFile {
    path: PathBuf,
}

impl LockFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Returns its path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether anyone holds the lease, without changing it.
    pub fn is_held(&self) -> bool {
        self.path.exists() && matches!(files::try_lock(&self.path), Ok(None))
    }

    fn present(&self) -> Result<Option<Metadata>, FileError> {
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FileError::reading(&self.path, error)),
        }
    }
}

impl Lease for LockFile {
    type Token = File;
    type Error = FileError;

    fn acquire(&self) -> Result<Option<Grant<File>>, FileError> {
        let Some(token) = files::try_lock(&self.path)? else { return Ok(None) };
        let fence = raise(&token).map_err(|error| FileError::writing(&self.path, error))?;
        Ok(Some(Grant { fence, token }))
    }

    fn renew(&self, granted: &Grant<File>) -> Result<bool, FileError> {
        let held = granted.token.metadata().map_err(|error| FileError::reading(&self.path, error))?;
        // Where the file was removed, another may lock a new one of the same name.
        Ok(self.present()?.is_some_and(|present| (present.dev(), present.ino()) == (held.dev(), held.ino())))
    }

    fn release(&self, granted: Grant<File>) -> Result<(), FileError> {
        raise(&granted.token).map_err(|error| FileError::writing(&self.path, error)).map(drop)
    }

    fn check(&self, fence: Fence) -> Result<bool, FileError> {
        let Some(present) = self.present()? else { return Ok(false) };
        Ok(number(&present).is_ok_and(|number| number == fence))
    }
}

/// Raises the fencing number of a locked file: to the present moment, or past the number that it has.
#[expect(clippy::disallowed_methods, reason = "the number rises with the real time, not with TIMMY_NOW")]
fn raise(file: &File) -> io::Result<Fence> {
    let before = file.metadata()?.modified()?;
    // File systems keep times in steps of a nanosecond up to two seconds.
    for step in [Duration::from_nanos(1), Duration::from_micros(1), Duration::from_secs(1), Duration::from_secs(3)] {
        let next = SystemTime::now().max(before + step);
        // Only the file's owner may choose its time; for other users, and where the file system has no such call, writing nothing
        // sets the present one.
        file.set_modified(next).or_else(|_| file.set_len(0))?;
        let metadata = file.metadata()?;
        if metadata.modified()? > before {
            return number(&metadata);
        }
    }
    // The file of another user, with a time in the future: the lock still keeps others out, but the number stays.
    number(&file.metadata()?)
}

fn number(metadata: &Metadata) -> io::Result<Fence> {
    let since = metadata.modified()?.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    u64::try_from(since.as_nanos()).map(Fence).map_err(io::Error::other)
}
