//! A folder for the time of a run, which a run that is killed does not leave for good.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::ownership::is_user;
use super::retry::retry;

/// What the names of such folders begin with.
const PREFIX: &str = "timmy-";

/// How often making a folder is tried: another process may take a new one for a folder that a killed run has left.
const TRIES: usize = 20;

/// A folder among the temporary files of the system, which is removed with everything in it when it is dropped. The process
/// holds a lock on it: a folder that no process holds was left by a killed run, and is removed by the next.
#[derive(Debug)]
pub struct TemporaryFolder {
    path: PathBuf,
    held: File,
}

impl TemporaryFolder {
    /// Makes a folder, and removes those that killed runs have left.
    ///
    /// # Errors
    /// The system refuses.
    pub fn make() -> io::Result<Self> {
        let parent = temporary_directory();
        sweep(&parent);
        for _ in 0..TRIES {
            let path = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&parent)?.keep();
            let folder = Self { held: File::open(&path)?, path };
            // A file system without locks: the folder is kept from nothing, and nothing removes it but its own run.
            let _ = retry(|| folder.held.lock());
            let held = folder.held.metadata();
            let is_there =
                fs::metadata(&folder.path).is_ok_and(|there| held.is_ok_and(|held| held.ino() == there.ino()));
            if is_there {
                return Ok(folder);
            }
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, "another process removes new folders"))
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed now is removed by a later run.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Returns where the system has its temporary files. An empty `TMPDIR` would be the current directory.
pub fn temporary_directory() -> PathBuf {
    Some(std::env::temp_dir()).filter(|path| path.is_absolute()).unwrap_or_else(|| PathBuf::from("/tmp"))
}

/// Removes the folders of this user that no process holds.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.metadata().is_ok_and(|entry| entry.is_dir() && is_user(entry.uid()));
        if !is_ours {
            continue;
        }
        if let Ok(held) = File::open(entry.path())
            && held.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_nobody_holds_is_removed_and_one_that_is_held_is_not() {
        let held = TemporaryFolder::make().unwrap();
        fs::write(held.path().join("x"), "x").unwrap();
        let left = tempfile::Builder::new().prefix(PREFIX).tempdir().unwrap().keep();
        fs::write(left.join("x"), "x").unwrap();
        let other = TemporaryFolder::make().unwrap();
        assert!(held.path().join("x").is_file() && !left.exists());
        let path = other.path().to_owned();
        drop(other);
        assert!(!path.exists());
    }
}
