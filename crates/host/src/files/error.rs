//! What could not be done with which file, and what to do about it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// What could not be done with which file.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct FileError {
    action: &'static str,
    /// The file.
    pub path: PathBuf,
    pub(super) source: io::Error,
}

impl FileError {
    pub(super) fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self { action, path: path.to_owned(), source }
    }

    /// Makes the error of a reader that has opened the file itself.
    pub fn reading(path: &Path, source: io::Error) -> Self {
        Self::new("read", path, source)
    }

    /// Makes the error of a writer whose content could not be made.
    pub fn writing(path: &Path, source: io::Error) -> Self {
        Self::new("write", path, source)
    }

    /// Returns whether the file (or the folder for it) is not there.
    pub fn is_missing(&self) -> bool {
        self.source.kind() == ErrorKind::NotFound
    }

    /// Returns whether the user may not do that.
    pub fn is_denied(&self) -> bool {
        self.source.kind() == ErrorKind::PermissionDenied
    }

    /// Returns whether something that is no file is in its place, or its path leads nowhere.
    pub fn is_no_file(&self) -> bool {
        let is_loop = self.source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
        let no_file = [ErrorKind::IsADirectory, ErrorKind::NotADirectory, ErrorKind::InvalidInput];
        is_loop || no_file.contains(&self.source.kind())
    }

    /// Returns whether the file is larger than its reader was ready for.
    pub fn is_too_large(&self) -> bool {
        self.source.kind() == ErrorKind::InvalidData
    }
}

impl FileError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        // What exists: the path, or the nearest folder above it.
        let there = self.path.ancestors().find(|path| fs::symlink_metadata(path).is_ok()).unwrap_or(&self.path);
        let path = there.display();
        let is_loop = self.source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
        Some(match self.source.kind() {
            ErrorKind::PermissionDenied if self.action == "read" => format!("let this user read it: ls -ld {path}"),
            ErrorKind::PermissionDenied => format!("let this user write it: ls -ld {path}"),
            ErrorKind::ReadOnlyFilesystem => {
                format!("mount the file system so that it can be written: findmnt --target {path}")
            }
            ErrorKind::NotFound => "name a file that exists".to_owned(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!("free some space on the disk: df {path}"),
            ErrorKind::FileTooLarge => {
                "raise the file-size limit (ulimit -f), or check why the file is so large".to_owned()
            }
            ErrorKind::IsADirectory | ErrorKind::NotADirectory => {
                format!("move what is in the way: ls -ld {path}")
            }
            ErrorKind::TimedOut => "find the stopped process that holds the lock".to_owned(),
            _ if is_loop && self.action == "lock" => {
                format!("remove the symbolic link, through which no lock is taken: {path}")
            }
            _ if is_loop => {
                format!("fix the symbolic link, which leads back to itself: ls -l {path}")
            }
            _ => return None,
        })
    }
}
