//! What killed writers have left next to their files.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::FileError;
use super::lock::try_lock;
use super::replacement::neighbour;
use super::retry::retry;

/// Removes what killed writers have left in a folder: a file `.NAME.tmp` whose lock, `.NAME.lock`, is free.
///
/// # Errors
/// The folder cannot be listed.
pub fn sweep(folder: &Path) -> Result<(), FileError> {
    let entries = match retry(|| fs::read_dir(folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(FileError::reading(folder, error)),
    };
    for entry in entries {
        let path = entry.map_err(|error| FileError::reading(folder, error))?.path();
        // What cannot be locked or removed now is left to a later call.
        let _ = remove_abandoned(&path);
    }
    Ok(())
}

/// Removes a temporary file `.NAME.tmp` that no process writes any more: its writer would hold the lock. Returns whether it did.
///
/// # Errors
/// It cannot be locked or removed.
pub fn remove_abandoned(temporary: &Path) -> Result<bool, FileError> {
    let Some(target) = target_of(temporary) else { return Ok(false) };
    let Some(_held) = try_lock(&neighbour(&target, "lock"))? else { return Ok(false) };
    match retry(|| fs::remove_file(temporary)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::new("remove", temporary, error)),
    }
}

/// Returns whether a temporary file `.NAME.tmp` is one that no process writes any more. Nothing is made or changed.
pub fn is_abandoned(temporary: &Path) -> bool {
    target_of(temporary).is_some_and(|target| match retry(|| File::open(neighbour(&target, "lock"))) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    })
}

/// Returns the file that a temporary file `.NAME.tmp` was written for; none where it is no temporary file.
pub fn target_of(temporary: &Path) -> Option<PathBuf> {
    let name = temporary.file_name()?.as_bytes().strip_prefix(b".")?.strip_suffix(b".tmp")?;
    (!name.is_empty()).then(|| temporary.with_file_name(OsStr::from_bytes(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::lock;

    #[test]
    fn what_a_killed_writer_has_left_is_removed_and_what_is_being_written_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [".dead.json.tmp", ".dead.json.bak.tmp", ".held.json.tmp", "its.tmp", ".tmp", ".x.lock"] {
            fs::write(path(name), "x").unwrap();
        }
        let _held = lock(&path("held.json")).unwrap();
        assert!(is_abandoned(&path(".dead.json.tmp")) && !is_abandoned(&path(".held.json.tmp")));
        assert!(!is_abandoned(&path("its.tmp")) && !path(".dead.json.lock").exists());
        sweep(folder.path()).unwrap();
        let is_there = |name: &str| path(name).try_exists().unwrap();
        assert!(!is_there(".dead.json.tmp") && !is_there(".dead.json.bak.tmp"));
        assert!([".held.json.tmp", "its.tmp", ".tmp", ".x.lock"].into_iter().all(is_there));
        sweep(&path("not there")).unwrap();
    }
}
