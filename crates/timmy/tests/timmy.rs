//! `timmy` as a program: the tools by name, and the demonstration.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use sandbox::Sandbox;

#[test]
fn a_tool_is_called_by_its_name() {
    let sandbox = Sandbox::new();
    let _ = sandbox.call("timmy", ["triage_score.py", "--check-rules"]).run().code(0);
    let ended = sandbox.call("timmy", ["triage_scor"]).run().code(2);
    assert!(
        ended.err.contains("unrecognized subcommand 'triage_scor'\nhint: did you mean `timmy triage_score`?"),
        "{}",
        ended.err
    );
    let ended = sandbox.call("timmy", ["--status"]).named("loop_guard.py").run().code(0);
    assert!(ended.out.contains("queue_ready"), "{}", ended.out);
}

#[test]
fn the_demo_plays_a_day_and_keeps_it_if_asked() {
    let sandbox = Sandbox::new();
    let ended = sandbox.call("timmy", ["demo", "--keep", "day"]).env("GITEA_TOKEN", "mine").run().code(0);
    assert_eq!(ended.err, "");
    for expected in [
        "== 1. a git repository",
        "[triage] Ready: ",
        "\"status\": \"work\"",
        "[orchestrator] Agenda for",
        "[backfill] Added 30 records",
        "[retro] ⟳12.6:003",
        "[introspect] 3 cycles",
        "queue.json",
    ] {
        assert!(ended.out.contains(expected), "{expected}: {}", ended.out);
    }
    let log = fs::read_to_string(sandbox.root().join("day/.loop/retro/cycles.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 33, "30 merged pull requests, 3 cycles");
    let _ = sandbox.call("timmy", ["demo", "--keep", "day"]).run().code(2);
}
