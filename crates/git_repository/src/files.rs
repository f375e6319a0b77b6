//! The files of Git that its library opens, whatever they are: a named pipe among them would have it wait forever.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use host::files::{self, FileError};

/// What the library reads when it opens a repository.
const READ: [&str; 7] = ["HEAD", "commondir", "config", "index", "info/exclude", "packed-refs", "shallow"];

/// The longest file that names another directory, in bytes.
const LIMIT: u64 = 64 << 10;

/// Checks that a repository can be opened without waiting: what the library reads of it is a regular file, or not there.
///
/// # Errors
/// One is something else, or the system refuses to look.
pub(crate) fn check(root: &Path) -> Result<(), FileError> {
    let mut folders = vec![directory(root)?];
    if let Some(common) = folders[0].as_deref().map(common_directory).transpose()? {
        folders.push(common);
    }
    for folder in folders.iter().flatten() {
        for name in READ {
            check_file(&folder.join(name))?;
        }
    }
    [".gitignore", ".gitattributes"].iter().try_for_each(|name| check_file(&root.join(name)))
}

fn check_file(path: &Path) -> Result<(), FileError> {
    let is_special = files::metadata(path)?.is_some_and(|metadata| !metadata.is_file());
    let error = || io::Error::new(ErrorKind::InvalidInput, "it is not a regular file");
    if is_special { Err(FileError::reading(path, error())) } else { Ok(()) }
}

/// The directory of Git at a root: `.git`, or where the file of that name in a linked work tree leads.
fn directory(root: &Path) -> Result<Option<PathBuf>, FileError> {
    let git = root.join(".git");
    if !files::is_there(&git)? || files::is_folder(&git)? {
        return Ok(Some(git));
    }
    let text = files::read(&git, LIMIT)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    Ok(text.trim().strip_prefix("gitdir:").map(|path| root.join(path.trim())))
}

/// The directory that linked work trees share.
fn common_directory(git: &Path) -> Result<Option<PathBuf>, FileError> {
    let path = git.join("commondir");
    if !files::is_folder(git)? {
        return Ok(None);
    }
    let text = files::read(&path, LIMIT)?;
    Ok(text.map(|text| git.join(String::from_utf8_lossy(&text).trim())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests lay out what is to be found")]

    use std::fs;
    use std::process::Command;

    use super::*;

    fn pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_pipe_in_the_place_of_a_file_of_git_is_refused_also_in_a_linked_work_tree() {
        for name in ["config", "index", "packed-refs", "info/exclude"] {
            let folder = tempfile::tempdir().unwrap();
            let (main, linked) = (folder.path().join("main"), folder.path().join("linked"));
            fs::create_dir_all(main.join(".git/info")).unwrap();
            fs::create_dir_all(main.join(".git/worktrees/linked")).unwrap();
            fs::create_dir_all(&linked).unwrap();
            fs::write(main.join(".git/worktrees/linked/commondir"), "../..\n").unwrap();
            let text = format!("gitdir: {}\n", main.join(".git/worktrees/linked").display());
            fs::write(linked.join(".git"), text).unwrap();
            check(&main).unwrap();
            check(&linked).unwrap();
            pipe(&main.join(".git").join(name));
            assert!(check(&main).is_err() && check(&linked).is_err(), "{name}");
        }
    }

    #[test]
    fn ignore_files_and_git_itself_are_looked_at_and_no_repository_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        check(folder.path()).unwrap();
        pipe(&folder.path().join(".git"));
        assert!(check(folder.path()).is_err());
        let folder = tempfile::tempdir().unwrap();
        pipe(&folder.path().join(".gitignore"));
        assert!(check(folder.path()).is_err());
    }
}
