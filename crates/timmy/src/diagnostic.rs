//! A problem of the manifest or the schedules, as it is shown.

use std::fmt;

use common::manifest::Diagnostic;
use serde::Serialize;

/// A problem of the manifest or the schedules.
#[derive(Serialize)]
pub(crate) struct DiagnosticView {
    id: Option<String>,
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    pub hint: Option<String>,
    #[serde(skip)]
    text: String,
}

impl DiagnosticView {
    /// Makes it of a problem.
    pub(crate) fn of(problem: &Diagnostic) -> Self {
        let Diagnostic { id, error } = problem;
        Self {
            id: id.clone(),
            file: error.path.display().to_string(),
            line: error.position.map(|at| at.line),
            column: error.position.map(|at| at.column),
            message: error.message.clone(),
            hint: error.hint.clone(),
            text: error.to_string(),
        }
    }
}

impl fmt::Display for DiagnosticView {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
