//! Names that are used for certain are defined: what is left where a definition was renamed or deleted.

use crate::finding::{Findings, Place};
use crate::modules::Verdict;
use crate::project::Project;

pub(super) fn check(project: &Project, findings: &mut Findings) {
    // Sphinx runs its `conf.py` with names of its own.
    for file in project.modules_checked().filter(|name| !name.ends_with("conf.py")) {
        let outline = project.modules.outline(file);
        let is_missing = |name: &str| {
            matches!(project.modules.offered_by(file, name), Verdict::Missing(_))
                && !project.modules.dynamic.is_built_in(name)
        };
        let missing: Vec<&(String, usize)> = outline.undefined.iter().filter(|(name, _)| is_missing(name)).collect();
        if missing.is_empty() {
            continue;
        }
        project.report("undefined-names", file, findings, |report| {
            for (name, offset) in missing {
                let what = format!("`{name}` is not defined");
                report.add(Place::Offset(*offset), &what, "define or import it");
            }
        });
    }
}
