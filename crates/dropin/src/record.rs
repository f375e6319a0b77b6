//! `.loop/originals/install.json`: what was installed, and what was there before.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use common::Error;
use host::files::FileError;
use records::{Installation, InstalledPath};
use store::{Content, Document, Store};

/// Returns the directory of the programs; the usual one where only a hook is recorded.
pub(crate) fn programs(store: &Store<'_>, installation: &Installation) -> PathBuf {
    if installation.bin.is_empty() { store.programs() } else { store.repo().root().join(&installation.bin) }
}

/// Reads the record; none if nothing is installed.
pub(crate) fn read(store: &Store<'_>) -> Result<Option<Installation>, Error> {
    match store.installation().read()? {
        Content::Missing => Ok(None),
        Content::Intact(installation) => Ok(Some(installation)),
        Content::Damaged(error) => Err(Error::failed(
            format!("{error}"),
            "fix it by hand: only this file holds the places of the originals, which are next to it",
        )),
    }
}

/// Returns whether our link is at a path.
///
/// # Errors
/// The system refuses to look.
pub(crate) fn is_in_place(root: &Path, installed: &InstalledPath) -> Result<bool, FileError> {
    let path = root.join(&installed.path);
    match std::fs::read_link(&path) {
        Ok(target) => Ok(target == Path::new(&installed.link)),
        // Nothing is there, or something that is no link.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) => Ok(false),
        Err(error) => Err(FileError::reading(&path, error)),
    }
}
