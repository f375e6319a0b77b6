//! Entries of `.loop/` that belong to another user than the one who works with it, and that this one cannot write.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use host::files::{self, FileError};

use crate::repo::Repo;

/// An entry that the user of the store cannot write.
#[derive(Debug)]
pub struct ForeignEntry {
    path: PathBuf,
    /// The number of the user to whom it belongs.
    pub owner: u32,
    /// The number of the user who works with the store.
    pub user: u32,
    group: u32,
    is_folder: bool,
}

impl ForeignEntry {
    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the user of the store write it: root gives it to the user; the user gets a copy of a file that can be read. Returns
    /// false where only root can do it, and with `dry_run` changes nothing.
    ///
    /// # Errors
    /// The system refuses.
    pub fn hand_over(&self, dry_run: bool) -> Result<bool, FileError> {
        if files::is_root() {
            return if dry_run || files::give(&self.path, self.user, self.group)? { Ok(true) } else { self.replace() };
        }
        // A lock that was replaced would be held by two.
        let is_lock = is_lock(&self.path);
        let can_be_read = || fs::File::open(&self.path).is_ok();
        if self.is_folder || is_lock || !files::is_user(self.user) || !can_be_read() {
            return Ok(false);
        }
        if dry_run { Ok(true) } else { self.replace() }
    }

    fn replace(&self) -> Result<bool, FileError> {
        files::lock(&self.path)?.replace_by_copy()?;
        Ok(true)
    }
}

/// Finds the entries of the store of `repo` that its user cannot write: the owner of `.loop/` or, where that is root, of the
/// repository. Links are not followed.
///
/// # Errors
/// An entry cannot be looked at.
pub(crate) fn find(repo: &Repo) -> Result<Vec<ForeignEntry>, FileError> {
    let root = repo.folder();
    let (Some(top), Some(around)) = (files::entry(&root)?, files::entry(repo.root())?) else { return Ok(Vec::new()) };
    let user = if top.uid() == 0 { around } else { top };
    let (mut found, mut paths) = (Vec::new(), vec![root]);
    while let Some(path) = paths.pop() {
        // Removed in between is as good.
        let Some(metadata) = files::entry(&path)? else { continue };
        if !can_write(&user, &path, &metadata) {
            let (owner, is_folder) = (metadata.uid(), metadata.is_dir());
            found.push(ForeignEntry { path: path.clone(), owner, user: user.uid(), group: user.gid(), is_folder });
        }
        if metadata.is_dir() {
            match files::list(&path) {
                Ok(entries) => paths.extend(entries.iter().map(fs::DirEntry::path)),
                // What cannot be listed is in the list itself, or the reader of its files reports it.
                Err(error) if error.is_denied() => {}
                Err(error) => return Err(error),
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Gives the folders of the store that are root's to the owner of `.loop/`, if this is root: without them the owner can do
/// nothing, and no process depends on who owns them.
pub(crate) fn hand_over_folders(repo: &Repo) -> Result<(), FileError> {
    let root = repo.folder();
    let Some(top) = files::entry(&root)?.filter(|top| files::is_root() && top.uid() != 0) else { return Ok(()) };
    for path in files::list(&root)?.iter().map(fs::DirEntry::path) {
        if files::entry(&path)?.is_some_and(|entry| entry.is_dir() && entry.uid() == 0) {
            files::give(&path, top.uid(), top.gid())?;
        }
    }
    Ok(())
}

/// Whether a user, known by a folder that the user owns, can write an entry; a lock only has to be read.
fn can_write(user: &Metadata, path: &Path, entry: &Metadata) -> bool {
    if user.uid() == 0 || entry.uid() == user.uid() || entry.is_symlink() {
        return true;
    }
    let needed = match (is_lock(path), entry.is_dir()) {
        (true, _) => 0o4,
        (false, true) => 0o3,
        (false, false) => 0o2,
    };
    let bits = if entry.gid() == user.gid() { entry.mode() >> 3 } else { entry.mode() };
    bits & needed == needed
}

fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "lock")
}
