//! `timmy trigger` and `timmy automation run` as programs: what is run, in what order, for how long, and what is recorded.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test asks for its length and sends signals, and fails by panicking"
)]

use std::time::{Duration, Instant};

use sandbox::{Sandbox, signal, soon};
use serde_json::{Value, json};

#[test]
fn a_trigger_runs_its_automations_in_order_and_after_those_they_depend_on() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c", "d"] {
        sandbox.script(&format!("s/{name}.sh"), &format!("echo {name} \"$@\" >> order; [ {name} != b ]"));
    }
    sandbox.automations(&json!([
        {"id": "a", "script": "s/a.sh", "trigger": "post_cycle", "depends_on": ["c"]},
        {"id": "b", "script": "s/b.sh", "trigger": "manual"},
        {"id": "c", "script": "s/c.sh", "trigger": "post_cycle", "config": {"args": ["always"]}},
        {"id": "d", "script": "s/d.sh", "trigger": "post_cycle", "depends_on": ["b"]},
        {"id": "e", "script": "s/d.sh", "trigger": "post_cycle", "enabled": false},
        {"id": "f", "script": "s/d.sh", "trigger": "post_cycle", "depends_on": ["never_ran"]},
        {"id": "never_ran", "script": "s/d.sh"}
    ]));
    // What a schedule names runs on its trigger too.
    sandbox.write("config/daily_run.json", r#"{"schedules": {"post_cycle": {"automations": ["b"]}}}"#);
    let ended = sandbox.run("timmy", &["trigger", "post_cycle", "--json", "--", "--cycle", "7"]).code(1);
    assert_eq!(sandbox.read("order"), "b --cycle 7\nc always --cycle 7\na --cycle 7\n");
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let told: Vec<(&str, &str)> = document["automations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ran| (ran["id"].as_str().unwrap(), ran["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("b", "ran_failed"),
            ("c", "ran_well"),
            ("d", "dependency_not_ok"),
            ("f", "dependency_not_ok"),
            ("a", "ran_well")
        ]
    );
    let state = sandbox.json(".loop/automation_state.json");
    assert_eq!(state["automations"]["b"]["last_error"], "exit 1");
    assert_eq!(state["automations"]["c"]["successes"], 1);
    let tokens: Vec<Value> = sandbox.json_lines(".loop/tokens.jsonl");
    assert_eq!(tokens.last().unwrap()["balance"], -5, "three runs, one failure");
}

#[test]
fn the_code_of_a_trigger_follows_from_those_of_its_automations() {
    for (codes, expected) in [(&["0", "0"][..], 0), (&["0", "1"], 1), (&["1", "2"], 2), (&["7", "0"], 1), (&[], 0)] {
        let sandbox = Sandbox::new();
        sandbox.script("s.sh", "exit $1");
        let list: Vec<Value> = codes
            .iter()
            .enumerate()
            .map(|(at, code)| json!({"id": format!("a{at}"), "script": "s.sh", "trigger": "pre_cycle", "config": {"args": [code]}}))
            .collect();
        sandbox.automations(&json!(list));
        let _ = sandbox.run("timmy", &["trigger", "pre_cycle"]).code(expected);
    }
    let sandbox = Sandbox::new();
    let ended = sandbox.run("timmy", &["trigger", "pre-cycle"]).code(2);
    assert!(ended.err.contains("did you mean `pre_cycle`?"), "{}", ended.err);
}

#[test]
fn a_no_before_a_cycle_is_an_answer_and_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.script("s.sh", "exit 1");
    sandbox.automations(
        &json!([{"id": "a", "script": "s.sh", "trigger": "pre_cycle"}, {"id": "loop_guard", "script": "scripts/loop_guard.py", "trigger": "pre_cycle"}]),
    );
    let ended = sandbox.run("timmy", &["trigger", "pre_cycle"]).code(1);
    assert_eq!(
        ended.out,
        "[loop-guard] Queue empty — idle #1, backoff 60s\n[loop-guard] There is no queue yet: run triage_score\n"
    );
    let state = sandbox.json(".loop/automation_state.json");
    assert_eq!(state["automations"]["a"]["status"], "ok");
    assert_eq!(state["automations"]["loop_guard"]["last_reason"], "no_queue");
    assert_eq!(state["automations"]["loop_guard"]["runs"], 1, "a tool of ours reports by itself, and once");
}

#[test]
fn a_script_gets_its_settings_and_its_output_is_passed_on_and_logged() {
    let sandbox = Sandbox::new();
    sandbox.script(
        "s.sh",
        "echo \"$TIMMY_ID|$TIMMY_TRIGGER|$TIMMY_MINE_WORD|$TIMMY_MINE_LIST|$TIMMY_MINE_SET|$PWD\"; echo oops >&2; cat",
    );
    sandbox.automations(
        &json!([{"id": "mine", "script": "s.sh", "config": {"word": "ü x", "list": ["a", 1], "set": "manifest"}}]),
    );
    let call = sandbox
        .call("timmy", ["automation", "run", "mine"])
        .env("TIMMY_MINE_SET", "outside")
        .dir("/")
        .env("TIMMY_REPO_ROOT", sandbox.root());
    let ended = call.stdin("read\n").run().code(0);
    let line = format!("mine|manual|ü x|a,1|outside|{}", sandbox.root().display());
    assert_eq!((ended.out.as_str(), ended.err.as_str()), (format!("{line}\nread\n").as_str(), "oops\n"));
    let log = sandbox.read(".loop/logs/mine.log");
    assert!(log.contains(&line) && log.contains("oops") && log.contains("ends: ran_well"), "{log}");
}

#[cfg(target_os = "linux")] // Processes that left the group are found in /proc.
#[test]
fn a_child_that_ignores_sigterm_and_leaves_children_behind_is_ended_with_all_of_them() {
    let sandbox = Sandbox::new();
    sandbox.script(
        "s.sh",
        "trap '' TERM; sleep 1000 & echo $! >> pids; setsid sleep 1000 & echo $! >> pids; (setsid sh -c 'echo $$ >> pids; exec sleep 1000' &); echo $$ >> pids; while :; do sleep 1; done",
    );
    sandbox.automations(&json!([{"id": "stubborn", "script": "s.sh", "config": {"timeout": 1}}]));
    let begun = Instant::now();
    let ended = sandbox.run("timmy", &["automation", "run", "stubborn"]).code(1);
    assert!(ended.err.contains("stubborn: timed_out (took more than 1 s"), "{}", ended.err);
    assert!(begun.elapsed() < Duration::from_mins(2));
    let pids: Vec<String> = sandbox.read("pids").lines().map(str::to_owned).collect();
    assert_eq!(pids.len(), 4);
    let is_gone = |pid: &String| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ") || stat.contains(") X ")
    };
    soon(|| pids.iter().all(is_gone));
    let entry = &sandbox.json(".loop/automation_state.json")["automations"]["stubborn"];
    assert_eq!((&entry["status"], &entry["last_reason"]), (&json!("failed"), &json!("timed_out")));
}

#[test]
fn a_flood_of_output_fills_neither_the_memory_nor_the_disk() {
    let megabytes: u64 = std::env::var("TORTURE_MEGABYTES").ok().and_then(|text| text.parse().ok()).unwrap_or(32);
    let sandbox = Sandbox::new();
    sandbox.script("s.sh", &format!("head -c {} /dev/zero | tr '\\0' x", megabytes << 20));
    sandbox.automations(&json!([{"id": "flood", "script": "s.sh"}]));
    let _ = sandbox.run("timmy", &["automation", "run", "flood", "--quiet"]).code(0);
    let size: u64 = std::fs::read_dir(sandbox.root().join(".loop/logs"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(size <= 17 << 20, "{size} bytes of logs");
}

#[test]
fn an_automation_does_not_run_beside_itself() {
    let sandbox = Sandbox::new();
    sandbox.script("s.sh", "touch begun; while [ ! -e go ]; do sleep 0.02; done");
    sandbox.automations(&json!([{"id": "slow", "script": "s.sh"}]));
    let first = sandbox.call("timmy", ["automation", "run", "slow"]).start();
    soon(|| sandbox.bytes("begun").is_some());
    let second = sandbox.run("timmy", &["automation", "run", "slow"]);
    sandbox.write("go", "");
    assert!(first.wait_with_output().unwrap().status.success());
    assert!(second.err.contains("slow: already_running"), "{}", second.err);
    assert_eq!(second.code, Some(1));
}

#[test]
fn a_signal_ends_the_child_and_then_timmy() {
    let sandbox = Sandbox::new();
    sandbox.script("s.sh", "trap 'echo told; exit 0' TERM; touch begun; while :; do sleep 0.02; done");
    sandbox.automations(&json!([{"id": "slow", "script": "s.sh"}]));
    let mut child = sandbox.call("timmy", ["automation", "run", "slow"]).start();
    soon(|| sandbox.bytes("begun").is_some());
    let killed = std::process::id();
    assert_ne!(killed, child.id());
    signal("TERM", child.id());
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
    assert!(sandbox.read(".loop/logs/slow.log").contains("told"));
    assert_eq!(sandbox.json(".loop/automation_state.json")["automations"]["slow"]["last_reason"], "stopped");
}

#[test]
fn a_full_disk_keeps_nothing_from_running_and_is_said() {
    let sandbox = Sandbox::new();
    sandbox.script("s.sh", "echo done");
    sandbox.automations(&json!([{"id": "a", "script": "s.sh"}]));
    let _ = sandbox.run("timmy", &["automation", "run", "a"]).code(0);
    let before = sandbox.tree(".loop");
    // No file may grow, not even by a byte.
    let ended = sandbox.call_with_file_limit(0, "timmy", ["automation", "run", "a"]).run().code(0);
    assert_eq!(ended.out, "done\n");
    for words in ["a: the run could not be reported: cannot write", "the output could not be logged"] {
        assert!(ended.err.contains(words), "{words}: {}", ended.err);
    }
    assert_eq!(sandbox.tree(".loop"), before, "what was there is whole");
}

#[test]
fn what_cannot_be_recorded_does_not_keep_it_from_running() {
    let sandbox = Sandbox::new();
    sandbox.script("s.sh", "echo done");
    sandbox.automations(&json!([{"id": "a", "script": "s.sh"}]));
    // A folder stands where the state belongs, and one where the log belongs.
    std::fs::create_dir_all(sandbox.root().join(".loop/automation_state.json")).unwrap();
    std::fs::create_dir_all(sandbox.root().join(".loop/logs/a.log")).unwrap();
    let ended = sandbox.run("timmy", &["automation", "run", "a"]).code(0);
    assert_eq!(ended.out, "done\n");
    assert!(ended.err.contains("could not be reported") && ended.err.contains("could not be logged"), "{}", ended.err);
}
