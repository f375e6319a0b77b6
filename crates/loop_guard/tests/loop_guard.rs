//! `loop_guard` as a program: flags, streams, exit codes, files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use demo_forge::{DemoForge, Fault, Project};
use sandbox::{Call, Flavour, Sandbox, each_flavour, serve, signal, soon};
use serde_json::{Value, json};

const QUEUE: &str = ".loop/queue.json";
const IDLE: &str = ".loop/idle_state.json";
const RESULT: &str = ".loop/cycle_result.json";
const BAD: &str = ".loop/cycle_result.json.bad";

fn queue(numbers: &[u64]) -> String {
    let item =
        |number: &u64| json!({"issue": number, "title": format!("T{number}"), "type": "bug", "ready": true, "x": 1.10});
    serde_json::to_string(&numbers.iter().map(item).collect::<Vec<_>>()).unwrap()
}

fn guard(sandbox: &Sandbox, args: &[&str]) -> Call {
    sandbox.call("loop_guard", args).env("TIMMY_LOOP_GUARD_VERIFY_OPEN", "false")
}

fn forge(flavour: Flavour, open: &[u64], closed: &[u64]) -> DemoForge {
    let entry = |number: &u64, state: &str| json!({"number": number, "title": "T", "state": state, "created_at": format!("2026-01-{number:02}T00:00:00Z"), "updated_at": "2026-01-30T00:00:00Z"});
    let issues: Vec<Value> = open
        .iter()
        .map(|number| entry(number, "open"))
        .chain(closed.iter().map(|number| entry(number, "closed")))
        .collect();
    serve(&Project::new("acme", "app", issues, vec![]), flavour)
}

#[test]
fn idle_when_there_is_no_queue_and_the_wait_grows() {
    let sandbox = Sandbox::new();
    for (count, backoff) in [(1, 60), (2, 120), (3, 240), (4, 480), (5, 600), (6, 600)] {
        let ended = guard(&sandbox, &[]).run();
        assert_eq!(
            ended.conversation(),
            format!(
                "[loop-guard] Queue empty — idle #{count}, backoff {backoff}s\n\
                 [loop-guard] There is no queue yet: run triage_score\nexit 1"
            )
        );
    }
    let state = sandbox.read(IDLE);
    assert_eq!(
        state,
        "{\n  \"consecutive_idle\": 6,\n  \"last_idle_at\": 1774096496.123456,\n  \"backoff_seconds\": 600\n}\n"
    );
    let entry = &sandbox.json(".loop/automation_state.json")["automations"]["loop_guard"];
    assert_eq!(
        (&entry["status"], &entry["last_exit_code"], &entry["last_result"]),
        (&json!("ok"), &json!(1), &json!("idle, backoff 600 s"))
    );
}

#[test]
fn an_idle_state_that_is_an_empty_file_is_written_and_one_that_is_not_there_is_not() {
    let sandbox = Sandbox::new();
    sandbox.write(QUEUE, queue(&[85]));
    let _ = guard(&sandbox, &[]).run().code(0);
    assert!(sandbox.bytes(IDLE).is_none());
    sandbox.write(IDLE, "");
    let _ = guard(&sandbox, &[]).run().code(0);
    assert_eq!(sandbox.json(IDLE)["consecutive_idle"], 0);
}

#[test]
fn work_resets_the_wait_and_seeds_the_result() {
    let sandbox = Sandbox::new();
    sandbox.write(QUEUE, queue(&[85, 90, 91]));
    sandbox.write(
        IDLE,
        "{\"consecutive_idle\": 4, \"last_idle_at\": 1774096496.12, \"backoff_seconds\": 480, \"ours\": true}",
    );
    let ended = guard(&sandbox, &[]).run();
    assert_eq!(ended.conversation(), "[loop-guard] Queue active (3 ready) — resuming after 4 idle cycles\nexit 0");
    assert_eq!(sandbox.json(RESULT), json!({"issue": 85, "type": "bug"}));
    assert_eq!(sandbox.json(IDLE)["consecutive_idle"], 0);
    assert_eq!(sandbox.json(IDLE)["ours"], true);
    assert_eq!(guard(&sandbox, &[]).run().conversation(), "exit 0", "nothing to say when it was not idle");
}

#[test]
fn a_fresh_result_is_left_to_the_agent() {
    for (minutes, given_out) in [(0, 90), (9, 90), (-9, 90), (11, 85), (-11, 85)] {
        let sandbox = Sandbox::new();
        sandbox.write(QUEUE, queue(&[85, 90]));
        sandbox.write(RESULT, "{\"issue\": 90}");
        set_age(&sandbox, minutes);
        let said: Value = serde_json::from_str(&guard(&sandbox, &["--json"]).run().code(0).out).unwrap();
        assert_eq!(
            (&said["issue"], &sandbox.json(RESULT)["issue"]),
            (&json!(given_out), &json!(given_out)),
            "{minutes}"
        );
        assert_eq!(sandbox.json(".loop/handout.json")["issue"], given_out);
        assert_eq!(sandbox.bytes(BAD), None, "an agent has written nothing");
    }
}

#[test]
fn what_an_agent_wrote_and_no_record_has_is_kept_whatever_its_age() {
    for written in
        ["{\"issue\": 85, \"type\": \"bug\", \"pr\": 777}", "{\"issue\": 90, \"notes\": \"fixed\"}", "fixed it"]
    {
        let sandbox = Sandbox::new();
        sandbox.write(QUEUE, queue(&[85]));
        sandbox.write(RESULT, written);
        set_age(&sandbox, 25);
        let ended = guard(&sandbox, &[]).run().code(0);
        assert!(ended.err.contains("was not recorded; it is kept as"), "{written}: {}", ended.err);
        assert_eq!((sandbox.read(BAD).as_str(), &sandbox.json(RESULT)["issue"]), (written, &json!(85)));
    }
}

#[test]
fn the_result_file_names_the_issue_that_is_given_out() {
    // None of them is ready, however fresh the file is: closed, no longer queued, no issue at all.
    for written in ["{\"issue\": 7}", "{\"issue\": 7, \"notes\": \"x\"}", "{\"notes\": \"x\"}", "", "prose"] {
        let sandbox = Sandbox::new();
        sandbox.write(QUEUE, queue(&[85]));
        sandbox.write(RESULT, written);
        set_age(&sandbox, 0);
        let said: Value = serde_json::from_str(&guard(&sandbox, &["--json"]).run().code(0).out).unwrap();
        assert_eq!((&said["issue"], &sandbox.json(RESULT)["issue"]), (&json!(85), &json!(85)), "{written}");
        let is_kept = sandbox.bytes(BAD).is_some_and(|kept| kept == written.as_bytes());
        assert_eq!(is_kept, !["", "{\"issue\": 7}"].contains(&written), "{written}");
    }
}

#[test]
fn what_was_given_out_ends_when_there_is_no_work() {
    let sandbox = Sandbox::new();
    sandbox.write(QUEUE, queue(&[85]));
    let _ = guard(&sandbox, &[]).run().code(0);
    assert_eq!(
        sandbox.read(".loop/handout.json"),
        "{\n  \"issue\": 85,\n  \"type\": \"bug\",\n  \"given_out_at\": \"2026-03-21T12:34:56.123456+00:00\"\n}\n"
    );
    sandbox.write(QUEUE, "[]");
    let _ = guard(&sandbox, &[]).run().code(1);
    assert_eq!(sandbox.json(".loop/handout.json")["issue"], json!(null));
}

/// Sets how many minutes ago the result was written, by the clock of the sandbox.
fn set_age(sandbox: &Sandbox, minutes: i64) {
    let now = 1_774_096_496 - minutes * 60;
    let time = std::time::UNIX_EPOCH + Duration::from_secs(now.unsigned_abs());
    std::fs::File::options().write(true).open(sandbox.root().join(RESULT)).unwrap().set_modified(time).unwrap();
}

#[test]
fn the_result_of_a_cycle_that_was_not_recorded_gives_no_issue_out_again() {
    let scores = json!({
        "generated_at": "2026-03-21T12:00:00+00:00", "ready_from": 5, "rules": [],
        "issues": {"7": {"title": "x", "type": "bug", "score": 7, "reason": "in_work", "holds": [],
                         "in_work": {"pull": 30, "since": "2026-03-21T12:00:00+00:00"}}}
    });
    let quarantine = json!({"7": {"reason": "x"}});
    for (file, content) in [(".loop/scores.json", &scores), (".loop/quarantine.json", &quarantine)] {
        for agents_word in ["", ", \"pr\": 30"] {
            let sandbox = Sandbox::new();
            sandbox.write(QUEUE, queue(&[85]));
            sandbox.write(file, content.to_string());
            let result = format!("{{\"issue\": 7{agents_word}}}");
            sandbox.write(RESULT, &result);
            let ended = guard(&sandbox, &[]).env("TIMMY_NOW", "2020-01-01T00:00:00Z").run().code(0);
            assert_eq!(sandbox.json(RESULT)["issue"], 85, "{file}: {}", ended.err);
            let kept = sandbox.bytes(".loop/cycle_result.json.bad");
            assert_eq!(kept, (!agents_word.is_empty()).then(|| result.into_bytes()), "what an agent wrote is kept");
            assert_eq!(ended.err.contains("whose cycle was not recorded"), !agents_word.is_empty(), "{}", ended.err);
        }
    }
}

#[test]
fn quarantined_unready_and_unreadable_items_are_no_work() {
    let sandbox = Sandbox::new();
    sandbox.write(QUEUE, "[{\"issue\": 85, \"ready\": true}, {\"issue\": 86, \"ready\": false}, {\"issue\": 87}, 5, null, {\"ready\": true}]");
    sandbox.write(".loop/quarantine.json", "{\"85\": {\"reason\": \"x\"}}");
    let ended = guard(&sandbox, &[]).run().code(1);
    assert!(ended.err.contains("3 items of the queue cannot be read"), "{}", ended.err);
}

#[test]
fn status_tells_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let _ = guard(&sandbox, &[]).run().code(1);
    let before = sandbox.tree(".loop");
    let ended = guard(&sandbox, &["--status"]).run();
    assert_eq!(
        ended.conversation(),
        "{\"queue_ready\": 0, \"consecutive_idle\": 1, \"next_backoff_seconds\": 120}\nexit 0"
    );
    assert_eq!(sandbox.tree(".loop"), before);
}

#[test]
fn status_names_no_wait_while_there_is_ready_work() {
    let sandbox = Sandbox::new();
    let _ = guard(&sandbox, &[]).run().code(1);
    sandbox.write(QUEUE, queue(&[85, 90]));
    sandbox.write(".loop/quarantine.json", "{\"90\": {\"reason\": \"x\"}}");
    let before = sandbox.tree(".loop");
    assert_eq!(
        guard(&sandbox, &["--status"]).run().conversation(),
        "{\"queue_ready\": 1, \"consecutive_idle\": 1, \"next_backoff_seconds\": 0}\nexit 0"
    );
    assert_eq!(sandbox.tree(".loop"), before);
    sandbox.write(".loop/quarantine.json", "{\"85\": {}, \"90\": {}}");
    assert_eq!(
        guard(&sandbox, &["--status"]).run().conversation(),
        "{\"queue_ready\": 0, \"consecutive_idle\": 1, \"next_backoff_seconds\": 120}\nexit 0"
    );
}

#[test]
fn a_queue_of_another_writer_is_read_for_what_it_says() {
    let sandbox = Sandbox::new();
    let item = |number: usize| match number % 7 {
        0 => format!("{{\n    \"ready\": true,\n    \"tags\": [\"a\", {{}}],\n    \"issue\": {number}\n  }}"),
        1 => format!("{{\"issue\": \"#{number}\", \"ready\": true, \"gr\\u00f6\\u00dfe\": null}}"),
        2 => format!("{{\"issue\":{number},\"ready\":true,\"title\":\"caf\u{e9}\"}}"),
        3 => format!("{{\"iss\\u0075e\": {number}, \"ready\": true}}"),
        4 => format!("{{\"issue\": {number}, \"ready\": false}}"),
        5 => format!("{{\"issue\": {number}, \"ready\": true, \"ready\": true}}"),
        _ => "null".to_owned(),
    };
    let text = format!("[\n  {}\n]\n", (1..=7000).map(item).collect::<Vec<_>>().join(",\n  "));
    sandbox.write(QUEUE, &text);
    let ended = guard(&sandbox, &["--json"]).run().code(0);
    assert!(ended.out.contains("\"ready\": 4000, \"issue\": 1,"), "{}", ended.out);
    assert!(ended.err.contains("2000 items of the queue cannot be read"), "{}", ended.err);
    // What follows the list makes the whole of it none, however late that shows.
    sandbox.write(QUEUE, text + "]");
    let ended = guard(&sandbox, &["--json"]).run().code(1);
    assert!(ended.out.contains("\"reason\": \"queue_damaged\""), "{}", ended.out);
}

each_flavour!(closed_issues_are_taken_out_of_the_queue);
fn closed_issues_are_taken_out_of_the_queue(flavour: Flavour) {
    let sandbox = Sandbox::new();
    let text = "[\n {\"issue\": 3, \"ready\": true, \"type\": \"bug\"},\n {\"issue\": 5, \"ready\": true, \"type\": \"feature\", \"mine\": 1.10}\n]\n";
    sandbox.write(QUEUE, text);
    let forge = forge(flavour, &[5, 6], &[3]);
    let _ = sandbox.call("loop_guard", [""; 0]).forge(&forge, "acme/app").run().code(0);
    assert_eq!(forge.requests().len(), 2, "one request an issue");
    assert_eq!(sandbox.json(RESULT), json!({"issue": 5, "type": "feature"}));
    assert_eq!(sandbox.json(QUEUE).as_array().unwrap().len(), 1);
    assert!(
        sandbox.read(QUEUE).contains("{\"issue\": 5, \"ready\": true, \"type\": \"feature\", \"mine\": 1.10}"),
        "as it was written"
    );
}

each_flavour!(a_forge_that_is_away_changes_nothing);
fn a_forge_that_is_away_changes_nothing(flavour: Flavour) {
    for fault in [
        Fault::Drop,
        Fault::Hang,
        Fault::BadGateway,
        Fault::NotJson,
        Fault::CutBody,
        Fault::BadToken,
        Fault::TooManyRequests(600),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(QUEUE, queue(&[3]));
        let forge = forge(flavour, &[], &[3]);
        forge.order(fault.clone(), None);
        let begun = Instant::now();
        let ended = sandbox.call("loop_guard", [""; 0]).forge(&forge, "acme/app").run().code(0);
        assert!(ended.err.contains("the queue is used as it is"), "{fault:?}: {}", ended.err);
        assert_eq!((forge.requests().len(), sandbox.read(QUEUE)), (1, queue(&[3])), "{fault:?}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{fault:?}");
    }
}

each_flavour!(without_a_queue_nobody_is_asked);
fn without_a_queue_nobody_is_asked(flavour: Flavour) {
    let sandbox = Sandbox::new();
    let forge = forge(flavour, &[1], &[]);
    let _ = sandbox.call("loop_guard", [""; 0]).forge(&forge, "acme/app").run().code(1);
    assert!(forge.requests().is_empty());
}

#[test]
fn a_wait_ends_when_work_appears() {
    let sandbox = Sandbox::new();
    let waiting = guard(&sandbox, &["--wait"]).env("TIMMY_LOOP_GUARD_BACKOFF_BASE", "30").start();
    soon(|| sandbox.bytes(IDLE).is_some());
    let appeared = Instant::now();
    sandbox.write(QUEUE, queue(&[85]));
    let ended: sandbox::CallOutput = waiting.wait_with_output().unwrap().into();
    assert!(appeared.elapsed() < Duration::from_secs(2), "{:?}", appeared.elapsed());
    assert_eq!(
        ended.conversation(),
        "[loop-guard] Queue empty — idle #1, backoff 30s\n[loop-guard] There is no queue yet: run triage_score\n[loop-guard] Queue active (1 ready) — resuming after 1 idle cycle\nexit 0"
    );
    assert_eq!(sandbox.json(IDLE)["consecutive_idle"], 0);
}

#[test]
fn a_wait_ends_at_a_signal_and_when_its_time_is_over() {
    for name in ["INT", "TERM"] {
        let sandbox = Sandbox::new();
        let waiting = guard(&sandbox, &["--wait"]).start();
        soon(|| sandbox.bytes(IDLE).is_some());
        let sent = Instant::now();
        signal(name, waiting.id());
        let ended: sandbox::CallOutput = waiting.wait_with_output().unwrap().into();
        assert_eq!(ended.code, None, "a shell sees that it died of the signal, and stops its loop");
        assert!(sent.elapsed() < Duration::from_secs(2));
        assert_eq!(sandbox.json(".loop/automation_state.json")["automations"]["loop_guard"]["status"], "ok");
    }
    let sandbox = Sandbox::new();
    let begun = Instant::now();
    let _ = guard(&sandbox, &["--wait"]).env("TIMMY_LOOP_GUARD_BACKOFF_BASE", "1").run().code(1);
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[test]
fn disabled_means_disabled_unless_forced() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "config/automations.json",
        "{\"automations\": [{\"id\": \"loop_guard\", \"script\": \"x\", \"enabled\": false}]}",
    );
    let ended = guard(&sandbox, &[]).run();
    let expected = "[loop-guard] loop_guard is disabled in automations.json (--force runs it all the same)\nexit 0";
    assert_eq!(ended.conversation(), expected);
    assert_eq!(sandbox.json(".loop/automation_state.json")["automations"]["loop_guard"]["status"], "skipped");
    assert_eq!((sandbox.bytes(IDLE), sandbox.bytes(".loop/tokens.jsonl")), (None, None));
    let _ = guard(&sandbox, &["--force"]).run().code(1);
}
