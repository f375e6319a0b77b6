//! What `loop_guard` does not give out again: from the records alone, in a shell loop, without a forge.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use sandbox::{CallOutput, Sandbox};
use serde_json::{Value, json};

const QUEUE: &str = ".loop/queue.json";
const LOG: &str = ".loop/retro/cycles.jsonl";
const QUARANTINE: &str = ".loop/quarantine.json";

fn queue(sandbox: &Sandbox, numbers: &[u64]) {
    let items: Vec<Value> =
        numbers.iter().map(|number| json!({"issue": number, "title": "T", "ready": true})).collect();
    sandbox.write(QUEUE, json!(items).to_string());
}

fn guard(sandbox: &Sandbox, time: &str, args: &[&str]) -> CallOutput {
    let call = sandbox.call("loop_guard", args).env("TIMMY_LOOP_GUARD_VERIFY_OPEN", "false");
    call.env("TIMMY_NOW", format!("2026-03-{time}:00Z")).run()
}

/// The issue that is given out at a time; none where the loop is idle.
fn given(sandbox: &Sandbox, time: &str) -> Option<u64> {
    let ended = guard(sandbox, time, &["--json"]);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(ended.code, Some(i32::from(document["status"] != "work")));
    document["issue"].as_u64()
}

fn retro(sandbox: &Sandbox, time: &str, issue: u64, args: &str) -> CallOutput {
    let args = format!("--cycle 1 --issue {issue} {args}");
    let call = sandbox.call("cycle_retro", args.split_whitespace());
    call.env("TIMMY_NOW", format!("2026-03-{time}:00Z")).run().code(0)
}

#[test]
fn an_issue_cools_down_after_a_success() {
    let sandbox = Sandbox::new();
    queue(&sandbox, &[102, 103]);
    assert_eq!(given(&sandbox, "21T10:00"), Some(102));
    let _ = retro(&sandbox, "21T10:30", 102, "--success --pr 7");
    assert_eq!(given(&sandbox, "21T10:31"), Some(103));
    let _ = retro(&sandbox, "21T10:45", 103, "--success --pr 8");
    assert_eq!(
        guard(&sandbox, "21T10:46", &[]).conversation(),
        "[loop-guard] Queue empty — idle #1, backoff 60s\n\
         [loop-guard] #102 waits until 2026-03-22 10:30 UTC (cool_down)\n\
         [loop-guard] #103 waits until 2026-03-22 10:45 UTC (cool_down)\nexit 1"
    );
    let status: Value = serde_json::from_str(&guard(&sandbox, "21T10:46", &["--status"]).code(0).out).unwrap();
    assert_eq!((&status["queue_ready"], &status["next_ready_at"]), (&json!(0), &json!("2026-03-22T10:30:00+00:00")));
    let state = sandbox.json(".loop/automation_state.json");
    assert_eq!(state["automations"]["loop_guard"]["last_reason"], "all_waiting");
    assert_eq!((given(&sandbox, "22T10:29"), given(&sandbox, "22T10:31")), (None, Some(102)));
    assert_eq!(sandbox.bytes(QUARANTINE), None, "nothing is quarantined");
}

#[test]
fn a_changed_issue_does_not_wait() {
    let sandbox = Sandbox::new();
    for (changed_at, expected) in [("2026-03-21T10:29:00Z", None), ("2026-03-21T10:31:00Z", Some(102)), ("soon", None)]
    {
        let item = json!([{"issue": 102, "title": "T", "ready": true, "changed_at": changed_at}]);
        sandbox.write(QUEUE, item.to_string());
        sandbox.write(LOG, "");
        let _ = retro(&sandbox, "21T10:30", 102, "--success");
        assert_eq!(given(&sandbox, "21T11:00"), expected, "{changed_at}");
    }
}

#[test]
fn failures_wait_longer_each_time_and_are_quarantined_without_a_triage() {
    let sandbox = Sandbox::new();
    queue(&sandbox, &[102]);
    let failures = "TIMMY_TRIAGE_SCORE_QUARANTINE_FAILURES";
    let given = |time: &str, limit: &str| {
        let call = sandbox.call("loop_guard", ["--json"]).env("TIMMY_LOOP_GUARD_VERIFY_OPEN", "false");
        let said = call.env(failures, limit).env("TIMMY_NOW", format!("2026-03-{time}:00Z")).run().out;
        serde_json::from_str::<Value>(&said).unwrap()
    };
    let line = |hour: u64| json!({"timestamp": format!("2026-03-21T{hour:02}:00:00+00:00"), "cycle": hour, "issue": 102, "success": false});
    sandbox.write(LOG, format!("{}\n", line(10)));
    assert_eq!(given("21T10:01", "9")["issue"], 102, "the first failure is tried again at once");
    sandbox.write(LOG, format!("{}\n{}\n", line(10), line(11)));
    let said = given("21T11:59", "9");
    assert_eq!((&said["reason"], &said["next_ready_at"]), (&json!("all_waiting"), &json!("2026-03-21T12:00:00+00:00")));
    assert_eq!(
        said["held_back"],
        json!([{"issue": 102, "reason": "retry_later", "until": "2026-03-21T12:00:00+00:00"}])
    );
    assert_eq!(given("21T12:01", "9")["issue"], 102);
    sandbox.write(LOG, format!("{}\n{}\n{}\n", line(10), line(11), line(13)));
    assert_eq!(given("21T16:59", "9")["held_back"][0]["until"], "2026-03-21T17:00:00+00:00");
    assert_eq!(sandbox.bytes(QUARANTINE), None);
    // The triage's own limit holds at every call of the guard.
    assert_eq!(given("21T18:00", "3")["reason"], "all_quarantined");
    assert_eq!(sandbox.json(QUARANTINE)["102"]["failures"], 3);
}

#[test]
fn a_record_quarantines_with_the_limits_of_the_rules() {
    let sandbox = Sandbox::new();
    sandbox.write("config/automations.json", "{\"automations\": []}");
    let rules = triage_rules_with("failures: 3");
    sandbox.write("config/triage_rules.yaml", rules);
    assert_eq!(retro(&sandbox, "21T10:00", 5, "--failure").out.lines().count(), 1);
    assert_eq!(retro(&sandbox, "21T11:00", 5, "--failure").out.lines().count(), 1);
    assert_eq!(retro(&sandbox, "21T11:30", 5, "--failure --failure-class forge").out.lines().count(), 1);
    let said = retro(&sandbox, "21T12:00", 5, "--failure").out;
    assert!(said.ends_with("[retro] #5 is quarantined (triage_score --release 5 releases it)\n"), "{said}");
    assert_eq!(sandbox.json(QUARANTINE)["5"]["failures"], 3);
    let _ = retro(&sandbox, "21T13:00", 5, "--success");
    assert_eq!(sandbox.json(QUARANTINE), json!({}));
    // Broken rules: the triage ends with the error; a record is a record all the same, and the guard goes on.
    sandbox.write("config/triage_rules.yaml", "version: 1\nquarantine: 5\n");
    queue(&sandbox, &[6]);
    for hour in ["14", "15", "16"] {
        let ended = retro(&sandbox, &format!("21T{hour}:00"), 6, "--failure");
        assert!(ended.err.contains("triage_rules.yaml:") && ended.err.contains("not up to date"), "{}", ended.err);
    }
    let ended = guard(&sandbox, "23T17:00", &[]).code(0);
    assert!(ended.err.contains("triage_rules.yaml:"), "{}", ended.err);
}

fn triage_rules_with(limit: &str) -> String {
    include_str!("../../../config/triage_rules.yaml").replace("failures: 2", limit)
}

#[test]
fn clocks_that_jump_give_nothing_out_twice() {
    let sandbox = Sandbox::new();
    queue(&sandbox, &[102]);
    // Recorded with a clock three days ahead, which was set right then.
    let _ = retro(&sandbox, "24T10:00", 102, "--success");
    assert_eq!(given(&sandbox, "21T10:01"), None);
    // The next record shows when that was at the latest.
    let _ = retro(&sandbox, "21T11:00", 7, "--success");
    assert_eq!((given(&sandbox, "22T10:59"), given(&sandbox, "22T11:01")), (None, Some(102)));
    // A year ahead: nobody waits for that.
    sandbox.write(LOG, "");
    let call = sandbox.call("cycle_retro", ["--cycle", "1", "--issue", "102", "--success"]);
    let _ = call.env("TIMMY_NOW", "2027-06-01T00:00:00Z").run().code(0);
    assert_eq!(given(&sandbox, "21T10:01"), Some(102));
}

#[test]
fn a_time_that_is_out_of_order_ends_no_wait() {
    let sandbox = Sandbox::new();
    queue(&sandbox, &[102]);
    let line = |time: &str, issue: u64| {
        format!("{}\n", json!({"timestamp": time, "cycle": 1, "issue": issue, "success": true}))
    };
    let success = line("2026-03-21T10:00:00+00:00", 102);
    // More records than the quarantine looks at, one of them, or some in a row, from a clock that was not set.
    for (wrong, right) in [(1, 25), (30, 0), (1, 0)] {
        let wrong = line("1970-01-01T00:00:00+00:00", 7).repeat(wrong);
        sandbox.write(LOG, format!("{success}{wrong}{}", line("2026-03-21T11:00:00+00:00", 8).repeat(right)));
        assert_eq!((given(&sandbox, "21T12:00"), given(&sandbox, "22T10:01")), (None, Some(102)));
    }
}

#[test]
fn the_quarantine_that_cannot_be_written_holds_all_the_same() {
    let sandbox = Sandbox::new();
    queue(&sandbox, &[5]);
    let line = json!({"timestamp": "2026-03-21T10:00:00+00:00", "cycle": 1, "issue": 5, "success": false});
    sandbox.write(LOG, format!("{line}\n{line}\n"));
    sandbox.write(".loop/.quarantine.json.lock/x", "");
    let ended = guard(&sandbox, "21T12:00", &["--json"]);
    assert!(ended.code == Some(1) && ended.out.contains("all_quarantined"), "{}", ended.conversation());
}
