//! No two names differ in case only: on some file systems they are one.

use std::collections::{HashMap, HashSet};

use crate::finding::{Findings, Place};
use crate::project::Project;

pub(super) fn check(project: &Project, findings: &mut Findings) {
    let mut names: HashMap<String, &str> = HashMap::new();
    let mut folders: HashMap<String, &str> = HashMap::new();
    let chosen: HashSet<&str> = project.names().collect();
    // Names that are no text cannot be compared as one.
    for entry in project.selection.tree.entries.iter().filter(|entry| !entry.name.contains('\u{fffd}')) {
        let name = entry.name.as_str();
        let mut collision = names.insert(name.to_lowercase(), name);
        // Folders collide as well, and are named by the first file that shows it.
        let mut folder = name;
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            match folders.get(&above.to_lowercase()) {
                Some(other) if *other == above => break,
                Some(other) => collision = collision.or(Some(other)),
                None => {
                    folders.insert(above.to_lowercase(), above);
                }
            }
        }
        if let Some(other) = collision.filter(|other| chosen.contains(name) || chosen.contains(other)) {
            let what = format!("the name differs from {other} in case only");
            project.report("case-collisions", name, findings, |report| {
                report.add(Place::File, &what, "rename one of the two");
            });
        }
    }
}
