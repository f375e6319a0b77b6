//! A journey: a repository with Python scripts is installed into, run, scheduled, switched, and taken back.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world and fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sandbox::{CallOutput, PYTHON, Sandbox};
use serde_json::json;

/// Stand-ins for the old scripts: they do a little of what the real ones do, in Python.
const SCRIPTS: [(&str, &str, u32); 7] = [
    (
        "scripts/loop_guard.py",
        "#!/usr/bin/env python3\nimport sys\nprint('old guard', sys.argv[1:])\nsys.exit(1)\n",
        0o755,
    ),
    ("scripts/cycle_retro.py", "import sys\nprint('old retro', sys.argv[1:])\n", 0o644),
    ("scripts/triage_score.py", "print('old triage')\n", 0o755),
    ("scripts/loop_introspect.py", "print('old introspection')\n", 0o600),
    ("scripts/backfill_retro.py", "print('old backfill')", 0o755),
    ("scripts/pre_commit_checks.py", "# -*- coding: utf-8 -*-\nprint('ü')\n", 0o755),
    ("timmy_automations/daily_run/orchestrator.py", "print('old orchestrator')\n", 0o755),
];

const MANIFEST: &str = r#"{
    "version": "2.3",
    "automations": [
        {"id": "loop_guard", "script": "../scripts/loop_guard.py", "trigger": "pre_cycle", "owner": "me",
         "config": {"verify_open": false, "backoff_base": 1, "cooldown": 0, "retry_after": 0}},
        {"id": "cycle_retro", "script": "../scripts/cycle_retro.py", "trigger": "post_cycle"},
        {"id": "tally", "script": "../scripts/tally.sh", "trigger": "post_cycle", "depends_on": ["cycle_retro"]},
        {"id": "loop_introspect", "script": "../scripts/loop_introspect.py", "trigger": "every_5_cycles"},
        {"id": "orchestrator", "script": "daily_run/orchestrator.py", "trigger": "daily"}
    ]
}
"#;

type Picture = BTreeMap<String, (u32, Vec<u8>)>;

/// The work tree: names, modes and contents, but for what the loop keeps for itself.
fn picture(sandbox: &Sandbox) -> Picture {
    let items = sandbox.work_tree().into_iter().filter(|(name, _)| !name.starts_with(".loop"));
    items.map(|(name, item)| (name, (item.mode, item.content))).collect()
}

fn python(sandbox: &Sandbox, args: &[&str], now: &str) -> CallOutput {
    sandbox.call_as(Path::new(PYTHON), args).env("TIMMY_NOW", now).run()
}

#[test]
#[ignore = "needs python3"]
#[expect(clippy::too_many_lines, reason = "one story")]
fn a_repository_is_installed_into_used_and_taken_back() {
    let sandbox = Sandbox::new();
    for (name, text, mode) in SCRIPTS {
        sandbox.write(name, text);
        fs::set_permissions(sandbox.root().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    sandbox.script("scripts/tally.sh", "echo \"tally $TIMMY_TRIGGER\" >> .loop/tally");
    sandbox.write("timmy_automations/config/automations.json", MANIFEST);
    let before = picture(&sandbox);
    let timmy = |args: &[&str], now: &str| sandbox.call("timmy", args).env("TIMMY_NOW", now).env("TZ", "UTC").run();
    let start = "2026-03-21T05:00:00Z";
    assert!(python(&sandbox, &["scripts/loop_guard.py", "--wait"], start).code(1).out.contains("old guard"));

    // The old scripts and ours are compared before anything is changed.
    let _ = timmy(&["shadow", "--", "python3", "scripts/loop_guard.py", "--status"], start).code(1);
    let ended = timmy(&["shadow", "report"], start).code(1);
    assert!(ended.out.contains("loop_guard  1     0"), "{}", ended.out);

    let root = sandbox.root();
    let _ = timmy(&["install", "--into", root.to_str().unwrap()], start).code(0);
    let _ = timmy(&["automation", "validate"], start).code(0);
    let _ = timmy(&["schedule", "tick"], start).code(0);

    // Ten cycles of the loop, called as the loop calls them.
    sandbox
        .write(".loop/queue.json", json!([{"issue": 85, "title": "Crash", "type": "bug", "ready": true}]).to_string());
    for cycle in 1..=10 {
        let now = format!("2026-03-21T05:{cycle:02}:00Z");
        let ended = python(&sandbox, &["scripts/loop_guard.py", "--wait"], &now).code(0);
        assert_eq!(ended.out, "");
        assert_eq!(sandbox.json(".loop/cycle_result.json")["issue"], 85);
        let number = cycle.to_string();
        let outcome = if cycle % 3 == 0 { "--failure" } else { "--success" };
        let ended =
            python(&sandbox, &["scripts/cycle_retro.py", "--cycle", &number, outcome, "--duration", "30"], &now)
                .code(0);
        assert!(ended.out.starts_with(&format!("[retro] ⟳12.6:{cycle:03} Cycle {cycle} ")), "{}", ended.out);
    }
    assert_eq!(sandbox.json_lines(".loop/retro/cycles.jsonl").len(), 10);

    // An event, through timmy: the retrospective and what depends on it.
    let args = ["trigger", "post_cycle", "--", "--cycle", "11", "--success", "--issue", "85", "--duration", "9"];
    let ended = timmy(&args, "2026-03-21T05:20:00Z").code(0);
    assert!(ended.out.contains("Cycle 11 ✓ SUCCESS (#85 unknown)"), "{}", ended.out);
    assert_eq!(sandbox.read(".loop/tally"), "tally post_cycle\n");

    // The scheduler: eleven cycles are two times five, and the day's run comes at six.
    let state = || sandbox.json(".loop/automation_state.json")["automations"].clone();
    let _ = timmy(&["schedule", "tick"], "2026-03-21T05:25:00Z").code(0);
    assert_eq!((&state()["loop_introspect"]["runs"], &state()["orchestrator"]["runs"]), (&json!(1), &json!(0)));
    let _ = timmy(&["schedule", "tick"], "2026-03-21T06:00:30Z").code(0);
    assert_eq!((&state()["loop_introspect"]["runs"], &state()["orchestrator"]["runs"]), (&json!(1), &json!(1)));
    assert!(!sandbox.json(".loop/agenda.json")["items"].as_array().unwrap().is_empty());

    // Off and on, which the installed guard obeys, and leaves the manifest as it was.
    let _ = timmy(&["automation", "disable", "loop_guard"], start).code(0);
    let ended = python(&sandbox, &["scripts/loop_guard.py"], start).code(0);
    assert!(ended.out.contains("is disabled in automations.json"), "{}", ended.out);
    assert_eq!(
        sandbox.read("timmy_automations/config/automations.json"),
        MANIFEST.replacen("loop_guard.py\",", "loop_guard.py\", \"enabled\": false,", 1)
    );
    let _ = timmy(&["automation", "enable", "loop_guard"], start).code(0);
    let _ = python(&sandbox, &["scripts/loop_guard.py"], start).code(0);
    sandbox.write("timmy_automations/config/automations.json", MANIFEST);

    // What happened, and why.
    let ended = timmy(&["why", "85"], "2026-03-21T07:00:00Z").code(0);
    assert!(ended.out.contains("Cycles: 11 worked on it, 8 succeeded."), "{}", ended.out);
    let _ = timmy(&["verify"], start).code(0);
    let _ = timmy(&["doctor"], start).code(0);

    let _ = timmy(&["uninstall", "--from", root.to_str().unwrap()], start).code(0);
    assert_eq!(picture(&sandbox), before, "byte for byte what it was");
    assert!(!root.join(".loop/originals").exists() && !root.join(".loop/bin").exists());
    assert!(python(&sandbox, &["scripts/loop_guard.py"], start).code(1).out.contains("old guard"));
    assert_eq!(sandbox.json_lines(".loop/retro/cycles.jsonl").len(), 11, "what the loop has recorded stays");
}
