//! Modules export what others need: names that were lost once already, as the settings list them.

use crate::finding::{Findings, Place};
use crate::modules::Verdict;
use crate::project::Project;

pub(super) fn check(project: &Project, findings: &mut Findings) {
    let required = &project.settings.required_exports;
    for (module, name) in &required.items {
        match project.modules.exported(module, name) {
            Some((file, Verdict::Missing(missing))) => {
                let what = format!("{module} does not export `{name}`, which the settings require");
                project.report("required-exports", &file, findings, |report| {
                    report.add(Place::File, &what, &missing.mend);
                });
            }
            None if required.is_configured && project.selection.is_whole => {
                project.warn("required-exports", format!("there is no module {module}, of which `{name}` is required"));
            }
            _ => {}
        }
    }
}
