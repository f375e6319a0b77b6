//! What is left next to the stored files: temporary files of writers that were killed, and data that was kept.

use std::fs;
use std::path::{Path, PathBuf};

use host::files::{self, FileError};

use records::stored_files::CYCLE_RESULT;

use crate::repo::Repo;

/// What a leftover is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LeftoverKind {
    /// The temporary file of a writer that was killed.
    Temporary,
    /// Damaged data that a tool or a repair has kept.
    Damaged,
    /// A result of the agent that no cycle has recorded.
    Result,
    /// What was at the path of a script when the installation was taken back.
    Replaced,
}

/// A file that no tool reads.
#[derive(Debug)]
pub struct Leftover {
    path: PathBuf,
    /// What it is.
    pub kind: LeftoverKind,
}

impl Leftover {
    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it where it is the temporary file of a writer that was killed; nothing else is removed. Returns whether it did.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove(&self) -> Result<bool, FileError> {
        if self.kind == LeftoverKind::Temporary { files::remove_abandoned(&self.path) } else { Ok(false) }
    }

    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let ending = name.rsplit('.').next().unwrap_or_default();
        let before = name.strip_suffix(&format!(".{ending}")).unwrap_or_default();
        // `NAME.bad`, and `NAME.bad.1` where that name was taken.
        let is_numbered = Path::new(before).extension().is_some_and(|kind| kind == "bad")
            && ending.bytes().all(|byte| byte.is_ascii_digit());
        let is_result = name.starts_with(&format!("{}.bad", CYCLE_RESULT.path));
        let kind = match ending {
            "bad" if is_result => LeftoverKind::Result,
            _ if is_numbered && is_result => LeftoverKind::Result,
            "tmp" if files::is_abandoned(&path) => LeftoverKind::Temporary,
            "bad" | "damaged" => LeftoverKind::Damaged,
            "replaced" => LeftoverKind::Replaced,
            _ if is_numbered => LeftoverKind::Damaged,
            _ => return None,
        };
        (!before.is_empty()).then_some(Self { path, kind })
    }
}

/// Finds what is left in the store of `repo`, in the order of the names. Links are not followed, and nothing is changed.
///
/// # Errors
/// A folder cannot be listed.
pub(crate) fn find(repo: &Repo) -> Result<Vec<Leftover>, FileError> {
    let (mut found, mut folders) = (Vec::new(), vec![repo.folder()]);
    while let Some(folder) = folders.pop() {
        for path in files::list(&folder)?.iter().map(fs::DirEntry::path) {
            match files::entry(&path)? {
                Some(metadata) if metadata.is_dir() => folders.push(path),
                Some(metadata) if metadata.is_file() => found.extend(Leftover::of(path)),
                _ => {}
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}
