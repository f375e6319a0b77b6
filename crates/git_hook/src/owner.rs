//! Whose line a line is. Several installations may share one hook: the work trees of a repository do, and every repository for
//! which `core.hooksPath` names the same directory.

use std::path::{Path, PathBuf};

use host::Host;
use host::files;

use crate::line::{HookFile, HookLine};
use crate::place;

/// The variables by which a line passes the hook, and its work tree, to the program.
const HOOK: &str = "TIMMY_HOOK";
const ROOT: &str = "TIMMY_HOOK_ROOT";

/// Whose line a line is, seen from a work tree; the better one for a commit in it comes first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Owner {
    /// That work tree's.
    Here,
    /// Another work tree's of the same repository.
    Sibling,
    /// No work tree's that is there: the line names none, or one that was moved or removed.
    Unknown,
    /// Another repository's.
    Elsewhere,
}

/// A work tree, and a hook that Git calls for commits in it.
#[derive(Debug)]
pub struct Viewpoint {
    root: PathBuf,
    /// The directory that all work trees of the repository share.
    common: Option<PathBuf>,
    /// Whether the hook is in that directory, so that other repositories do not use it.
    is_private: bool,
}

impl Viewpoint {
    /// Looks from the work tree at `root` at the hook at `path`.
    pub fn new(root: &Path, path: &Path) -> Self {
        let common = common(root);
        let folder = path.parent().map(real);
        let is_private = common.iter().any(|common| folder.as_ref().is_some_and(|folder| folder.starts_with(common)));
        Self { root: root.to_owned(), common, is_private }
    }

    /// Returns whose line a line is.
    pub fn owner(&self, line: &HookLine) -> Owner {
        let Some(root) = &line.root else { return Owner::Unknown };
        if root == &self.root || real(root) == real(&self.root) {
            return Owner::Here;
        }
        if self.common.is_some() && common(root) == self.common {
            return Owner::Sibling;
        }
        // What cannot be looked at is not known to be gone.
        let is_work_tree = || files::is_there(&root.join(".git")).unwrap_or(true);
        if !self.is_private && is_work_tree() { Owner::Elsewhere } else { Owner::Unknown }
    }

    /// Whether other repositories may use the hook too.
    pub fn is_shared(&self) -> bool {
        !self.is_private
    }

    /// Whether the line for `caller` is the one by which a commit in this work tree is checked, so that it is checked once: by
    /// the first of those that are best. A hook without that line is not known, and the commit is checked.
    fn is_checked_by(&self, hook: &HookFile, caller: Option<&Path>) -> bool {
        let is_caller = |line: &HookLine| line.is_current && line.root.as_deref() == caller;
        let Some(line) = hook.lines.iter().find(|line| is_caller(line)) else { return true };
        if self.owner(line) == Owner::Elsewhere {
            return false;
        }
        let can_check = hook.lines.iter().filter(|line| line.can_run() && self.owner(line) != Owner::Elsewhere);
        can_check.min_by_key(|line| self.owner(line)).is_none_or(is_caller)
    }
}

/// Whether a commit in the work tree at `root` is not checked by this process, but by another line of the hook that has called
/// it, or by none, because all lines are those of other repositories.
pub fn is_for_another(host: &Host, root: &Path) -> bool {
    let Some(path) = host.var(HOOK).map(|path| host.current_dir().join(path)) else { return false };
    let caller = host.var(ROOT).map(PathBuf::from);
    match place::read(&path) {
        Ok(Some(hook)) => !Viewpoint::new(root, &path).is_checked_by(&hook, caller.as_deref()),
        // In doubt a commit is checked.
        Ok(None) | Err(_) => false,
    }
}

impl HookLine {
    /// Whether its program is there; what cannot be looked at is not known to be gone.
    pub fn has_program(&self) -> bool {
        files::is_there(&self.program).unwrap_or(true)
    }

    /// Returns how the line is shown among others: by the work tree that it is for.
    pub fn shown(&self) -> String {
        self.root.as_ref().unwrap_or(&self.program).display().to_string()
    }

    fn can_run(&self) -> bool {
        files::is_runnable(&self.program)
    }
}

/// The directory that all work trees of the repository at a root share; none where there is none that can be opened.
fn common(root: &Path) -> Option<PathBuf> {
    git_repository::open(root).ok().map(|repository| real(repository.commondir()))
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests lay out what is looked at")]

    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use git2::Repository;

    use super::*;
    use crate::line::call;

    /// A program at a path.
    fn put_program(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn a_commit_is_checked_by_one_line_and_by_none_of_another_repository() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let (here, other, gone, shared) = (place("here"), place("other"), place("gone"), place("hooks/pre-commit"));
        let private = here.join(".git/hooks/pre-commit");
        Repository::init(&here).unwrap();
        Repository::init(&other).unwrap();
        let program = place("bin/pre_commit_checks");
        put_program(&program);
        let line = |root: Option<&Path>| call(&program, root);
        let dead = call(&place("no/pre_commit_checks"), Some(&here));
        let old = format!("'{}' --staged --quiet || exit $?\n", program.display()).into_bytes();
        let (ours, foreign, moved, unnamed) = (line(Some(&here)), line(Some(&other)), line(Some(&gone)), line(None));
        let checks = |path: &Path, lines: &[&[u8]], caller: Option<&Path>| {
            let hook = HookFile::parse(lines.concat());
            assert_eq!(hook.lines.len(), lines.len());
            Viewpoint::new(&here, path).is_checked_by(&hook, caller)
        };
        for path in [&shared, &private] {
            let all: &[&[u8]] = &[&unnamed, &moved, &foreign, &ours];
            assert!(checks(path, all, Some(&here)));
            for caller in [Some(&other), Some(&gone), None] {
                assert!(!checks(path, all, caller.map(PathBuf::as_path)), "{caller:?}");
            }
            assert!(checks(path, &[&unnamed, &moved], None), "the first one");
            assert!(!checks(path, &[&unnamed, &moved], Some(&gone)));
            assert!(checks(path, &[&dead, &moved], Some(&gone)), "a program that is gone checks nothing");
            assert!(checks(path, &[&moved], Some(&here)), "a line that is not known");
            // The first one may be of an earlier version, which always checks.
            assert!(!checks(path, &[&old, &unnamed, &moved], Some(&gone)));
        }
        assert!(!checks(&shared, &[&foreign], Some(&other)), "another repository's");
        assert!(checks(&private, &[&foreign], Some(&other)), "moved, and another repository is at its former place");
    }
}
