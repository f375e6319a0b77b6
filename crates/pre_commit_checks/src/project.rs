//! All files together, as a check that looks at them sees them.

use std::cell::RefCell;

use crate::file::{File, Report};
use crate::finding::Findings;
use crate::modules::Modules;
use crate::selection::Selection;
use crate::settings::Settings;

/// All files together.
pub(crate) struct Project<'p> {
    /// The files, and which of them are checked.
    pub selection: &'p Selection,
    /// The modules among them.
    pub modules: &'p Modules<'p>,
    /// The settings in force.
    pub settings: &'p Settings,
    /// Where programs are looked for (`PATH`).
    pub path: &'p str,
    /// Whether findings may be fixed instead.
    pub fix: bool,
    /// What kept a check from its work: its id and the reason.
    pub warnings: RefCell<Vec<(&'static str, String)>>,
    /// What is printed with --verbose.
    pub details: RefCell<Vec<String>>,
}

impl Project<'_> {
    /// Returns the names of the files that are checked.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.selection.chosen.iter().map(|at| self.selection.tree.entries[*at].name.as_str())
    }

    /// Returns the names of the modules among them; stubs are none.
    pub(crate) fn modules_checked(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| name.strip_suffix(".py").is_some())
    }

    /// Adds findings of a file whose text is read once more for the places.
    pub(crate) fn report(
        &self,
        check: &'static str,
        file: &str,
        findings: &mut Findings,
        add: impl FnOnce(&mut Report),
    ) {
        let tree = &self.selection.tree;
        let bytes = tree.entry(file).and_then(|entry| tree.read(entry)).unwrap_or_default();
        let text = File::new(file, &bytes).decode().and_then(Result::ok);
        let places = text.as_deref().map_or(&*bytes, str::as_bytes);
        add(&mut Report::new(check, file, places, findings));
    }

    /// Notes what is worth saying with --verbose.
    pub(crate) fn detail(&self, what: String) {
        self.details.borrow_mut().push(what);
    }

    /// Notes that a check could not do its work.
    pub(crate) fn warn(&self, check: &'static str, why: impl Into<String>) {
        self.warnings.borrow_mut().push((check, why.into()));
    }
}
