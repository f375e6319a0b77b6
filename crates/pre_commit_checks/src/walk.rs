//! The files of a work tree: what Git tracks and what it does not ignore.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use common::error::chain;
use git2::Repository;
use host::files::{self, FileError};

use crate::entry::Entry;
use crate::place;

/// The folder of the loop's own files.
pub(crate) const LOOP: &str = ".loop";

/// What Git tracks or the command line names: files, and the folders that they lie in.
#[derive(Default)]
pub(crate) struct Tracked {
    files: HashSet<OsString>,
    folders: HashSet<OsString>,
}

impl Tracked {
    /// Adds a file.
    pub(crate) fn add(&mut self, path: &Path) {
        self.files.insert(path.as_os_str().to_owned());
        for folder in path.ancestors().skip(1) {
            if !self.folders.insert(folder.as_os_str().to_owned()) {
                break;
            }
        }
    }
}

/// A walk through a work tree, and what it has found.
pub(crate) struct Walk<'w> {
    root: &'w Path,
    git: Option<&'w Repository>,
    tracked: Tracked,
    /// The folders that could not be listed.
    unlisted: Vec<PathBuf>,
    /// The files.
    pub found: Vec<Entry>,
    /// What could not be read, with the reasons.
    pub unread: Vec<String>,
    /// The folders that this user may not list, and that Git does not track.
    pub passed_over: Vec<String>,
}

impl<'w> Walk<'w> {
    /// Walks through the work tree at `root`; `git` says what is ignored, `tracked` what is tracked.
    pub(crate) fn through(root: &'w Path, git: Option<&'w Repository>, tracked: Tracked) -> Self {
        let (found, unread, passed_over) = (Vec::new(), Vec::new(), Vec::new());
        let mut walk = Self { root, git, tracked, unlisted: Vec::new(), found, unread, passed_over };
        walk.folder(Path::new(""));
        walk.look_for_the_rest();
        walk
    }

    /// Looks at each tracked file that no listing named: it was deleted, or something else is in its place, or the listing was
    /// not whole.
    fn look_for_the_rest(&mut self) {
        let rest: Vec<PathBuf> = std::mem::take(&mut self.tracked.files).into_iter().map(PathBuf::from).collect();
        for path in rest {
            // A folder that cannot be listed is an error already.
            if self.unlisted.iter().any(|folder| path.starts_with(folder)) {
                continue;
            }
            match place::look(self.root, &path) {
                Ok(None) => {}
                Ok(Some(metadata)) if metadata.is_file() || metadata.is_symlink() => {
                    self.found.push(Entry::new(path, metadata.is_symlink(), None));
                }
                Ok(Some(_)) => self.unread.push(place::no_file(self.root, &path)),
                Err(problem) => self.unread.push(problem),
            }
        }
    }

    /// Collects the files of a folder. Symbolic links are files; what is neither, and that Git does not track, is left out.
    fn folder(&mut self, folder: &Path) {
        let path = self.root.join(folder);
        let with_kind = |entry: fs::DirEntry| Ok((entry.file_type()?, entry));
        let entries = files::list(&path).and_then(|entries| {
            let entries: io::Result<Vec<_>> = entries.into_iter().map(with_kind).collect();
            entries.map_err(|error| FileError::reading(&path, error))
        });
        let entries = match entries {
            Ok(entries) => entries,
            // As Git does: what this user may not list, and Git does not track, is passed over.
            Err(error) if error.is_denied() && !self.is_tracked(folder) => {
                return self.passed_over.push(chain(&error));
            }
            Err(error) => {
                self.unlisted.push(folder.to_owned());
                return self.unread.push(chain(&error));
            }
        };
        for (kind, entry) in entries {
            let name = entry.file_name();
            let path = folder.join(&name);
            if name == ".git" {
                continue;
            }
            if kind.is_dir() {
                // What the loop keeps for itself is none of the project's.
                if path == Path::new(LOOP) {
                    continue;
                }
                // What is tracked in a folder counts even where the folder is ignored. Another repository inside is none
                // of this program.
                let is_wanted =
                    self.is_tracked(&path) || (!self.is_ignored(&path.join("")) && !self.is_repository(&path));
                if is_wanted {
                    self.folder(&path);
                }
            } else if (kind.is_file() || kind.is_symlink())
                && (self.tracked.files.remove(path.as_os_str()) || !self.is_ignored(&path))
            {
                self.found.push(Entry::new(path, kind.is_symlink(), None));
            }
        }
    }

    /// Whether a folder is another repository. Where that cannot be known, listing the folder is the error.
    fn is_repository(&self, folder: &Path) -> bool {
        files::is_there(&self.root.join(folder).join(".git")).unwrap_or(false)
    }

    fn is_tracked(&self, folder: &Path) -> bool {
        folder == Path::new("") || self.tracked.folders.contains(folder.as_os_str())
    }

    fn is_ignored(&self, path: &Path) -> bool {
        self.git.is_some_and(|git| git.is_path_ignored(path).unwrap_or(false))
    }
}
