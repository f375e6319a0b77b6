//! `install-hook`: has Git call this tool before each commit.

use std::path::{Path, PathBuf};

use common::Error;
use git_hook::{HookFile, Removal};
use host::Host;
use host::files::FileError;
use store::Store;

/// What was done.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Done {
    /// The hook is there now, at this path.
    Installed(PathBuf),
    /// It is gone.
    Removed(PathBuf),
    /// Our line is removed from a hook of others.
    LineRemoved(PathBuf),
    /// Our hook was not there.
    NotThere,
}

/// Installs the hook where Git looks for it, and records it in the installation.
///
/// # Errors
/// Another hook is there, or the system refuses.
pub(crate) fn install(host: &Host, store: &Store<'_>) -> Result<Done, Error> {
    let path = git_hook::place(store.repo().root())?;
    let program = host.program().map_err(|error| FileError::reading(Path::new("the running program"), error))?;
    let is_there = path.symlink_metadata().is_ok();
    let hook = if is_there { git_hook::read(&path)?.unwrap_or_default() } else { HookFile::default() };
    if is_there && !hook.is_ours {
        if hook.lines.iter().any(|line| line.program == program) {
            // The line that was asked for below.
            git_hook::record(host, store, &path)?;
            hook.renew(&path)?;
            return Ok(Done::Installed(path));
        }
        let call = git_hook::call(&program);
        let hint = format!("add this line to it: {}", String::from_utf8_lossy(&call).trim_end());
        return Err(Error::usage(format!("{} is another hook, which is not changed", path.display()), hint));
    }
    git_hook::record(host, store, &path)?;
    git_hook::write_whole(&path, &program)?;
    Ok(Done::Installed(path))
}

/// Removes the hook, or our lines from a hook of others; every other line stays.
///
/// # Errors
/// There is no repository, or the system refuses.
pub(crate) fn remove(store: &Store<'_>) -> Result<Done, Error> {
    let path = git_hook::place(store.repo().root())?;
    let removal = git_hook::remove(&path, |_| true, false)?;
    if removal == Removal::Link {
        let hint = "remove the line that calls this tool from the file that it leads to";
        return Err(Error::usage(format!("{} is a symbolic link, and is not changed", path.display()), hint));
    }
    git_hook::unrecord(store, &path)?;
    Ok(match removal {
        Removal::Hook => Done::Removed(path),
        Removal::Lines => Done::LineRemoved(path),
        Removal::Nothing | Removal::Link => Done::NotThere,
    })
}
