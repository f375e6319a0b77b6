//! For people, as the old script wrote it: a mark for each check, a rule, the list.

use std::fmt::Write as _;

use host::text::{counted, fit};

use super::results::Results;

/// What the output begins with.
pub(super) const HEADING: &str = "🔍 Running pre-commit checks...";

pub(super) fn format(shown: &Results) -> String {
    let outcome = shown.outcome;
    let mut text = if shown.quiet { String::new() } else { marks(shown) };
    if outcome.findings.is_empty() && !outcome.unread.is_empty() {
        let _ = write!(text, "❌ {} could not be read and checked", counted(outcome.unread.len(), "path"));
        return text;
    }
    if outcome.findings.is_empty() {
        text.push_str("✅ All pre-commit checks passed!");
        return text;
    }
    let _ = writeln!(text, "❌ Found {} issue(s):\n", outcome.findings.len());
    for (number, finding) in outcome.findings.iter().enumerate() {
        let place = match (finding.line, finding.column) {
            (0, _) => String::new(),
            (line, 0) => format!(":{line}"),
            (line, column) => format!(":{line}:{column}"),
        };
        let file = fit(&finding.file, 200);
        let _ = writeln!(text, "  {}. {file}{place}: {} [{}]", number + 1, finding.what, finding.check);
        let _ = writeln!(text, "     {}", finding.mend);
    }
    text.truncate(text.trim_end().len());
    text
}

/// A line for each check, each warning and each fixed file, and the rule.
fn marks(shown: &Results) -> String {
    let outcome = shown.outcome;
    let mut text = format!("{HEADING}\n\n");
    for check in shown.checks {
        let count = outcome.findings.iter().filter(|finding| finding.check == check.id).count();
        let warning = outcome.warnings.iter().find(|(id, _)| *id == check.id);
        let _ = match (count, warning) {
            (0, Some((id, why))) => writeln!(text, "⚠ {id}: {}", fit(why, 300)),
            (0, None) => writeln!(text, "✓ {}", check.about),
            (count, _) => writeln!(text, "✗ {}: {count} ({})", check.about, check.id),
        };
    }
    for (id, why) in outcome.warnings.iter().filter(|(id, _)| !shown.checks.iter().any(|check| check.id == *id)) {
        let _ = writeln!(text, "⚠ {id}: {}", fit(why, 300));
    }
    for name in &outcome.mended {
        let _ = writeln!(text, "✓ fixed {}", fit(name, 200));
    }
    if shown.known > 0 {
        let _ = writeln!(text, "✓ {} of the baseline left out", counted(shown.known, "finding"));
    }
    let _ = writeln!(text, "\n{}", "=".repeat(70));
    text
}
