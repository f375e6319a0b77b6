//! One JSON document.

use common::pyjson;
use serde_json::json;

use super::Shown;

pub(super) fn format(shown: &Shown) -> String {
    let outcome = shown.outcome;
    let findings: Vec<serde_json::Value> = outcome
        .findings
        .iter()
        .map(|it| {
            json!({"check": it.check, "file": it.file, "line": it.line, "column": it.column, "what": it.what, "mend": it.mend})
        })
        .collect();
    let warnings: Vec<serde_json::Value> =
        outcome.warnings.iter().map(|(check, what)| json!({"check": check, "what": what})).collect();
    let checks: Vec<&str> = shown.checks.iter().map(|check| check.id).collect();
    let document = json!({
        "status": if outcome.findings.is_empty() { "passed" } else { "failed" },
        "files": outcome.files,
        "checks": checks,
        "findings": findings,
        "warnings": warnings,
        "mended": outcome.mended,
        "in_baseline": shown.known,
    });
    pyjson::to_line(&document).unwrap_or_default()
}
