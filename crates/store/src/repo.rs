//! Where the repository is, and where in it each shared file lies.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use records::StoredFile;

use host::Host;
use host::files::{self, FileError};

/// The variable that names the repository.
const REPO_ROOT: &str = "TIMMY_REPO_ROOT";

/// The repository that a tool works on: its root folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repo {
    root: PathBuf,
}

/// Why there is no repository to work on.
#[derive(Debug, thiserror::Error)]
pub enum NoRepo {
    /// A folder was named that is none.
    #[error("{origin} names {}, which is not a directory", path.display())]
    NoFolder {
        /// The flag or the variable.
        origin: &'static str,
        /// What it names.
        path: PathBuf,
    },
    /// None of the four ways leads to one.
    #[error("no repository: {} is not inside a git work tree", current_dir.display())]
    NotFound {
        /// Where the search began.
        current_dir: PathBuf,
    },
}

impl NoRepo {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFolder { .. } => "name an existing directory".to_owned(),
            Self::NotFound { .. } => format!(
                "give --repo-root DIR, set {REPO_ROOT}, call the tool through a symlink in the repository, \
                 or change into the repository"
            ),
        })
    }
}

impl Repo {
    /// Takes `root` as the repository.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Finds the repository: `flag`, else `TIMMY_REPO_ROOT`, else the work tree in which the symlink or the shim lies that
    /// the tool was called through, else the work tree around the current directory.
    ///
    /// # Errors
    /// A folder that is named does not exist, or there is none to be found.
    pub fn find(host: &Host, flag: Option<&Path>) -> Result<Self, NoRepo> {
        let from_variable = host.var(REPO_ROOT).map(PathBuf::from);
        let named = flag.map(|path| ("--repo-root", path)).or(from_variable.as_deref().map(|path| (REPO_ROOT, path)));
        if let Some((origin, path)) = named {
            let path = host.current_dir().join(path);
            return match fs::canonicalize(&path) {
                Ok(root) if root.is_dir() => Ok(Self { root }),
                _ => Err(NoRepo::NoFolder { origin, path }),
            };
        }
        host.shim()
            .or_else(|| calling_link(host))
            .and_then(|link| work_tree(link.parent()?))
            .or_else(|| work_tree(host.current_dir()))
            .or_else(|| installed_in(host))
            .map(|root| Self { root })
            .ok_or_else(|| NoRepo::NotFound { current_dir: host.current_dir().to_owned() })
    }

    /// Returns the repository's root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns a path as it is given in a setting: relative to the root unless it is absolute.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// Returns the folder of the stored files, where a link in its place leads.
    pub(crate) fn folder(&self) -> PathBuf {
        let folder = self.in_loop("");
        fs::canonicalize(&folder).unwrap_or(folder)
    }

    /// Returns where a stored file under `.loop/` is.
    pub(crate) fn path(&self, file: &StoredFile) -> PathBuf {
        self.in_loop(file.path)
    }

    /// Returns a path under `.loop/`.
    pub(crate) fn in_loop(&self, name: &str) -> PathBuf {
        self.root.join(".loop").join(name)
    }

    /// Makes `.loop/` when it is missing, with a `.gitignore` of `*` in it if git would otherwise see it.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn prepare(&self) -> Result<(), FileError> {
        let folder = self.root.join(".loop");
        match fs::metadata(&folder) {
            Ok(metadata) if metadata.is_dir() => return Ok(()),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(FileError::reading(&folder, error)),
            // Where something else is, this is the error.
            Ok(_) => return files::make_folder(&folder),
            Err(_) if self.hides_loop() => return files::make_folder(&folder),
            Err(_) => {}
        }
        // Complete before it has its name: git never sees what is in it, whenever this program is killed.
        let new = self.root.join(".loop.tmp");
        let made = files::make_folder(&new)
            .and_then(|()| files::create(&new.join(".gitignore"), b"*\n"))
            .and_then(|()| files::rename(&new, &folder));
        if made.is_ok() {
            return Ok(());
        }
        let _ = fs::remove_dir_all(&new);
        // Another process may have been quicker.
        if folder.is_dir() { Ok(()) } else { made }
    }

    /// Whether the repository's own ignore files name `.loop` in one of the plain forms. An unusual pattern counts as
    /// none: a second `.gitignore` does no harm.
    fn hides_loop(&self) -> bool {
        [".gitignore", ".git/info/exclude"].iter().any(|name| {
            let text = files::read(&self.root.join(name), 1 << 20).ok().flatten().unwrap_or_default();
            String::from_utf8_lossy(&text)
                .lines()
                .any(|line| matches!(line.trim().trim_start_matches('/').trim_end_matches(['/', '*']), ".loop"))
        })
    }
}

/// Returns the symlink that the program was called through, with the folder that it lies in resolved.
fn calling_link(host: &Host) -> Option<PathBuf> {
    let called = Path::new(host.args().first()?);
    let path = if called.components().count() > 1 || called.is_absolute() {
        host.current_dir().join(called)
    } else {
        let search = host.var("PATH")?;
        search
            .split(':')
            .map(|folder| host.current_dir().join(folder).join(called))
            .find(|candidate| candidate.is_file())?
    };
    let link = fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?);
    fs::symlink_metadata(&link).is_ok_and(|metadata| metadata.is_symlink()).then_some(link)
}

/// Returns the work tree in whose `.loop/bin` this program lies.
fn installed_in(host: &Host) -> Option<PathBuf> {
    let program = host.program().ok()?.canonicalize().ok()?;
    let root = program.parent()?.parent()?.parent()?;
    (program.starts_with(root.join(".loop/bin")) && root.join(".git").exists()).then(|| root.to_owned())
}

/// Returns the nearest folder at or above `start` that holds a `.git`: a folder, or in a linked work tree a file.
fn work_tree(start: &Path) -> Option<PathBuf> {
    let start = fs::canonicalize(start).ok()?;
    // Inside `.git` itself there is no work tree to work on.
    start
        .ancestors()
        .filter(|folder| folder.file_name() != Some(OsStr::new(".git")))
        .find(|folder| folder.join(".git").exists())
        .map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests lay out the folders that are to be found")]

    use std::os::unix::fs::symlink;

    use super::*;

    fn folders() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let base = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(base.path()).unwrap();
        let (main, linked) = (root.join("main"), root.join("linked"));
        fs::create_dir_all(main.join(".git")).unwrap();
        fs::create_dir_all(main.join("scripts")).unwrap();
        fs::create_dir_all(linked.join("scripts/deep")).unwrap();
        fs::write(linked.join(".git"), "gitdir: ../main/.git/worktrees/linked\n").unwrap();
        fs::write(root.join("tool"), "").unwrap();
        (base, main, linked)
    }

    #[test]
    fn the_place_of_the_link_decides_and_not_its_target() {
        let (_base, main, linked) = folders();
        for tree in [&main, &linked] {
            let link = tree.join("scripts/tool.py");
            symlink("../../tool", &link).unwrap();
            let (host, _, _) = Host::test(&[link.to_str().unwrap()], &[], Path::new("/"));
            assert_eq!(Repo::find(&host, None).unwrap().root(), tree);
            let (host, _, _) = Host::test(&["scripts/tool.py"], &[], tree);
            assert_eq!(Repo::find(&host, None).unwrap().root(), tree);
        }
        let (host, _, _) = Host::test(&["../main/scripts/tool.py"], &[], &linked);
        assert_eq!(Repo::find(&host, None).unwrap().root(), main, "the link wins over the current directory");
    }

    #[test]
    fn a_link_on_the_path_counts_as_well() {
        let (_base, main, linked) = folders();
        symlink("../../tool", main.join("scripts/tool")).unwrap();
        let path = main.join("scripts");
        let (host, _, _) = Host::test(&["tool"], &[("PATH", path.to_str().unwrap())], &linked);
        assert_eq!(Repo::find(&host, None).unwrap().root(), main);
    }

    #[test]
    fn the_shim_that_has_become_this_process_decides_and_no_other() {
        let (_base, main, linked) = folders();
        let shim = |number: u32| format!("{number}:{}", main.join("scripts/tool.py").display());
        let own = shim(std::process::id());
        symlink("../../../tool", linked.join("scripts/deep/tool")).unwrap();
        let called = linked.join("scripts/deep/tool");
        let (host, _, _) = Host::test(&[called.to_str().unwrap()], &[("TIMMY_SHIM", &own)], &linked);
        assert_eq!(Repo::find(&host, None).unwrap().root(), main);
        let parents = shim(std::process::id() + 1);
        let (host, _, _) = Host::test(&["tool"], &[("TIMMY_SHIM", &parents)], &linked);
        assert_eq!(Repo::find(&host, None).unwrap().root(), linked);
    }

    #[test]
    fn a_flag_wins_over_the_variable_and_that_over_the_link() {
        let (_base, main, linked) = folders();
        symlink("../../tool", main.join("scripts/tool.py")).unwrap();
        let called = main.join("scripts/tool.py");
        let env = [(REPO_ROOT, linked.to_str().unwrap())];
        let (host, _, _) = Host::test(&[called.to_str().unwrap()], &env, Path::new("/"));
        assert_eq!(Repo::find(&host, None).unwrap().root(), linked);
        assert_eq!(Repo::find(&host, Some(&main)).unwrap().root(), main);
        let error = Repo::find(&host, Some(Path::new("/nowhere"))).unwrap_err();
        assert_eq!(error.to_string(), "--repo-root names /nowhere, which is not a directory");
    }

    #[test]
    fn the_work_tree_around_the_current_directory_is_the_last_resort() {
        let (base, _, linked) = folders();
        let (host, _, _) = Host::test(&["/bin/tool"], &[], &linked.join("scripts/deep"));
        assert_eq!(Repo::find(&host, None).unwrap().root(), linked);
        let (host, _, _) = Host::test(&["/bin/tool"], &[], base.path());
        let error = Repo::find(&host, None).unwrap_err();
        for way in ["--repo-root", REPO_ROOT, "symlink", "change into"] {
            assert!(error.hint().unwrap().contains(way), "{way}");
        }
    }

    #[test]
    fn the_loop_folder_hides_itself_unless_it_is_hidden() {
        let (_base, main, linked) = folders();
        Repo::at(&main).prepare().unwrap();
        assert_eq!(fs::read_to_string(main.join(".loop/.gitignore")).unwrap(), "*\n");
        fs::write(linked.join(".gitignore"), "target\n/.loop/\n").unwrap();
        Repo::at(&linked).prepare().unwrap();
        assert!(!linked.join(".loop/.gitignore").exists());
    }
}
