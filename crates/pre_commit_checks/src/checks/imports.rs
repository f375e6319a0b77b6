//! Imports of the project's own modules resolve, and what `__all__` names is there.

use python_source::{Exports, Imported};

use crate::file::Report;
use crate::finding::{Findings, Place};
use crate::modules::{Missing, Verdict};
use crate::project::Project;

/// How many imports and exports were judged, and how.
#[derive(Default)]
pub(super) struct Count {
    found: usize,
    unknown: usize,
    missing: usize,
}

pub(super) fn check(project: &Project, findings: &mut Findings) {
    let mut count = Count::default();
    for file in project.modules_checked() {
        let missing = missing(project, file, &mut count);
        if !missing.is_empty() {
            project.report("imports", file, findings, |report: &mut Report| {
                for (offset, missing) in missing {
                    report.add(Place::Offset(offset), &missing.what, &missing.mend);
                }
            });
        }
    }
    let Count { found, unknown, missing } = count;
    project.detail(format!("imports: {found} found, {unknown} of others or not to be known, {missing} missing"));
}

/// What a file imports or exports that is not there, each with its place.
pub(super) fn missing(project: &Project, file: &str, count: &mut Count) -> Vec<(usize, Missing)> {
    let modules = project.modules;
    let outline = modules.outline(file);
    let mut missing = Vec::new();
    let mut judge = |offset: usize, verdict: Verdict| match verdict {
        Verdict::Missing(found) => {
            count.missing += 1;
            missing.push((offset, found));
            false
        }
        Verdict::Found => {
            count.found += 1;
            true
        }
        Verdict::Unknown => {
            count.unknown += 1;
            true
        }
    };
    for import in outline.imports.iter().filter(|import| import.is_certain) {
        if judge(import.offset, modules.judge(file, &import.wanted, None))
            && let Imported::Names(names) = &import.what
        {
            for (name, offset) in names {
                judge(*offset, modules.judge(file, &import.wanted, Some(name)));
            }
        }
    }
    if let Exports::Known(names) = &outline.exports {
        for (name, offset) in names {
            if let Verdict::Missing(found) = modules.offered_by(file, name) {
                let what = format!("`__all__` names `{name}`, which the module does not have");
                judge(*offset, Verdict::Missing(Missing::new(what, found.mend)));
            }
        }
    }
    missing
}
