//! A folder for the time of a run, which a run that is killed does not leave for good.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::ownership::is_user;
use super::retry::retry;

/// What the names of such folders begin with, and how long they are.
const PREFIX: &str = "timmy-";
const NAME_LENGTH: usize = PREFIX.len() + 6;

/// How often making a folder is tried: another process may take a new one for a folder that a killed run has left.
const TRIES: usize = 20;

/// The file that tells such a folder from one that only has its name. The process holds a lock on it.
const MARK: &str = ".timmy-temporary";

/// The folder in which the run has its files.
const FILES: &str = "files";

/// A folder among the temporary files of the system, which is removed with everything in it when it is dropped. A folder that no
/// process holds was left by a killed run, and is removed by the next.
#[derive(Debug)]
pub struct TemporaryFolder {
    whole: PathBuf,
    files: PathBuf,
    _held: File,
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
            let whole = builder().tempdir_in(&parent)?;
            match Self::mark(whole.path()) {
                Ok(held) => {
                    let whole = whole.keep();
                    return Ok(Self { files: whole.join(FILES), whole, _held: held });
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(ErrorKind::AlreadyExists, "another process removes new folders"))
    }

    /// Marks a new folder and holds the mark; "not found" where another process took it for one that was left.
    fn mark(whole: &Path) -> io::Result<File> {
        let mark = whole.join(MARK);
        let held = File::create_new(&mark)?;
        // A file system without locks: the folder is kept from nothing, and nothing removes it but its own run.
        let _ = retry(|| held.lock());
        if fs::metadata(&mark)?.ino() != held.metadata()?.ino() {
            return Err(ErrorKind::NotFound.into());
        }
        fs::create_dir(whole.join(FILES))?;
        Ok(held)
    }

    /// Returns the path for the run's files.
    pub fn path(&self) -> &Path {
        &self.files
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        remove(&self.whole);
    }
}

/// What makes a new folder, into which only this user can look.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).rand_bytes(6).permissions(Permissions::from_mode(0o700));
    builder
}

/// Removes such a folder, the mark last: what cannot be removed now is removed by a later run.
fn remove(whole: &Path) {
    // A run that was killed at its beginning, or at its end, has no files there.
    let is_empty = match fs::remove_dir_all(whole.join(FILES)) {
        Err(error) => error.kind() == ErrorKind::NotFound,
        Ok(()) => true,
    };
    if is_empty && fs::remove_file(whole.join(MARK)).is_ok() {
        let _ = fs::remove_dir(whole);
    }
}

/// Returns where the system has its temporary files. An empty `TMPDIR` would be the current directory.
pub fn temporary_directory() -> PathBuf {
    Some(std::env::temp_dir()).filter(|path| path.is_absolute()).unwrap_or_else(|| PathBuf::from("/tmp"))
}

/// Removes the folders of this user that no process holds: those with the mark, or still without anything.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let has_name = name.len() == NAME_LENGTH && name.to_string_lossy().starts_with(PREFIX);
        let is_own = |metadata: &fs::Metadata| is_user(metadata.uid());
        let is_made_by_a_run = |entry: fs::Metadata| entry.is_dir() && is_own(&entry) && entry.mode() & 0o7777 == 0o700;
        if !has_name || !entry.metadata().is_ok_and(is_made_by_a_run) {
            continue;
        }
        let mark = entry.path().join(MARK);
        // Only one without anything in it can be removed like this.
        let _ = fs::remove_dir(entry.path());
        let has_mark = fs::symlink_metadata(&mark).is_ok_and(|mark| mark.is_file() && mark.len() == 0 && is_own(&mark));
        if has_mark
            && let Ok(held) = File::open(&mark)
            && held.try_lock().is_ok()
        {
            remove(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_no_run_holds_is_removed_and_one_that_is_held_is_not() {
        let first = TemporaryFolder::make().unwrap();
        fs::write(first.path().join("x"), "x").unwrap();
        // As a run that was killed leaves it.
        let left = builder().tempdir_in(temporary_directory()).unwrap().keep();
        File::create_new(left.join(MARK)).unwrap();
        fs::create_dir(left.join(FILES)).unwrap();
        fs::write(left.join(FILES).join("x"), "x").unwrap();
        let begun = builder().tempdir_in(temporary_directory()).unwrap().keep();
        File::create_new(begun.join(MARK)).unwrap();
        let other = TemporaryFolder::make().unwrap();
        assert!(first.path().join("x").is_file() && !left.exists() && !begun.exists());
        let path = other.whole.clone();
        drop(other);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_of_the_user_with_such_a_name_is_not_touched() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["timmy-automations-clone", "timmy-abc123", "timmy-marked"] {
            fs::create_dir(parent.path().join(name)).unwrap();
            fs::write(parent.path().join(name).join("work.txt"), "precious").unwrap();
            // As private as one of a run.
            fs::set_permissions(parent.path().join(name), Permissions::from_mode(0o700)).unwrap();
        }
        // With the mark, what a run does not have there stays all the same.
        fs::write(parent.path().join("timmy-marked").join(MARK), "").unwrap();
        fs::create_dir(parent.path().join("timmy-empty1")).unwrap();
        sweep(parent.path());
        for name in ["timmy-automations-clone", "timmy-abc123", "timmy-marked"] {
            assert!(parent.path().join(name).join("work.txt").is_file(), "{name}");
        }
        assert!(parent.path().join("timmy-empty1").is_dir());
    }
}
