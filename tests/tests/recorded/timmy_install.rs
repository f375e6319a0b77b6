//! `timmy install`, `uninstall`, `doctor`, `shadow`: moving from the old scripts and back.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use git2::{Repository, Signature, Time};

use crate::scenario::Scenario;
use crate::worlds::OLD_STATE;

const OLD: &str = "#!/usr/bin/env python3\nprint('old')\n";

/// A repository of Git with two old scripts that are committed.
fn world(name: &'static str) -> Scenario {
    let mut scenario = Scenario::new(name);
    // No crontab of the machine is read, and no other `timmy` found.
    scenario.env("PATH", "/nowhere");
    fs::remove_dir_all(scenario.path(".git")).unwrap();
    scenario.write("scripts/loop_guard.py", OLD);
    scenario.write("scripts/triage_score.py", "print('no newline at the end')");
    // Modes are kept on record, whatever the mask of this process.
    for (name, mode) in [("loop_guard", 0o750), ("triage_score", 0o644)] {
        let path = scenario.path(&format!("scripts/{name}.py"));
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let repository = Repository::init(scenario.sandbox.root()).unwrap();
    let mut index = repository.index().unwrap();
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let author = Signature::new("a", "a@localhost", &Time::new(1_774_000_000, 0)).unwrap();
    repository.commit(Some("HEAD"), &author, &author, "Begin", &tree, &[]).unwrap();
    scenario
}

#[test]
fn timmy_installs_and_uninstalls() {
    let mut scenario = world("timmy_installs_and_uninstalls");
    symlink("loop_guard.py", scenario.path("scripts/cycle_retro.py")).unwrap();
    scenario.call("timmy install --into .");
    scenario.call("timmy install --into . --dry-run --allow-dirty --json");
    scenario.call("timmy install --into . --allow-dirty");
    scenario.call("timmy install --into . --json");
    scenario.call_in("..", "scripts/loop_guard.py --status");
    scenario.call("timmy doctor");
    fs::remove_file(scenario.path("scripts/triage_score.py")).unwrap();
    scenario.write("scripts/triage_score.py", "print('new')\n");
    scenario.write("loop.sh", "# scripts/orchestrator.py is no call\npython3 scripts/loop_guard.py --wait\nscripts/backfill_retro.py\nold/triage_score.py\n");
    scenario.write(".git/hooks/pre-commit", "exec scripts/pre_commit_checks.py --staged\n");
    scenario.write(".gitea/workflows/ci.yaml", "run: python3 old/orchestrator.py\n");
    scenario.write(
        ".loop/automation_state.json",
        OLD_STATE.replace("\"runs\": 120", "\"runs\": 120, \"consecutive_failures\": 4, \"last_error\": \"it broke\""),
    );
    scenario.write(".loop/idle_state.json", "{");
    scenario.call("timmy doctor --json");
    scenario.call("timmy doctor");
    scenario.call("timmy uninstall --from . --dry-run --json");
    scenario.call("timmy uninstall --from .");
    scenario.call("timmy uninstall --from . --force --json");
    scenario.call("timmy uninstall --from . --json");
    scenario.end();
}

#[test]
fn timmy_installs_elsewhere() {
    let mut scenario = world("timmy_installs_elsewhere");
    scenario.write(
        "timmy_automations/config/automations.json",
        r#"{"automations": [{"id": "loop_guard", "script": "../bin/guard/loop_guard.py"}]}"#,
    );
    scenario.call("timmy install --into . --bin-dir ../bin --allow-dirty --json");
    scenario.call("bin/guard/loop_guard.py");
    scenario.call("timmy uninstall --from . --quiet");
    scenario.write(
        "timmy_automations/config/automations.json",
        r#"{"automations": [{"id": "loop_guard", "script": "../../away/loop_guard.py"}]}"#,
    );
    scenario.call("timmy install --into . --allow-dirty");
    scenario.write("conf/automations.json", r#"{"automations": []}"#);
    scenario.call("timmy install --into . --allow-dirty --bin-dir ../bin --config-dir conf --quiet");
    scenario.call("timmy install --into nowhere");
    scenario.end();
}

/// An old guard, as a shell script: it says what ours says, and waits longer.
const OLD_GUARD: &str = r#"[ "$1" = --status ] && echo '{"next_backoff_seconds": 60, "consecutive_idle": 0, "queue_ready": 0}' && exit 0
mkdir -p .loop
echo '{"backoff_seconds": 90, "last_idle_at": 5, "consecutive_idle": 1}' >.loop/idle_state.json
echo x >extra.txt
echo "[loop-guard] Queue empty — idle #1, backoff 90s"
exit 1"#;

#[test]
fn timmy_compares_old_and_new() {
    let mut scenario = Scenario::new("timmy_compares_old_and_new");
    scenario.call("timmy shadow report --json");
    scenario.sandbox.script("scripts/loop_guard.py", OLD_GUARD);
    scenario.call("timmy shadow -- sh scripts/loop_guard.py --status");
    scenario.call("timmy shadow --verbose -- sh scripts/loop_guard.py");
    scenario.call("timmy shadow --timeout 60 --live -- sh scripts/loop_guard.py");
    scenario.sandbox.script(
        ".loop/originals/scripts/triage_score.py",
        "cat >/dev/null; echo '{\"rules\": 30.0, \"source\": \"none\"}'",
    );
    scenario.call_with("[]", "timmy shadow -- sh .loop/originals/scripts/triage_score.py --check-rules --json");
    scenario.call("timmy shadow -- sh scripts/other.py");
    scenario.call("timmy shadow -- sh scripts/cycle_retro.py");
    scenario.end();
}

/// A line of the log of comparisons.
fn compared(tool: &str, agree: bool, differences: &str) -> String {
    format!(
        "{{\"timestamp\": \"2026-03-20T10:00:00+00:00\", \"tool\": \"{tool}\", \"args\": [], \"agree\": {agree}, \"old\": {{\"exit_code\": 1, \"duration_ms\": 90}}, \"new\": {{\"exit_code\": 1, \"duration_ms\": 4}}, \"differences\": [{differences}], \"x\": 1.10}}\n"
    )
}

#[test]
fn timmy_reports_comparisons() {
    let mut scenario = Scenario::new("timmy_reports_comparisons");
    let at = |place: &str| {
        format!("{{\"what\": \".loop/queue.json\", \"place\": \"{place}\", \"old\": \"1\", \"new\": \"\\u001b[31m2\"}}")
    };
    scenario.write(
        ".loop/shadow.jsonl",
        compared("loop_guard", true, "")
            + &compared("triage_score", false, &at("[0].score"))
            + "not a line\n"
            + &compared("triage_score", false, &at("[12].score"))
            + "{\"cut",
    );
    scenario.call("timmy shadow report");
    scenario.call("timmy shadow report --json");
    scenario.write(".loop/shadow.jsonl", compared("loop_guard", true, ""));
    scenario.call("timmy shadow report --json");
    scenario.end();
}
