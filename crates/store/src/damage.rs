//! What becomes of a file that cannot be read: its bytes are kept next to it, and the damage is reported.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use host::Host;
use host::files::{self, FileError, Lock};
use host::text;

/// Where damage is reported.
#[derive(Clone, Copy)]
pub(crate) struct Warnings<'h> {
    pub(crate) host: &'h Host,
    pub(crate) is_quiet: bool,
}

impl Warnings<'_> {
    pub(crate) fn warn(&self, what: &str) {
        if !self.is_quiet {
            self.host.warn(&text::lines(what));
        }
    }
}

/// Keeps the held file's present bytes under `NAME.bad` (or `NAME.bad.1` and so on, where that is taken by other bytes).
///
/// # Errors
/// The system refuses.
pub(crate) fn keep_damaged(lock: &Lock) -> Result<PathBuf, FileError> {
    let path = lock.path();
    let mut name = path.as_os_str().to_owned();
    name.push(".bad");
    for count in 0..1000 {
        let mut candidate = name.clone();
        if count > 0 {
            candidate.push(format!(".{count}"));
        }
        let candidate = PathBuf::from(candidate);
        match fs::hard_link(path, &candidate) {
            Ok(()) => return Ok(candidate),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // What cannot be read is not known to be the same.
                if is_same(&candidate, path).unwrap_or(false) {
                    return Ok(candidate);
                }
            }
            // A file system without hard links.
            Err(_) => match copy_to_new(path, &candidate) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                copied => {
                    return copied.map(|()| candidate.clone()).map_err(|error| FileError::writing(&candidate, error));
                }
            },
        }
    }
    Err(FileError::writing(path, ErrorKind::AlreadyExists.into()))
}

fn is_same(one: &Path, other: &Path) -> Result<bool, FileError> {
    Ok(files::read(one, u64::MAX)? == files::read(other, u64::MAX)?)
}

/// Copies a file to a place where nothing is.
fn copy_to_new(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut source = fs::File::open(from)?;
    let mut copy = fs::File::create_new(to)?;
    std::io::copy(&mut source, &mut copy)?;
    copy.sync_data()
}
