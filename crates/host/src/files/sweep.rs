//! What killed writers have left next to their files.

use std::ffi::OsStr;
use std::fs;
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
        let Some(target) = target_of(&path) else { continue };
        // One that is being written is held by its writer; what cannot be locked or removed now is left to a later call.
        if let Ok(Some(_held)) = try_lock(&neighbour(&target, "lock")) {
            let _ = fs::remove_file(&path);
        }
    }
    Ok(())
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
        sweep(folder.path()).unwrap();
        let is_there = |name: &str| path(name).try_exists().unwrap();
        assert!(!is_there(".dead.json.tmp") && !is_there(".dead.json.bak.tmp"));
        assert!([".held.json.tmp", "its.tmp", ".tmp", ".x.lock"].into_iter().all(is_there));
        sweep(&path("not there")).unwrap();
    }
}
