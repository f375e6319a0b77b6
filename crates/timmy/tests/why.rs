//! `timmy why`, `explain`, `tokens`, `verify` and `repair` as programs.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use records::REASONS;
use sandbox::{CallOutput, Sandbox};
use serde_json::{Value, json};

fn timmy(sandbox: &Sandbox, args: &[&str]) -> CallOutput {
    sandbox.run("timmy", args)
}

fn issue(number: u64, title: &str, body: &str) -> Value {
    json!({"number": number, "title": title, "body": body, "labels": [], "state": "open",
           "created_at": "2026-03-19T08:00:00Z", "updated_at": "2026-03-19T08:00:00Z"})
}

/// A repository that was triaged: 85 is ready, 90 is not, 91 keeps failing.
fn world() -> Sandbox {
    let sandbox = Sandbox::new();
    for cycle in ["1", "2"] {
        let args =
            ["--cycle", cycle, "--failure", "--issue", "91", "--duration", "60", "--reason", "tox failed\u{1b}[31m"];
        let _ = sandbox.run("cycle_retro", &args).code(0);
    }
    let good = "`load()` in src/config.py must not crash when the file is empty. Expected: defaults.\n\n## Acceptance\n- [ ] add a test in tests/test_config.py";
    let issues = json!([
        issue(85, "fix: Crash when config is empty", good),
        issue(90, "Think about things", ""),
        issue(91, "fix: Crash when b is empty", good)
    ]);
    sandbox.write("issues.json", issues.to_string());
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    let _ = sandbox.run("orchestrator", &["--issues", "issues.json"]).code(0);
    sandbox
}

#[test]
fn an_issue_that_was_released_waits_for_the_triage() {
    let sandbox = world();
    let _ = sandbox.run("triage_score", &["--release", "91"]).code(0);
    let ended = timmy(&sandbox, &["why", "91"]).code(0);
    assert!(ended.out.contains("(released)") && ended.out.contains("Run the triage"), "{}", ended.out);
    assert!(!ended.out.contains("--release"), "{}", ended.out);
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    assert_eq!(reason(&sandbox, &["91"]), "ready");
}

#[test]
fn an_empty_queue_names_what_the_triage_left_out() {
    let sandbox = world();
    sandbox.write(".loop/queue.json", "[]");
    let change = |sandbox: &Sandbox| timmy(sandbox, &["why", "idle"]).code(0).out;
    let out = change(&sandbox);
    assert!(out.contains("In quarantine: #91") && out.contains("release each"), "{out}");
    assert!(!out.contains("In work") && !out.contains("triage_score --explain"), "{out}");
    let mut scores = sandbox.json(".loop/scores.json");
    scores["issues"]["85"]["reason"] = json!("in_work");
    scores["issues"]["85"]["in_work"] = json!({"pull": 7, "since": "2026-03-21T08:00:00+00:00"});
    sandbox.write(".loop/scores.json", scores.to_string());
    let out = change(&sandbox);
    assert!(out.contains("In work at the last triage: #85 (pull request #7)."), "{out}");
    assert!(out.contains("Review the pull request") && out.contains("release each"), "{out}");
    let _ = sandbox.run("triage_score", &["--release", "91"]).code(0);
    let old = sandbox.call("timmy", ["why", "idle"]).env("TIMMY_NOW", "2036-03-22T08:00:00Z").run().code(0);
    assert!(old.out.contains("Run the triage for a new queue"), "{}", old.out);
}

#[test]
fn a_failure_that_was_not_the_issues_fault_is_shown_as_such() {
    let sandbox = world();
    for class in ["forge", "interrupted"] {
        let args = ["--cycle", "3", "--failure", "--issue", "85", "--failure-class", class];
        let _ = sandbox.run("cycle_retro", &args).code(0);
    }
    let ended = timmy(&sandbox, &["why", "85"]).code(0);
    for expected in ["0 succeeded; 2 failures were not its fault", "failed (forge)", "failed (interrupted)"] {
        assert!(ended.out.contains(expected), "{expected}: {}", ended.out);
    }
    let story: Value = serde_json::from_str(&timmy(&sandbox, &["why", "85", "--json"]).code(0).out).unwrap();
    assert_eq!(story["cycles"][0]["failure_class"], "forge");
}

fn reason(sandbox: &Sandbox, args: &[&str]) -> Value {
    let ended = timmy(sandbox, &[&["why"], args, &["--json"]].concat()).code(0);
    serde_json::from_str::<Value>(&ended.out).unwrap()["reason"].clone()
}

#[test]
fn the_story_of_an_issue_is_told_from_the_files() {
    let sandbox = world();
    let ended = timmy(&sandbox, &["why", "85"]).code(0);
    for expected in [
        "#85 fix: Crash when config is empty",
        "(ready)",
        "Queue: number 1 of 1.",
        "Cycles: none",
        "(on_agenda)",
        "yes  +",
    ] {
        assert!(ended.out.contains(expected), "{expected}: {}", ended.out);
    }
    assert_eq!(ended.out.lines().find(|line| line.chars().count() > 100), None, "{}", ended.out);
    let ended = timmy(&sandbox, &["why", "#90"]).code(0);
    for expected in
        ["(not_ready)", "more points needed. Without ", "rules that do not hold (--all shows them)", "(no_candidate)"]
    {
        assert!(ended.out.contains(expected), "{expected}: {}", ended.out);
    }
    let ended = timmy(&sandbox, &["why", "91"]).code(0);
    for expected in
        ["(quarantined)", "failed 2 of its last 2 cycles", "2 worked on it, 0 succeeded", "tox failed", "--release 91"]
    {
        assert!(ended.out.contains(expected), "{expected}: {}", ended.out);
    }
    assert!(!ended.out.contains('\u{1b}'));
    assert_eq!(reason(&sandbox, &["4711"]), "not_triaged");
    let ended = timmy(&sandbox, &["why", "85", "--json"]).code(0);
    let story: Value = serde_json::from_str(&ended.out).unwrap();
    let held: i64 = story["triage"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|rule| rule["holds"] == true)
        .map(|rule| rule["points"].as_i64().unwrap())
        .sum();
    assert!(held >= story["triage"]["score"].as_i64().unwrap(), "dimensions have a maximum: {story}");
    let _ = timmy(&sandbox, &["why", "weather"]).code(2);
}

#[test]
fn an_idle_loop_says_why() {
    let sandbox = Sandbox::new();
    assert_eq!(reason(&sandbox, &["idle"]), "no_queue");
    let item = |number: u64, ready: bool| json!({"issue": number, "title": "t", "type": "bug", "ready": ready});
    for (queue, quarantine, expected) in [
        (json!([]), json!({}), "queue_empty"),
        (json!([item(1, false)]), json!({}), "queue_empty"),
        (json!([item(1, true)]), json!({"1": {"reason": "x"}}), "all_quarantined"),
        (json!([item(1, true), item(2, true)]), json!({"1": {"reason": "x"}}), "work"),
    ] {
        sandbox.write(".loop/queue.json", queue.to_string());
        sandbox.write(".loop/quarantine.json", quarantine.to_string());
        assert_eq!(reason(&sandbox, &["idle"]), expected);
        let ended = sandbox.call("loop_guard", ["--json"]).env("TIMMY_LOOP_GUARD_VERIFY_OPEN", "false").run();
        let guard: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(guard["reason"], expected, "the guard gives the same reason");
    }
    sandbox.write(".loop/queue.json", "[{");
    assert_eq!(reason(&sandbox, &["idle"]), "queue_damaged");
    let ended = timmy(&sandbox, &["why", "idle"]).code(0);
    assert!(ended.out.contains("Last triage: none is recorded."), "{}", ended.out);
}

#[test]
fn an_idle_loop_names_a_triage_that_is_off() {
    let sandbox = Sandbox::new();
    let _ = timmy(&sandbox, &["automation", "disable", "triage_score"]).code(0);
    let ended = timmy(&sandbox, &["why", "idle"]).code(0);
    assert!(ended.out.contains("The triage is disabled: it does not fill the queue"), "{}", ended.out);
    assert!(!ended.out.contains("Run the triage"), "{}", ended.out);
}

#[test]
fn an_automation_says_why_it_does_not_run() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "config/automations.json",
        r#"{"automations": [
  {"id": "loop_guard", "script": "scripts/loop_guard.py", "trigger": "pre_cycle"},
  {"id": "triage_score", "script": "scripts/triage_score.py", "trigger": "hourly"},
  {"id": "orchestrator", "script": "scripts/orchestrator.py", "trigger": "daily", "depends_on": ["triage_score"]},
  {"id": "cycle_retro", "script": "scripts/cycle_retro.py", "enabled": false},
  {"id": "backfill_retro", "script": "scripts/backfill_retro.py"},
  {"id": "broken", "script": "scripts/none.sh", "trigger": "daily"}]}"#,
    );
    let _ = timmy(&sandbox, &["automation", "pause", "backfill_retro", "--for", "1d", "--reason", "later"]).code(0);
    for (id, expected) in [
        ("loop_guard", "not_scheduled"),
        ("triage_score", "not_due"),
        ("orchestrator", "dependency_not_ok"),
        ("cycle_retro", "disabled"),
        ("backfill_retro", "paused"),
        ("broken", "invalid"),
    ] {
        assert_eq!(reason(&sandbox, &["automation", id]), expected, "{id}");
    }
    let ended = timmy(&sandbox, &["why", "automation", "triage_score"]).code(0);
    assert!(ended.out.contains("Next: 2026-03-21 13:00 UTC for hourly, in 25 min."), "{}", ended.out);
    assert!(ended.out.contains("no scheduler is running"), "{}", ended.out);
    let ended = timmy(&sandbox, &["why", "automation", "triage"]).code(2);
    assert!(ended.err.contains("no automation `triage`"), "{}", ended.err);
}

#[test]
fn every_code_is_explained() {
    let sandbox = Sandbox::new();
    let all = timmy(&sandbox, &["explain"]).code(0).out;
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for reason in REASONS {
        assert!(all.contains(&format!("\n  {reason} ")), "{reason}: {all}");
        let ended = timmy(&sandbox, &["explain", reason.code()]).code(0);
        let expected = format!("{reason} ({}) {} {}", reason.subject().name(), reason.meaning(), reason.change());
        assert_eq!(words(&ended.out), expected.trim_end(), "{reason}");
    }
    let ended = timmy(&sandbox, &["explain", "quarantine"]).code(2);
    assert!(ended.err.contains("did you mean `quarantined`?"), "{}", ended.err);
}

#[test]
fn tokens_are_counted_by_automation_and_day() {
    let sandbox = world();
    let ended = timmy(&sandbox, &["tokens"]).code(0);
    assert!(ended.out.starts_with("Balance: 6 tokens\n"), "{}", ended.out);
    let document: Value = serde_json::from_str(&timmy(&sandbox, &["tokens", "--json"]).code(0).out).unwrap();
    assert_eq!(document["by_automation"]["triage_score"], json!({"lines": 1, "earned": 0, "spent": -1}));
    assert_eq!(document["by_automation"]["cycle_retro"], json!({"lines": 3, "earned": 10, "spent": -2}));
    assert_eq!(document["by_day"]["2026-03-21"]["lines"], 5);
}

#[test]
fn what_a_killed_writer_has_left_is_named_and_removed_and_what_is_being_written_is_not() {
    let sandbox = world();
    let held = sandbox.root().join(".loop/.pauses.json.lock");
    for name in ["scores.json", "retro/insights.json", "pauses.json"] {
        let (folder, file) =
            name.rsplit_once('/').map_or((String::new(), name), |(folder, file)| (format!("{folder}/"), file));
        sandbox.write(&format!(".loop/{folder}.{file}.tmp"), "{");
    }
    sandbox.write(".loop/.pauses.json.lock", "");
    let lock = std::fs::File::open(held).unwrap();
    lock.lock().unwrap();
    let left = [".loop/.scores.json.tmp", ".loop/retro/.insights.json.tmp"];
    let ended = timmy(&sandbox, &["verify"]).code(0);
    for file in left {
        let line = format!("{file}: a temporary file of a writer that was killed; `timmy repair` removes it\n");
        assert!(ended.out.contains(&line), "{}", ended.out);
    }
    assert!(!ended.out.contains(".pauses.json.tmp"), "{}", ended.out);
    assert!(!sandbox.root().join(".loop/retro/.insights.json.lock").exists(), "verify makes no file");
    let dry = timmy(&sandbox, &["repair", "--dry-run", "--json"]).code(0);
    let dry: Value = serde_json::from_str(&dry.out).unwrap();
    assert_eq!(dry["removed"], json!(left));
    let ended = timmy(&sandbox, &["repair"]).code(0);
    assert_eq!(
        ended.out,
        left.map(|file| format!("{file}: removed (a writer that was killed has left it)\n")).concat()
    );
    for file in left {
        assert!(sandbox.bytes(file).is_none(), "{file}");
    }
    assert!(sandbox.bytes(".loop/.pauses.json.tmp").is_some());
}

#[test]
fn a_document_that_its_readers_cannot_read_is_damaged_although_it_is_json() {
    for (file, content) in [(".loop/scores.json", "{}"), (".loop/automation_state.json", "{\"automations\": 3}")] {
        let sandbox = world();
        sandbox.write(file, content);
        let ended = timmy(&sandbox, &["verify"]).code(1);
        assert!(ended.out.contains(&format!("{file}: 1 problem")), "{}", ended.out);
        let _ = timmy(&sandbox, &["repair"]).code(0);
        assert_eq!(sandbox.read(&format!("{file}.bad")), content);
        let _ = timmy(&sandbox, &["verify"]).code(0);
    }
}

#[test]
fn damage_is_found_and_moved_aside_and_never_dropped() {
    let sandbox = world();
    assert!(timmy(&sandbox, &["verify"]).code(0).out.contains(".loop/tokens.jsonl: whole, 5 lines"));
    let log = sandbox.read(".loop/retro/cycles.jsonl");
    sandbox.write(".loop/retro/cycles.jsonl", format!("{log}{{\"cut\": \nnull\n"));
    let ledger = sandbox.read(".loop/tokens.jsonl");
    sandbox.write(".loop/tokens.jsonl", format!("{}\0\n", ledger.replace("\"balance\": -2}", "\"balance\": 98}")));
    sandbox.write(".loop/agenda.json", "");
    let ended = timmy(&sandbox, &["verify"]).code(1);
    assert!(ended.out.contains(".loop/agenda.json: empty (it counts as missing"), "{}", ended.out);
    sandbox.write(".loop/quarantine.json", "[1]");
    sandbox.write(".loop/idle_state.json", "{\"x\"");
    let ended = timmy(&sandbox, &["verify"]).code(1);
    for expected in [
        "cycles.jsonl: 2 problems, 2 lines",
        "its balance is 98 and should be -2",
        "quarantine.json: 1 problem",
        "it is not an object",
    ] {
        assert!(ended.out.contains(expected), "{expected}: {}", ended.out);
    }
    let before = sandbox.tree(".loop");
    let _ = timmy(&sandbox, &["repair", "--dry-run"]).code(0);
    assert_eq!(sandbox.tree(".loop"), before);
    let _ = timmy(&sandbox, &["repair"]).code(0);
    assert_eq!(sandbox.read(".loop/retro/cycles.jsonl"), log, "what is intact stays byte for byte");
    assert_eq!(sandbox.read(".loop/retro/cycles.jsonl.damaged"), "{\"cut\": \nnull\n");
    assert_eq!(sandbox.read(".loop/tokens.jsonl.damaged"), "\0\n");
    let summary = sandbox.json(".loop/retro/summary.json");
    assert_eq!((&summary["total_cycles"], &summary["damaged_lines"]), (&json!(2), &json!(0)));
    assert_eq!(sandbox.read(".loop/quarantine.json.bad"), "[1]");
    assert_eq!(sandbox.read(".loop/idle_state.json.bad"), "{\"x\"");
    let ended = timmy(&sandbox, &["verify"]).code(1);
    assert!(
        ended.out.contains("tokens.jsonl: 2 problems, 5 lines"),
        "what does not add up nobody mends unasked: {}",
        ended.out
    );
    sandbox.write(".loop/tokens.jsonl", ledger);
    let _ = timmy(&sandbox, &["verify"]).code(0);
    let kept = "damaged data that was kept; delete it when you no longer need it\n";
    let kept = [
        ".loop/idle_state.json.bad",
        ".loop/quarantine.json.bad",
        ".loop/retro/cycles.jsonl.damaged",
        ".loop/tokens.jsonl.damaged",
    ]
    .map(|file| format!("{file}: {kept}"))
    .concat();
    assert_eq!(timmy(&sandbox, &["repair"]).out, format!("Nothing is damaged\n{kept}"));
    assert!(timmy(&sandbox, &["verify"]).code(0).out.ends_with(&kept));
    // One file that cannot be read keeps nobody from looking at the others.
    std::fs::create_dir_all(sandbox.root().join(".loop/pauses.json")).unwrap();
    let ended = timmy(&sandbox, &["verify"]).code(1);
    assert!(ended.out.contains("pauses.json: 1 problem") && ended.out.contains("summary.json: whole"), "{}", ended.out);
}

#[test]
fn a_line_is_damaged_for_every_tool_or_for_none() {
    let sandbox = world();
    let intact = sandbox.read(".loop/retro/cycles.jsonl");
    let damaged = b"{\"cycle\": 1, \"cycle\": 2}\n{\"cycle\": 8, \"notes\": \"caf\xe9\"}\n";
    sandbox.write(".loop/retro/cycles.jsonl", [intact.as_bytes(), damaged].concat());
    let ended = timmy(&sandbox, &["verify"]).code(1);
    assert!(ended.out.contains("cycles.jsonl: 2 problems, 2 lines"), "{}", ended.out);
    let _ = timmy(&sandbox, &["repair"]).code(0);
    assert_eq!(sandbox.read(".loop/retro/cycles.jsonl"), intact);
    assert_eq!(sandbox.bytes(".loop/retro/cycles.jsonl.damaged").unwrap(), damaged);
    assert_eq!(sandbox.json(".loop/retro/summary.json")["damaged_lines"], 0);
}

#[test]
fn what_is_in_the_place_of_a_file_or_a_directory_is_damage() {
    let round = |name: &str| {
        let sandbox = world();
        let path = sandbox.root().join(".loop").join(name);
        let _ = std::fs::remove_dir_all(&path);
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(path.file_name().unwrap(), &path).unwrap();
        sandbox
    };
    let file = world();
    std::fs::remove_dir_all(file.root().join(".loop/retro")).unwrap();
    file.write(".loop/retro", "x");
    let mut places = vec![(file, "retro")];
    places.extend(["retro", "pauses.json", "cycle_result.json", "logs"].map(|name| (round(name), name)));
    for (sandbox, name) in places {
        let name = format!(".loop/{name}");
        let ended = timmy(&sandbox, &["verify"]).code(1);
        assert!(ended.out.contains(&name) && ended.out.contains("it cannot be read"), "{name}: {}", ended.out);
        let ended = timmy(&sandbox, &["repair"]);
        assert_ne!(ended.code, Some(0), "{name}: {}", ended.conversation());
        assert!(!ended.out.contains("Nothing is damaged"), "{name}: {}", ended.conversation());
        assert!(ended.err.contains(&name), "{name}: {}", ended.conversation());
        let ended = timmy(&sandbox, &["doctor"]);
        assert!(ended.out.contains(&name), "{name}: {}", ended.conversation());
    }
}
