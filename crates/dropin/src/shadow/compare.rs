//! Whether two runs mean the same: exit codes, output and written files, JSON by value, times and durations aside.

use std::collections::BTreeMap;
use std::path::Path;

use host::text;
use records::stored_files::LOOP_FILES;
use records::{Difference, parse_time};
use regex::Regex;
use serde_json::{Map, Value};

use super::output::RunOutput;
use super::repo_copy::FileChange;

/// How much of a differing text is written down, in columns.
const SHOWN: usize = 300;

/// How many differences of one run are written down.
const MOST: usize = 40;

/// A difference on one line.
pub(super) fn describe(difference: &Difference) -> String {
    let Difference { what, place, old, new } = difference;
    let place = if place.is_empty() { String::new() } else { format!(" at {place}") };
    format!("{what}{place}: {old} | {new}")
}

/// Returns whether a file is one that our tools write and the old scripts did not: that it is there is no difference.
fn is_only_ours(path: &str) -> bool {
    path.strip_prefix(".loop/").is_some_and(|path| LOOP_FILES.iter().any(|file| file.is_new && file.path == path))
}

/// Compares what the two did. Of `roots` each stands for the repository where it is named in a text.
pub(super) fn compare(old: &RunOutput, new: &RunOutput, roots: &[&Path]) -> Vec<Difference> {
    let texts = Texts::new(roots);
    let mut all = Vec::new();
    if old.code != new.code {
        let code = |output: &RunOutput| {
            output.code.map_or("ended by a signal or the time limit".to_owned(), |code| code.to_string())
        };
        all.push(Difference { what: "exit_code".to_owned(), place: String::new(), old: code(old), new: code(new) });
    }
    texts.content("stdout", &old.out, &new.out, &mut all);
    let by_name = |output: &RunOutput| -> BTreeMap<String, FileChange> {
        output.written.iter().map(|written| (written.name.to_string_lossy().into_owned(), written.clone())).collect()
    };
    let (old_files, new_files) = (by_name(old), by_name(new));
    let mut names: Vec<&String> = old_files.keys().chain(new_files.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        match (old_files.get(name), new_files.get(name)) {
            (Some(old), Some(new)) => texts.file(name, old, new, &mut all),
            (None, Some(_)) if is_only_ours(name.as_str()) => {}
            (old, new) => {
                let told =
                    |side: Option<&FileChange>| if side.is_some() { "written" } else { "not written" }.to_owned();
                all.push(Difference { what: name.clone(), place: String::new(), old: told(old), new: told(new) });
            }
        }
    }
    all.truncate(MOST);
    all
}

/// How texts are made comparable.
struct Texts {
    roots: Vec<String>,
    /// Times and lengths of time in texts.
    passing: Option<Regex>,
}

impl Texts {
    fn new(roots: &[&Path]) -> Self {
        let mut roots: Vec<String> = roots.iter().map(|root| root.to_string_lossy().into_owned()).collect();
        roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
        let passing = Regex::new(
            r"(?-u)[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?|\b[0-9]+(?:\.[0-9]+)? ?(?:ms|us|seconds)\b",
        );
        Self { roots, passing: passing.ok() }
    }

    /// A text without what passes: times, lengths of time, the place of the repository.
    fn lasting(&self, bytes: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        for root in &self.roots {
            text = text.replace(root, "REPO");
        }
        match &self.passing {
            Some(passing) => passing.replace_all(&text, "TIME").into_owned(),
            None => text,
        }
    }

    fn file(&self, name: &str, old: &FileChange, new: &FileChange, all: &mut Vec<Difference>) {
        let is_log = Path::new(name).extension().is_some_and(|ending| ending == "jsonl");
        match (&old.after, &new.after) {
            (Some(a), Some(b)) if is_log => self.content(name, added(old, a), added(new, b), all),
            (Some(a), Some(b)) => self.content(name, a, b, all),
            (a, b) => {
                let told = |side: &Option<Vec<u8>>| if side.is_some() { "there" } else { "removed" }.to_owned();
                if a.is_some() != b.is_some() {
                    all.push(Difference { what: name.to_owned(), place: String::new(), old: told(a), new: told(b) });
                }
            }
        }
    }

    /// Compares two contents: as JSON, as lines of JSON, or as text.
    fn content(&self, what: &str, old: &[u8], new: &[u8], all: &mut Vec<Difference>) {
        if old == new {
            return;
        }
        if let (Some(a), Some(b)) = (documents(old), documents(new)) {
            let is_one = a.len() == 1 && b.len() == 1;
            for at in 0..a.len().max(b.len()) {
                let place = if is_one { String::new() } else { format!("[{at}]") };
                self.values(what, &place, a.get(at), b.get(at), all);
            }
            return;
        }
        let (a, b) = (self.lasting(old), self.lasting(new));
        if a == b {
            return;
        }
        let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
        for at in 0..a.len().max(b.len()) {
            if a.get(at) != b.get(at) {
                let shown = |line: Option<&&str>| line.map_or("(nothing)".to_owned(), |line| text::fit(line, SHOWN));
                let place = format!("line {}", at + 1);
                all.push(Difference { what: what.to_owned(), place, old: shown(a.get(at)), new: shown(b.get(at)) });
                // What follows a line that is there on one side only is shifted.
                if a.len() != b.len() || all.len() >= MOST {
                    return;
                }
            }
        }
    }

    fn values(&self, what: &str, place: &str, old: Option<&Value>, new: Option<&Value>, all: &mut Vec<Difference>) {
        if all.len() >= MOST {
            return;
        }
        match (old, new) {
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                for key in keys(a, b) {
                    if !passes(key, a.get(key), b.get(key)) {
                        let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                        self.values(what, &place, a.get(key), b.get(key), all);
                    }
                }
            }
            (Some(Value::Array(a)), Some(Value::Array(b))) => {
                for at in 0..a.len().max(b.len()) {
                    self.values(what, &format!("{place}[{at}]"), a.get(at), b.get(at), all);
                }
            }
            (Some(a), Some(b)) if are_equal(a, b) => {}
            (Some(Value::String(a)), Some(Value::String(b)))
                if self.lasting(a.as_bytes()) == self.lasting(b.as_bytes()) => {}
            (a, b) => {
                let shown = |value: Option<&Value>| {
                    value.map_or("(nothing)".to_owned(), |value| text::fit(&value.to_string(), SHOWN))
                };
                all.push(Difference { what: what.to_owned(), place: place.to_owned(), old: shown(a), new: shown(b) });
            }
        }
    }
}

/// What was added at the end of a log; all of it where the beginning was changed.
fn added<'a>(written: &FileChange, after: &'a [u8]) -> &'a [u8] {
    let before = written.before.as_deref().unwrap_or_default();
    after.strip_prefix(before).unwrap_or(after)
}

/// A text as one JSON document, or as lines of them; none if it is neither.
fn documents(bytes: &[u8]) -> Option<Vec<Value>> {
    if bytes.trim_ascii().is_empty() {
        return None;
    }
    if let Ok(one) = serde_json::from_slice::<Value>(bytes) {
        return (one.is_object() || one.is_array()).then(|| vec![one]);
    }
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(|line| serde_json::from_slice::<Value>(line).ok().filter(Value::is_object)).collect()
}

fn keys<'a>(a: &'a Map<String, Value>, b: &'a Map<String, Value>) -> Vec<&'a String> {
    let mut keys: Vec<&String> = a.keys().collect();
    keys.extend(b.keys().filter(|key| !a.contains_key(*key)));
    keys
}

/// Whether a field says only when, or how long: both sides are times, or lengths of time by the field's name.
fn passes(key: &str, old: Option<&Value>, new: Option<&Value>) -> bool {
    let is_time = |value: &Value| match value {
        Value::String(text) => text.len() >= 16 && parse_time(text).is_some(),
        Value::Number(_) => key.ends_with("_at"),
        _ => false,
    };
    let is_length = matches!(key, "duration_ms" | "last_duration_ms" | "elapsed" | "elapsed_ms" | "took");
    match (old, new) {
        (Some(old), Some(new)) => is_time(old) && is_time(new) || is_length && old.is_number() && new.is_number(),
        _ => false,
    }
}

/// Whether two values are equal as Python has it: numbers by value, whatever their form.
fn are_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| (a - b).abs() <= f64::EPSILON * a.abs())
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn output(code: i32, out: &str, files: &[(&str, &str, &str)]) -> RunOutput {
        let written = files.iter().map(|(name, before, after)| FileChange {
            name: name.into(),
            before: Some(before.as_bytes().to_vec()).filter(|bytes| !bytes.is_empty()),
            after: Some(after.as_bytes().to_vec()),
        });
        RunOutput {
            code: Some(code),
            out: out.into(),
            err: Vec::new(),
            duration: Duration::ZERO,
            written: written.collect(),
        }
    }

    fn differences(old: &RunOutput, new: &RunOutput) -> Vec<String> {
        compare(old, new, &[Path::new("/old"), Path::new("/new")]).iter().map(describe).collect()
    }

    #[test]
    fn the_same_in_another_form_is_the_same() {
        let old = output(0, "{\"b\": 1.0, \"a\": [1, 2], \"updated_at\": \"2026-03-21T12:00:00\"}", &[]);
        let new = output(0, "{\"a\":[1,2],\"b\":1,\"updated_at\":\"2026-03-21T13:00:00+00:00\"}\n", &[]);
        assert_eq!(differences(&old, &new), [""; 0]);
        let old = output(0, "done in 12 ms at 2026-03-21 12:00:01, see /old/x", &[]);
        let new = output(0, "done in 1.5 ms at 2026-03-21 12:00:02, see /new/x\n", &[]);
        assert_eq!(differences(&old, &new), [""; 0]);
    }

    #[test]
    fn what_means_something_else_is_told_with_its_place() {
        let old = output(0, "{\"a\": [1, {\"b\": \"x\"}], \"n\": null}", &[]);
        let new = output(1, "{\"a\": [1, {\"b\": \"y\"}]}", &[]);
        assert_eq!(
            differences(&old, &new),
            ["exit_code: 0 | 1", "stdout at a[1].b: \"x\" | \"y\"", "stdout at n: null | (nothing)"]
        );
        let (old, new) = (output(0, "a\nb\n", &[]), output(0, "a\nc\n", &[]));
        assert_eq!(differences(&old, &new), ["stdout at line 2: b | c"]);
    }

    #[test]
    fn of_a_log_what_was_added_is_compared() {
        let before = "{\"n\": 1}\n";
        let old = output(
            0,
            "",
            &[(".loop/retro/cycles.jsonl", before, "{\"n\": 1}\n{\"n\": 2, \"timestamp\": \"2026-03-21T12:00:00\"}\n")],
        );
        let new = output(
            0,
            "",
            &[(".loop/retro/cycles.jsonl", before, "{\"n\": 1}\n{\"n\": 3, \"timestamp\": \"2026-03-21T12:00:09\"}\n")],
        );
        assert_eq!(differences(&old, &new), [".loop/retro/cycles.jsonl at n: 2 | 3"]);
    }

    #[test]
    fn files_of_ours_alone_are_no_difference_and_others_are() {
        let old = output(0, "", &[("x.json", "", "{}")]);
        let new = output(0, "", &[(".loop/tokens.jsonl", "", "{}")]);
        assert_eq!(differences(&old, &new), ["x.json: written | not written"]);
    }
}
