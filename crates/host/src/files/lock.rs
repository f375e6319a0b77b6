//! The right to write one shared file, and the ways in which it is written.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use records::Durability;
use rustix::fs::OFlags;

use super::access::{is_there, make_folder, open, open_to_append, regular};
use super::error::FileError;
use super::flock::{try_lock_file, wait_for};
use super::ownership::{Ownership, open_entry};
use super::replacement::{Replacement, flush_directory, neighbour};
use super::retry::retry;
use super::unchanged;

/// How long a writer waits for another one before it gives up.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The exclusive right to write one shared file, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    target: PathBuf,
    _held: File,
}

/// Takes the lock of `path`, waiting for the process that holds it. The folder is made when it is missing.
///
/// # Errors
/// The lock file cannot be made, or it was held for a minute.
pub fn lock(path: &Path) -> Result<Lock, FileError> {
    lock_within(path, PATIENCE)
}

/// Takes the lock of `path` as [`lock`] does, and waits so long at most.
///
/// # Errors
/// As [`lock`], after that time.
pub fn lock_within(path: &Path, patience: Duration) -> Result<Lock, FileError> {
    let target = behind_link(path);
    check_is_inside(path, &target)?;
    let lock_path = neighbour(&target, "lock");
    lock_by(target, &lock_path, patience)
}

/// Takes the lock of `path` by a lock file that lies elsewhere, for a file whose folder is to hold no lock files.
///
/// # Errors
/// As [`lock`].
pub fn lock_from(path: &Path, lock_path: &Path) -> Result<Lock, FileError> {
    lock_by(behind_link(path), lock_path, PATIENCE)
}

/// Opens an empty file that stands for a right, and takes the right if it is free; none otherwise. A process that
/// inherits the file (as what it reads, say) holds the right too, until the last of them has ended.
///
/// # Errors
/// The file cannot be made or locked.
pub fn try_lock(path: &Path) -> Result<Option<File>, FileError> {
    let held = open_lock(path)?;
    match try_lock_file(&held) {
        Ok(()) => Ok(Some(held)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(FileError::new("lock", path, error)),
    }
}

/// Through a symbolic link the file that it leads to is locked and replaced, not the link.
fn behind_link(path: &Path) -> PathBuf {
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    if is_link { fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()) } else { path.to_owned() }
}

/// Fails where a link leads out of the repository that it lies in: who can commit one would choose which file of the user is
/// overwritten.
fn check_is_inside(path: &Path, target: &Path) -> Result<(), FileError> {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    let root = folder.iter().flat_map(|folder| folder.ancestors()).find(|above| above.join(".git").exists());
    if path == target || root.is_none_or(|root| target.starts_with(root)) {
        return Ok(());
    }
    let text = "it is a symbolic link that leads out of the repository: put a file in its place";
    Err(FileError::new("write", path, io::Error::new(ErrorKind::InvalidInput, text)))
}

/// Opens a lock file, and makes it where it is missing. One that another user has made, and that can only be read, locks as
/// well. A link is not followed: root would lock, and make, what another user chooses.
fn open_lock(path: &Path) -> Result<File, FileError> {
    let mut is_folder_made = false;
    loop {
        match open_or_make_lock(path) {
            // Removed in between, or another process was quicker to make it.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == ErrorKind::NotFound && !is_folder_made => {
                is_folder_made = true;
                path.parent().map_or(Ok(()), make_folder)?;
            }
            other => return other.map_err(|error| FileError::new("lock", path, error)),
        }
    }
}

fn open_or_make_lock(path: &Path) -> io::Result<File> {
    match retry(|| open_entry(path, OFlags::RDWR)) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
            Ownership::of_new(path)?.apply(&file)?;
            Ok(file)
        }
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            retry(|| open_entry(path, OFlags::RDONLY)).map_err(|_| error)
        }
        other => other,
    }
}

fn lock_by(target: PathBuf, lock_path: &Path, patience: Duration) -> Result<Lock, FileError> {
    let fail = |source| FileError::new("lock", lock_path, source);
    let held = open_lock(lock_path)?;
    wait_for(&held, patience).map_err(fail)?;
    Ok(Lock { target, _held: held })
}

impl Lock {
    /// Returns the path of the file that is held.
    pub fn path(&self) -> &Path {
        &self.target
    }

    /// Only a regular file is replaced, or nothing.
    fn check_regular(&self) -> io::Result<()> {
        match fs::metadata(&self.target) {
            Ok(metadata) => regular(&metadata),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Replaces the held file's content in one step. On failure the old content stays and no remains are left.
    ///
    /// # Errors
    /// The system refuses; a full disk is found here, not by a reader later.
    pub fn replace(&self, content: &[u8], durability: Durability) -> Result<(), FileError> {
        self.replace_by(durability, |file| file.write_all(content))
    }

    /// Replaces the held file's content by what `write` writes, as [`Lock::replace`] does.
    ///
    /// # Errors
    /// As [`Lock::replace`], and what `write` fails with.
    pub fn replace_by(
        &self,
        durability: Durability,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<(), FileError> {
        let write = || -> io::Result<()> {
            self.check_regular()?;
            let mut replacement = Replacement::open(&self.target, "tmp")?;
            write(replacement.file())?;
            replacement.put_in_place(&self.target, durability)
        };
        write().map_err(|error| FileError::new("write", &self.target, error))
    }

    /// Replaces the held file's content in one step if it still is `before`, for a file that others edit without our
    /// lock; false if it is not, and then nothing has changed. The file keeps its mode.
    ///
    /// # Errors
    /// As [`Lock::replace`].
    pub fn replace_if(&self, before: &[u8], content: &[u8]) -> Result<bool, FileError> {
        unchanged::replace_if(&self.target, before, content)
    }

    /// Removes the held file if its content still is `before`, for a file that others write without our lock; false if it is not,
    /// and then what is newer stays.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove_if(&self, before: &[u8]) -> Result<bool, FileError> {
        unchanged::remove_if(&self.target, before)
    }

    /// Replaces the held file by a copy of itself, which belongs to this user, or to the folder's owner if this is root.
    ///
    /// # Errors
    /// It cannot be read or replaced.
    pub fn replace_by_copy(&self) -> Result<(), FileError> {
        let mut present =
            open(&self.target)?.ok_or_else(|| FileError::reading(&self.target, ErrorKind::NotFound.into()))?;
        self.replace_by(Durability::Flushed, |file| io::copy(&mut present, file).map(drop))
    }

    /// Has the held file's name stand for what `other` holds now, in one step and without a copy: `other` goes on with a
    /// new file when it is replaced.
    ///
    /// # Errors
    /// The system refuses.
    pub fn replace_by_link(&self, other: &Lock) -> Result<(), FileError> {
        self.check_regular().map_err(|error| FileError::new("write", &self.target, error))?;
        let temporary = neighbour(&self.target, "tmp");
        let _ = fs::remove_file(&temporary);
        if fs::hard_link(&other.target, &temporary).is_err() {
            // A file system without hard links gets a copy.
            let mut source = File::open(&other.target).map_err(|error| FileError::new("read", &other.target, error))?;
            return self.replace_by(Durability::Flushed, |file| io::copy(&mut source, file).map(drop));
        }
        let renamed = fs::rename(&temporary, &self.target);
        // Two names of one file are not moved over each other; after a failure nothing is left.
        let _ = fs::remove_file(&temporary);
        renamed.map_err(|error| FileError::new("write", &self.target, error))
    }

    /// Appends `content` to the held file, on a line of its own: a last line without a newline is ended first. On
    /// failure the file is as long as it was.
    ///
    /// Returns the file's length before and after.
    ///
    /// # Errors
    /// The system refuses.
    pub fn append_line(&self, content: &[u8], durability: Durability) -> Result<(u64, u64), FileError> {
        let fail = |source| FileError::new("append to", &self.target, source);
        let is_new = !is_there(&self.target)?;
        let mut file = open_to_append(&self.target).map_err(|error| fail(error.source))?;
        // Its name first: what has been appended is not answered by an error.
        if is_new && durability == Durability::Flushed {
            flush_directory(&self.target).map_err(fail)?;
        }
        let before = file.metadata().map_err(fail)?.len();
        let mut line = Vec::with_capacity(content.len() + 2);
        if before > 0 && last_byte(&file, before).map_err(fail)? != b'\n' {
            line.push(b'\n');
        }
        line.extend_from_slice(content);
        line.push(b'\n');
        let written = file
            .write_all(&line)
            .and_then(|()| if durability == Durability::Flushed { file.sync_data() } else { Ok(()) });
        if let Err(error) = written {
            let _ = file.set_len(before);
            return Err(fail(error));
        }
        Ok((before, before + line.len() as u64))
    }
}

fn last_byte(file: &File, length: u64) -> io::Result<u8> {
    use std::os::unix::fs::FileExt;
    let mut byte = [0];
    file.read_exact_at(&mut byte, length - 1)?;
    Ok(byte[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_leaves_the_new_text_and_no_remains() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/queue.json");
        lock(&path).unwrap().replace(b"one", Durability::Flushed).unwrap();
        lock(&path).unwrap().replace(b"two", Durability::Derived).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(!neighbour(&path, "tmp").exists());
    }

    #[test]
    fn a_failed_replacement_leaves_the_old_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.json");
        let lock = lock(&path).unwrap();
        lock.replace(b"old", Durability::Derived).unwrap();
        let error = lock.replace_by(Durability::Derived, |_| Err(ErrorKind::StorageFull.into())).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot write {}", path.display()));
        assert!(error.hint().unwrap().contains("space"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert!(!neighbour(&path, "tmp").exists());
    }

    #[test]
    fn nothing_but_a_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, pipe) = (folder.path().join("queue.json"), folder.path().join("queue.json.bak"));
        fs::write(&path, "[]").unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let held = lock(&pipe).unwrap();
        assert!(held.replace_by_link(&lock(&path).unwrap()).is_err());
        assert!(held.replace(b"x", Durability::Derived).is_err());
        assert!(!fs::symlink_metadata(&pipe).unwrap().is_file());
    }

    #[test]
    fn a_line_that_was_cut_is_ended_before_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        fs::write(&path, b"{\"cut\": ").unwrap();
        let ends = lock(&path).unwrap().append_line(b"{}", Durability::Flushed).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{\"cut\": \n{}\n");
        assert_eq!(ends, (8, 12));
    }

    #[test]
    fn a_symbolic_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        lock(&link).unwrap().replace(b"new", Durability::Derived).unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());

        // In a repository, only as long as it does not lead out of it.
        let repo = folder.path().join("repo");
        fs::create_dir_all(repo.join(".git")).unwrap();
        let (inner, inside, outside) = (repo.join("real"), repo.join("inside"), repo.join("outside"));
        fs::write(&inner, "old").unwrap();
        std::os::unix::fs::symlink(&inner, &inside).unwrap();
        std::os::unix::fs::symlink(&real, &outside).unwrap();
        lock(&inside).unwrap().replace(b"newer", Durability::Derived).unwrap();
        assert_eq!(fs::read(&inner).unwrap(), b"newer");
        assert!(lock(&outside).unwrap_err().source.to_string().contains("out of the repository"));
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }
}
