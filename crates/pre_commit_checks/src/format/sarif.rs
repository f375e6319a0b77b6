//! SARIF 2.1.0, for code scanning.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::results::Results;
use crate::finding::Finding;
use crate::ignore;

pub(super) fn format(shown: &Results) -> String {
    let checks = shown.checks.iter().map(|check| (check.id, check.about));
    let rules: Vec<(&str, &str)> =
        checks.chain([(ignore::ID, "Comments that ignore a finding name it and say why")]).collect();
    let described: Vec<Value> = rules
        .iter()
        .map(|(id, about)| json!({"id": id, "shortDescription": {"text": about}, "defaultConfiguration": {"level": "error"}}))
        .collect();
    let results: Vec<Value> = shown.outcome.findings.iter().map(|finding| result(finding, &rules)).collect();
    let notifications: Vec<Value> = shown
        .outcome
        .warnings
        .iter()
        .map(|(check, what)| json!({"level": "warning", "message": {"text": format!("{check}: {what}")}}))
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "pre_commit_checks",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": described,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": notifications}],
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn result(finding: &Finding, rules: &[(&str, &str)]) -> Value {
    let mut place = json!({"artifactLocation": {"uri": uri(&finding.file), "uriBaseId": "%SRCROOT%"}});
    if finding.line > 0 {
        place["region"] = json!({"startLine": finding.line});
        if finding.column > 0 {
            place["region"]["startColumn"] = json!(finding.column);
        }
    }
    json!({
        "ruleId": finding.check,
        "ruleIndex": rules.iter().position(|(id, _)| *id == finding.check).unwrap_or(0),
        "level": "error",
        "message": {"text": format!("{} ({})", finding.what, finding.mend)},
        "locations": [{"physicalLocation": place}],
    })
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
