//! `.loop/originals/install.json`: what was installed, and what was there before.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use automations::shim;
use common::Error;
use host::files::{self, FileError};
use records::{Installation, InstalledPath, Original};
use store::{Content, Document, Store};

use crate::program::hash;

/// The largest script or original that is read, in bytes.
pub(crate) const LIMIT: u64 = 1 << 30;

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

/// What is at a path where a link or a shim was put.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Presence {
    /// Nothing.
    Nothing,
    /// What was put there.
    Ours,
    /// A shim for the same tool with another text: another version's, or one that was edited.
    OtherShim,
    /// Something else.
    Other,
}

/// Looks at what is at a path.
///
/// # Errors
/// The system refuses to look.
pub(crate) fn presence(root: &Path, installed: &InstalledPath) -> Result<Presence, FileError> {
    let path = root.join(&installed.path);
    let Some(entry) = files::entry(&path)? else { return Ok(Presence::Nothing) };
    if entry.is_symlink() {
        let target = fs::read_link(&path).map_err(|error| FileError::reading(&path, error))?;
        let is_link = !installed.link.is_empty() && target == Path::new(&installed.link);
        return Ok(if is_link { Presence::Ours } else { Presence::Other });
    }
    let Some(known) = installed.shim.as_ref().filter(|_| entry.is_file()) else { return Ok(Presence::Other) };
    let content = files::read_existing(&path, LIMIT)?;
    let plain = shim::with_line_feeds(&content);
    Ok(match shim::tool_of(&content) {
        Some(tool) if tool != installed.tool => Presence::Other,
        Some(_) if hash(&plain) == *known || plain == shim::text(&installed.tool).as_bytes() => Presence::Ours,
        Some(_) => Presence::OtherShim,
        None => Presence::Other,
    })
}

/// Returns whether the original is at its path again.
///
/// # Errors
/// The system refuses to look.
pub(crate) fn is_original(path: &Path, original: Option<&Original>) -> Result<bool, Error> {
    let entry = files::entry(path)?;
    match original {
        Some(Original::Link { target }) if entry.as_ref().is_some_and(Metadata::is_symlink) => {
            let link = fs::read_link(path).map_err(Error::io("read the link", path))?;
            Ok(link == Path::new(target))
        }
        Some(Original::File { sha256, .. }) if entry.as_ref().is_some_and(Metadata::is_file) => {
            let bytes = files::read_existing(path, LIMIT)?;
            Ok(hash(&bytes) == *sha256)
        }
        _ => Ok(false),
    }
}
