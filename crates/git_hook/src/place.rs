//! The hook as a file: where Git looks for it, and its changes.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use git_repository::OpenError;
use git2::ErrorCode;
use host::files::{self, Durability, FileError, Replacement};

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

/// Writes a hook that holds nothing but the call of `program`, in one step.
///
/// # Errors
/// The system refuses; the hook is as it was.
pub fn write_whole(path: &Path, program: &Path) -> Result<(), FileError> {
    path.parent().map_or(Ok(()), files::make_folder)?;
    write(path, &HookFile::whole(program), 0o755)
}

impl HookFile {
    /// Writes this hook with every line in the form of today; false where there is nothing to change, or it is a link.
    ///
    /// # Errors
    /// The system refuses; the hook is as it was.
    pub fn renew(&self, path: &Path) -> Result<bool, FileError> {
        let (Some(content), Some(mode)) = (self.renewed(), mode(path)?) else { return Ok(false) };
        write(path, &content, mode)?;
        Ok(true)
    }
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
    let Some(mode) = mode(path)? else { return Ok(Removal::Link) };
    let is_whole = hook.is_ours && hook.lines.iter().all(&is_taken_back);
    let removal = if is_whole { Removal::Hook } else { Removal::Lines };
    match removal {
        _ if dry_run => {}
        Removal::Hook => files::remove(path)?,
        _ => {
            let content = hook.with_lines(|line| (!is_taken_back(line)).then(|| hook.text(line).to_vec()));
            write(path, &content, mode)?;
        }
    }
    Ok(removal)
}

/// The permissions of a hook; none where it is a link.
fn mode(path: &Path) -> Result<Option<u32>, FileError> {
    let entry = files::entry(path)?;
    Ok(entry.filter(fs::Metadata::is_file).map(|entry| entry.permissions().mode() & 0o7777))
}

fn write(path: &Path, text: &[u8], mode: u32) -> Result<(), FileError> {
    let put = || -> io::Result<()> {
        let mut replacement = Replacement::open(path, "tmp")?;
        replacement.file().write_all(text)?;
        replacement.set_mode(mode)?;
        replacement.put_in_place(path, Durability::Flushed)
    };
    put().map_err(|error| FileError::writing(path, error))
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
        write_whole(&path, program).unwrap();
        assert_eq!(remove(&path, |line| line.program == others, false).unwrap(), Removal::Nothing);
        assert_eq!(remove(&path, |line| line.program == program, true).unwrap(), Removal::Hook);
        assert!(path.exists());
        assert_eq!(remove(&path, |line| line.program == program, false).unwrap(), Removal::Hook);
        assert!(!path.exists());
        assert_eq!(remove(&path, |_| true, false).unwrap(), Removal::Nothing);

        let content = [b"#!/bin/sh\n\xff\r\n", call(program).as_slice(), &call(others), b"exit 0"].concat();
        write(&path, &content, 0o711).unwrap();
        assert_eq!(remove(&path, |line| line.program == program, false).unwrap(), Removal::Lines);
        assert_eq!(fs::read(&path).unwrap(), [b"#!/bin/sh\n\xff\r\n", call(others).as_slice(), b"exit 0"].concat());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o711);

        let link = folder.path().join("link");
        symlink("pre-commit", &link).unwrap();
        assert_eq!(remove(&link, |_| true, false).unwrap(), Removal::Link);
        assert!(link.is_symlink());
    }
}
