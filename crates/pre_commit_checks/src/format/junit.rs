//! JUnit XML, as CI servers read it: a test case for each check, failed where it found something.

use std::fmt::Write as _;

use host::text;

use super::results::Results;
use crate::finding::Finding;
use crate::ignore;

pub(super) fn format(shown: &Results) -> String {
    let outcome = shown.outcome;
    let mut checks: Vec<(&str, &str)> = shown.checks.iter().map(|check| (check.id, check.about)).collect();
    if outcome.findings.iter().any(|finding| finding.check == ignore::ID) {
        checks.push((ignore::ID, "Comments that ignore a finding name it and say why"));
    }
    let failed = checks.iter().filter(|(id, _)| outcome.findings.iter().any(|it| it.check == *id)).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = format!("tests=\"{}\" failures=\"{failed}\" errors=\"0\"", checks.len());
    let _ = writeln!(text, "<testsuites name=\"pre_commit_checks\" {counts}>");
    let _ = writeln!(text, "  <testsuite name=\"pre_commit_checks\" {counts} skipped=\"0\" time=\"0\">");
    for (id, about) in checks {
        let found: Vec<&Finding> = outcome.findings.iter().filter(|finding| finding.check == id).collect();
        let _ = write!(text, "    <testcase classname=\"pre_commit_checks\" name=\"{}\" time=\"0\">", escaped(id));
        if !found.is_empty() {
            let message = format!("{about}: {}", text::counted(found.len(), "finding"));
            let _ = write!(text, "\n      <failure type=\"{}\" message=\"{}\">", escaped(id), escaped(&message));
            for it in found {
                let line = format!("{}:{}:{}: {} ({})\n", it.file, it.line, it.column, it.what, it.mend);
                text.push_str(&escaped(&line));
            }
            text.push_str("</failure>\n    ");
        }
        for (_, what) in outcome.warnings.iter().filter(|(check, _)| *check == id) {
            let _ = write!(text, "\n      <system-err>{}</system-err>\n    ", escaped(what));
        }
        text.push_str("</testcase>\n");
    }
    text.push_str("  </testsuite>\n</testsuites>");
    text
}

/// A text as XML takes it: control characters have no place in it, not even escaped.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' => safe.push('\n'),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                safe.push('\u{fffd}');
            }
            character => safe.push(character),
        }
    }
    safe
}
