//! A copy of a repository for one run: its files, the state of its loop, and its history without a copy of that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use automations::Context;
use common::Error;
use host::files::{self, TemporaryFolder};
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
    fn of(path: &Path, name: &Path) -> Option<Self> {
        let metadata = fs::symlink_metadata(path).ok()?;
        if name.starts_with(".loop") && metadata.len() <= LIMIT_OF_CONTENT {
            return fs::read(path).ok().map(Self::Content);
        }
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Some(Self::Mark { length: metadata.len(), modified, inode: metadata.ino() })
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
        for name in names(root)?.into_iter().chain(loop_names(root)).chain([script.to_owned()]) {
            let from = root.join(&name);
            let Ok(metadata) = fs::symlink_metadata(&from) else { continue };
            let to = repo_copy.root().join(&name);
            if let Some(above) = to.parent() {
                fs::create_dir_all(above).map_err(Error::io("create the directory", above))?;
            }
            let metadata = if metadata.is_symlink() {
                let target = fs::read_link(&from).map_err(Error::io("read the link", &from))?;
                let Ok(real) = from.canonicalize() else { continue };
                if target.is_relative() && real.starts_with(root) {
                    let _ = std::os::unix::fs::symlink(target, &to);
                    continue;
                }
                // One that leads out of the copy would be written through: what it leads to is copied.
                let Ok(metadata) = fs::metadata(&from) else { continue };
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
        Ok(written(before, &snapshot(root)?, root))
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
        let after: Snapshot = loop_names(root)
            .into_iter()
            .filter_map(|name| Some((name.clone(), FileSnapshot::of(&root.join(&name), &name)?)))
            .filter(|(name, _)| !is_book_keeping(name))
            .collect();
        Ok(written(&in_loop(self.snapshot()?), &in_loop(after), root))
    }
}

fn snapshot(root: &Path) -> Result<Snapshot, Error> {
    let (mut snapshot, mut folders) = (Snapshot::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        for entry in files::retry(|| fs::read_dir(&path)).map_err(Error::io("read", &path))?.flatten() {
            let name = folder.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && name != Path::new(".git") => folders.push(name),
                Ok(kind) if kind.is_file() && !is_book_keeping(&name) && !is_cache(&name) => {
                    snapshot.extend(FileSnapshot::of(&root.join(&name), &name).map(|seen| (name, seen)));
                }
                _ => {}
            }
        }
    }
    Ok(snapshot)
}

/// What Python leaves behind when it imports.
fn is_cache(name: &Path) -> bool {
    name.components().any(|part| part.as_os_str() == "__pycache__")
}

fn written(before: &Snapshot, after: &Snapshot, root: &Path) -> Vec<FileChange> {
    let names: BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    let is_changed = |name: &&PathBuf| match (before.get(*name), after.get(*name)) {
        (Some(before), Some(after)) => !before.is_same_as(after),
        (before, after) => before.is_some() != after.is_some(),
    };
    let content = |seen: Option<&FileSnapshot>, is_now: bool, name: &Path| match seen? {
        FileSnapshot::Content(content) => Some(content.clone()),
        FileSnapshot::Mark { .. } if is_now => Some(fs::read(root.join(name)).unwrap_or_default()),
        FileSnapshot::Mark { .. } => Some(Vec::new()),
    };
    names
        .into_iter()
        .filter(is_changed)
        .map(|name| FileChange {
            name: name.clone(),
            before: content(before.get(name), false, name),
            after: content(after.get(name), true, name),
        })
        .collect()
}

/// The files of the work tree that git has or does not ignore; without git, all but those of hidden folders.
fn names(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let Ok(repository) = git2::Repository::open(root) else { return Ok(plain_names(root)) };
    let mut options = git2::StatusOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).include_unmodified(true).include_ignored(false);
    let statuses = repository.statuses(Some(&mut options)).map_err(|error| Error::failed(error.message(), ""))?;
    Ok(statuses
        .iter()
        .filter_map(|entry| entry.path().ok().map(PathBuf::from))
        .filter(|name| !name.starts_with(".loop"))
        .collect())
}

fn plain_names(root: &Path) -> Vec<PathBuf> {
    let (mut names, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        for entry in files::retry(|| fs::read_dir(root.join(&folder))).into_iter().flatten().flatten() {
            let name = folder.join(entry.file_name());
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !is_hidden && entry.file_name() != "node_modules" => folders.push(name),
                Ok(kind) if !kind.is_dir() => names.push(name),
                _ => {}
            }
        }
    }
    names
}

fn loop_names(root: &Path) -> Vec<PathBuf> {
    let (mut names, mut folders) = (Vec::new(), vec![PathBuf::from(".loop")]);
    while let Some(folder) = folders.pop() {
        for entry in files::retry(|| fs::read_dir(root.join(&folder))).into_iter().flatten().flatten() {
            let name = folder.join(entry.file_name());
            let is_left_out = NOT_COPIED.iter().any(|part| name == Path::new(".loop").join(part));
            match entry.file_type() {
                Ok(_) if is_left_out => {}
                Ok(kind) if kind.is_dir() => folders.push(name),
                Ok(kind) if kind.is_file() => names.push(name),
                _ => {}
            }
        }
    }
    names
}

/// Gives the copy a repository of git with the same head, branches, remotes and index, whose objects are those of the original.
fn copy_history(root: &Path, copy: &Path) -> Result<(), Error> {
    let to = copy.join(".git");
    let Ok(repository) = git2::Repository::open(root) else {
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
        if from.is_file() {
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
    for entry in files::retry(|| fs::read_dir(from)).into_iter().flatten().flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(Error::io("copy", &source))?;
        }
    }
    Ok(())
}
