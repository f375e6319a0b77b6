//! Git's repositories, through its library: opened without waiting, and with each error of the system as one.
//!
//! libgit2 opens whatever has the name of one of Git's files, also a named pipe; it takes what the system does not let it look
//! at for what is not there; and a call that a signal interrupts is an error of it.

mod files;

use std::path::{Path, PathBuf};

use common::error::Failure;
use git2::{ErrorCode, Index, Repository};
use host::files::FileError;
use thiserror::Error;

/// Why a repository is not opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// There is none.
    #[error("{} is not a Git repository", .0.display())]
    NotFound(PathBuf),
    /// Git does not trust it.
    #[error("{} belongs to another user", .0.display())]
    OtherOwner(PathBuf),
    /// Git's library cannot read it.
    #[error("cannot read the Git repository {}", path.display())]
    Unreadable {
        /// The root.
        path: PathBuf,
        /// What it says.
        source: git2::Error,
    },
    /// One of Git's files cannot be looked at, or is none.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Failure for OpenError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound(_) => Some("change into a repository, or give --repo-root DIR".to_owned()),
            Self::OtherOwner(root) => Some(format!("git config --global --add safe.directory {}", root.display())),
            Self::Unreadable { .. } => None,
            Self::File(error) => error.hint(),
        }
    }
}

/// Opens the repository at a root.
///
/// # Errors
/// There is none, Git does not trust it, or it cannot be read.
pub fn open(root: &Path) -> Result<Repository, OpenError> {
    open_with(root, || Repository::open(root), is_root)
}

/// Opens the repository at or around a folder.
///
/// # Errors
/// There is none, Git does not trust it, or it cannot be read.
pub fn discover(folder: &Path) -> Result<Repository, OpenError> {
    let is_inside = |folder: &Path| {
        let mut above = folder.ancestors().map(is_root);
        above.find(|is_root| !matches!(is_root, Ok(false))).unwrap_or(Ok(false))
    };
    open_with(folder, || Repository::discover(folder), is_inside)
}

/// None where there is no repository, or Git does not trust it.
///
/// # Errors
/// It cannot be read.
pub fn if_there<T>(of_repository: Result<T, OpenError>) -> Result<Option<T>, OpenError> {
    match of_repository {
        Err(OpenError::NotFound(_) | OpenError::OtherOwner(_)) => Ok(None),
        of_repository => of_repository.map(Some),
    }
}

/// Reads the index; none of a bare repository, which has none.
///
/// # Errors
/// It cannot be read.
pub fn index(repository: &Repository) -> Result<Option<Index>, OpenError> {
    let root = repository.workdir().unwrap_or_else(|| repository.path());
    let mut index = match uninterrupted(|| repository.index()) {
        Err(error) if error.code() == ErrorCode::BareRepo => return Ok(None),
        index => index.map_err(unreadable(root))?,
    };
    // The library takes an index that it cannot look at for an empty one.
    if index.is_empty() && index.path().map_or(Ok(false), host::files::is_there)? {
        uninterrupted(|| index.read(true)).map_err(unreadable(root))?;
    }
    Ok(Some(index))
}

/// Returns what makes an error of Git's library one that names the repository.
pub fn unreadable(root: &Path) -> impl FnOnce(git2::Error) -> OpenError {
    |source| OpenError::Unreadable { path: root.to_owned(), source }
}

/// Asks Git's library again where a signal interrupted a call, which it does not do itself.
///
/// # Errors
/// What it says.
pub fn uninterrupted<T>(mut ask: impl FnMut() -> Result<T, git2::Error>) -> Result<T, git2::Error> {
    let mut tries = 0..20;
    loop {
        match ask() {
            Err(error) if error.message().contains("Interrupted system call") && tries.next().is_some() => {}
            answer => return answer,
        }
    }
}

fn open_with(
    root: &Path,
    open: impl FnMut() -> Result<Repository, git2::Error>,
    is_there: impl FnOnce(&Path) -> Result<bool, FileError>,
) -> Result<Repository, OpenError> {
    files::check(root)?;
    uninterrupted(open).or_else(|error| match error.code() {
        ErrorCode::Owner => Err(OpenError::OtherOwner(root.to_owned())),
        ErrorCode::NotFound if !is_there(root)? => Err(OpenError::NotFound(root.to_owned())),
        _ => Err(unreadable(root)(error)),
    })
}

/// Whether a folder is the root of a work tree, also of one that Git's library cannot open.
fn is_root(folder: &Path) -> Result<bool, FileError> {
    let git = folder.join(".git");
    Ok(host::files::is_file(&git)? || host::files::is_there(&git.join("HEAD"))?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests lay out what is to be found")]

    use std::fs;

    use super::*;

    #[test]
    fn a_repository_that_cannot_be_opened_is_not_absent() {
        let folder = tempfile::tempdir().unwrap();
        let (root, inside) = (folder.path(), folder.path().join("a/b"));
        fs::create_dir_all(&inside).unwrap();
        assert!(matches!(open(root), Err(OpenError::NotFound(_))));
        assert!(if_there(discover(&inside)).unwrap().is_none());

        let repository = Repository::init(root).unwrap();
        assert!(open(root).is_ok());
        assert!(matches!(open(&inside), Err(OpenError::NotFound(_))), "only a root is opened");
        assert!(if_there(discover(&inside)).unwrap().is_some());
        assert!(index(&repository).unwrap().is_some());

        // Git's library says "not found" of what it cannot look at.
        fs::rename(root.join(".git/objects"), root.join("objects")).unwrap();
        assert_eq!(Repository::open(root).err().unwrap().code(), ErrorCode::NotFound);
        for opened in [open(root), discover(&inside)] {
            assert!(matches!(if_there(opened), Err(OpenError::Unreadable { .. })));
        }
    }

    #[test]
    fn an_interrupted_call_is_made_again() {
        let interrupted = || git2::Error::from_str("could not open 'x': Interrupted system call");
        let mut calls = 0;
        let mut ask = |often| {
            uninterrupted(|| {
                calls += 1;
                if calls <= often { Err(interrupted()) } else { Ok(calls) }
            })
        };
        assert_eq!(ask(3).unwrap(), 4);
        assert!(ask(100).is_err(), "not without end");
    }
}
