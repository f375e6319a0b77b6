//! The files that are there: in the work tree, in the index, or in a commit. What a check sees is one of them, and never a
//! mixture.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use common::Error;
use common::error::chain;
use git2::{Delta, Diff, DiffOptions, ErrorCode, Index, ObjectType, Oid, Repository, TreeWalkMode};
use host::files::{self, FileError};

use crate::entry::{Entry, FileStat, as_path, seen};
use crate::place::read_file;
use crate::walk::{LOOP, Tracked, Walk};

/// The mode of a symbolic link in Git.
const LINK: u32 = 0o120_000;

/// The bits of an index entry's flags that tell the sides of a conflict.
const STAGE: u16 = 0x3000;

/// The mode of another repository in Git.
const GITLINK: u32 = 0o160_000;

/// The files of a work tree, an index or a commit.
pub(crate) struct Tree {
    root: PathBuf,
    repository: Option<Repository>,
    source: Source,
    /// All files, sorted by name.
    pub entries: Vec<Entry>,
    attributes: OnceCell<bool>,
    /// What could not be read, which is not to pass for checked.
    unread: RefCell<Vec<String>>,
    /// The folders that this user may not list, and that Git does not track.
    pub passed_over: Vec<String>,
}

/// Where the content comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// The work tree.
    WorkTree,
    /// The index: what is about to be committed.
    Index,
    /// A commit.
    Commit,
}

/// What is known of a name that is not in the tree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Elsewhere {
    /// There is no such file.
    Nowhere,
    /// It is in the work tree, but not in the index or the commit.
    Uncommitted,
    /// Git ignores it, or the work tree has it although the listing does not: something makes it.
    Made,
}

impl Tree {
    /// Lists the work tree: what Git tracks, what it does not ignore, and what is named. Without Git, everything.
    ///
    /// # Errors
    /// Git cannot read its repository.
    pub(crate) fn of_work_tree(root: &Path, named: &[PathBuf]) -> Result<Self, Error> {
        let (repository, index) = open_if_there(root)?;
        let mut tracked = Tracked::default();
        for entry in index.iter().flat_map(Index::iter).filter(|it| it.mode != GITLINK) {
            let path = as_path(&entry.path);
            // What the loop keeps for itself is none of the project's.
            if !path.starts_with(LOOP) {
                tracked.add(&path);
            }
        }
        for path in named {
            if !files::is_folder(&root.join(path))? {
                tracked.add(path);
            }
        }
        let walk = Walk::through(root, repository.as_ref(), tracked);
        let (entries, unread, passed_over) = (walk.found, RefCell::new(walk.unread), walk.passed_over);
        Ok(Self { unread, passed_over, ..Self::new(root, repository, Source::WorkTree, entries) })
    }

    /// Lists the work tree's tracked files, and these.
    ///
    /// # Errors
    /// Git cannot read its repository.
    pub(crate) fn of_tracked(root: &Path, further: &[PathBuf]) -> Result<Self, Error> {
        let (repository, index) = open_if_there(root)?;
        let tracked = index.iter().flat_map(Index::iter).filter(|it| it.mode != GITLINK);
        let mut paths: HashMap<PathBuf, bool> = tracked.map(|it| (as_path(&it.path), it.mode == LINK)).collect();
        for path in further {
            let is_link = files::entry(&root.join(path))?.is_some_and(|entry| entry.is_symlink());
            paths.insert(path.clone(), is_link);
        }
        let entries = paths.into_iter().map(|(path, is_link)| Entry::new(path, is_link, None)).collect();
        Ok(Self::new(root, repository, Source::WorkTree, entries))
    }

    /// Lists the index, and what in it differs from the last commit. `index` is another file than the
    /// repository's own where Git reports it (`GIT_INDEX_FILE`).
    ///
    /// # Errors
    /// There is no repository, or Git cannot read it.
    pub(crate) fn of_index(root: &Path, index: Option<&Path>) -> Result<(Self, Changes), Error> {
        let repository = open(root)?;
        let index = index.map_or_else(|| repository.index(), Index::open);
        let index = index.map_err(Error::caused("cannot read the index"))?;
        let fail = |error: git2::Error| Error::caused("cannot compare the index with the last commit")(error);
        let changes = {
            let head = match repository.head() {
                Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::UnbornBranch) => None,
                head => Some(head.and_then(|head| head.peel_to_tree()).map_err(fail)?),
            };
            Changes::of(
                &repository.diff_tree_to_index(head.as_ref(), Some(&index), Some(&mut options())).map_err(fail)?,
            )
        };
        // What was changed as late as the index itself may have been changed again since.
        let written = index.path().and_then(|path| path.metadata().ok()).map(|metadata| seen(&metadata).changed);
        // A file in conflict has up to three; none of them is what will be committed.
        let of_index = index.iter().filter(|it| it.mode != GITLINK && it.flags & STAGE == 0).map(|it| {
            let mtime = (i64::from(it.mtime.seconds()), i64::from(it.mtime.nanoseconds()));
            let touched = (i64::from(it.ctime.seconds()), i64::from(it.ctime.nanoseconds()));
            let seen = FileStat { changed: mtime, touched, size: u64::from(it.file_size) };
            let entry = Entry::new(as_path(&it.path), it.mode == LINK, Some(it.id));
            Entry { seen: Some(seen).filter(|seen| written.is_some_and(|written| seen.changed < written)), ..entry }
        });
        let entries = of_index.collect();
        Ok((Self::new(root, Some(repository), Source::Index, entries), changes))
    }

    /// Lists a commit.
    ///
    /// # Errors
    /// There is no repository, or no such commit.
    pub(crate) fn of_commit(root: &Path, name: &str) -> Result<Self, Error> {
        let repository = open(root)?;
        let mut entries = Vec::new();
        let fail = |error: git2::Error| Error::caused("cannot read the commit of --to-ref")(error);
        {
            let tree = repository.revparse_single(name).and_then(|it| it.peel_to_tree()).map_err(fail)?;
            tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
                if entry.kind() == Some(ObjectType::Blob) {
                    let mut path = folder.as_bytes().to_vec();
                    path.extend_from_slice(entry.name_bytes());
                    let is_link = u32::try_from(entry.filemode()).is_ok_and(|mode| mode == LINK);
                    entries.push(Entry::new(as_path(&path), is_link, Some(entry.id())));
                }
                0
            })
            .map_err(fail)?;
        }
        Ok(Self::new(root, Some(repository), Source::Commit, entries))
    }

    fn new(root: &Path, repository: Option<Repository>, source: Source, mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Self {
            root: root.to_owned(),
            repository,
            source,
            entries,
            attributes: OnceCell::new(),
            unread: RefCell::default(),
            passed_over: Vec::new(),
        }
    }

    /// Returns where the content comes from.
    pub(crate) fn source(&self) -> Source {
        self.source
    }

    /// Returns the repository's root folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the Git repository, if there is one.
    pub(crate) fn repository(&self) -> Option<&Repository> {
        self.repository.as_ref()
    }

    /// Returns the file of a name.
    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| (*entry.name).cmp(name)).ok().map(|at| &self.entries[at])
    }

    /// Returns whether there is such a folder with something in it.
    pub(crate) fn has_folder(&self, name: &str) -> bool {
        name.is_empty() || self.beginning(&format!("{name}/")).next().is_some()
    }

    /// Returns the names of the files in a folder whose own names begin with `start`.
    pub(crate) fn beginning<'s>(&'s self, start: &'s str) -> impl Iterator<Item = &'s str> {
        let from = self.entries.partition_point(|entry| entry.name.as_str() < start);
        self.entries[from..].iter().map(|entry| entry.name.as_str()).take_while(move |name| name.starts_with(start))
    }

    /// Reads a file of the tree; none if it is gone or too large. One that cannot be read is noted, and none.
    pub(crate) fn read(&self, entry: &Entry) -> Option<Vec<u8>> {
        let Some(blob) = entry.blob else { return self.noted(read_file(&self.root, entry)) };
        let content = self.repository.as_ref()?.find_blob(blob).map(|blob| Some(blob.content().to_vec()));
        self.noted(content.map_err(|error| format!("cannot read {} from Git: {}", entry.name, error.message())))
    }

    /// Reads what a file held before; none where Git does not have it.
    pub(crate) fn read_blob(&self, blob: Oid) -> Option<Vec<u8>> {
        match self.repository.as_ref()?.find_blob(blob) {
            Ok(blob) => Some(blob.content().to_vec()),
            Err(error) if error.code() == ErrorCode::NotFound => None,
            Err(error) => self.noted(Err(format!("cannot read {blob} from Git: {}", error.message()))),
        }
    }

    /// Returns whether there is something at a path; where that cannot be known it is noted, and counts as there.
    pub(crate) fn is_there(&self, path: &Path) -> bool {
        self.known(files::is_there(path))
    }

    /// Returns whether there is a folder at a path; where that cannot be known it is noted.
    pub(crate) fn is_folder(&self, path: &Path) -> bool {
        self.known(files::is_folder(path))
    }

    /// What the system says of a path. A link that leads back to itself leads nowhere.
    fn known(&self, answer: Result<bool, FileError>) -> bool {
        match answer {
            Err(error) if error.is_no_file() => false,
            answer => self.noted(answer.map(Some).map_err(|error| chain(&error))).unwrap_or(true),
        }
    }

    /// Returns the names in a folder of the disk; one that cannot be listed is noted.
    pub(crate) fn list_on_disk(&self, folder: &Path) -> Vec<OsString> {
        let listed = self.noted(files::list(folder).map(Some).map_err(|error| chain(&error))).unwrap_or_default();
        listed.iter().map(fs::DirEntry::file_name).collect()
    }

    /// Returns what could not be read so far, each with the reason.
    pub(crate) fn take_unread(&self) -> Vec<String> {
        self.unread.take()
    }

    fn noted<T>(&self, read: Result<Option<T>, String>) -> Option<T> {
        read.unwrap_or_else(|problem| {
            self.unread.borrow_mut().push(problem);
            None
        })
    }

    /// Reads a file of the tree as [`Tree::read`] does, from the work tree where it is known to be the same there, which
    /// spares unpacking it.
    pub(crate) fn read_somewhere(&self, entry: &Entry) -> Option<Vec<u8>> {
        // What cannot be looked at is not known to be the same, and is read from Git.
        let now = || files::entry(&self.root.join(&entry.path)).ok().flatten().map(|metadata| seen(&metadata));
        if entry.seen.is_some() && !self.has_attributes() && entry.seen == now() {
            self.noted(read_file(&self.root, entry))
        } else {
            self.read(entry)
        }
    }

    /// Whether Git may change files on their way into the work tree.
    fn has_attributes(&self) -> bool {
        let is_one = |entry: &Entry| entry.name == ".gitattributes" || entry.name.ends_with("/.gitattributes");
        *self.attributes.get_or_init(|| {
            let info =
                self.repository.as_ref().is_some_and(|it| self.is_there(&it.commondir().join("info/attributes")));
            info || self.entries.iter().any(is_one)
        })
    }

    /// Says what is known of a file that is not in the tree.
    pub(crate) fn elsewhere(&self, name: &str) -> Elsewhere {
        let path = self.root.join(name);
        let is_ignored = self.repository.as_ref().is_some_and(|it| it.is_path_ignored(name).unwrap_or(false));
        match (self.is_there(&path), is_ignored) {
            (_, true) => Elsewhere::Made,
            (false, false) => Elsewhere::Nowhere,
            (true, false) if self.source == Source::WorkTree => Elsewhere::Made,
            (true, false) => Elsewhere::Uncommitted,
        }
    }
}

fn open(root: &Path) -> Result<Repository, Error> {
    // As Git itself does: what is read is checked by its compression, and not hashed once more.
    git2::opts::strict_hash_verification(false);
    Ok(git_repository::open(root)?)
}

/// Opens the repository and its index, if there is one.
fn open_if_there(root: &Path) -> Result<(Option<Repository>, Option<Index>), Error> {
    // What Git does not trust is not asked: everything in the work tree counts, as without Git.
    let Some(repository) = git_repository::if_there(git_repository::open(root))? else { return Ok((None, None)) };
    let index = git_repository::index(&repository)?;
    Ok((Some(repository), index))
}

/// How trees are compared.
pub(crate) fn options() -> DiffOptions {
    let mut options = DiffOptions::new();
    options.include_typechange(true).skip_binary_check(true);
    options
}

/// What a comparison shows.
#[derive(Default)]
pub(crate) struct Changes {
    /// The paths that are new or have changed.
    pub paths: Vec<PathBuf>,
    /// What changed files and removed ones held before, by name.
    pub before: Vec<(String, Oid)>,
}

impl Changes {
    /// Reads a comparison.
    pub(crate) fn of(diff: &Diff) -> Self {
        let mut changes = Self::default();
        for delta in diff.deltas() {
            if delta.status() != Delta::Deleted {
                changes.paths.extend(delta.new_file().path_bytes().map(as_path));
            }
            if delta.status() != Delta::Added {
                let name = delta.old_file().path_bytes().map(|path| String::from_utf8_lossy(path).into_owned());
                changes.before.extend(name.map(|name| (name, delta.old_file().id())));
            }
        }
        changes
    }
}
