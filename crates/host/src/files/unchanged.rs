//! Changes of files that other programs write without our locks, such as an editor: only what was read is replaced or removed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::FileError;
use super::flock::wait_for;
use super::replacement::{Replacement, flush_directory, neighbour, rename_to_free_place, swap};

/// How long a change waits for the others in its directory.
const PATIENCE: Duration = Duration::from_secs(10);

/// Replaces a file's content in one step if it still is `before`; false if it is not, and then what another program wrote stays.
/// The file keeps its mode.
///
/// # Errors
/// The system refuses.
pub fn replace_if(path: &Path, before: &[u8], content: &[u8]) -> Result<bool, FileError> {
    let put = || -> io::Result<bool> {
        let _alone = hold_directory(path)?;
        let mut replacement = Replacement::open(path, "tmp")?;
        replacement.file().write_all(content)?;
        replacement.file().sync_data()?;
        if fs::read(path)? != before {
            return Ok(false);
        }
        // Both are exchanged, so that what is taken out can be looked at: an editor may have been quicker.
        if !swap(replacement.path(), path) {
            replacement.put_in_place(path, records::Durability::Flushed)?;
            return Ok(true);
        }
        let taken_out = fs::read(replacement.path());
        if !matches!(&taken_out, Ok(taken_out) if taken_out == before) {
            put_back(&replacement, path, content);
            return taken_out.map(|_| false);
        }
        // It is in place: all that is not known is whether it survives a power cut.
        let _ = flush_directory(path);
        Ok(true)
    };
    put().map_err(|error| FileError::new("write", path, error))
}

/// Removes the temporary file that a program left which was killed while it replaced a file; `is_left` recognises its content.
///
/// # Errors
/// The system refuses.
pub fn remove_left_replacement(path: &Path, is_left: impl Fn(&[u8]) -> bool) -> Result<(), FileError> {
    let left = neighbour(path, "tmp");
    let remove = || -> io::Result<()> {
        if !fs::symlink_metadata(&left).is_ok_and(|left| left.is_file()) {
            return Ok(());
        }
        // Who is about to replace it has the directory.
        let _alone = hold_directory(path)?;
        if is_left(&fs::read(&left)?) { fs::remove_file(&left) } else { Ok(()) }
    };
    match remove() {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FileError::new("remove", &left, error)),
        _ => Ok(()),
    }
}

/// Has what was taken out stand at its path again, unless something newer than both was put there meanwhile.
fn put_back(replacement: &Replacement, path: &Path, content: &[u8]) {
    // Where nothing is at the path, another program has removed ours.
    let is_back = swap(replacement.path(), path);
    if is_back && fs::read(replacement.path()).is_ok_and(|ours| ours != content) {
        let _ = swap(replacement.path(), path);
    }
}

/// Removes a file if its content still is `before`; false if it is not or there is none, and then what is newer stays.
///
/// # Errors
/// The system refuses.
pub(super) fn remove_if(path: &Path, before: &[u8]) -> Result<bool, FileError> {
    let remove = || -> io::Result<bool> {
        match fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
            Ok(content) if content != before => return Ok(false),
            Ok(_) => {}
        }
        // It is moved first, so that what is removed is what was compared: another writer may be quicker. A process that is
        // killed in between leaves it where damaged files are kept, which no writer touches.
        let Some(moved) = move_aside(path)? else { return Ok(false) };
        let content = fs::read(&moved);
        if matches!(&content, Ok(content) if content == before) {
            return fs::remove_file(&moved).map(|()| true);
        }
        if !rename_to_free_place(&moved, path)? {
            // What was moved is older than what is there now, as if it had been overwritten.
            fs::remove_file(&moved)?;
        }
        content.map(|_| false)
    };
    remove().map_err(|error| FileError::new("remove", path, error))
}

/// Moves a file to where damaged files are kept, the first of `NAME.bad`, `NAME.bad.1` and so on that is free or has the same
/// content, and returns which; none where there is no file.
///
/// # Errors
/// The system refuses.
pub fn set_aside(path: &Path) -> Result<Option<PathBuf>, FileError> {
    let same = |kept: &PathBuf| {
        let content = fs::read(path).ok()?;
        (fs::read(kept).ok()? == content).then_some(content)
    };
    for kept in places_aside(path).take_while(|kept| fs::symlink_metadata(kept).is_ok()) {
        if let Some(content) = same(&kept)
            && remove_if(path, &content)?
        {
            return Ok(Some(kept));
        }
    }
    move_aside(path).map_err(|error| FileError::new("move", path, error))
}

/// Where damaged files are kept.
fn places_aside(path: &Path) -> impl Iterator<Item = PathBuf> {
    (0..1000).map(|count| {
        let mut name = path.as_os_str().to_owned();
        name.push(if count == 0 { ".bad".to_owned() } else { format!(".bad.{count}") });
        name.into()
    })
}

/// Moves a file to the first place that is free where damaged ones are kept; none where there is no file.
fn move_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    for place in places_aside(path) {
        match rename_to_free_place(path, &place) {
            Ok(true) => return Ok(Some(place)),
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Keeps other changes of this kind out of a file's directory: they use the same temporary name, and there is to be no lock file
/// among sources. None where the file system locks no directories.
fn hold_directory(path: &Path) -> io::Result<Option<File>> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(None) };
    let held = File::open(folder)?;
    match wait_for(&held, PATIENCE) {
        Ok(()) => Ok(Some(held)),
        Err(error) if error.kind() == ErrorKind::TimedOut => Err(error),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn only_what_was_read_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.json");
        fs::write(&path, "newer").unwrap();
        assert!(!remove_if(&path, b"what was read").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"newer");
        assert!(remove_if(&path, b"newer").unwrap());
        assert!(!remove_if(&path, b"newer").unwrap(), "it is gone");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn no_edit_is_lost_to_programs_that_replace_what_they_read() {
        let folder = tempfile::tempdir().unwrap();
        let (path, saved) = (folder.path().join("a.py"), folder.path().join("saved"));
        fs::write(&path, "0").unwrap();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        let before = fs::read(&path).unwrap();
                        let trimmed = before.trim_ascii_end();
                        if trimmed != before {
                            let _ = replace_if(&path, &before, trimmed).unwrap();
                        }
                    }
                });
            }
            for edit in 1..400_u32 {
                fs::write(&saved, format!("{edit}  ")).unwrap();
                fs::rename(&saved, &path).unwrap();
                std::thread::sleep(Duration::from_micros(u64::from(edit * 37 % 1500)));
            }
            std::thread::sleep(Duration::from_millis(50));
            let last = fs::read(&path).unwrap();
            is_over.store(true, Ordering::Relaxed);
            assert_eq!(String::from_utf8(last).unwrap().trim_end(), "399");
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }
}
