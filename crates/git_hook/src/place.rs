//! The hook as a file: where Git looks for it, and its changes.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use git_repository::OpenError;
use git2::ErrorCode;
use host::files::{self, FileError, Replacement};

use crate::line::{HookFile, HookLine};

/// The largest hook that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// What a removal did to a hook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Removal {
    /// There was no line to be removed.
    Nothing,
    /// The hook held nothing else, and is gone.
    Hook,
    /// The lines are gone; the rest of the hook is as it was.
    Lines,
    /// The hook is a symbolic link, through which nothing is written: its lines have to be removed by hand.
    Link,
}

/// Returns where Git looks for the hook.
///
/// # Errors
/// There is no repository, or it cannot be read.
pub fn place(root: &Path) -> Result<PathBuf, OpenError> {
    Ok(folder(root)?.join("pre-commit"))
}

/// Returns where Git looks for hooks: the directory of `core.hooksPath`, or the one that all work trees share.
///
/// # Errors
/// There is no repository, or it cannot be read.
pub fn folder(root: &Path) -> Result<PathBuf, OpenError> {
    let repository = git_repository::open(root)?;
    let configured = || repository.config()?.snapshot()?.get_path("core.hooksPath");
    match git_repository::uninterrupted(configured) {
        // Relative to the work tree in which hooks run.
        Ok(path) => Ok(root.join(path)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(repository.commondir().join("hooks")),
        Err(error) => Err(git_repository::unreadable(root)(error)),
    }
}

/// Reads a hook; none if there is none.
///
/// # Errors
/// The system refuses, or it is not a file.
pub fn read(path: &Path) -> Result<Option<HookFile>, FileError> {
    Ok(files::read(path, LIMIT)?.map(HookFile::parse))
}

/// Makes a hook that holds nothing but the call of `program` for the work tree at `root`, in one step.
///
/// # Errors
/// There is one, or the system refuses.
pub fn create(path: &Path, program: &Path, root: &Path) -> Result<(), FileError> {
    path.parent().map_or(Ok(()), files::make_folder)?;
    let put = || {
        let replacement = written(path, &HookFile::whole(program, root), 0o755)?;
        replacement.put_in_free_place(path)
    };
    put().map_err(|error| FileError::writing(path, error))
}

impl HookFile {
    /// Gives this hook another content, and its permissions; false where it is a symbolic link, through which nothing is written.
    ///
    /// # Errors
    /// The system refuses, or another program has changed the hook meanwhile; the hook is as it was.
    pub fn replace(&self, path: &Path, content: &[u8]) -> Result<bool, FileError> {
        if content == self.content() {
            return Ok(true);
        }
        if mode(path)?.is_none() {
            return Ok(false);
        }
        if !files::replace_if(path, self.content(), content)? {
            return Err(FileError::writing(path, io::Error::other("another program has just changed it; try again")));
        }
        Ok(true)
    }
}

/// Makes a hook one that Git calls: it skips one that cannot be run.
///
/// # Errors
/// The system refuses.
pub fn make_runnable(path: &Path) -> Result<(), FileError> {
    let Some(mode) = mode(path)?.filter(|mode| mode & 0o111 == 0) else { return Ok(()) };
    fs::set_permissions(path, Permissions::from_mode(mode | 0o755)).map_err(|error| FileError::writing(path, error))
}

/// Removes those of our lines from a hook that `is_taken_back`, and the hook with them where it holds nothing else.
///
/// # Errors
/// The system refuses; the hook is as it was.
pub fn remove(path: &Path, is_taken_back: impl Fn(&HookLine) -> bool, dry_run: bool) -> Result<Removal, FileError> {
    let Some(hook) = read(path)? else { return Ok(Removal::Nothing) };
    if !hook.lines.iter().any(&is_taken_back) {
        return Ok(Removal::Nothing);
    }
    if mode(path)?.is_none() {
        return Ok(Removal::Link);
    }
    let is_whole = hook.is_ours && hook.lines.iter().all(&is_taken_back);
    let removal = if is_whole { Removal::Hook } else { Removal::Lines };
    match removal {
        _ if dry_run => {}
        Removal::Hook => files::remove(path)?,
        _ => {
            let content = hook.with_lines(|line| (!is_taken_back(line)).then(|| hook.text(line).to_vec()));
            hook.replace(path, &content)?;
        }
    }
    Ok(removal)
}

/// The permissions of a hook; none where it is a link.
fn mode(path: &Path) -> Result<Option<u32>, FileError> {
    let entry = files::entry(path)?;
    Ok(entry.filter(fs::Metadata::is_file).map(|entry| entry.permissions().mode() & 0o7777))
}

/// A file next to the hook, to be put in its place.
fn written(path: &Path, text: &[u8], mode: u32) -> io::Result<Replacement> {
    let mut replacement = Replacement::open(path, "tmp")?;
    replacement.file().write_all(text)?;
    replacement.set_mode(mode)?;
    replacement.file().sync_data()?;
    Ok(replacement)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests look at what was written")]

    use std::os::unix::fs::symlink;

    use super::*;
    use crate::line::call;

    #[test]
    fn what_is_removed_leaves_every_other_byte_and_the_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pre-commit");
        let program = Path::new("/r/.loop/bin/pre_commit_checks");
        let others = Path::new("/other/pre_commit_checks");
        create(&path, program, Path::new("/r")).unwrap();
        assert!(create(&path, others, Path::new("/o")).is_err(), "what is there stays");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(remove(&path, |line| line.program == others, false).unwrap(), Removal::Nothing);
        assert_eq!(remove(&path, |line| line.program == program, true).unwrap(), Removal::Hook);
        assert!(path.exists());
        assert_eq!(remove(&path, |line| line.program == program, false).unwrap(), Removal::Hook);
        assert!(!path.exists());
        assert_eq!(remove(&path, |_| true, false).unwrap(), Removal::Nothing);

        let (ours, theirs) = (call(program, Some(Path::new("/r"))), call(others, None));
        let content = [b"#!/bin/sh\n\xff\r\n", ours.as_slice(), &theirs, b"exit 0"].concat();
        fs::write(&path, &content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o711)).unwrap();
        assert_eq!(remove(&path, |line| line.program == program, false).unwrap(), Removal::Lines);
        assert_eq!(fs::read(&path).unwrap(), [b"#!/bin/sh\n\xff\r\n", theirs.as_slice(), b"exit 0"].concat());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o711);

        let read_before = read(&path).unwrap().unwrap();
        fs::write(&path, "changed\n").unwrap();
        assert!(read_before.replace(&path, b"x").is_err(), "what another program wrote stays");
        assert_eq!(fs::read(&path).unwrap(), b"changed\n");
        make_runnable(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o711);
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        make_runnable(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o755);
        fs::write(&path, &theirs).unwrap();

        let link = folder.path().join("link");
        symlink("pre-commit", &link).unwrap();
        assert_eq!(remove(&link, |_| true, false).unwrap(), Removal::Link);
        assert!(link.is_symlink());
    }
}
