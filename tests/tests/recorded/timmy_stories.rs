//! `timmy why`, `explain`, `tokens`, `verify`, `repair`: what the files say, and what is wrong in them.

use crate::scenario::Scenario;
use crate::worlds::{LOG, issues, old_files};

#[test]
fn timmy_explains_an_issue() {
    let mut scenario = Scenario::new("timmy_explains_an_issue");
    let cycle = |number: u32| {
        format!(
            "{{\"timestamp\": \"2026-03-21T0{number}:00:00Z\", \"cycle\": {number}, \"issue\": 90, \"success\": false, \"reason\": \"tox failed\\u001b[31m\"}}\n"
        )
    };
    scenario.write(LOG, cycle(1) + &cycle(2));
    scenario.write("issues.json", issues());
    scenario.call("triage_score --issues issues.json --quiet");
    scenario.call("orchestrator --issues issues.json --quiet");
    for what in ["85", "#87", "90", "4711"] {
        scenario.call(&format!("timmy why {what}"));
        scenario.call(&format!("timmy why {what} --json"));
    }
    scenario.call("timmy why weather");
    scenario.write(".loop/scores.json", "{\"issues\": 5}");
    scenario.write(".loop/agenda.json", "[");
    scenario.call("timmy why 85 --json");
    scenario.end();
}

#[test]
fn timmy_explains_an_idle_loop() {
    let mut scenario = Scenario::new("timmy_explains_an_idle_loop");
    scenario.env("TIMMY_LOOP_GUARD_VERIFY_OPEN", "false");
    scenario.call("timmy why idle");
    for (queue, quarantine) in [
        ("[]", "{}"),
        ("[{\"issue\": 1, \"ready\": true}]", "{\"1\": {\"reason\": \"x\"}}"),
        ("[{\"issue\": 1, \"ready\": true}, {\"issue\": 2, \"ready\": true}]", "{\"1\": {\"reason\": \"x\"}}"),
        ("[{", "null"),
    ] {
        scenario.write(".loop/queue.json", queue);
        scenario.write(".loop/quarantine.json", quarantine);
        scenario.call("loop_guard --json");
        scenario.call("timmy why idle --json");
    }
    scenario.write(".loop/retro/triage.jsonl", "{\"timestamp\": \"2026-03-21T10:00:00\", \"total_open\": 9}\n");
    scenario.call("timmy automation pause loop_guard --for 1h --reason x --quiet");
    scenario.call("timmy why idle");
    scenario.call("timmy why idle --json");
    scenario.end();
}

#[test]
fn timmy_explains_an_automation() {
    let mut scenario = Scenario::new("timmy_explains_an_automation");
    old_files(&scenario);
    scenario.sandbox.script("s.sh", "exit 3");
    scenario.write(
        "config/automations.json",
        r#"{"automations": [
{"id": "loop_guard", "script": "scripts/loop_guard.py", "trigger": "pre_cycle"},
{"id": "triage_score", "script": "scripts/triage_score.py", "trigger": "hourly"},
{"id": "orchestrator", "script": "scripts/orchestrator.py", "trigger": "daily", "depends_on": ["triage_score"]},
{"id": "cycle_retro", "script": "scripts/cycle_retro.py", "enabled": false},
{"id": "backfill_retro", "script": "scripts/backfill_retro.py"},
{"id": "fails", "script": "s.sh", "trigger": "every_20_cycles"},
{"id": "broken", "script": "scripts/none.sh", "trigger": "daily"}]}"#,
    );
    scenario.call("timmy automation pause backfill_retro --for 1d --reason later --quiet");
    scenario.call("timmy automation run fails --quiet");
    for id in ["loop_guard", "triage_score", "orchestrator", "cycle_retro", "backfill_retro", "fails", "broken"] {
        scenario.call(&format!("timmy why automation {id} --json"));
    }
    scenario.call("timmy why automation fails");
    scenario.call("timmy why automation triage");
    scenario.end();
}

#[test]
fn timmy_explains_codes() {
    let mut scenario = Scenario::new("timmy_explains_codes");
    scenario.call("timmy explain");
    scenario.call("timmy explain --json");
    scenario.call("timmy explain quarantined");
    scenario.call("timmy explain quarantined --json");
    scenario.call("timmy explain quarantine");
    scenario.end();
}

#[test]
fn timmy_counts_tokens() {
    let mut scenario = Scenario::new("timmy_counts_tokens");
    scenario.call("timmy tokens");
    old_files(&scenario);
    scenario.call("timmy tokens --json");
    scenario.call("cycle_retro --cycle 1 --success --duration 5");
    scenario.call("timmy tokens");
    scenario.call("timmy tokens --days 1 --json");
    scenario.end();
}

#[test]
fn timmy_verifies_and_repairs() {
    let mut scenario = Scenario::new("timmy_verifies_and_repairs");
    scenario.call("timmy verify --json");
    old_files(&scenario);
    scenario.write(".loop/tokens.jsonl", "{\"timestamp\": \"2026-03-20T10:00:00+00:00\", \"tokens\": -1, \"balance\": -1}\n{\"tokens\": 5, \"balance\": 98}\r\n\0\n{\"tokens\": 1, \"balance\": 99}");
    scenario.write(".loop/quarantine.json", "[1]");
    scenario.write(".loop/idle_state.json", "{\"x\"");
    scenario.write(".loop/shadow.jsonl", "{\"tool\": \"x\"}\n{\"cut");
    scenario.write(".loop/retro/deep-triage.jsonl", "null\n");
    scenario.write(".loop/retro/summary.json", "");
    scenario.write(".loop/retro/insights.json", "{}");
    scenario.write(".loop/scores.json", "{\"issues\": {}}");
    scenario.write(".loop/pauses.json/in the way", "x");
    scenario.call("timmy verify");
    scenario.call("timmy verify --json");
    scenario.call("timmy repair --dry-run");
    scenario.call("timmy repair --dry-run --json");
    scenario.call("timmy repair");
    scenario.call("timmy repair --json");
    scenario.call("timmy verify --json --quiet");
    scenario.end();
}
