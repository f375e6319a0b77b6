//! `install-hook`: has Git call this tool before each commit.

use std::path::{Path, PathBuf};

use common::Error;
use git_hook::{HookFile, HookLine, Owner, Removal, Viewpoint};
use host::Host;
use host::files::FileError;
use store::Store;

/// What was done, and to which lines of other installations that share the hook.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Done {
    /// What was done.
    pub what: Change,
    /// The hook.
    pub path: PathBuf,
    /// The lines of others whose program is gone, and that are removed.
    pub dropped: Vec<HookLine>,
    /// The lines of others that stay.
    pub others: Vec<HookLine>,
}

/// What was done to the hook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Change {
    /// Our line is there now.
    Installed,
    /// The hook is gone.
    Removed,
    /// Our line is removed from a hook of others.
    LineRemoved,
    /// Our line was not there.
    NotThere,
}

/// Installs the hook where Git looks for it, and records it in the installation. The lines of other installations that share it
/// stay as long as their programs are there.
///
/// # Errors
/// Another hook is there, or the system refuses.
pub(crate) fn install(host: &Host, store: &Store<'_>) -> Result<Done, Error> {
    let root = store.repo().root();
    let path = git_hook::place(root)?;
    let program = host.program().map_err(|error| FileError::reading(Path::new("the running program"), error))?;
    if path.symlink_metadata().is_err() {
        git_hook::record(host, store, &path)?;
        git_hook::create(&path, &program, root)?;
        return Ok(Done { what: Change::Installed, path, dropped: Vec::new(), others: Vec::new() });
    }
    let hook = git_hook::read(&path)?.unwrap_or_default();
    let call = git_hook::call(&program, Some(root));
    let view = Viewpoint::new(root, &path);
    let is_own = |line: &HookLine| match view.owner(line) {
        Owner::Here => true,
        // Where other repositories use the hook, a line without a work tree may be theirs.
        Owner::Unknown => !view.is_shared() && line.program == program,
        Owner::Sibling | Owner::Elsewhere => false,
    };
    let is_dropped = |line: &HookLine| !is_own(line) && !line.has_program();
    let content = if hook.lines.iter().any(is_own) {
        hook.with_call(&call, is_own, is_dropped)
    } else if hook.is_ours {
        HookFile::parse(hook.with_call(&call, is_own, is_dropped)).with_call_added(&call)
    } else {
        return Err(not_changed(&path, "another hook, which is not changed", "it", &call));
    };
    git_hook::record(host, store, &path)?;
    if !hook.replace(&path, &content)? {
        return Err(not_changed(&path, "a symbolic link, and is not changed", "the file that it leads to", &call));
    }
    git_hook::make_runnable(&path)?;
    let (dropped, others) = hook.lines.into_iter().filter(|line| !is_own(line)).partition(is_dropped);
    Ok(Done { what: Change::Installed, path, dropped, others })
}

fn not_changed(path: &Path, what: &str, place: &str, call: &[u8]) -> Error {
    let hint = format!("add this line to {place}: {}", String::from_utf8_lossy(call).trim_end());
    Error::usage(format!("{} is {what}", path.display()), hint)
}

/// Removes the hook, or the lines of this work tree from a hook of others; every other line stays.
///
/// # Errors
/// There is no repository, or the system refuses.
pub(crate) fn remove(store: &Store<'_>) -> Result<Done, Error> {
    let root = store.repo().root();
    let path = git_hook::place(root)?;
    let view = Viewpoint::new(root, &path);
    let is_taken_back = |line: &HookLine| match view.owner(line) {
        Owner::Here => true,
        Owner::Unknown => line.root.is_none() || !view.is_shared(),
        Owner::Sibling | Owner::Elsewhere => false,
    };
    let lines = git_hook::read(&path)?.unwrap_or_default().lines;
    let removal = git_hook::remove(&path, is_taken_back, false)?;
    if removal == Removal::Link {
        let hint = "remove the line that calls this tool from the file that it leads to";
        return Err(Error::usage(format!("{} is a symbolic link, and is not changed", path.display()), hint));
    }
    git_hook::unrecord(store, &path)?;
    let what = match removal {
        Removal::Hook => Change::Removed,
        Removal::Lines => Change::LineRemoved,
        Removal::Nothing | Removal::Link => Change::NotThere,
    };
    let others = lines.into_iter().filter(|line| !is_taken_back(line)).collect();
    Ok(Done { what, path, dropped: Vec::new(), others })
}
