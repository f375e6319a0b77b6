//! The published reason codes and their page.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use records::{REASONS, Reason};

use crate::generated::generated;
use crate::read;

/// Every reason code that was ever published, with its subject. Programs rely on codes, so a line is added for a new code
/// and none is changed or removed.
const PROMISED: &[(&str, &str)] = &[
    ("loop", "work"),
    ("loop", "no_queue"),
    ("loop", "queue_damaged"),
    ("loop", "queue_empty"),
    ("loop", "all_quarantined"),
    ("loop", "all_closed"),
    ("loop", "all_waiting"),
    ("loop", "idle_cycle"),
    ("issue", "ready"),
    ("issue", "not_ready"),
    ("issue", "quarantined"),
    ("issue", "cool_down"),
    ("issue", "blocked_by"),
    ("issue", "merged_still_open"),
    ("issue", "assigned"),
    ("issue", "locked"),
    ("issue", "retry_later"),
    ("issue", "in_work"),
    ("issue", "not_triaged"),
    ("issue", "released"),
    ("agenda", "on_agenda"),
    ("agenda", "no_candidate"),
    ("agenda", "no_time"),
    ("agenda", "agenda_full"),
    ("automation", "ran_well"),
    ("automation", "ran_failed"),
    ("automation", "timed_out"),
    ("automation", "stopped"),
    ("automation", "interrupted"),
    ("automation", "disabled"),
    ("automation", "paused"),
    ("automation", "invalid"),
    ("automation", "not_started"),
    ("automation", "already_running"),
    ("automation", "dependency_not_ok"),
    ("automation", "not_due"),
    ("automation", "missed_too_old"),
    ("automation", "not_scheduled"),
];

#[test]
fn no_reason_code_that_was_promised_is_gone() {
    for &(subject, code) in PROMISED {
        let reason = Reason::from_code(code).unwrap_or_else(|| panic!("the code `{code}` was promised and is gone"));
        assert_eq!(reason.subject().name(), subject, "{code}");
    }
    let promised: BTreeSet<&str> = PROMISED.iter().map(|(_, code)| *code).collect();
    let codes: BTreeSet<&str> = REASONS.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes, promised, "a new code is promised: add it to PROMISED");
}

/// The page of reasons as it is made from the codes.
fn reasons_page() -> String {
    let mut text = "# Reason codes\n\nWhy something was decided: a closed list, in files and in JSON. `timmy explain CODE` shows one.\n".to_owned();
    let mut about = "";
    for reason in REASONS {
        if about != reason.subject().name() {
            about = reason.subject().name();
            let _ = write!(text, "\n## {about}\n\n| code | meaning | what would change it |\n|---|---|---|\n");
        }
        let _ = writeln!(text, "| `{}` | {} | {} |", reason.code(), reason.meaning(), reason.change());
    }
    text
}

#[test]
fn the_documented_reasons_are_those_of_the_code() {
    generated("docs/reference/reasons.md", &reasons_page());
    let text = read("docs/reference/reasons.md");
    let (mut subject, mut documented) = ("", Vec::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            subject = name;
        } else if let Some(row) = line.strip_prefix("| `") {
            let cells: Vec<&str> = row.strip_suffix(" |").unwrap().split(" | ").collect();
            let [code, meaning, change] = cells[..] else { panic!("three cells: {line}") };
            documented.push((subject, code.trim_end_matches('`'), meaning, change));
        } else {
            assert!(!line.contains('`') || documented.is_empty(), "a code outside a table: {line}");
        }
    }
    let known: Vec<_> = REASONS
        .iter()
        .map(|reason| (reason.subject().name(), reason.code(), reason.meaning(), reason.change()))
        .collect();
    assert_eq!(documented, known, "each code once, with its subject, meaning and change");
}
