//! The checks, one file each, and the short list of them.

mod broken_links;
mod case_collisions;
mod conflict_markers;
mod debugger_calls;
mod final_newline;
mod formatting;
mod importers;
mod imports;
mod json;
mod large_files;
mod line_endings;
mod loop_config;
mod platform_paths;
mod required_exports;
mod required_values;
mod secrets;
mod skip_markers;
mod syntax;
mod toml;
mod trailing_spaces;
mod undefined_names;
mod yaml;

use crate::check::{Check, Work};

/// The checks, in the order in which they are shown.
pub(crate) const CHECKS: [Check; 22] = [
    Check { id: "syntax", about: "Python files can be compiled", work: Work::Syntax(syntax::check) },
    Check { id: "imports", about: "Imports of the project's own modules resolve", work: Work::Tree(imports::check) },
    Check {
        id: "importers",
        about: "What a change takes away is imported nowhere else",
        work: Work::Tree(importers::check),
    },
    Check { id: "undefined-names", about: "Names that are used are defined", work: Work::Tree(undefined_names::check) },
    Check {
        id: "required-exports",
        about: "Modules export what others need",
        work: Work::Tree(required_exports::check),
    },
    Check {
        id: "required-values",
        about: "Values that must be set are not empty",
        work: Work::Tree(required_values::check),
    },
    Check {
        id: "platform-paths",
        about: "Tests name no path of one machine",
        work: Work::Source(platform_paths::check),
    },
    Check {
        id: "skip-markers",
        about: "Tests that need a service can be skipped",
        work: Work::Source(skip_markers::check),
    },
    Check { id: "debugger-calls", about: "No debugger is left in", work: Work::Source(debugger_calls::check) },
    Check { id: "conflict-markers", about: "No merge conflict is left in", work: Work::Bytes(conflict_markers::check) },
    Check { id: "json", about: "JSON files can be read", work: Work::Bytes(json::check) },
    Check { id: "yaml", about: "YAML files can be read", work: Work::Bytes(yaml::check) },
    Check { id: "toml", about: "TOML files can be read", work: Work::Bytes(toml::check) },
    Check { id: "loop-config", about: "The loop's own configuration is right", work: Work::Bytes(loop_config::check) },
    Check { id: "secrets", about: "No private key and no token is in a file", work: Work::Bytes(secrets::check) },
    Check { id: "large-files", about: "No file is larger than allowed", work: Work::Bytes(large_files::check) },
    Check {
        id: "case-collisions",
        about: "No two names differ in case only",
        work: Work::Tree(case_collisions::check),
    },
    Check { id: "broken-links", about: "Symbolic links lead somewhere", work: Work::Tree(broken_links::check) },
    Check { id: "line-endings", about: "Line endings are not mixed", work: Work::Bytes(line_endings::check) },
    Check { id: "trailing-spaces", about: "No line ends in spaces", work: Work::Bytes(trailing_spaces::check) },
    Check { id: "final-newline", about: "Files end in a newline", work: Work::Bytes(final_newline::check) },
    Check { id: "formatting", about: "The formatter has nothing to change", work: Work::Tree(formatting::check) },
];

pub(crate) use large_files::too_large;

#[cfg(test)]
pub(crate) mod testing {
    use python_source::Dialect;

    use super::*;
    use crate::file::{File, Python, Report};
    use crate::finding::{Finding, Findings};
    use crate::settings::Settings;

    /// Runs a check of one file with the default settings; the findings as `line:column: what`.
    pub(crate) fn of(id: &str, name: &str, bytes: &[u8]) -> Vec<String> {
        let settings = Settings::default();
        let check = CHECKS.iter().find(|check| check.id == id).unwrap();
        let (mut findings, file) = (Findings::default(), File::new(name, bytes));
        let decoded = if file.is_python() { file.decode() } else { None };
        let text = decoded.as_ref().and_then(|it| it.as_ref().ok());
        let python = text.map(|text| Python::parse(text, Dialect::default()));
        let mut report = Report::new(check.id, name, bytes, &mut findings);
        match check.work {
            Work::Bytes(work) => work(&file, &settings, &mut report),
            Work::Source(work) => work(&file, &python.unwrap(), &settings, &mut report),
            Work::Syntax(work) => match (&python, decoded.as_ref().unwrap()) {
                (Some(python), _) => work(&Ok(python), &mut report),
                (None, Err(error)) => work(&Err(error), &mut report),
                (None, Ok(_)) => {}
            },
            Work::Tree(_) => panic!("looks at all files together"),
        }
        findings.found.sort();
        let line = |it: &Finding| format!("{}:{}: {}", it.line, it.column, it.what);
        findings.found.iter().map(line).collect()
    }
}
