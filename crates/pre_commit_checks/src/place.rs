//! What is at a path of the work tree that Git tracks or the command line names: a file, nothing, or something that is no file.

use std::fs;
use std::path::Path;

use common::error::chain;
use host::files;

use crate::entry::Entry;

/// The largest file that is read, in bytes.
pub(crate) const READ_LIMIT: u64 = 64 << 20;

/// Looks at what is at a path itself, be it a link; none if nothing is there.
///
/// # Errors
/// It cannot be looked at, and why.
pub(crate) fn look(root: &Path, path: &Path) -> Result<Option<fs::Metadata>, String> {
    if !is_in_folder(root, path)? {
        return Ok(None);
    }
    files::entry(&root.join(path)).map_err(|error| chain(&error))
}

/// Reads a file of the work tree; none if it is gone or too large, or a link that leads to no file.
///
/// # Errors
/// It cannot be read or is no file, and why.
pub(crate) fn read_file(root: &Path, entry: &Entry) -> Result<Option<Vec<u8>>, String> {
    match files::read(&root.join(&entry.path), READ_LIMIT) {
        Err(error) if error.is_too_large() => Ok(None),
        Err(error) if error.is_no_file() && (entry.is_link || !is_in_folder(root, &entry.path)?) => Ok(None),
        read => read.map_err(|error| chain(&error)),
    }
}

/// Returns what is reported of a path at which something is that is no file.
pub(crate) fn no_file(root: &Path, path: &Path) -> String {
    format!("cannot read {}: it is not a regular file", root.join(path).display())
}

/// Whether each name above the last is a folder. Where one is a file or a link, what Git tracks below it is gone.
fn is_in_folder(root: &Path, path: &Path) -> Result<bool, String> {
    let above: Vec<&Path> = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()).collect();
    for above in above.into_iter().rev() {
        let metadata = files::entry(&root.join(above)).map_err(|error| chain(&error))?;
        if !metadata.is_some_and(|metadata| metadata.is_dir()) {
            return Ok(false);
        }
    }
    Ok(true)
}
