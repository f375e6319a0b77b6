//! Which hooks hold our line, in the record of the installation.

use std::fs;
use std::path::{Path, PathBuf};

use common::Error;
use host::Host;
use records::Installation;
use store::{Content, Document, Store};

use crate::place::place;

/// Records that a hook holds our line. A repository without `.loop/` has no installation to record it for.
///
/// # Errors
/// The record is damaged, or cannot be written.
pub fn record(host: &Host, store: &Store<'_>, hook: &Path) -> Result<(), Error> {
    if !store.exists()? {
        return Ok(());
    }
    let name = name(store, hook);
    let document = store.installation();
    let is_known = |installation: &Installation| installation.hooks.contains(&name);
    match document.read()? {
        Content::Intact(installation) if is_known(&installation) => return Ok(()),
        Content::Damaged(error) => return Err(error.into()),
        _ => {}
    }
    let changed = document.change_intact(|installation| {
        if installation.version == 0 {
            installation.version = 1;
            installation.installed_at = host.timestamp();
            env!("CARGO_PKG_VERSION").clone_into(&mut installation.program_version);
        }
        if !is_known(installation) {
            installation.hooks.push(name.clone());
        }
    })?;
    Ok(changed?)
}

/// Removes a hook from the record, and the record with it where it holds nothing else.
///
/// # Errors
/// The record is damaged, or cannot be written.
pub fn unrecord(store: &Store<'_>, hook: &Path) -> Result<(), Error> {
    let name = name(store, hook);
    let document = store.installation();
    match document.read()? {
        Content::Intact(installation) if installation.hooks.contains(&name) => {}
        _ => return Ok(()),
    }
    let is_empty = document.change_intact(|installation| {
        installation.hooks.retain(|other| *other != name);
        installation.is_empty()
    })??;
    if is_empty {
        document.remove()?;
        // Only if it is empty.
        let _ = fs::remove_dir(store.originals());
    }
    Ok(())
}

/// Returns the hooks that may hold our line: those that are recorded, and the one that Git looks for.
pub fn known_places(store: &Store<'_>, installation: Option<&Installation>) -> Vec<PathBuf> {
    let root = store.repo().root();
    let recorded = installation.iter().flat_map(|installation| &installation.hooks).map(|name| root.join(name));
    let mut places: Vec<PathBuf> = recorded.chain(place(root).ok()).collect();
    // One hook may have two names, such as one by way of a link.
    let real = |path: &PathBuf| path.parent().and_then(|folder| folder.canonicalize().ok());
    places.sort_by_key(|path| (real(path), path.clone()));
    places.dedup_by(|one, other| one == other || real(one).is_some_and(|folder| Some(folder) == real(other)));
    places
}

/// Returns a hook's name in the record: relative to the repository where it is inside.
fn name(store: &Store<'_>, hook: &Path) -> String {
    hook.strip_prefix(store.repo().root()).unwrap_or(hook).to_string_lossy().into_owned()
}
