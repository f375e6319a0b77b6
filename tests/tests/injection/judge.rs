//! What a run with a fault, and the run after it, must and must not leave.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::faults::{Fault, Injection};
use crate::lab::{HANG, KILLED, Lab, RunOutput};
use crate::tree::{Item, Tree};

/// A promise that one fault breaks.
pub(crate) struct Finding {
    pub(crate) scenario: &'static str,
    pub(crate) injection: Injection,
    /// The line of the trace with the fault.
    pub(crate) hit: String,
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, injection, hit, what } = self;
        write!(formatter, "{scenario}, {injection}: {what}\n    {hit}")
    }
}

/// Files whose records a person or another tool relies on: never half written, never lost.
const RECORDS: [&str; 7] = [
    "cycles.jsonl",
    "triage.jsonl",
    "shadow.jsonl",
    "queue.json",
    "quarantine.json",
    "pauses.json",
    "automations.json",
];

/// Files that can be computed again: they may be behind, if that is said.
const DERIVED: [&str; 11] = [
    "agenda.json",
    "automation_state.json",
    "cycle_result.json",
    "cycles.index.json",
    "handout.json",
    "idle_state.json",
    "insights.json",
    "insights.source.json",
    "scores.json",
    "summary.json",
    "tokens.jsonl",
];

/// Documents that change from step to step: they must parse and keep foreign fields, but need not be one of two texts.
const LOOSE: [&str; 7] = [
    "agenda.json",
    "automation_state.json",
    "cycles.index.json",
    "insights.source.json",
    "install.json",
    "schedule.json",
    // A fault in one of the two programs is a difference between them, which is what it records.
    "shadow.jsonl",
];

static PANIC: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("panicked|RUST_BACKTRACE|internal error|memory allocation of|core dumped|stack overflow|assertion")
        .unwrap()
});
static TEMPORARY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(^|/)\.[^/]*\.(tmp|timmy)(/|$)|(^|/)\.tmp\w{6}(/|$)|^@tmp/").unwrap());
static FOREIGN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""x_\w+": [^,\n}]+"#).unwrap());
/// The current directory, which is not what a call is about.
static CURRENT: LazyLock<Regex> = LazyLock::new(|| Regex::new("AT_FDCWD<[^>]*>").unwrap());
static PATHS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"["<](/[^">]+)[">]"#).unwrap());

/// Returns what is wrong: `ended` with what it left, and `again`, the run without a fault, with what that left.
pub(crate) fn broken_promises(
    lab: &Lab,
    fault: Fault,
    hits: &[String],
    (ended, left): (&RunOutput, &Tree),
    (again, healed): (&RunOutput, &Tree),
) -> Vec<String> {
    let mut broken = Vec::new();
    judge_ending(lab, fault, hits, ended, &mut broken);
    judge_tree(lab, (left, hits), &lab.after[..1], Some((fault, ended)), &mut broken);
    if !lab.runs.iter().any(|run| run.code == again.code) {
        broken.push(format!("does not heal: exit {} the next time: {}", again.code, again.err.trim()));
    }
    let mut after = Vec::new();
    judge_tree(lab, (healed, &[]), &lab.after, None, &mut after);
    broken.extend(after.into_iter().map(|what| format!("does not heal: {what}")));
    broken.dedup();
    broken
}

fn judge_ending(lab: &Lab, fault: Fault, hits: &[String], ended: &RunOutput, broken: &mut Vec<String>) {
    let (base, said) = (&lab.runs[0], format!("{}{}", ended.out, ended.err));
    if ended.code == HANG {
        return broken.push("it hangs".to_owned());
    }
    if let Some(word) = PANIC.find(&said) {
        broken.push(format!("{}: {}", word.as_str(), ended.err.trim()));
    }
    if fault == Fault::Kill {
        return;
    }
    if !(0..=2).contains(&ended.code) {
        broken.push(format!("exit {}: {}", ended.code, ended.err.trim()));
    }
    if fault == Fault::Error("EINTR") {
        // No signal interrupts a call on a file of a local disk: libgit2 makes none again.
        if ended != base && !names_git(&said, hits) {
            broken.push(format!("an interrupted call is noticed: exit {}: {}", ended.code, ended.err.trim()));
        }
    } else if ended.code != base.code && !lab.scenario.passes_on {
        let new_lines = || ended.out.lines().filter(|line| !base.out.contains(line)).collect::<Vec<_>>().join("\n");
        let message = if ended.err.trim().is_empty() { new_lines() } else { ended.err.clone() };
        if message.trim().is_empty() {
            broken.push(format!("exit {} instead of {}, and not a word", ended.code, base.code));
        } else if !names_the_place(&message, hits) {
            broken.push(format!("the message does not name what failed ({}): {}", hits.join("; "), message.trim()));
        }
    } else if ended.out != base.out && ended.err == base.err && !ended.out.contains("cannot") {
        broken.push(format!("another answer, and no warning: {}", ended.out.trim()));
    }
}

/// Whether a message has the name of a file or of a directory that the failed call was about; true if it was about none.
fn names_the_place(message: &str, hits: &[String]) -> bool {
    let calls: Vec<_> = hits.iter().map(|line| CURRENT.replace_all(line, "")).collect();
    let mut paths = calls.iter().flat_map(|line| PATHS.captures_iter(line)).peekable();
    paths.peek().is_none()
        || paths.any(|found| {
            let path = std::path::Path::new(found.get(1).unwrap().as_str());
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let target = ["tmp", "lock", "timmy"]
                .iter()
                .find_map(|suffix| name.strip_prefix('.')?.strip_suffix(&format!(".{suffix}")))
                .unwrap_or(&name);
            let folder = path.parent().unwrap_or(path).to_string_lossy();
            message.contains(target) || message.contains(&*folder)
        })
        || names_git(message, hits)
}

/// Whether a message has the repository, and the failed call was about a file of Git: libgit2 does not name it.
fn names_git(message: &str, hits: &[String]) -> bool {
    let is_of_git = hits.iter().any(|hit| hit.contains("/.git") || hit.contains("gitconfig"));
    is_of_git && (message.contains("Git repository") || message.contains("the history of"))
}

/// Judges every file: `after` are the trees that may be, and `run` the run with the fault, or none after the healing one.
fn judge_tree(
    lab: &Lab,
    (tree, hits): (&Tree, &[String]),
    after: &[Tree],
    run: Option<(Fault, &RunOutput)>,
    broken: &mut Vec<String>,
) {
    let names: std::collections::BTreeSet<&String> =
        lab.before.keys().chain(after[0].keys()).chain(tree.keys()).collect();
    for name in names {
        let base = name.rsplit('/').next().unwrap_or(name);
        if base.starts_with('.') && base.ends_with(".lock") || name.starts_with(".loop/logs/") {
            continue;
        }
        let places = Places {
            old: lab.before.get(name),
            now: tree.get(name),
            may: after.iter().map(|tree| tree.get(name)).collect(),
        };
        if TEMPORARY.is_match(name) && places.old.is_none() && places.may.iter().all(Option::is_none) {
            // What the fault itself kept from being removed is left to the next run.
            let what = name.strip_prefix("@tmp/").map_or(name.as_str(), |name| name.split('/').next().unwrap_or(name));
            let is_kept =
                hits.iter().any(|hit| hit.contains(what) && (hit.contains("unlink") || name.starts_with("@tmp/")));
            if run.is_none_or(|(fault, _)| fault != Fault::Kill && !is_kept) {
                broken.push(format!("{} is left", without_random_names(name)));
            }
            continue;
        }
        // A document is set aside before a new one is made: all its bytes are next to it then.
        let is_set_aside = places.now.is_none() && tree.get(&format!("{name}.bad")) == places.old;
        if run.is_some_and(|(_, ended)| lab.scenario.repairs || ended.code != 0) && is_set_aside {
            continue;
        }
        // A process that is killed while it removes what it used leaves it where damaged files are kept.
        let original = name.strip_suffix(".bad").and_then(|name| lab.before.get(name));
        let is_kept = original.is_some_and(|original| places.now.is_some_and(|now| now.content == original.content));
        if is_kept && places.may.iter().all(Option::is_none) {
            continue;
        }
        if let Some(what) = judge_file(lab, name, base, &places, run.is_none()) {
            broken.push(what);
        }
        if let Some((fault, ended)) = run {
            judge_claim(lab, (fault, ended), name, base, &places, broken);
        }
    }
}

/// Shortens the name of a temporary file or directory to what is the same in each run.
fn without_random_names(name: &str) -> String {
    let most = if name.starts_with("@tmp/") { 2 } else { usize::MAX };
    let words = name.split('/').take(most).map(|word| match word {
        word if word.starts_with(".tmp") => ".tmpXXXXXX",
        word if word.starts_with("timmy-") => "timmy-XXXXXX",
        word => word,
    });
    words.collect::<Vec<_>>().join("/")
}

/// A file at first, now, and as it may be now.
struct Places<'a> {
    old: Option<&'a Item>,
    now: Option<&'a Item>,
    may: Vec<Option<&'a Item>>,
}

/// Returns what is wrong with one file.
fn judge_file(lab: &Lab, name: &str, base: &str, places: &Places<'_>, is_healed: bool) -> Option<String> {
    let Places { old, now, may } = places;
    let Some(now) = now else {
        let is_lost = may.iter().all(Option::is_some) && (old.is_some() || is_healed);
        return is_lost.then(|| format!("{name} is {}", if old.is_some() { "gone" } else { "not there" }));
    };
    if old.is_none() && may.iter().all(Option::is_none) {
        return Some(format!("{name} appeared"));
    }
    if name.ends_with(".damaged") {
        // A process that is killed between the two steps of a repair leaves a line in both places.
        return judge_set_aside(name, now, may, is_healed);
    }
    if name.ends_with(".jsonl") {
        return judge_log(lab, name, base, old.map_or(&[], |old| &old.content), &now.content, may);
    }
    if LOOSE.contains(&base) {
        return (Some(*now) != *old).then(|| judge_loose(name, *old, now)).flatten();
    }
    let is_one_of_them = may.contains(&Some(now)) || !is_healed && Some(*now) == *old;
    let is_between = lab.scenario.between.contains(&&*now.content);
    (!is_one_of_them && !is_between).then(|| {
        let text = String::from_utf8_lossy(&now.content);
        let start: String = text.chars().take(60).collect();
        let what = if Some(*now) == *old { "as it was" } else { "neither old nor new" };
        format!("{name} is {what}: {start:?}, mode {:o}", now.mode)
    })
}

fn judge_set_aside(name: &str, now: &Item, may: &[Option<&Item>], is_healed: bool) -> Option<String> {
    fn words(item: &Item) -> std::collections::BTreeSet<&[u8]> {
        item.content.split(u8::is_ascii_whitespace).collect()
    }
    let right = may[0].map_or_else(|| words(now), words);
    let is_wrong = !words(now).is_subset(&right) || is_healed && words(now) != right;
    is_wrong.then(|| format!("{name} has other lines than the damaged ones"))
}

fn judge_log(lab: &Lab, name: &str, base: &str, old: &[u8], now: &[u8], may: &[Option<&Item>]) -> Option<String> {
    let is_right = now == old || may.iter().flatten().any(|item| item.content == now);
    if is_right {
        return None;
    }
    if lab.scenario.rewrites && base == "cycles.jsonl" {
        return Some(format!("{name} is neither the old log nor the new one"));
    }
    if lab.scenario.repairs {
        return Some(format!("{name} is neither damaged nor repaired"));
    }
    if !now.starts_with(old) {
        return Some(format!("{name}: the old lines are not the beginning of the new ones"));
    }
    let (before, lines) = (damaged_lines(old), damaged_lines(now));
    let new: Vec<usize> = lines.into_iter().filter(|line| !before.contains(line)).collect();
    let last = now.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count().saturating_sub(1);
    let is_cut_end = new == [last] || new.len() == 1 && now.ends_with(b"\n");
    (!new.is_empty() && !is_cut_end).then(|| format!("{name} has damaged lines: {new:?}"))
}

/// The places of the lines that are no JSON objects.
fn damaged_lines(content: &[u8]) -> Vec<usize> {
    let is_damaged = |line: &[u8]| !serde_json::from_slice::<Value>(line).is_ok_and(|value| value.is_object());
    let lines = content.split(|byte| *byte == b'\n').enumerate();
    lines.filter(|(_, line)| !line.trim_ascii().is_empty() && is_damaged(line)).map(|(place, _)| place).collect()
}

fn judge_loose(name: &str, old: Option<&Item>, now: &Item) -> Option<String> {
    if serde_json::from_slice::<Value>(&now.content).is_err() {
        return Some(format!("{name} is half written: {:?}", String::from_utf8_lossy(&now.content)));
    }
    let (old, now) = (old.map_or(String::new(), text), text(now));
    let lost: Vec<&str> =
        FOREIGN.find_iter(&old).map(|field| field.as_str()).filter(|field| !now.contains(field)).collect();
    (!lost.is_empty()).then(|| format!("{name} has lost foreign fields: {lost:?}"))
}

fn text(item: &Item) -> String {
    String::from_utf8_lossy(&item.content).into_owned()
}

/// What a run says is done must be done; what of the derived files is not, must be said.
fn judge_claim(
    lab: &Lab,
    (fault, ended): (Fault, &RunOutput),
    name: &str,
    base: &str,
    places: &Places<'_>,
    broken: &mut Vec<String>,
) {
    let run = &lab.runs[0];
    let is_killed_at_its_end = ended.code == KILLED && ended.out == run.out && !run.out.is_empty();
    let says_done = (ended.code, &ended.out) == (run.code, &run.out) || is_killed_at_its_end;
    if !says_done || places.now == places.may[0] || places.may[0] == places.old || LOOSE.contains(&base) {
        return;
    }
    let is_secondary = lab.scenario.secondary.contains(&base);
    if !is_secondary && RECORDS.contains(&base)
        || !is_killed_at_its_end && !DERIVED.contains(&base) && !is_secondary && !base.ends_with(".bad")
    {
        broken.push(format!("it says that it is done, exit {}, but {name} is not as it should be", ended.code));
    } else if fault != Fault::Kill && ended.err == run.err {
        broken.push(format!("{name} is not brought up to date, and that is not said"));
    }
}

#[test]
fn a_message_names_the_file_or_its_directory() {
    let hits = ["7 openat(AT_FDCWD</r>, \"/r/.loop/.queue.json.tmp\", O_RDONLY) = -1 EIO (INJECTED)".to_owned()];
    assert!(names_the_place("error: cannot write /r/.loop/queue.json", &hits));
    assert!(!names_the_place("error: it failed", &hits));
    assert!(names_the_place("error: it failed", &["7 clone3({}) = -1 EAGAIN (INJECTED)".to_owned()]));
}

#[test]
fn damaged_lines_are_those_that_are_no_objects() {
    assert_eq!(damaged_lines(b"{}\n[1]\n\n{\"a\": 1}\n{\"cut\": "), [1, 4]);
}

#[test]
fn a_document_may_change_but_not_lose_what_it_does_not_know() {
    let item = |content: &str| Item { content: content.as_bytes().to_vec(), mode: 0o644 };
    let old = item("{\"x_run\": 3, \"runs\": 1}");
    assert_eq!(judge_loose("a", Some(&old), &item("{\"runs\": 2, \"x_run\": 3}")), None);
    assert!(judge_loose("a", Some(&old), &item("{\"runs\": 2}")).is_some());
    assert!(judge_loose("a", Some(&old), &item("{\"runs\": ")).is_some());
}
