//! What becomes of a file that cannot be read: its bytes are kept next to it, and the damage is reported.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use host::Host;
use host::files::{FileError, Lock};
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
                if fs::read(&candidate).ok() == fs::read(path).ok() {
                    return Ok(candidate);
                }
            }
            // A file system without hard links.
            Err(_) => {
                fs::copy(path, &candidate).map_err(|error| FileError::writing(&candidate, error))?;
                return Ok(candidate);
            }
        }
    }
    Err(FileError::writing(path, ErrorKind::AlreadyExists.into()))
}
