//! Damage in the files under `.loop/`, and a ledger that does not add up.

use std::path::Path;

use automations::Context;
use common::error::chain;
use host::files::FileError;
use serde::Serialize;
use store::checked::{Checked, CheckedLog};

/// How many problems of one file are kept.
const KEPT: usize = 5;

/// What was found in one file.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// Lines that could be read; none of a document.
    pub lines: Option<u64>,
    /// What is wrong, the first ones.
    pub problems: Vec<String>,
    /// How many there are in all.
    pub count: usize,
    /// Whether it is a document without content, such as a power cut leaves: it counts as missing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty: bool,
}

impl Finding {
    fn add(&mut self, problem: String) {
        self.count += 1;
        if self.problems.len() < KEPT {
            self.problems.push(problem);
        }
    }
}

/// What is damaged, a line each.
pub fn damage(context: &Context) -> Vec<String> {
    match verify(context) {
        Ok(findings) => {
            let damaged = findings.iter().filter(|finding| finding.count > 0);
            damaged.map(|finding| format!("{}: {}", finding.file, finding.problems.join("; "))).collect()
        }
        Err(error) => vec![chain(&error)],
    }
}

/// A file that the system does not give; the others are looked at all the same.
fn unreadable(context: &Context, path: &Path, error: &FileError) -> Finding {
    let cause = std::error::Error::source(error).map_or(String::new(), |cause| format!(": {cause}"));
    Finding {
        file: context.shown(path),
        lines: None,
        problems: vec![format!("it cannot be read{cause}")],
        count: 1,
        empty: false,
    }
}

/// Checks every file, as far as it exists.
///
/// # Errors
/// Something else is in the place of `.loop/`, or the system refuses to look at it.
pub fn verify(context: &Context) -> Result<Vec<Finding>, FileError> {
    context.store.exists()?;
    let mut findings = Vec::new();
    for log in context.store.checked_logs(context.cycles().path()) {
        let file = context.shown(log.path());
        let found = if log.is_ledger { ledger(file, &log) } else { lines(file, &log) };
        findings.push(found.unwrap_or_else(|error| unreadable(context, log.path(), &error)));
    }
    for document in context.store.checked_documents() {
        let mut finding =
            Finding { file: context.shown(document.path()), lines: None, problems: Vec::new(), count: 0, empty: false };
        match document.check() {
            Err(error) => finding = unreadable(context, document.path(), &error),
            Ok(Checked::Damaged(problem)) => finding.add(problem),
            Ok(Checked::Missing) => finding.empty = true,
            Ok(Checked::Intact) => {}
        }
        findings.push(finding);
    }
    findings.extend(context.store.blocked_places().iter().map(|error| unreadable(context, &error.path, error)));
    Ok(findings)
}

/// Checks the lines of a log.
fn lines(file: String, log: &CheckedLog) -> Result<Finding, FileError> {
    let mut finding = Finding { file, lines: Some(0), problems: Vec::new(), count: 0, empty: false };
    let (mut number, mut intact) = (0_u64, 0);
    log.scan(|is_intact, _| {
        number += 1;
        if is_intact {
            intact += 1;
        } else {
            finding.add(format!("record {number} cannot be read"));
        }
    })?;
    finding.lines = Some(intact);
    Ok(finding)
}

/// The ledger adds up: each line's balance is the one before it and its own tokens. After a damaged line this is unknown.
fn ledger(file: String, log: &CheckedLog) -> Result<Finding, FileError> {
    let mut finding = Finding { file, lines: Some(0), problems: Vec::new(), count: 0, empty: false };
    let (mut number, mut intact, mut balance) = (0_u64, 0, Some(0_i64));
    log.scan(|_, line| {
        number += 1;
        let Some(line) = line else {
            balance = None;
            return finding.add(format!("record {number} cannot be read"));
        };
        intact += 1;
        let expected = balance.map(|balance| balance.saturating_add(line.tokens));
        if let (Some(expected), Some(told)) = (expected, line.balance)
            && told != expected
        {
            finding.add(format!("record {number}: its balance is {told} and should be {expected}"));
        }
        // What follows was computed from it.
        balance = line.balance.or(expected);
    })?;
    finding.lines = Some(intact);
    Ok(finding)
}
