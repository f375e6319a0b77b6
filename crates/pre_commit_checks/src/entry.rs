//! A file of a tree: its name, what it is, and where its content is.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use git2::Oid;

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its path, relative to the repository.
    pub path: PathBuf,
    /// The same as text, with `/`; bytes that are no text are `U+FFFD`.
    pub name: String,
    /// It is a symbolic link.
    pub is_link: bool,
    /// Its content in Git, unless the work tree is looked at.
    pub blob: Option<Oid>,
    /// What the work tree's file was like when it was the same as in the index.
    pub seen: Option<FileStat>,
}

/// A file's state as the system tells it: seconds and nanoseconds of its change, and its size in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct FileStat {
    pub changed: (i64, i64),
    /// When anything of it changed, its name and owner included.
    pub touched: (i64, i64),
    pub size: u64,
}

impl Entry {
    pub(crate) fn new(path: PathBuf, is_link: bool, blob: Option<Oid>) -> Self {
        let name = path.to_string_lossy().into_owned();
        Self { path, name, is_link, blob, seen: None }
    }
}

/// Returns the state of a file.
pub(crate) fn seen(metadata: &fs::Metadata) -> FileStat {
    FileStat {
        changed: (metadata.mtime(), metadata.mtime_nsec()),
        touched: (metadata.ctime(), metadata.ctime_nsec()),
        size: metadata.len(),
    }
}

/// A path of Git's, which are bytes.
pub(crate) fn as_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}
