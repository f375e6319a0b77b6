//! A copy of a repository for one run: its files, the state of its loop, and its history without a copy of that.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use automations::Context;
use common::Error;
use host::files::{self, FileError, TemporaryFolder};
use records::stored_files::{LOGS, ORIGINALS, PROGRAMS, RUN_LOCKS, SHADOW};

/// The most that is copied, in bytes.
const LIMIT: u64 = 1 << 30;

/// The largest file of the loop whose content is held for the comparison, in bytes.
const LIMIT_OF_CONTENT: u64 = 64 << 20;

/// Parts of `.loop` that no tool reads.
const NOT_COPIED: [&str; 5] = [ORIGINALS.path, PROGRAMS.path, LOGS.path, RUN_LOCKS.path, SHADOW.path];

/// Files that only the tools write, and locks.
fn is_book_keeping(name: &Path) -> bool {
    let file = name.file_name().unwrap_or_default().to_string_lossy();
    file.starts_with('.') && (file.ends_with(".lock") || file.ends_with(".tmp"))
        || name == Path::new(".loop/.gitignore")
}

/// A copy of a repository.
pub(super) struct RepoCopy {
    folder: TemporaryFolder,
}

/// The files of a stage.
pub(super) type Snapshot = BTreeMap<PathBuf, FileSnapshot>;

/// A file as it was seen: its content if it is of the loop, else only by what a change of it would change.
#[derive(Clone, Debug)]
pub(super) enum FileSnapshot {
    Content(Vec<u8>),
    Mark { length: u64, modified: (i64, i64), inode: u64 },
}

impl FileSnapshot {
    /// Looks at a file; none if it is gone.
    fn of(path: &Path, name: &Path) -> Result<Option<Self>, FileError> {
        let Some(metadata) = files::entry(path)? else { return Ok(None) };
        if name.starts_with(".loop") && metadata.len() <= LIMIT_OF_CONTENT {
            return Ok(files::read(path, LIMIT)?.map(Self::Content));
        }
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Ok(Some(Self::Mark { length: metadata.len(), modified, inode: metadata.ino() }))
    }

    fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Content(one), Self::Content(other)) => one == other,
            (
                Self::Mark { length, modified, inode },
                Self::Mark { length: other_length, modified: other_modified, inode: other_inode },
            ) => (length, modified, inode) == (other_length, other_modified, other_inode),
            _ => false,
        }
    }
}

/// A file that a run has written: its content before (as far as that was held) and after; none where it was not there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct FileChange {
    pub name: PathBuf,
    pub before: Option<Vec<u8>>,
    pub after: Option<Vec<u8>>,
}

impl RepoCopy {
    /// Copies a repository: what git knows of or does not ignore, and `.loop` but for what no tool reads.
    pub(super) fn copy(context: &Context, script: &Path) -> Result<Self, Error> {
        let root = context.repo().root();
        let folder = TemporaryFolder::make().map_err(Error::io("create", "a temporary directory"))?;
        let repo_copy = Self { folder };
        let mut size = 0;
        for name in names(root)?.into_iter().chain(loop_names(root)?).chain([script.to_owned()]) {
            let from = root.join(&name);
            let Some(metadata) = files::entry(&from)? else { continue };
            let to = repo_copy.root().join(&name);
            if let Some(above) = to.parent() {
                fs::create_dir_all(above).map_err(Error::io("create the directory", above))?;
            }
            let metadata = if metadata.is_symlink() {
                let target = fs::read_link(&from).map_err(Error::io("read the link", &from))?;
                // A link that leads nowhere is left out.
                let Some(metadata) = files::metadata(&from)? else { continue };
                let real = from.canonicalize().map_err(Error::io("read the link", &from))?;
                if target.is_relative() && real.starts_with(root) {
                    let _ = std::os::unix::fs::symlink(target, &to);
                    continue;
                }
                // One that leads out of the copy would be written through: what it leads to is copied.
                metadata
            } else {
                metadata
            };
            if !metadata.is_file() {
                continue;
            }
            size += metadata.len();
            if size > LIMIT {
                return Err(Error::failed(
                    format!("{} is too large to copy for a comparison", root.display()),
                    "reduce it to a gigabyte at most",
                ));
            }
            files::retry(|| fs::copy(&from, &to)).map_err(Error::io("copy", &from))?;
            if let Ok(time) = metadata.modified() {
                // Some tools look how old a file is.
                let _ = fs::File::open(&to).and_then(|file| file.set_modified(time));
            }
        }
        copy_history(root, repo_copy.root())?;
        Ok(repo_copy)
    }

    /// Returns the copy's root.
    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Puts the old script to its old path, in the place of a link to a tool that may be there.
    pub(super) fn put_script(&self, name: &Path, kept: &Path) -> Result<PathBuf, Error> {
        let path = self.root().join(name);
        let _ = fs::remove_dir(&path);
        files::remove(&path)?;
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(Error::io("create the directory", above))?;
        }
        files::retry(|| fs::copy(kept, &path)).map_err(Error::io("copy", kept))?;
        Ok(path)
    }

    /// Reads all files that a run may write.
    pub(super) fn snapshot(&self) -> Result<Snapshot, Error> {
        snapshot(self.root())
    }

    /// Returns what was written since a snapshot.
    pub(super) fn written_since(&self, before: &Snapshot) -> Result<Vec<FileChange>, Error> {
        let root = self.root();
        written(before, &snapshot(root)?, root)
    }

    /// Returns in what `.loop` of another folder differs from the copy: what was written there since the copy was made.
    pub(super) fn written_in(&self, root: &Path) -> Result<Vec<FileChange>, Error> {
        let in_loop = |mut snapshot: Snapshot| {
            snapshot.retain(|name, _| {
                name.strip_prefix(".loop").is_ok_and(|rest| {
                    let first = rest.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
                    !first.is_some_and(|first| NOT_COPIED.contains(&first.as_str()))
                })
            });
            snapshot
        };
        let mut after = Snapshot::new();
        for name in loop_names(root)?.into_iter().filter(|name| !is_book_keeping(name)) {
            after.extend(FileSnapshot::of(&root.join(&name), &name)?.map(|seen| (name, seen)));
        }
        written(&in_loop(self.snapshot()?), &in_loop(after), root)
    }
}

fn snapshot(root: &Path) -> Result<Snapshot, Error> {
    let (mut snapshot, mut folders) = (Snapshot::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        for (entry, kind) in entries(&path)? {
            let name = folder.join(entry);
            if kind.is_dir() && name != Path::new(".git") {
                folders.push(name);
            } else if kind.is_file() && !is_book_keeping(&name) && !is_cache(&name) {
                snapshot.extend(FileSnapshot::of(&root.join(&name), &name)?.map(|seen| (name, seen)));
            }
        }
    }
    Ok(snapshot)
}

/// The names in a folder, each with its kind; none if there is no such folder.
fn entries(folder: &Path) -> Result<Vec<(OsString, FileType)>, FileError> {
    let with_kind = |entry: &fs::DirEntry| Ok((entry.file_name(), entry.file_type()?));
    let entries: io::Result<Vec<_>> = files::list(folder)?.iter().map(with_kind).collect();
    entries.map_err(|error| FileError::reading(folder, error))
}

/// What Python leaves behind when it imports.
fn is_cache(name: &Path) -> bool {
    name.components().any(|part| part.as_os_str() == "__pycache__")
}

fn written(before: &Snapshot, after: &Snapshot, root: &Path) -> Result<Vec<FileChange>, Error> {
    let names: BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    let is_changed = |name: &&PathBuf| match (before.get(*name), after.get(*name)) {
        (Some(before), Some(after)) => !before.is_same_as(after),
        (before, after) => before.is_some() != after.is_some(),
    };
    let content = |seen: Option<&FileSnapshot>, is_now: bool, name: &Path| match seen {
        None => Ok(None),
        Some(FileSnapshot::Content(content)) => Ok(Some(content.clone())),
        Some(FileSnapshot::Mark { .. }) if is_now => files::read(&root.join(name), LIMIT),
        Some(FileSnapshot::Mark { .. }) => Ok(Some(Vec::new())),
    };
    let change = |name: &PathBuf| {
        let before = content(before.get(name), false, name)?;
        Ok(FileChange { name: name.clone(), before, after: content(after.get(name), true, name)? })
    };
    names.into_iter().filter(is_changed).map(change).collect()
}

/// The files of the work tree that git has or does not ignore; without git, all but those of hidden folders.
fn names(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let Some(repository) = git_repository::if_there(git_repository::open(root))? else { return plain_names(root) };
    let mut options = git2::StatusOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).include_unmodified(true).include_ignored(false);
    let statuses = git_repository::uninterrupted(|| repository.statuses(Some(&mut options)));
    let statuses = statuses.map_err(git_repository::unreadable(root))?;
    Ok(statuses
        .iter()
        .filter_map(|entry| entry.path().ok().map(PathBuf::from))
        .filter(|name| !name.starts_with(".loop"))
        .collect())
}

fn plain_names(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut names, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        for (entry, kind) in entries(&root.join(&folder))? {
            let is_looked_into = !entry.to_string_lossy().starts_with('.') && entry != "node_modules";
            if !kind.is_dir() {
                names.push(folder.join(entry));
            } else if is_looked_into {
                folders.push(folder.join(entry));
            }
        }
    }
    Ok(names)
}

fn loop_names(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut names, mut folders) = (Vec::new(), vec![PathBuf::from(".loop")]);
    while let Some(folder) = folders.pop() {
        for (entry, kind) in entries(&root.join(&folder))? {
            let name = folder.join(entry);
            if NOT_COPIED.iter().any(|part| name == Path::new(".loop").join(part)) {
                continue;
            }
            if kind.is_dir() {
                folders.push(name);
            } else if kind.is_file() {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// Gives the copy a repository of git with the same head, branches, remotes and index, whose objects are those of the original.
fn copy_history(root: &Path, copy: &Path) -> Result<(), Error> {
    let to = copy.join(".git");
    let Some(repository) = git_repository::if_there(git_repository::open(root))? else {
        return fs::create_dir_all(&to).map_err(Error::io("create the directory", to));
    };
    let (own, shared) = (repository.path(), repository.commondir());
    let make = |path: &Path| fs::create_dir_all(path).map_err(Error::io("create the directory", path));
    make(&to.join("objects/info"))?;
    make(&to.join("refs"))?;
    for (folder, name) in [
        (own, "HEAD"),
        (own, "index"),
        (shared, "config"),
        (shared, "packed-refs"),
        (shared, "shallow"),
        (shared, "info/exclude"),
    ] {
        let (from, to) = (folder.join(name), to.join(name));
        if files::is_file(&from)? {
            to.parent().map_or(Ok(()), make)?;
            files::retry(|| fs::copy(&from, &to)).map_err(Error::io("copy", &from))?;
        }
    }
    copy_folder(&shared.join("refs"), &to.join("refs"))?;
    let alternates = format!("{}\n", shared.join("objects").display());
    files::create(&to.join("objects/info/alternates"), alternates.as_bytes())?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(Error::io("create the directory", to))?;
    for (name, _) in entries(from)? {
        let (source, target) = (from.join(&name), to.join(name));
        if files::is_folder(&source)? {
            copy_folder(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(Error::io("copy", &source))?;
        }
    }
    Ok(())
}
