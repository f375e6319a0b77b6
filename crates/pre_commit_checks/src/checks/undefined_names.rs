//! Names that a module uses while it is imported are bound: what is left of a definition that was renamed or deleted.

use super::Project;
use crate::finding::{Findings, Place};
use crate::modules::Verdict;

pub(super) fn check(project: &Project, findings: &mut Findings) {
    // Sphinx runs its `conf.py` with names of its own.
    for file in project.modules_checked().filter(|name| !name.ends_with("conf.py")) {
        let outline = project.modules.outline(file);
        let is_missing = |name: &str| matches!(project.modules.offered_by(file, name), Verdict::Missing(_));
        let missing: Vec<&(String, usize)> = outline.undefined.iter().filter(|(name, _)| is_missing(name)).collect();
        if missing.is_empty() {
            continue;
        }
        project.report("undefined-names", file, findings, |report| {
            for (name, offset) in missing {
                let what = format!("`{name}` is used when the module is imported, and is not defined");
                report.add(Place::Offset(*offset), &what, "define or import it");
            }
        });
    }
}
