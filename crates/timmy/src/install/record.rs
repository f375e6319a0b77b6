//! `.loop/originals/install.json`: what was installed, and what was there before.

use std::path::{Path, PathBuf};

use common::error::Error;
use records::stored_files::ORIGINALS;
use records::{Installation, InstalledPath};
use store::document::{self, Document};
use store::repo::Repo;

/// Returns the directory of the originals.
pub(super) fn originals(repo: &Repo) -> PathBuf {
    repo.path(&ORIGINALS)
}

/// Returns the directory of the programs.
pub(super) fn programs(repo: &Repo, installation: &Installation) -> PathBuf {
    repo.root().join(&installation.bin)
}

/// Reads the record; none if nothing is installed.
pub(crate) fn read(repo: &Repo) -> Result<Option<Installation>, Error> {
    match document::load(repo)? {
        Document::Missing => Ok(None),
        Document::Intact(installation) => Ok(Some(installation)),
        Document::Damaged(error) => Err(Error::failed(
            format!("{error}"),
            "fix it by hand: only this file holds the places of the originals, which are next to it",
        )),
    }
}

/// Returns whether our link is at a path.
pub(crate) fn is_in_place(root: &Path, installed: &InstalledPath) -> bool {
    std::fs::read_link(root.join(&installed.path)).is_ok_and(|target| target == Path::new(&installed.link))
}
