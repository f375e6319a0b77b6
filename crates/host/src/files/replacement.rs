//! A file that is written next to its target and moved over it in one step.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use records::Durability;

use super::ownership::Ownership;

/// A new content for a target. Dropped before it is in place, it leaves nothing behind.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    file: File,
    ownership: Ownership,
    is_in_place: bool,
}

impl Replacement {
    /// Creates an empty file `.NAME.suffix` next to `target`: always the same name, so that what a killed program leaves is known
    /// to the next. What is there is removed first: nothing is written through a link or into a pipe. The file has the mode and
    /// the owner of `target`, or else those of a new file in its folder.
    ///
    /// # Errors
    /// The system refuses.
    pub fn open(target: &Path, suffix: &str) -> io::Result<Self> {
        let ownership = Ownership::of_replacement(target)?;
        Self::make(neighbour(target, suffix), ownership, ownership.mode_at_creation())
    }

    /// Creates an empty file `.NAME.tmp` for a file that is not there yet.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn create(target: &Path, mode: u32) -> io::Result<Self> {
        Self::make(neighbour(target, "tmp"), Ownership::of_new(target)?, mode)
    }

    fn make(path: PathBuf, ownership: Ownership, mode: u32) -> io::Result<Self> {
        let create = || OpenOptions::new().create_new(true).write(true).mode(mode).open(&path);
        let file = match create() {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                fs::remove_file(&path)?;
                create()?
            }
            other => other?,
        };
        let replacement = Self { path, file, ownership, is_in_place: false };
        ownership.apply(&replacement.file)?;
        Ok(replacement)
    }

    /// Returns the file, to be written.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Returns where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sets the file's permissions; in a shared folder the group may write it too.
    ///
    /// # Errors
    /// The system refuses.
    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        self.file.set_permissions(Permissions::from_mode(self.ownership.shared(mode, false)))
    }

    /// Moves it over `target`. What must survive a power cut is flushed first, and so is the directory after it.
    ///
    /// # Errors
    /// The system refuses; the target is as it was.
    pub fn put_in_place(mut self, target: &Path, durability: Durability) -> io::Result<()> {
        match durability {
            Durability::Flushed => {
                self.file.sync_data()?;
                fs::rename(&self.path, target)?;
                self.is_in_place = true;
                flush_directory(target)
            }
            Durability::Derived => {
                exchange(&self.path, target)?;
                self.is_in_place = true;
                Ok(())
            }
        }
    }

    /// Moves it to `target`, where nothing may be.
    ///
    /// # Errors
    /// Something is there, or the system refuses.
    pub fn put_in_free_place(mut self, target: &Path) -> io::Result<()> {
        if !rename_to_free_place(&self.path, target)? {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.is_in_place = true;
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.is_in_place {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Flushes the list of names of the directory that holds `path`, without which a new name may be gone after a power cut.
pub(super) fn flush_directory(path: &Path) -> io::Result<()> {
    let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) else { return Ok(()) };
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        // Some file systems do not flush directories.
        Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Err(error),
        _ => Ok(()),
    }
}

/// Puts `temporary` in the place of `target` in one step. Where both exist they are exchanged and the old one is removed:
/// a plain rename over a file has some file systems write the new one out at once, which is the price of a promise that
/// what is derived does not need.
fn exchange(temporary: &Path, target: &Path) -> io::Result<()> {
    if swap(temporary, target) {
        // The new one is in place; an old one that cannot be removed now is removed by a later writer.
        let _ = fs::remove_file(temporary);
        return Ok(());
    }
    fs::rename(temporary, target)
}

/// Exchanges two files in one step; false where one does not exist, or the system cannot do it.
pub(super) fn swap(one: &Path, other: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

/// Moves a file to a place where nothing may be; false where something is.
pub(super) fn rename_to_free_place(from: &Path, to: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let moved = match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(io::Error::from) {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            move_by_second_name(from, to)
        }
        other => other,
    };
    match moved {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// For a file system that cannot do it in one step: a second name takes no place that is taken either. Where there are none,
/// a look before has to do.
fn move_by_second_name(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        Err(_) if fs::symlink_metadata(to).is_ok() => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

/// Returns the path of the hidden neighbour `.NAME.suffix`.
pub fn neighbour(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or(OsStr::new("file")));
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_through_what_is_in_the_place_of_the_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let (target, foreign) = (folder.path().join("queue.json"), folder.path().join("foreign"));
        fs::write(&foreign, "foreign").unwrap();
        let temporary = neighbour(&target, "tmp");
        for round in 0..3 {
            match round {
                0 => std::os::unix::fs::symlink(&foreign, &temporary).unwrap(),
                1 => assert!(std::process::Command::new("mkfifo").arg(&temporary).status().unwrap().success()),
                _ => fs::write(&temporary, "left by a killed program").unwrap(),
            }
            let replacement = Replacement::open(&target, "tmp").unwrap();
            io::Write::write_all(&mut &replacement.file, b"new").unwrap();
            replacement.put_in_place(&target, Durability::Flushed).unwrap();
            assert_eq!(fs::read(&target).unwrap(), b"new", "{round}");
            assert!(!temporary.exists());
        }
        assert_eq!(fs::read(&foreign).unwrap(), b"foreign");
        fs::create_dir(&temporary).unwrap();
        assert!(Replacement::open(&target, "tmp").is_err(), "a directory is not removed");
    }
}
