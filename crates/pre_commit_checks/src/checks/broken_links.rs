//! Symbolic links lead somewhere.

use std::path::{Component, Path, PathBuf};

use crate::entry::as_path;
use crate::finding::{Findings, Place};
use crate::project::Project;
use crate::tree::Source;

pub(super) fn check(project: &Project, findings: &mut Findings) {
    let tree = &project.selection.tree;
    for entry in project.selection.chosen.iter().map(|at| &tree.entries[*at]).filter(|entry| entry.is_link) {
        let leads = match tree.source() {
            Source::WorkTree => tree.is_there(&tree.root().join(&entry.path)),
            Source::Index | Source::Commit => tree.read(entry).is_some_and(|target| {
                let target = as_path(&target);
                let folder = entry.path.parent().unwrap_or(Path::new(""));
                match inside(folder, &target) {
                    Some(path) => {
                        let name = path.to_string_lossy();
                        tree.entry(&name).is_some() || tree.has_folder(&name)
                    }
                    // Outside the repository only the machine can tell.
                    None => tree.is_there(&tree.root().join(folder).join(&target)),
                }
            }),
        };
        if !leads {
            let target = match tree.source() {
                Source::WorkTree => std::fs::read_link(tree.root().join(&entry.path)).ok(),
                Source::Index | Source::Commit => tree.read(entry).map(|target| as_path(&target)),
            };
            let is_installed = target.is_some_and(|target| is_of_an_installation(&target));
            let (message, fix) = match (is_installed, tree.source()) {
                (false, _) => ("the symbolic link leads nowhere", "point it at a file that is there, or remove it"),
                (true, Source::WorkTree) => (
                    "a link of `timmy install`, whose program is not there",
                    "keep the link: `timmy install --into .` brings the programs",
                ),
                (true, Source::Index | Source::Commit) => (
                    "a link of `timmy install` leads to .loop/bin, which no clone has",
                    "keep it, but do not commit it: `git restore --staged PATH` leaves it out of the commit; \
                     `timmy install --shims` replaces it by a file that can be committed",
                ),
            };
            project.report("broken-links", &entry.name, findings, |report| report.add(Place::File, message, fix));
        }
    }
}

/// Whether a link leads to the program of a tool, as `timmy install` makes links.
fn is_of_an_installation(target: &Path) -> bool {
    target.parent().is_some_and(|folder| folder.ends_with(".loop/bin"))
}

/// A link's target relative to the repository, if it stays inside.
fn inside(folder: &Path, target: &Path) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}
