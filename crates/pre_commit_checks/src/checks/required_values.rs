//! Values that must be set are not empty, as far as that shows without running anything.

use python_source::{Dialect, Emptiness, Module};

use crate::file::File;
use crate::finding::{Findings, Place};
use crate::project::Project;

pub(super) fn check(project: &Project, findings: &mut Findings) {
    let required = &project.settings.required_values;
    for (module, path) in &required.items {
        let names: Vec<&str> = path.split('.').collect();
        let Some((file, _)) = project.modules.exported(module, names.first().unwrap_or(&"")) else {
            if required.is_configured && project.selection.is_whole {
                project.warn("required-values", format!("there is no module {module}, of which `{path}` is required"));
            }
            continue;
        };
        let tree = &project.selection.tree;
        let Some(bytes) = tree.entry(&file).and_then(|entry| tree.read(entry)) else { continue };
        let Some(Ok(text)) = File::new(&file, &bytes).decode() else { continue };
        if let Emptiness::Empty(offset) = Module::parse(&text, Dialect::default()).emptiness(&names) {
            let what = format!("`{path}` of {module} is empty, and the settings require a value");
            project.report("required-values", &file, findings, |report| {
                report.add(Place::Offset(offset), &what, "give it a value");
            });
        }
    }
}
