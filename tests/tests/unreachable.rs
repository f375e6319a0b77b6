//! What the system does not let a tool look at is not absent: no tool goes on as if it were.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test builds its own world and fails by panicking"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use sandbox::{CallOutput, Sandbox};
use serde_json::json;

/// Runs a tool while nobody but root may look into a folder.
fn run_without(sandbox: &Sandbox, folder: &str, tool: &str, args: &[&str]) -> CallOutput {
    let path = sandbox.root().join(folder);
    let set = |mode| fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    set(0);
    let ended = sandbox.call_unprivileged(tool, args).stdin("[]").run();
    set(0o755);
    ended
}

#[test]
fn a_manifest_that_cannot_be_reached_is_not_a_missing_one() {
    let sandbox = Sandbox::new();
    let disabled = json!({"automations": [
        {"id": "triage_score", "script": "../scripts/triage_score.py", "trigger": "pre_cycle", "enabled": false}
    ]});
    sandbox.write("timmy_automations/config/automations.json", disabled.to_string());
    for folder in ["timmy_automations", "timmy_automations/config"] {
        for (tool, args) in [
            ("triage_score", &["--issues", "-"][..]),
            ("loop_guard", &[]),
            ("timmy", &["automation", "list"]),
            ("timmy", &["automation", "disable", "loop_guard"]),
            ("timmy", &["schedule", "tick"]),
            ("timmy", &["trigger", "pre_cycle"]),
        ] {
            let ended = run_without(&sandbox, folder, tool, args).code(2);
            assert!(ended.err.contains(folder), "{tool} {args:?}: {}", ended.err);
        }
    }
    assert_eq!(sandbox.tree("").len(), 1, "nothing was written: {:?}", sandbox.tree("").keys());
}

#[test]
fn a_manifest_at_the_end_of_a_circle_of_links_is_not_a_missing_one() {
    let sandbox = Sandbox::new();
    symlink("config", sandbox.root().join("config")).unwrap();
    for (tool, args) in
        [("triage_score", &["--issues", "-"][..]), ("loop_guard", &[]), ("timmy", &["automation", "list"])]
    {
        let ended = sandbox.call(tool, args.iter().copied()).stdin("[]").run().code(2);
        assert!(ended.err.contains("leads back to itself"), "{tool}: {}", ended.err);
    }
}

#[test]
fn a_store_that_cannot_be_reached_is_neither_empty_nor_whole() {
    let sandbox = Sandbox::new();
    sandbox.write(".loop/retro/cycles.jsonl", "{\"cycle\": 1}\n");
    let retro = ["--cycle", "2", "--success", "--issue", "4", "--duration", "4"];
    for folder in [".loop", ".loop/retro"] {
        let ended = run_without(&sandbox, folder, "timmy", &["verify"]).code(1);
        assert!(ended.out.contains(".loop/retro/cycles.jsonl: 1 problem"), "{}", ended.out);
        for (tool, args) in [
            ("timmy", &["repair"][..]),
            ("timmy", &["why", "idle"]),
            ("timmy", &["why", "4"]),
            ("loop_guard", &[]),
            ("cycle_retro", &retro),
            ("loop_introspect", &[]),
            ("backfill_retro", &["--from-git"]),
        ] {
            let ended = run_without(&sandbox, folder, tool, args).code(2);
            assert!(ended.err.contains(folder), "{tool} {args:?}: {}", ended.err);
        }
    }
}

#[test]
fn something_else_in_the_place_of_the_store_is_an_error_of_every_reader() {
    for is_link in [false, true] {
        let sandbox = Sandbox::new();
        if is_link {
            symlink("nowhere/at/all", sandbox.root().join(".loop")).unwrap();
        } else {
            sandbox.write(".loop", "");
        }
        for (tool, args) in [
            ("timmy", &["verify"][..]),
            ("timmy", &["repair"]),
            ("loop_guard", &[]),
            ("triage_score", &["--issues", "-"]),
            ("cycle_retro", &["--cycle", "2", "--success", "--issue", "4", "--duration", "4"]),
        ] {
            let ended = sandbox.call(tool, args).stdin("[]").run().code(2);
            assert!(ended.err.contains("hint: move what is in the way: ls -ld "), "{tool}: {}", ended.err);
        }
    }
}

#[test]
fn a_repository_that_cannot_be_reached_is_not_the_one_around_it() {
    let sandbox = Sandbox::new();
    sandbox.write("inner/.git/HEAD", "");
    let call = |folder: &str| {
        let root = sandbox.root().join("inner");
        fs::set_permissions(&root, Permissions::from_mode(0o000)).unwrap();
        let ended = sandbox.call_unprivileged("loop_guard", ["--status", "--repo-root", folder]).run();
        fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
        ended
    };
    let ended = call("inner/.git/..").code(2);
    assert!(ended.err.contains("Permission denied"), "{}", ended.err);
}
