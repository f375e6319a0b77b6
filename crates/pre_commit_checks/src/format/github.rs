//! Annotations of GitHub, Gitea and Forgejo Actions: workflow commands, one a line.

use std::fmt::Write as _;

use super::results::Results;

pub(super) fn format(shown: &Results) -> String {
    let mut text = String::new();
    for finding in &shown.outcome.findings {
        let _ = write!(text, "::error file={}", property(&finding.file));
        if finding.line > 0 {
            let _ = write!(text, ",line={}", finding.line);
        }
        if finding.column > 0 {
            let _ = write!(text, ",col={}", finding.column);
        }
        let message = format!("{} ({})", finding.what, finding.mend);
        let _ = writeln!(text, ",title={}::{}", property(finding.check), data(&message));
    }
    for (check, what) in &shown.outcome.warnings {
        let _ = writeln!(text, "::warning title={}::{}", property(check), data(what));
    }
    text.push_str(&shown.outcome.summary());
    text
}

fn data(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    escaped.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
