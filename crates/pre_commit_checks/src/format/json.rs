//! One JSON document.

use records::pyjson;
use serde::Serialize;

use super::results::Results;

/// What the checks found.
#[derive(Serialize)]
struct CheckResult<'s> {
    status: &'static str,
    files: usize,
    checks: Vec<&'static str>,
    findings: Vec<ShownFinding<'s>>,
    warnings: Vec<Warning<'s>>,
    mended: &'s [String],
    in_baseline: usize,
}

#[derive(Serialize)]
struct ShownFinding<'s> {
    check: &'static str,
    file: &'s str,
    line: usize,
    column: usize,
    what: &'s str,
    mend: &'s str,
}

/// What kept a check from its work.
#[derive(Serialize)]
struct Warning<'s> {
    check: &'static str,
    what: &'s str,
}

pub(super) fn format(shown: &Results) -> String {
    let outcome = shown.outcome;
    let findings = outcome.findings.iter().map(|it| ShownFinding {
        check: it.check,
        file: &it.file,
        line: it.line,
        column: it.column,
        what: &it.what,
        mend: &it.mend,
    });
    let result = CheckResult {
        status: if outcome.findings.is_empty() && outcome.unread.is_empty() { "passed" } else { "failed" },
        files: outcome.files,
        checks: shown.checks.iter().map(|check| check.id).collect(),
        findings: findings.collect(),
        warnings: outcome.warnings.iter().map(|(check, what)| Warning { check, what }).collect(),
        mended: &outcome.mended,
        in_baseline: shown.known,
    };
    pyjson::to_line(&result).unwrap_or_default()
}
