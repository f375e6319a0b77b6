//! A tool as the first process of a container, here of a namespace of processes.

#![cfg(target_os = "linux")]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test builds its own world and fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::Child;

use sandbox::{CallOutput, Sandbox, program, signal, soon};
use serde_json::json;

/// Starts a tool as process 1; returns `unshare`, whose only child it is, and the tool's number outside.
fn as_first_process(sandbox: &Sandbox, tool: &str, args: &[&str]) -> (Child, u32) {
    let mut words = vec!["--pid", "--fork", "--mount-proc", "--kill-child"];
    let program = program(tool);
    words.push(program.to_str().unwrap());
    words.extend(args);
    let child = sandbox.call_as(Path::new("/usr/bin/unshare"), words).start();
    let first = || children(child.id()).first().map(|(number, _)| *number);
    soon(|| first().is_some());
    let first = first().unwrap();
    (child, first)
}

/// The children of a process, each with its state.
fn children(parent: u32) -> Vec<(u32, char)> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let number: u32 = entry.unwrap().file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        let mut rest = stat.rsplit_once(") ")?.1.split(' ');
        let state = rest.next()?.chars().next()?;
        (rest.next()?.parse() == Ok(parent)).then_some((number, state))
    });
    entries.collect()
}

fn end(child: Child, first: u32) -> CallOutput {
    signal("TERM", first);
    child.wait_with_output().unwrap().into()
}

#[test]
#[ignore = "needs root"]
fn the_first_process_of_a_container_collects_the_orphans_of_automations() {
    let sandbox = Sandbox::new();
    // Both leave the group of the automation and its parent: one ends at once, one later.
    sandbox.script("s.sh", "(setsid true &); (setsid sleep 0.3 &); echo x >> ran; sleep 0.1; exit 3");
    sandbox.automations(&json!([{"id": "a", "script": "s.sh", "trigger": "hourly", "config": {}}]));
    let _ = sandbox.call("timmy", ["schedule", "tick"]).env("TIMMY_NOW", "2026-03-21T11:30:00Z").run().code(0);
    let (child, first) = as_first_process(&sandbox, "timmy", &["schedule", "run"]);
    soon(|| sandbox.read("ran") == "x\n");
    soon(|| sandbox.read(".loop/automation_state.json").contains("exit 3"));
    soon(|| children(first).is_empty());
    let said = end(child, first).code(0);
    assert!(said.out.contains("exit 3"), "the exit code is the automation's: {}", said.conversation());
}

#[test]
#[ignore = "needs root"]
fn the_first_process_of_a_container_ends_at_a_signal_with_its_exit_code() {
    let sandbox = Sandbox::new();
    sandbox.script("s.sh", "echo x >> ran; exec sleep 300");
    sandbox.automations(&json!([{"id": "a", "script": "s.sh", "trigger": "pre_cycle", "config": {}}]));
    for (tool, args, sign) in [
        ("loop_guard", &["--wait"][..], ".loop/idle_state.json"),
        ("timmy", &["trigger", "pre_cycle"], "ran"),
        ("timmy", &["automation", "run", "a"], "ran"),
    ] {
        let _ = fs::remove_file(sandbox.root().join(sign));
        let (child, first) = as_first_process(&sandbox, tool, args);
        soon(|| sandbox.bytes(sign).is_some());
        std::thread::sleep(std::time::Duration::from_millis(200));
        let said = end(child, first);
        assert_eq!(said.code, Some(143), "{tool} {args:?}: {}", said.conversation());
    }
}
