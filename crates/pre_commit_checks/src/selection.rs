//! Which files are checked, and which tree they are seen in.

use std::path::{Path, PathBuf};

use common::Error;
use git2::Oid;
use host::Host;
use host::files;

use crate::cli::Cli;
use crate::tree::{Changes, Tree, options};

/// A tree, and the places in [`Tree::entries`] of what is checked in it.
pub(crate) struct Selection {
    /// The tree.
    pub tree: Tree,
    /// Places, ascending.
    pub chosen: Vec<usize>,
    /// All files of the tree are chosen.
    pub is_whole: bool,
    /// What changed files and removed ones held before, by name.
    pub before: Vec<(String, Oid)>,
}

impl Selection {
    /// Selects what the command line asks for.
    ///
    /// # Errors
    /// A path leads nowhere, or Git cannot tell.
    pub(crate) fn make(host: &Host, root: &Path, cli: &Cli) -> Result<Self, Error> {
        let given = cli.paths.iter().map(|path| relative(host, root, path)).collect::<Result<Vec<PathBuf>, _>>()?;
        let mut selection = if cli.staged {
            staged(host, root)?
        } else if let (Some(from), Some(to)) = (&cli.from_ref, &cli.to_ref) {
            range(root, from, to)?
        } else if given.is_empty() {
            return Ok(Self::whole(Tree::of_work_tree(root, &[])?));
        } else {
            let folders = given.iter().map(|path| files::is_folder(&root.join(path)));
            let names_folder = folders.collect::<Result<Vec<bool>, _>>()?.contains(&true);
            Self::whole(if names_folder { Tree::of_work_tree(root, &given)? } else { Tree::of_tracked(root, &given)? })
        };
        if !given.is_empty() {
            selection.is_whole = false;
            let is_given = |path: &Path| given.iter().any(|given| path.starts_with(given));
            selection.chosen.retain(|at| is_given(&selection.tree.entries[*at].path));
        }
        Ok(selection)
    }

    fn whole(tree: Tree) -> Self {
        Self { chosen: (0..tree.entries.len()).collect(), tree, is_whole: true, before: Vec::new() }
    }

    fn of(tree: Tree, changes: Changes) -> Self {
        let mut chosen: Vec<usize> = changes
            .paths
            .iter()
            .filter_map(|path| tree.entries.binary_search_by(|entry| (*entry.name).cmp(&path.to_string_lossy())).ok())
            .collect();
        chosen.sort_unstable();
        chosen.dedup();
        Self { tree, chosen, is_whole: false, before: changes.before }
    }
}

/// What differs between the last commit and the index.
fn staged(host: &Host, root: &Path) -> Result<Selection, Error> {
    let index_file = host.var("GIT_INDEX_FILE").map(|path| host.current_dir().join(path));
    let (tree, changes) = Tree::of_index(root, index_file.as_deref())?;
    Ok(Selection::of(tree, changes))
}

/// What differs between the point where `to` left `from` and `to`.
fn range(root: &Path, from: &str, to: &str) -> Result<Selection, Error> {
    let tree = Tree::of_commit(root, to)?;
    let changes: Result<Changes, git2::Error> = tree.repository().map_or(Ok(Changes::default()), |repository| {
        let commit = |name: &str| repository.revparse_single(name).and_then(|it| it.peel_to_commit());
        let (old, new) = (commit(from)?, commit(to)?);
        // Without a common ancestor the two are compared as they are.
        let base = repository.merge_base(old.id(), new.id()).and_then(|id| repository.find_commit(id)).unwrap_or(old);
        Ok(Changes::of(&repository.diff_tree_to_tree(Some(&base.tree()?), Some(&new.tree()?), Some(&mut options()))?))
    });
    let changes = changes.map_err(Error::caused("cannot compare the commits of --from-ref and --to-ref"))?;
    Ok(Selection::of(tree, changes))
}

/// A path of the command line, relative to the repository.
fn relative(host: &Host, root: &Path, path: &Path) -> Result<PathBuf, Error> {
    let full = host.current_dir().join(path);
    let missing =
        || Error::usage(format!("there is no {}", path.display()), "paths are relative to the current directory");
    // The last part may be a link, which is what is checked, and not its target.
    let (folder, name) = match (full.parent(), full.file_name()) {
        (Some(folder), Some(name)) => (folder.canonicalize().map_err(|_| missing())?, Some(name.to_owned())),
        _ => (full.canonicalize().map_err(|_| missing())?, None),
    };
    let full = name.map_or(folder.clone(), |name| folder.join(name));
    if full.symlink_metadata().is_err() {
        return Err(missing());
    }
    let outside = || Error::usage(format!("{} is outside the repository {}", path.display(), root.display()), "");
    full.strip_prefix(root).map(Path::to_owned).map_err(|_| outside())
}
