//! Our links and shims that no record mentions, such as after `git clean -fdx`, which removes `.loop` with the record: they are
//! never what was there before.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use automations::paths::tidy;
use automations::shim;
use common::Error;
use host::files;
use records::{Installation, InstalledPath, Original};
use store::Store;

use crate::git_index::{self, Committed};
use crate::program::{hash, is_runnable_by_python};
use crate::record::LIMIT;

/// What is installed, recorded or not.
pub(crate) struct Adoption {
    /// The record, with what is at the paths and is ours.
    pub(crate) installation: Installation,
    /// The paths that no record mentions.
    pub(crate) adopted: Vec<String>,
    /// The bytes of originals that Git has, and that are not kept yet, by path.
    pub(crate) contents: BTreeMap<String, Vec<u8>>,
}

/// Adds to a record our links and shims at these paths that it does not mention, and replaces originals that are such a
/// link or shim by what Git has.
///
/// # Errors
/// A path or Git cannot be read.
pub(crate) fn complete(
    store: &Store<'_>,
    record: Option<&Installation>,
    places: &[(String, &str)],
) -> Result<Adoption, Error> {
    let root = store.repo().root();
    let installation = record.cloned().unwrap_or_default();
    let mut adoption = Adoption { installation, adopted: Vec::new(), contents: BTreeMap::new() };
    for (path, tool) in places {
        let known = adoption.installation.of(path).cloned();
        let original = known.as_ref().and_then(|known| known.original.clone());
        let sound = original.clone().filter(|original| !is_ours(store, &root.join(path), original, tool));
        let present = ours_at(root, path, tool)?;
        let mut installed = match (known, present) {
            (Some(known), present) if present.as_ref().is_none_or(|present| is_same_kind(present, &known)) => {
                if sound == original {
                    continue;
                }
                known
            }
            (known, Some(present)) => {
                adoption.adopted.extend(known.is_none().then(|| path.clone()));
                present
            }
            (_, None) => continue,
        };
        find_original(store, &mut installed, sound, &mut adoption.contents)?;
        adoption.installation.installed.retain(|other| other.path != *path);
        adoption.installation.installed.push(installed);
    }
    Ok(adoption)
}

/// Returns what is recorded of a file or a link that Git has; `present` is what is at its path.
///
/// # Errors
/// The target of a link is not UTF-8.
pub(crate) fn committed_original(
    path: &str,
    present: Option<&Metadata>,
    committed: &Committed,
) -> Result<Original, Error> {
    if committed.is_link {
        let target = String::from_utf8(committed.content.clone());
        let target =
            target.map_err(Error::caused(format!("the link that is committed at {path} cannot be put back")))?;
        return Ok(Original::Link { target });
    }
    let mode = if committed.is_executable { "0755" } else { "0644" };
    Ok(Original::File {
        kept: path.to_owned(),
        mode: mode.to_owned(),
        sha256: hash(&committed.content),
        // A time before 1970 is not put back.
        modified: present.map_or((-1, 0), modified),
        owner: None,
    })
}

/// Returns what is recorded of a file at a path.
pub(crate) fn present_original(path: &str, present: &Metadata, sha256: String) -> Original {
    Original::File {
        kept: path.to_owned(),
        mode: format!("{:04o}", present.permissions().mode() & 0o7777),
        sha256,
        modified: modified(present),
        owner: Some((present.uid(), present.gid())),
    }
}

fn modified(present: &Metadata) -> (i64, u32) {
    (present.mtime(), u32::try_from(present.mtime_nsec()).unwrap_or(0))
}

/// Returns whether a link at `link` leads to an installed program of a tool, or did so before that was removed.
pub(crate) fn leads_to(link: &Path, target: &Path, tool: &str) -> bool {
    let program = tidy(&link.parent().unwrap_or(Path::new("")).join(target));
    program.file_name().is_some_and(|name| name == tool)
        && (program.parent().is_some_and(|folder| folder.ends_with(".loop/bin")) || is_runnable_by_python(&program))
}

fn is_same_kind(one: &InstalledPath, other: &InstalledPath) -> bool {
    one.shim.is_some() == other.shim.is_some()
}

/// Our link or our shim at a path; what was there before is not known yet.
fn ours_at(root: &Path, path: &str, tool: &str) -> Result<Option<InstalledPath>, Error> {
    let full = root.join(path);
    let Some(entry) = files::entry(&full)? else { return Ok(None) };
    let ours = |link, shim| {
        let (path, tool) = (path.to_owned(), tool.to_owned());
        Some(InstalledPath { path, tool, link, shim, original: None, from_git: false })
    };
    if entry.is_symlink() {
        let target = fs::read_link(&full).map_err(Error::io("read the link", &full))?;
        return Ok(if leads_to(&full, &target, tool) {
            ours(target.to_string_lossy().into_owned(), None)
        } else {
            None
        });
    }
    if !entry.is_file() || shim::tool_at(&full).is_none_or(|other| other != tool) {
        return Ok(None);
    }
    let content = files::read_existing(&full, LIMIT)?;
    Ok(ours(String::new(), Some(hash(&shim::with_line_feeds(&content)))))
}

/// Whether a recorded original is our link or our shim.
fn is_ours(store: &Store<'_>, full: &Path, original: &Original, tool: &str) -> bool {
    match original {
        Original::Link { target } => leads_to(full, Path::new(target), tool),
        Original::File { kept, .. } => shim::is_at(&store.originals().join(kept)),
    }
}

/// Finds what belongs at a path without us: what is recorded, what Git has, or a file that an installation has kept.
fn find_original(
    store: &Store<'_>,
    installed: &mut InstalledPath,
    recorded: Option<Original>,
    contents: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), Error> {
    let (path, tool) = (installed.path.clone(), &installed.tool);
    let full = store.repo().root().join(&path);
    let committed = git_index::committed_at(&full)?;
    installed.from_git = committed.as_ref().is_some_and(|Committed { is_link, content, .. }| {
        let is_our_link = || leads_to(&full, Path::new(&*String::from_utf8_lossy(content)), tool);
        if *is_link { is_our_link() } else { shim::tool_of(content) == Some(tool) }
    });
    installed.original = None;
    if installed.from_git {
        return Ok(());
    }
    let Some(present) = files::entry(&full)? else {
        installed.original = recorded;
        return Ok(());
    };
    installed.original = match (recorded, committed) {
        (Some(recorded), _) => Some(recorded),
        (None, Some(committed)) => {
            let original = committed_original(&path, Some(&present), &committed)?;
            contents.extend((!committed.is_link).then_some((path, committed.content)));
            Some(original)
        }
        (None, None) => {
            let kept = store.originals().join(&path);
            let entry = files::entry(&kept)?.filter(|entry| entry.is_file() && !shim::is_at(&kept));
            let hashed = |entry| {
                let content = files::read_existing(&kept, LIMIT)?;
                Ok::<_, Error>(present_original(&path, &entry, hash(&content)))
            };
            entry.map(hashed).transpose()?
        }
    };
    Ok(())
}
