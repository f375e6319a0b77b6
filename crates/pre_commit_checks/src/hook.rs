//! The hook that has Git call this tool before each commit.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use common::Error;
use host::Host;
use host::files::{self, Durability, FileError, Replacement};

use crate::tree::repository_at;

/// How our hook is known.
const MARK: &str = "# Made by `pre_commit_checks install-hook`.";

/// What was done.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Done {
    /// The hook is there now, at this path.
    Installed(PathBuf),
    /// It is gone.
    Removed(PathBuf),
    /// Our hook was not there.
    NotThere,
}

/// Installs the hook where Git looks for it: the folder of `core.hooksPath`, or the one that all work trees share.
///
/// # Errors
/// Another hook is there, or the system refuses.
pub(crate) fn install(host: &Host, root: &Path) -> Result<Done, Error> {
    let path = place(root)?;
    let program = host.program().map_err(|error| FileError::reading(Path::new("the running program"), error))?;
    let call = [quoted(program.as_os_str()).as_slice(), b" --staged --quiet || exit $?"].concat();
    if path.symlink_metadata().is_ok() && !is_ours(&path) {
        let hint = format!("add this line to it: {}", String::from_utf8_lossy(&call));
        return Err(Error::usage(format!("{} is another hook, which is not changed", path.display()), hint));
    }
    let head = format!("#!/bin/sh\n{MARK} Its `--remove` takes it away.\n");
    let text = [head.as_bytes(), &call, b"\n"].concat();
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    write(&path, &text).map_err(|error| FileError::writing(&path, error))?;
    Ok(Done::Installed(path))
}

/// Takes the hook away; one that is not ours stays.
///
/// # Errors
/// There is no repository, or the system refuses.
pub(crate) fn remove(root: &Path) -> Result<Done, Error> {
    let path = place(root)?;
    if !is_ours(&path) {
        return Ok(Done::NotThere);
    }
    files::remove(&path)?;
    Ok(Done::Removed(path))
}

fn place(root: &Path) -> Result<PathBuf, Error> {
    let repository = repository_at(root).map_err(|error| {
        if error.code() == git2::ErrorCode::Owner {
            let hint = format!("git config --global --add safe.directory {}", root.display());
            return Error::caused(format!("{} belongs to another user", root.display()))(error).with_hint(hint);
        }
        if error.code() != git2::ErrorCode::NotFound {
            return Error::caused(format!("cannot read the Git repository {}", root.display()))(error);
        }
        Error::caused(format!("{} is not a Git repository", root.display()))(error)
            .with_hint("change into a repository, or give --repo-root DIR")
    })?;
    let configured = repository.config().and_then(|config| config.get_path("core.hooksPath")).ok();
    // Relative to the work tree in which hooks run.
    let folder = configured.map_or_else(|| repository.commondir().join("hooks"), |path| root.join(path));
    Ok(folder.join("pre-commit"))
}

fn is_ours(path: &Path) -> bool {
    let text = files::read(path, 1 << 20).ok().flatten().unwrap_or_default();
    // With a line of another program in it, it is that program's.
    String::from_utf8_lossy(&text).contains(MARK) && memchr::memchr_iter(b'\n', &text).count() == 3
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut replacement = Replacement::open(path, "tmp")?;
    replacement.file().write_all(text)?;
    replacement.set_mode(0o755)?;
    replacement.put_in_place(path, Durability::Flushed)
}

/// A path as one word of the shell.
fn quoted(path: &OsStr) -> Vec<u8> {
    let parts: Vec<&[u8]> = path.as_bytes().split(|byte| *byte == b'\'').collect();
    [b"'", parts.join(&b"'\\''"[..]).as_slice(), b"'"].concat()
}
