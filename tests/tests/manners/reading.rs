//! What only reads changes nothing: no file, no time of a file, no token.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sandbox::Sandbox;
use serde_json::json;

use crate::programs;

/// Calls that only read, the program first.
const READING: [&str; 48] = [
    "timmy automation list",
    "timmy automation list --json",
    "timmy automation validate",
    "timmy automation validate --json",
    "timmy automation config loop_guard",
    "timmy why 85 --all",
    "timmy man loop_guard",
    "timmy schedule next --json",
    "orchestrator --version",
    "loop_guard --status",
    "loop_guard --status --json",
    "triage_score --issues issues.json --explain 85",
    "triage_score --issues issues.json --explain 85 --json",
    "triage_score --issues issues.json --explain 999",
    "triage_score --check-rules",
    "triage_score --issues issues.json --dry-run",
    "loop_introspect --explain list",
    "loop_introspect --explain level",
    "loop_introspect --explain level --json",
    "loop_introspect --explain no-such-finding",
    "backfill_retro --from-git --dry-run",
    "pre_commit_checks --list",
    "timmy why 85",
    "timmy why 85 --json",
    "timmy why 999",
    "timmy why idle",
    "timmy why automation loop_guard",
    "timmy explain",
    "timmy explain no_queue",
    "timmy tokens",
    "timmy tokens --json",
    "timmy verify",
    "timmy verify --json",
    "timmy repair --dry-run",
    "timmy doctor",
    "timmy doctor --json",
    "timmy automation config",
    "timmy schedule next",
    "timmy service print systemd",
    "timmy service print cron",
    "timmy shadow report",
    "timmy install --into . --dry-run",
    "timmy uninstall --from . --dry-run",
    "timmy completions bash",
    "timmy man",
    "timmy help",
    "timmy help files",
    "orchestrator --help",
];

/// Commands that are there to change something, and those whose trial is elsewhere.
const WRITING: [&str; 15] = [
    "cycle_retro",
    "loop_introspect",
    "backfill_retro",
    "pre_commit_checks install-hook",
    "demo_forge",
    "timmy automation enable",
    "timmy automation disable",
    "timmy automation pause",
    "timmy automation resume",
    "timmy automation new",
    "timmy automation run",
    "timmy trigger",
    "timmy schedule run",
    "timmy schedule tick",
    "timmy demo",
];

/// What can be seen of a file without reading it, and its content.
type Seen = (u64, u32, i64, i64, i64, i64, Vec<u8>);

fn seen(folder: &Path) -> BTreeMap<PathBuf, Seen> {
    let (mut all, mut paths) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(path) = paths.pop() {
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let content = if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        let changed = (metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec());
        all.insert(path, (metadata.ino(), metadata.mode(), changed.0, changed.1, changed.2, changed.3, content));
    }
    all
}

/// Checks that no call changes anything in the sandbox.
fn check(sandbox: &Sandbox) {
    let before = seen(&sandbox.outside());
    for call in READING {
        let mut words = call.split(' ');
        let program = words.next().unwrap();
        let output = sandbox.call(program, words).run();
        assert!(output.code.is_some(), "{call}: {output:?}");
        let after = seen(&sandbox.outside());
        let changed: Vec<&PathBuf> =
            before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)).collect();
        assert!(changed.is_empty(), "{call} changes {changed:?}: {output:?}");
    }
}

fn with_issues() -> Sandbox {
    let sandbox = Sandbox::new();
    let issue = |number: u64| {
        json!({"number": number, "title": "Crash in store.py", "body": "It must not lose data", "labels": [{"name": "bug"}],
            "created_at": "2026-03-20T12:00:00Z", "updated_at": "2026-03-20T12:00:00Z", "state": "open"})
    };
    sandbox.write("issues.json", json!([issue(85), issue(86)]).to_string());
    sandbox
}

#[test]
fn what_only_reads_changes_nothing_in_a_repository_without_records() {
    check(&with_issues());
}

#[test]
fn what_only_reads_changes_nothing_and_costs_no_tokens_in_a_repository_in_use() {
    let sandbox = with_issues();
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    for cycle in 1..30 {
        let _ = sandbox.run("loop_guard", &[]);
        let outcome = if cycle % 3 == 0 { "--failure" } else { "--success" };
        let args = ["--cycle", &cycle.to_string(), outcome, "--issue", "86", "--type", "bug", "--duration", "60"];
        let _ = sandbox.run("cycle_retro", &args).code(0);
        let _ = sandbox.run("triage_score", &["--issues", "issues.json"]);
    }
    let _ = sandbox.run("orchestrator", &["--issues", "issues.json", "--review"]).code(0);
    check(&sandbox);
    // The same with stored insights that are out of date.
    let _ = sandbox.run("loop_introspect", &[]).code(0);
    let _ = sandbox.run("cycle_retro", &["--cycle", "31", "--success", "--issue", "85", "--duration", "60"]).code(0);
    check(&sandbox);
}

#[test]
fn every_command_is_known_to_read_or_to_write() {
    for words in programs::all() {
        let call = words.join(" ");
        let reads = READING.iter().any(|tried| *tried == call || tried.starts_with(&format!("{call} ")));
        assert!(reads || WRITING.contains(&call.as_str()), "{call} is in neither list");
    }
}
