//! What Git knows of a path: whether it sees its changes, and which there are.

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::Error;
use git2::{IndexEntryExtendedFlag, IndexEntryFlag, ObjectType, Oid, Repository, Status};
use host::child::{self, ExitOutcome};

/// How long `git update-index` may take.
const LIMIT: Duration = Duration::from_mins(1);

/// A path that Git was asked to look away from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hidden {
    /// The path, from the root of the repository.
    pub(crate) path: String,
    /// The flag: `skip-worktree` or `assume-unchanged`.
    pub(crate) flag: &'static str,
}

impl Hidden {
    /// Returns the command that has Git see the path again.
    pub(crate) fn command(&self) -> String {
        format!("git update-index --no-{} {}", self.flag, self.path)
    }
}

/// Returns those of these paths whose changes Git does not see, because `git update-index` hid them.
pub(crate) fn hidden(root: &Path, paths: &[&str]) -> Vec<Hidden> {
    // Where Git cannot read its index, it reports more than this.
    let Some(index) = Repository::open(root).ok().and_then(|repository| repository.index().ok()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for path in paths {
        let Some(entry) = index.get_path(Path::new(path), 0) else { continue };
        let skipped = entry.flags_extended & IndexEntryExtendedFlag::SKIP_WORKTREE.bits() != 0;
        let unchanged = entry.flags & IndexEntryFlag::VALID.bits() != 0;
        for (is_set, flag) in [(skipped, "skip-worktree"), (unchanged, "assume-unchanged")] {
            if is_set {
                found.push(Hidden { path: (*path).to_owned(), flag });
            }
        }
    }
    found
}

/// Has Git see the changes of these paths again, as far as something is there: a path that a sparse checkout leaves out stays
/// hidden. Returns the paths.
///
/// # Errors
/// `git` fails.
pub(crate) fn show_again(root: &Path, paths: &[&str]) -> Result<Vec<String>, Error> {
    let there: Vec<&str> = paths.iter().copied().filter(|path| root.join(path).symlink_metadata().is_ok()).collect();
    let mut shown = Vec::new();
    for hidden in hidden(root, &there) {
        let option = format!("--no-{}", hidden.flag);
        let args = ["update-index", &option, "--", &hidden.path].map(Into::into);
        let ended = child::output("git".as_ref(), &args, root, LIMIT, 1 << 16);
        if !ended.as_ref().is_ok_and(|output| output.ended == ExitOutcome::Code(0)) {
            let reason = match ended {
                Ok(output) => String::from_utf8_lossy(&output.err).trim().to_owned(),
                Err(error) => error.to_string(),
            };
            let message = format!("Git does not see changes of {} ({}): {reason}", hidden.path, hidden.flag);
            return Err(Error::failed(message, hidden.command()));
        }
        shown.push(hidden.path);
    }
    shown.dedup();
    Ok(shown)
}

/// Returns whether Git reports a path as changed or untracked, by the repository that it really lies in (which may be a submodule).
pub(crate) fn is_changed(path: &Path) -> bool {
    status(path).is_some_and(|status| !status.is_empty() && !status.is_ignored())
}

/// Returns whether a path is as it is committed. A path whose changes Git does not show is not known to be.
pub(crate) fn is_as_committed(root: &Path, path: &str) -> bool {
    let full = root.join(path);
    full.symlink_metadata().is_ok() && status(&full) == Some(Status::CURRENT) && hidden(root, &[path]).is_empty()
}

/// Returns whether Git has a file with this content, in whichever commit.
pub(crate) fn has_content(root: &Path, content: &[u8]) -> bool {
    let Ok(id) = Oid::hash_object(ObjectType::Blob, content) else { return false };
    Repository::open(root).is_ok_and(|repository| repository.find_blob(id).is_ok())
}

/// Returns whether Git has something else at a path than is there.
pub(crate) fn differs_from_commit(path: &Path) -> bool {
    is_changed(path) && status(path) != Some(Status::WT_NEW)
}

/// Returns the status of a path; none where there is no repository, or neither Git nor the system has it.
pub(crate) fn status(path: &Path) -> Option<Status> {
    let folder = path.parent()?.canonicalize().ok()?;
    let repository = Repository::discover(&folder).ok()?;
    let tree = repository.workdir()?.canonicalize().ok()?;
    let real: PathBuf = folder.join(path.file_name().unwrap_or_default());
    let name = real.strip_prefix(tree).ok()?;
    match repository.status_file(name) {
        // Git does not know it, and it is not there.
        Err(_) if path.symlink_metadata().is_err() => None,
        status => Some(status.unwrap_or(Status::WT_NEW)),
    }
}
