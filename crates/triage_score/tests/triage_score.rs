//! `triage_score` as a program: flags, streams, exit codes, files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use demo_forge::{DemoForge, Fault};
use sandbox::{Flavour, SAMPLE_SLUG, Sandbox, each_flavour, serve_sample};
use serde_json::{Value, json};

const QUEUE: &str = ".loop/queue.json";

fn triaged(sandbox: &Sandbox, forge: &DemoForge, args: &[&str]) -> sandbox::CallOutput {
    sandbox.call("triage_score", args).forge(forge, SAMPLE_SLUG).run()
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|item| item["issue"].as_u64().unwrap()).collect()
}

fn good(number: u64, title: &str) -> Value {
    json!({"number": number, "title": title, "labels": [{"name": "bug"}], "created_at": "2026-03-01T00:00:00+01:00",
           "body": "`load()` in src/config.py raises.\n\n## Expected\nIt should not; add a test for it in tests/test_config.py."})
}

fn file(sandbox: &Sandbox, issues: &[Value]) {
    sandbox.write("issues.json", serde_json::to_string(issues).unwrap());
}

each_flavour!(the_queue_is_written_in_the_contracts_form_and_order);
fn the_queue_is_written_in_the_contracts_form_and_order(flavour: Flavour) {
    let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
    let ended = triaged(&sandbox, &forge, &[]).code(0);
    assert!(ended.out.contains("[triage] Ready: ") && ended.err.is_empty(), "{}", ended.conversation());
    let queue = sandbox.json(QUEUE);
    let keys: Vec<&String> = queue[0].as_object().unwrap().keys().collect();
    let expected = [
        "issue",
        "title",
        "type",
        "score",
        "scope",
        "acceptance",
        "alignment",
        "tags",
        "files",
        "created",
        "updated",
        "url",
        "ready",
    ];
    assert_eq!(keys, expected);
    let order: Vec<(bool, i64, i64)> = queue
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["type"] != "bug", -item["score"].as_i64().unwrap(), item["issue"].as_i64().unwrap()))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    assert!(sandbox.read(QUEUE).starts_with("[\n  {\n    \"issue\": "), "indented by two");
    let run = &sandbox.json_lines(".loop/retro/triage.jsonl")[0];
    assert_eq!(run["total_open"], 33);
    assert_eq!(
        numbers(&queue),
        run["ready_issues"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect::<Vec<_>>()
    );
    assert_eq!(run["scores"].as_object().unwrap().len(), 33);
    assert_eq!(sandbox.read(".loop/quarantine.json"), "{}\n");
}

#[test]
fn what_others_added_to_an_item_is_kept_and_the_old_queue_too() {
    let sandbox = Sandbox::new();
    file(&sandbox, &[good(85, "Crash when the config is empty")]);
    let old = "[{\"issue\": 85, \"score\": 1, \"refined\": {\"by\": \"deep\", \"n\": 1.10}}, {\"issue\": 3}]";
    sandbox.write(QUEUE, old);
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    let item = &sandbox.json(QUEUE)[0];
    assert_eq!(item["refined"]["by"], "deep");
    assert!(item["score"].as_i64().unwrap() > 5 && sandbox.read(QUEUE).contains("\"n\": 1.10"));
    assert_eq!(item["created"], "2026-02-28T23:00:00+00:00");
    assert_eq!(sandbox.read(".loop/queue.json.bak"), old);
}

#[test]
fn a_damaged_queue_is_kept_aside_and_is_no_backup() {
    for damage in [&b"null"[..], b"[{\"issue\": 85", b"\0\0", b"{}", b"\xff\xfe"] {
        let sandbox = Sandbox::new();
        file(&sandbox, &[good(85, "Crash")]);
        sandbox.write(QUEUE, damage);
        let ended = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
        assert!(ended.err.contains("queue.json.bad"), "{}", ended.err);
        assert_eq!(sandbox.bytes(".loop/queue.json.bad").unwrap(), damage);
        assert_eq!(sandbox.bytes(".loop/queue.json.bak"), None);
        assert_eq!(numbers(&sandbox.json(QUEUE)), [85]);
    }
}

#[test]
fn where_an_issue_leaves_quarantine_the_last_one_takes_its_place() {
    let sandbox = Sandbox::new();
    file(&sandbox, &[good(85, "Crash when the config is empty")]);
    sandbox.write(".loop/quarantine.json", "{\"1\": {\"theirs\": 1.10}, \"4\": {}, \"5\": {}}");
    sandbox.write(".loop/retro/cycles.jsonl", "{\"issue\": 1, \"success\": true}\n");
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    assert_eq!(sandbox.read(".loop/quarantine.json"), "{\n  \"5\": {},\n  \"4\": {}\n}\n");
}

#[test]
fn failing_issues_come_into_quarantine_and_out_again() {
    let sandbox = Sandbox::new();
    file(&sandbox, &[good(85, "Crash when the config is empty"), good(86, "Crash when the queue is empty")]);
    let cycle = |number: u64, issue: u64, success: bool| {
        json!({"timestamp": format!("2026-03-21T0{number}:00:00+00:00"), "cycle": number, "issue": issue, "success": success}).to_string()
    };
    let log = |cycles: &[String]| sandbox.write(".loop/retro/cycles.jsonl", cycles.join("\n") + "\n");
    let triage = || {
        let ended = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
        (numbers(&sandbox.json(QUEUE)), ended)
    };
    log(&[cycle(1, 85, false), cycle(2, 86, false), cycle(3, 86, true), cycle(4, 86, false)]);
    assert_eq!(triage().0, [85, 86], "one failure each since the last success");
    log(&[cycle(1, 85, false), cycle(2, 85, false), cycle(3, 86, false)]);
    let (queue, ended) = triage();
    assert_eq!(queue, [86]);
    assert!(ended.out.contains("#85 is quarantined") && ended.out.contains("Quarantined: 1"), "{}", ended.out);
    let entry = &sandbox.json(".loop/quarantine.json")["85"];
    assert_eq!(entry["reason"], "failed 2 of its last 2 cycles");
    assert_eq!((&entry["failures"], &entry["last_cycle"]), (&json!(2), &json!(2)));
    let earned =
        sandbox.json_lines(".loop/tokens.jsonl").iter().filter(|line| line["action"] == "quarantine_candidate").count();
    assert_eq!(earned, 1);
    assert_eq!(triage().0, [86], "it stays, and is not found anew");
    assert_eq!(sandbox.json_lines(".loop/retro/triage.jsonl").last().unwrap()["newly_quarantined"], json!([]));
    let _ = sandbox.run("triage_score", &["--release", "85"]).code(0);
    assert_eq!(triage().0, [85, 86], "let out: the failures before no longer count");
    let _ = sandbox.run("triage_score", &["--release", "85"]).code(1);
}

#[test]
fn a_damaged_quarantine_is_kept_aside_and_a_dry_run_leaves_it() {
    let sandbox = Sandbox::new();
    file(&sandbox, &[good(85, "Crash")]);
    sandbox.write(".loop/quarantine.json", "{\"85\": ");
    let before = sandbox.tree(".loop");
    let ended = sandbox.run("triage_score", &["--issues", "issues.json", "--dry-run"]).code(0);
    assert!(ended.err.contains("no issue counts as quarantined"), "{}", ended.err);
    assert_eq!(sandbox.tree(".loop"), before);
    let ended = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    assert!(ended.err.contains("quarantine.json.bad"), "{}", ended.err);
    assert_eq!(sandbox.read(".loop/quarantine.json.bad"), "{\"85\": ");
    assert_eq!(sandbox.read(".loop/quarantine.json"), "{}\n");
}

#[test]
fn a_release_while_a_triage_runs_is_not_lost() {
    let sandbox = Sandbox::new();
    file(&sandbox, &[good(85, "Crash when the config is empty"), good(86, "Crash when the queue is empty")]);
    let failed = r#"{"timestamp": "2026-03-21T01:00:00+00:00", "cycle": 1, "issue": 85, "success": false}"#;
    sandbox.write(".loop/retro/cycles.jsonl", format!("{failed}\n{failed}\n"));
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    let (quarantine, released) = (".loop/quarantine.json", ".loop/quarantine_released.json");
    assert!(sandbox.json(quarantine)["85"].is_object());
    // The release holds the lock; the triage meets it there, with all that it has read before.
    let lock = host::files::lock(&sandbox.root().join(quarantine)).unwrap();
    let triage = sandbox.call("triage_score", ["--issues", "issues.json", "--json"]).start();
    let state = ".loop/automation_state.json";
    sandbox::soon(|| sandbox.json(state)["automations"]["triage_score"]["status"] == "running");
    std::thread::sleep(std::time::Duration::from_millis(300));
    sandbox.write(released, r#"{"85": {"released_at": "2026-03-21T12:00:00+00:00"}}"#);
    sandbox.write(quarantine, "{}\n");
    drop(lock);
    let output = triage.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(sandbox.read(quarantine), "{}\n");
    assert_eq!(numbers(&sandbox.json(QUEUE)), [85, 86]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((numbers(&document["queue"]), &document["run"]["quarantined"]), (vec![85, 86], &json!(0)));
}

each_flavour!(a_forge_that_is_away_leaves_the_old_queue);
fn a_forge_that_is_away_leaves_the_old_queue(flavour: Flavour) {
    for (fault, message) in [
        (Fault::BadGateway, "502 Bad Gateway"),
        (Fault::Drop, "the connection broke"),
        (Fault::Hang, "no response in time"),
        (Fault::NotJson, "not a list of entries"),
        (Fault::CutBody, "was cut off"),
        (Fault::Panic, "500 Internal Server Error"),
        (Fault::TooManyRequests(900), "asks to wait 900 s"),
        (Fault::BadToken, "401 Unauthorized"),
    ] {
        let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
        sandbox.write(QUEUE, "[{\"issue\": 1}]");
        forge.order(fault.clone(), None);
        let ended = triaged(&sandbox, &forge, &[]).code(1);
        assert!(ended.err.contains(message) && ended.err.contains("hint: "), "{fault:?}: {}", ended.err);
        assert_eq!(sandbox.read(QUEUE), "[{\"issue\": 1}]", "{fault:?}");
        assert_eq!(
            sandbox.tree(".loop").len(),
            3,
            "{fault:?}: queue, state and ledger: {:?}",
            sandbox.tree(".loop").keys()
        );
        let line = json!({"timestamp": "2026-03-21T10:00:00+00:00", "cycle": 1, "issue": 1, "success": false});
        sandbox.write(".loop/retro/cycles.jsonl", format!("{line}\n{line}\n"));
        let ended = triaged(&sandbox, &forge, &[]).code(1);
        assert_eq!(ended.out, "[triage] #1 is quarantined (triage_score --release 1 releases it)\n");
        assert_eq!(sandbox.json(".loop/quarantine.json")["1"]["failures"], 2, "{fault:?}");
        let state = &sandbox.json(".loop/automation_state.json")["automations"]["triage_score"];
        assert_eq!((&state["status"], &state["last_exit_code"]), (&json!("failed"), &json!(1)), "{fault:?}");
    }
}

each_flavour!(faults_that_pass_are_waited_out);
fn faults_that_pass_are_waited_out(flavour: Flavour) {
    for fault in [Fault::BadGateway, Fault::Drop, Fault::CutBody, Fault::TooManyRequests(0), Fault::Moving] {
        let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
        forge.order(fault.clone(), Some(1));
        let _ = triaged(&sandbox, &forge, &[]).code(0);
        let open = if fault == Fault::Moving { 32..=33 } else { 33..=33 };
        assert!(
            open.contains(&sandbox.json_lines(".loop/retro/triage.jsonl")[0]["total_open"].as_u64().unwrap()),
            "{fault:?}"
        );
    }
}

#[test]
fn a_dry_run_an_explanation_and_a_check_write_nothing() {
    let sandbox = Sandbox::new();
    file(&sandbox, &[good(85, "Crash when the config is empty")]);
    let ended = sandbox.run("triage_score", &["--issues", "issues.json", "--dry-run"]).code(0);
    assert!(ended.out.contains("Dry run") && ended.out.contains("#85"), "{}", ended.out);
    let ended = sandbox.run("triage_score", &["--issues", "issues.json", "--explain", "85"]).code(0);
    for expected in ["type bug: the label or tag \"bug\"", "names_a_file", "\"src/config.py\"", "ready (from 5 on)"] {
        assert!(ended.out.contains(expected), "{expected}: {}", ended.out);
    }
    let _ = sandbox.run("triage_score", &["--issues", "issues.json", "--explain", "86"]).code(1);
    let ended = sandbox.run("triage_score", &["--check-rules"]).code(0);
    assert!(ended.out.contains("[triage] The rules are valid") && ended.out.contains("(built in)"), "{}", ended.out);
    assert!(sandbox.tree(".loop").is_empty());
}

#[test]
fn issues_come_from_stdin_too_and_json_is_one_document() {
    let sandbox = Sandbox::new();
    let issues = json!([good(85, "Crash"), {"number": 2, "pull_request": {}, "title": "x"}, 7]).to_string();
    let ended = sandbox.call("triage_score", ["--issues", "-", "--json"]).stdin(issues).run().code(0);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((numbers(&document["queue"]), document["run"]["ready"].as_u64()), (vec![85], Some(1)));
    assert!(ended.err.contains("1 entries are not issues"), "{}", ended.err);
}

#[test]
fn thresholds_come_from_the_rules_unless_a_setting_has_them() {
    let sandbox = Sandbox::new();
    file(&sandbox, &[good(85, "Crash")]);
    let rules = triage_score::SHIPPED.replace("ready: 5", "ready: 9");
    sandbox.write("config/triage_rules.yaml", rules);
    let ended = sandbox.run("triage_score", &["--issues", "issues.json", "--dry-run"]).code(0);
    assert!(ended.out.contains("Ready: 0"), "{}", ended.out);
    let call = sandbox.call("triage_score", ["--issues", "issues.json", "--dry-run"]);
    assert!(call.env("READY_THRESHOLD", "1").run().out.contains("Ready: 1"));
}

#[test]
fn a_threshold_that_no_issue_can_reach_is_refused() {
    let sandbox = Sandbox::new();
    let ended = sandbox.call("triage_score", ["--check-rules"]).env("READY_THRESHOLD", "10").run().code(2);
    assert!(
        ended.err.contains("READY_THRESHOLD: ready_threshold 10 cannot be reached: the rules add up to 9"),
        "{}",
        ended.err
    );
}

#[test]
fn an_issue_that_stands_twice_in_a_file_is_counted_once() {
    let sandbox = Sandbox::new();
    file(&sandbox, &[good(85, "Crash"), good(85, "Crash again")]);
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    assert_eq!(numbers(&sandbox.json(QUEUE)), [85]);
}

#[test]
fn a_hostile_title_is_harmless() {
    let sandbox = Sandbox::new();
    let title = format!("Crash \u{1b}[2J\u{1b}]0;pwned\u{7}\u{202e}{}\u{9b}31m\r\n", "x".repeat(10_000));
    file(&sandbox, &[good(85, &title)]);
    for args in [&["--issues", "issues.json"][..], &["--issues", "issues.json", "--explain", "85"]] {
        let ended = sandbox.run("triage_score", args).code(0);
        for line in ended.out.lines() {
            assert!(line.chars().count() <= 80, "{line}");
            assert!(line.chars().all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c)), "{line:?}");
        }
    }
    assert_eq!(sandbox.json(QUEUE)[0]["title"], title, "the file has it as it is");
}
