//! Which part of an output the contract fixes, and which is words for people.

use std::fmt::Write as _;

use crate::picture::is_of_kind;

/// The beginnings of the lines whose whole text the contract fixes. Of other lines it fixes the bracketed prefix.
const FIXED: [&str; 5] = [
    "[loop-guard] Queue active (",
    "[loop-guard] Queue empty — idle #",
    "[retro] Cycle ",
    "[retro] ⟳",
    "[triage] Ready: ",
];

/// The flags with which a program reads stdout.
const FOR_PROGRAMS: [&str; 4] = ["--json", "--markdown", "--status", "--format"];

/// The commands whose stdout is for programs whatever the flags: what shells read to complete a command line.
const COMPLETIONS: [&str; 2] = ["timmy completions", "timmy -- "];

/// The commands whose stdout is fixed line by line, but for comments and lines with a bracketed prefix: units, which the
/// managers of services read, and the checks.
const LINE_BY_LINE: [&str; 4] =
    ["timmy service print", "pre_commit_checks", "timmy pre_commit_checks", ".git/hooks/pre-commit"];

/// Words in calls of those that print words all the same.
const WORDS: [&str; 5] = ["install-hook", "--list", "--help", "--version", "--out"];

/// How a comment in a unit begins.
const COMMENTS: [&str; 2] = ["# ", "<!-- "];

/// The folder into which scenarios have units written.
const UNITS: &str = "units/";

/// The values of JSON that are sentences for people, with no wording in the contract: the file (by the end of its path) or
/// the command, and the keys.
const MESSAGES: [(&str, &[&str]); 12] = [
    ("automation_state.json", &["last_error", "problem"]),
    ("timmy automation list", &["hint", "message", "problem"]),
    ("timmy automation run", &["detail"]),
    ("timmy automation validate", &["hint", "message"]),
    ("timmy doctor", &["broken", "problem"]),
    ("timmy explain", &["change", "meaning"]),
    ("timmy schedule tick", &["detail"]),
    ("timmy service print", &["about"]),
    ("timmy trigger", &["detail"]),
    ("timmy verify", &["problems"]),
    ("timmy why", &["change", "last_error", "problem"]),
    ("triage_score", &["because", "needs", "type_because"]),
];

/// What a message is replaced with in the part that the contract fixes.
const MESSAGE: &str = "<message>";

/// A text in its two parts.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// What the contract fixes.
    pub contract: String,
    /// What is words.
    pub prose: String,
}

/// Divides the stdout of a command.
pub(crate) fn divide_stdout(command: &str, stdout: &str) -> Parts {
    let has = |words: &[&str]| command.split(' ').any(|word| words.contains(&word));
    if has(&FOR_PROGRAMS) || COMPLETIONS.iter().any(|start| command.starts_with(start)) {
        return divide_json(command, stdout);
    }
    let is_fixed = LINE_BY_LINE.iter().any(|start| command.starts_with(start)) && !has(&WORDS);
    let mut parts = Parts::default();
    for line in stdout.split_inclusive('\n') {
        let prefix = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map(|(prefix, _)| prefix);
        if FIXED.iter().any(|fixed| line.starts_with(fixed)) || (is_fixed && prefix.is_none() && !is_comment(line)) {
            parts.contract.push_str(line);
            continue;
        }
        if let Some(prefix) = prefix {
            let _ = writeln!(parts.contract, "[{prefix}] …");
        }
        parts.prose.push_str(line);
    }
    parts
}

/// Divides the text of a file.
pub(crate) fn divide_file(name: &str, text: &str) -> Parts {
    let mut parts = Parts::default();
    if is_of_kind(name, "log") {
        // `=== TIME ends: CODE: why`
        for line in text.split_inclusive('\n') {
            let why = line.strip_prefix("=== ").and_then(|rest| rest.split_once(" ends: ")?.1.split_once(": "));
            match why {
                Some((_, why)) => {
                    let _ = writeln!(parts.contract, "{}{MESSAGE}", &line[..line.len() - why.len()]);
                    parts.prose.push_str(why);
                }
                None => parts.contract.push_str(line),
            }
        }
        return parts;
    }
    if name.starts_with(UNITS) {
        for line in text.split_inclusive('\n') {
            if is_comment(line) { &mut parts.prose } else { &mut parts.contract }.push_str(line);
        }
        return parts;
    }
    divide_json(name, text)
}

fn is_comment(line: &str) -> bool {
    COMMENTS.iter().any(|comment| line.starts_with(comment))
}

/// Takes the messages out of a JSON text, of a file or of a command's stdout.
fn divide_json(place: &str, text: &str) -> Parts {
    let mut parts = Parts { contract: text.to_owned(), prose: String::new() };
    let here = MESSAGES.iter().filter(|(of, _)| place.ends_with(of) || place.starts_with(of));
    for key in here.flat_map(|(_, keys)| *keys) {
        let start = format!("\"{key}\": ");
        let whole = std::mem::take(&mut parts.contract);
        let mut pieces = whole.split(start.as_str());
        parts.contract.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            parts.contract.push_str(&start);
            let rest = take_strings(piece, key, &mut parts);
            parts.contract.push_str(rest);
        }
    }
    parts
}

/// Takes the text that a piece of JSON begins with, or the texts of its list; returns what follows.
fn take_strings<'a>(piece: &'a str, key: &str, parts: &mut Parts) -> &'a str {
    let mut rest = piece;
    let is_list = piece.starts_with('[');
    loop {
        // Between the texts of a list there are only brackets, commas and white space.
        let gap = if is_list { rest.find(|c: char| !"[, \n".contains(c)).unwrap_or(0) } else { 0 };
        let Some(end) = rest[gap..].strip_prefix('"').and_then(string_end) else { return rest };
        let _ = write!(parts.contract, "{}\"{MESSAGE}\"", &rest[..gap]);
        let _ = writeln!(parts.prose, "{key}: {}", &rest[gap + 1..gap + 1 + end]);
        rest = &rest[gap + end + 2..];
        if !is_list {
            return rest;
        }
    }
}

/// Returns where a JSON string ends whose opening quotation mark is taken off.
fn string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

#[test]
fn stdout_is_divided_by_the_rule() {
    for (command, stdout, contract, prose) in [
        (
            "loop_guard",
            "[loop-guard] Queue empty — idle #1, backoff 60s\n",
            "[loop-guard] Queue empty — idle #1, backoff 60s\n",
            "",
        ),
        ("triage_score", "[triage] Open: 3\n  #5 x\n", "[triage] …\n", "[triage] Open: 3\n  #5 x\n"),
        ("pre_commit_checks", "✓ a\n[pre-commit] off\n", "✓ a\n[pre-commit] …\n", "[pre-commit] off\n"),
        ("pre_commit_checks --list", "syntax  x\n", "", "syntax  x\n"),
        ("timmy service print cron", "# words\n5 * * *\n", "5 * * *\n", "# words\n"),
        ("orchestrator --markdown", "- a\n", "- a\n", ""),
        (
            "timmy doctor --json",
            r#"{"broken": ["a \" b", "c"], "problem": null, "next": ["d"]}"#,
            r#"{"broken": ["<message>", "<message>"], "problem": null, "next": ["d"]}"#,
            "broken: a \\\" b\nbroken: c\n",
        ),
    ] {
        let parts = divide_stdout(command, stdout);
        assert_eq!((parts.contract.as_str(), parts.prose.as_str()), (contract, prose), "{command}");
    }
}

#[test]
fn files_are_divided_by_the_rule() {
    for (name, text, contract, prose) in [
        (
            ".loop/logs/a.log",
            "x\n=== T ends: ran_failed: exit 7\n",
            "x\n=== T ends: ran_failed: <message>\n",
            "exit 7\n",
        ),
        ("units/a.service", "# words\nType=exec\n", "Type=exec\n", "# words\n"),
        (
            ".loop/automation_state.json",
            "\"last_error\": \"x\",\n",
            "\"last_error\": \"<message>\",\n",
            "last_error: x\n",
        ),
        (".loop/retro/cycles.jsonl", "\"last_error\": \"x\"\n", "\"last_error\": \"x\"\n", ""),
    ] {
        let parts = divide_file(name, text);
        assert_eq!((parts.contract.as_str(), parts.prose.as_str()), (contract, prose), "{name}");
    }
}
