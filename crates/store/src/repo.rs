//! Where the repository is, and where in it each shared file lies.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use records::{Durability, StoredFile};

use host::Host;
use host::files::{self, FileError};

/// The variable that names the repository.
const REPO_ROOT: &str = "TIMMY_REPO_ROOT";

/// How often, and with which pauses, a process asks for the right to make `.loop`.
const LOCK_TRIES: u32 = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

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
    /// The system does not say whether there is one.
    #[error(transparent)]
    File(#[from] FileError),
}

impl NoRepo {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoFolder { .. } => Some("name an existing directory".to_owned()),
            Self::NotFound { .. } => Some(format!(
                "give --repo-root DIR, set {REPO_ROOT}, call the tool through a symlink in the repository, \
                 or change into the repository"
            )),
            Self::File(error) => error.hint(),
        }
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
    /// A folder that is named does not exist, there is none to be found, or the system does not say whether there is.
    pub fn find(host: &Host, flag: Option<&Path>) -> Result<Self, NoRepo> {
        let from_variable = host.var(REPO_ROOT).map(PathBuf::from);
        let named = flag.map(|path| ("--repo-root", path)).or(from_variable.as_deref().map(|path| (REPO_ROOT, path)));
        if let Some((origin, path)) = named {
            let path = host.current_dir().join(path);
            if !files::is_folder(&path)? {
                return Err(NoRepo::NoFolder { origin, path });
            }
            let root = fs::canonicalize(&path).map_err(|error| FileError::reading(&path, error))?;
            return Ok(Self { root });
        }
        let called = match host.shim() {
            Some(shim) => Some(shim),
            None => calling_link(host)?,
        };
        let around_it = called.as_deref().and_then(Path::parent).map_or(Ok(None), work_tree)?;
        let found = match around_it {
            Some(root) => Some(root),
            None => match work_tree(host.current_dir())? {
                Some(root) => Some(root),
                None => installed_in(host)?,
            },
        };
        found.map(|root| Self { root }).ok_or_else(|| NoRepo::NotFound { current_dir: host.current_dir().to_owned() })
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

    /// Returns whether `.loop/` exists.
    ///
    /// # Errors
    /// The system refuses to look, or something else is in its place: a file, or a link that leads nowhere.
    pub(crate) fn has_folder(&self) -> Result<bool, FileError> {
        let folder = self.root.join(".loop");
        match files::metadata(&folder)? {
            Some(metadata) if metadata.is_dir() => Ok(true),
            Some(_) => Err(FileError::reading(&folder, ErrorKind::NotADirectory.into())),
            None if files::entry(&folder)?.is_some() => {
                let leads_nowhere =
                    io::Error::new(ErrorKind::NotADirectory, "it is a symbolic link that leads nowhere");
                Err(FileError::reading(&folder, leads_nowhere))
            }
            None => Ok(false),
        }
    }

    /// Makes `.loop/` when it is missing, with a `.gitignore` of `*` in it if git would otherwise see it.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn prepare(&self) -> Result<(), FileError> {
        let folder = self.root.join(".loop");
        if self.has_folder()? {
            return self.complete_ignore_file();
        }
        if self.hides_loop() {
            return files::make_folder(&folder);
        }
        // One process at a time makes it, and the others find it made.
        let _held = self.held();
        if self.has_folder()? {
            return Ok(());
        }
        // Complete before it has its name: git never sees what is in it, whenever this program is killed.
        let new = self.root.join(".loop.tmp");
        let _ = fs::remove_dir_all(&new);
        let made = files::make_folder(&new)
            .and_then(|()| files::create(&new.join(".gitignore"), b"*\n"))
            .and_then(|()| files::rename(&new, &folder));
        if made.is_ok() {
            return Ok(());
        }
        let _ = fs::remove_dir_all(&new);
        // A process that was not waited for may have been quicker.
        if files::is_folder(&folder)? { Ok(()) } else { made }
    }

    /// Holds the root of the repository while `.loop` is made. After a while it goes on without: a caller may hold it for the whole
    /// call (`flock DIR COMMAND`), and a file system may have no locks.
    fn held(&self) -> Option<fs::File> {
        let root = fs::File::open(&self.root).ok()?;
        for _ in 0..LOCK_TRIES {
            match root.try_lock() {
                Ok(()) => return Some(root),
                Err(fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                Err(fs::TryLockError::Error(_)) => return None,
            }
        }
        None
    }

    /// Fills a `.gitignore` that a full disk or a power cut has left empty; one with anything in it, or none, is as people want it.
    fn complete_ignore_file(&self) -> Result<(), FileError> {
        let path = self.in_loop(".gitignore");
        let is_cut = files::entry(&path)?.is_some_and(|entry| entry.is_file() && entry.len() == 0);
        if !is_cut || self.hides_loop() {
            return Ok(());
        }
        files::lock(&path)?.replace(b"*\n", Durability::Flushed)
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
fn calling_link(host: &Host) -> Result<Option<PathBuf>, FileError> {
    let Some(called) = host.args().first().map(Path::new) else { return Ok(None) };
    let path = if called.components().count() > 1 || called.is_absolute() {
        host.current_dir().join(called)
    } else {
        let search = host.var("PATH").unwrap_or_default();
        let candidates = search.split(':').map(|folder| host.current_dir().join(folder).join(called));
        // A folder that may not be looked into is passed over, as the shell does.
        let found = candidates.into_iter().find(|candidate| files::is_file(candidate).unwrap_or(false));
        let Some(path) = found else { return Ok(None) };
        path
    };
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
    // The first argument is the caller's: it need not be a path.
    if !files::is_folder(folder)? {
        return Ok(None);
    }
    let folder = fs::canonicalize(folder).map_err(|error| FileError::reading(folder, error))?;
    let link = folder.join(name);
    Ok(files::entry(&link)?.is_some_and(|entry| entry.is_symlink()).then_some(link))
}

/// Returns the work tree in whose `.loop/bin` this program lies.
fn installed_in(host: &Host) -> Result<Option<PathBuf>, FileError> {
    let Some(program) = host.program().ok().and_then(|program| program.canonicalize().ok()) else { return Ok(None) };
    let Some(root) = program.ancestors().nth(3) else { return Ok(None) };
    let is_installed = program.starts_with(root.join(".loop/bin")) && files::is_there(&root.join(".git"))?;
    Ok(is_installed.then(|| root.to_owned()))
}

/// Returns the nearest folder at or above `start` that holds a `.git`: a folder, or in a linked work tree a file.
fn work_tree(start: &Path) -> Result<Option<PathBuf>, FileError> {
    if !files::is_there(start)? {
        return Ok(None);
    }
    let start = fs::canonicalize(start).map_err(|error| FileError::reading(start, error))?;
    // Inside `.git` itself there is no work tree to work on.
    for folder in start.ancestors().filter(|folder| folder.file_name() != Some(OsStr::new(".git"))) {
        if files::is_there(&folder.join(".git"))? {
            return Ok(Some(folder.to_owned()));
        }
    }
    Ok(None)
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
    fn an_empty_ignore_file_is_filled_and_any_other_is_as_people_want_it() {
        for (text, is_hidden, expected) in
            [("", false, "*\n"), ("", true, ""), ("# mine\n", false, "# mine\n"), ("*\n", false, "*\n")]
        {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir_all(folder.path().join(".loop")).unwrap();
            fs::write(folder.path().join(".loop/.gitignore"), text).unwrap();
            fs::write(folder.path().join(".gitignore"), if is_hidden { "/.loop/\n" } else { "" }).unwrap();
            Repo::at(folder.path()).prepare().unwrap();
            assert_eq!(fs::read_to_string(folder.path().join(".loop/.gitignore")).unwrap(), expected, "{text:?}");
        }
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
