//! A lease in a lock file: the system ends it with the last process that has the file open.
//!
//! The file is always empty, because it may be what a child process reads; so the fencing number is the time of its last
//! modification, in nanoseconds, which every grant raises.

use std::fs::{File, Metadata};
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
    ///
    /// # Errors
    /// The system refuses to look.
    pub fn is_held(&self) -> Result<bool, FileError> {
        Ok(files::is_there(&self.path)? && files::try_lock(&self.path)?.is_none())
    }

    fn present(&self) -> Result<Option<Metadata>, FileError> {
        files::metadata(&self.path)
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
        let Some(next) = before.checked_add(step).filter(|next| nanoseconds(*next).is_some()) else { break };
        set_time(file, next.max(SystemTime::now()))?;
        let metadata = file.metadata()?;
        if metadata.modified()? > before {
            return number(&metadata);
        }
    }
    // The number cannot be raised where a clock was wrong by centuries, nor by another user where the file's time is in the
    // future or the file cannot be written. The lock still keeps others out, and the number begins again with the present.
    set_time(file, SystemTime::now())?;
    number(&file.metadata()?)
}

/// Sets a file's time of modification. Only its owner may choose the time; for other users, and where the file system has no such
/// call, writing nothing sets the present one. A user who can only read the file holds the lock, and the time stays.
fn set_time(file: &File, time: SystemTime) -> io::Result<()> {
    match file.set_modified(time).or_else(|_| file.set_len(0)) {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::PermissionDenied) => Ok(()),
        other => other,
    }
}

/// Returns the number of a lock file. A time before 1970 has the least, one that is too late for a number has the greatest.
fn number(metadata: &Metadata) -> io::Result<Fence> {
    let modified = metadata.modified()?;
    let beyond = if modified < UNIX_EPOCH { 0 } else { u64::MAX };
    Ok(Fence(nanoseconds(modified).unwrap_or(beyond)))
}

fn nanoseconds(time: SystemTime) -> Option<u64> {
    u64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests set the times of files")]

    use super::*;

    #[test]
    fn a_file_of_any_time_is_granted_and_the_number_rises_again() {
        let folder = tempfile::tempdir().unwrap();
        let lease = LockFile::new(folder.path().join("a.lock"));
        let file = File::create(lease.path()).unwrap();
        let (century, now) = (Duration::from_hours(100 * 365 * 24), SystemTime::now());
        for time in [UNIX_EPOCH - century, UNIX_EPOCH, now, now + century, now + century * 6, now + century * 2000] {
            // Some file systems do not keep such a time; then it is another one.
            let _ = file.set_modified(time);
            let first = lease.acquire().unwrap().unwrap();
            assert!(lease.check(first.fence).unwrap());
            let first_fence = first.fence;
            lease.release(first).unwrap();
            let second = lease.acquire().unwrap().unwrap();
            assert!(second.fence > first_fence, "{time:?}: {second:?} after {first_fence:?}");
        }
    }
}
