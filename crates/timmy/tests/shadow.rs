//! `timmy shadow` as a program, with stand-ins for the old scripts.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use sandbox::{CallOutput, Sandbox};
use serde_json::{Value, json};

/// An old guard: it says what ours says, in Python's own way.
const AGREES: &str = r#"import json, os, sys
root = os.path.dirname(os.path.dirname(os.path.abspath(sys.argv[0])))
path = os.path.join(root, ".loop", "idle_state.json")
try:
    state = json.load(open(path))
except OSError:
    state = {"consecutive_idle": 0}
idle = state["consecutive_idle"]
backoff = min(60 * 2 ** idle, 600)
if "--status" in sys.argv:
    print(json.dumps({"next_backoff_seconds": backoff, "consecutive_idle": idle, "queue_ready": 0}))
    sys.exit(0)
import time
os.makedirs(os.path.dirname(path), exist_ok=True)
json.dump({"backoff_seconds": backoff, "consecutive_idle": idle + 1, "last_idle_at": time.time()}, open(path, "w"))
print("[loop-guard] Queue empty — idle #%d, backoff %ds" % (idle + 1, backoff))
sys.exit(1)
"#;

fn shadow(sandbox: &Sandbox, flags: &[&str], call: &[&str]) -> CallOutput {
    sandbox.run("timmy", &[&["shadow"], flags, &["--"], call].concat())
}

#[test]
#[ignore = "needs python3"]
fn two_that_agree_are_counted_and_nothing_is_changed() {
    let sandbox = Sandbox::new();
    sandbox.write(".loop/originals/scripts/loop_guard.py", AGREES);
    sandbox
        .write(".loop/idle_state.json", "{\"consecutive_idle\": 2, \"last_idle_at\": 1.0, \"backoff_seconds\": 120}");
    sandbox.write(".loop/queue.json", "[]\n");
    let before = sandbox.tree(".");
    for args in [&["--status"][..], &[]] {
        let ended = shadow(&sandbox, &[], &[&["python3", ".loop/originals/scripts/loop_guard.py"], args].concat());
        assert_eq!(ended.code, Some(i32::from(args.is_empty())), "{}", ended.conversation());
    }
    let mut after = sandbox.tree(".");
    after.retain(|name, _| !name.contains("shadow.jsonl") && !name.contains(".gitignore"));
    assert_eq!(after, before);
    let lines = sandbox.json_lines(".loop/shadow.jsonl");
    assert!(lines.iter().all(|line| line["agree"] == true), "{lines:?}");
    let ended = sandbox.run("timmy", &["shadow", "report"]).code(0);
    assert!(ended.out.contains("loop_guard  2     2"), "{}", ended.out);
}

#[test]
#[ignore = "needs python3"]
fn the_old_answer_is_given_and_differences_are_written_down() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "scripts/loop_guard.py",
        AGREES.replace("600)", "900)").replace("sys.exit(1)", "open('extra.json', 'w').write('{}'); sys.exit(1)"),
    );
    sandbox.write(".loop/idle_state.json", "{\"consecutive_idle\": 9}");
    let ended = shadow(&sandbox, &["--verbose"], &["python3", "scripts/loop_guard.py"]).code(1);
    assert_eq!(ended.out, "[loop-guard] Queue empty — idle #10, backoff 900s\n");
    let line = &sandbox.json_lines(".loop/shadow.jsonl")[0];
    assert_eq!((&line["agree"], &line["tool"]), (&json!(false), &json!("loop_guard")));
    let told: Vec<(&str, &str)> = line["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["what"].as_str().unwrap(), one["place"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("stdout", "line 1"), (".loop/idle_state.json", "backoff_seconds"), ("extra.json", "")]);
    let ended = sandbox.run("timmy", &["shadow", "report", "--json"]).code(1);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(
        (&report["tools"]["loop_guard"]["runs"], &report["tools"]["loop_guard"]["agreed"]),
        (&json!(1), &json!(0))
    );
}

#[test]
#[ignore = "needs python3"]
fn live_what_the_old_one_does_counts() {
    let sandbox = Sandbox::new();
    sandbox.write("scripts/loop_guard.py", AGREES);
    sandbox.write(".loop/queue.json", "[]\n");
    for count in [1, 2] {
        let _ = shadow(&sandbox, &["--live"], &["python3", "scripts/loop_guard.py"]).code(1);
        assert_eq!(sandbox.json(".loop/idle_state.json")["consecutive_idle"], count);
    }
    assert!(
        sandbox.json_lines(".loop/shadow.jsonl").iter().all(|line| line["agree"] == true),
        "{}",
        sandbox.read(".loop/shadow.jsonl")
    );
}

#[test]
#[ignore = "needs python3"]
fn what_lies_outside_is_not_written_through_a_link_and_both_read_the_same() {
    let sandbox = Sandbox::new();
    let outside = sandbox.outside().join("outside.txt");
    std::fs::copy("/etc/hostname", &outside).unwrap();
    let before = std::fs::read(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, sandbox.root().join("link")).unwrap();
    sandbox.write(
        "scripts/triage_score.py",
        "import sys\nopen('link', 'w').write('clobbered')\nprint(sys.stdin.read())\n",
    );
    let call = sandbox.call("timmy", ["shadow", "--", "python3", "scripts/triage_score.py", "--issues", "-"]);
    let ended = call.stdin("[]").run().code(0);
    assert_eq!(ended.out, "[]\n");
    assert_eq!(std::fs::read(&outside).unwrap(), before);
}

#[test]
fn a_call_of_something_else_is_refused() {
    let sandbox = Sandbox::new();
    let ended = shadow(&sandbox, &[], &["python3", "scripts/other.py"]).code(2);
    assert!(ended.err.contains("none of these words"), "{}", ended.err);
    let ended = shadow(&sandbox, &[], &["python3", "scripts/loop_guard.py"]).code(2);
    assert!(ended.err.contains("there is no "), "{}", ended.err);
}

#[test]
fn what_was_installed_is_not_compared_with_itself_and_paths_are_those_of_the_repository() {
    let sandbox = Sandbox::with_old_scripts();
    let root = sandbox.root();
    let from = |call: &[&str]| {
        let flags = ["shadow", "--repo-root", root.to_str().unwrap(), "--", "python3"];
        sandbox.call("timmy", [&flags, call].concat()).dir(sandbox.outside()).run()
    };
    for kind in ["--links", "--shims"] {
        let _ = sandbox.run("timmy", &["install", kind, "--into", "."]).code(0);
        let ended = from(&["scripts/loop_guard.py"]).code(2);
        assert!(ended.err.contains("scripts/loop_guard.py is the tool itself"), "{}", ended.err);
        assert!(ended.err.contains(".loop/originals/scripts/"), "{}", ended.err);
    }
}
