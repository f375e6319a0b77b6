//! `loop_guard`: work and no work, the wait, the forge, and queues in every state.

use demo_forge::{Fault, Flavour, Project};
use sandbox::{Sandbox, each_flavour, signal, soon};
use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::worlds::{OLD_QUARANTINE, OLD_QUEUE, old_files};

const QUEUE: &str = ".loop/queue.json";
const RESULT: &str = ".loop/cycle_result.json";

/// A scenario in which the forge is not asked.
fn without_forge(name: &'static str) -> Scenario {
    let mut scenario = Scenario::new(name);
    scenario.env("TIMMY_LOOP_GUARD_VERIFY_OPEN", "false");
    scenario
}

fn queue(numbers: &[u64]) -> String {
    let item = |number: &u64| {
        format!("{{\"issue\": {number}, \"title\": \"T{number}\", \"type\": \"bug\", \"ready\": true, \"x\": 1.10}}")
    };
    format!("[{}]\n", numbers.iter().map(item).collect::<Vec<_>>().join(",\n "))
}

fn project(open: &[u64], closed: &[u64]) -> Project {
    let entry = |number: &u64, state: &str| {
        json!({"number": number, "title": format!("T{number}"), "state": state, "created_at": format!("2026-01-{:02}T00:00:00Z", number % 28 + 1),
               "updated_at": "2026-03-20T00:00:00Z", "closed_at": (state == "closed").then_some("2026-03-20T00:00:00Z")})
    };
    let issues: Vec<Value> = open
        .iter()
        .map(|number| entry(number, "open"))
        .chain(closed.iter().map(|number| entry(number, "closed")))
        .collect();
    Project::new("acme", "app", issues, vec![])
}

#[test]
fn guard_waits_longer_each_time() {
    let mut scenario = without_forge("guard_waits_longer_each_time");
    for _ in 0..6 {
        scenario.call("loop_guard");
    }
    scenario.call("loop_guard --status");
    scenario.call("loop_guard --json");
    scenario.call("loop_guard --quiet");
    scenario.call("loop_guard --verbose");
    scenario.write(QUEUE, queue(&[85, 90, 91]));
    scenario.call("loop_guard");
    scenario.call("loop_guard");
    scenario.call("loop_guard --json");
    scenario.call("loop_guard --verbose");
    scenario.write(QUEUE, "[]");
    scenario.call("loop_guard");
    scenario.write(QUEUE, queue(&[85]));
    scenario.call("loop_guard --json");
    scenario.end();
}

/// By itself, since this is a known fault whose correction changes the answer.
#[test]
fn guard_shows_its_status_with_work() {
    let mut scenario = without_forge("guard_shows_its_status_with_work");
    scenario.write(QUEUE, queue(&[85, 90]));
    scenario.call("loop_guard --status");
    scenario.write(".loop/idle_state.json", "{\"consecutive_idle\": 3}");
    scenario.call("loop_guard --status --json");
    scenario.end();
}

#[test]
fn guard_reads_files_of_the_old_scripts() {
    let mut scenario = without_forge("guard_reads_files_of_the_old_scripts");
    old_files(&scenario);
    scenario.write(
        ".loop/idle_state.json",
        "{\"consecutive_idle\": 4, \"last_idle_at\": 1774096496.12, \"backoff_seconds\": 480, \"ours\": true}",
    );
    scenario.call("loop_guard --verbose");
    scenario.write(QUEUE, format!("\u{feff}{}", OLD_QUEUE.replace('\n', "\r\n")));
    scenario.call("loop_guard --json");
    scenario.write(QUEUE, "[{\"issue\": 1, \"issue\": 2, \"ready\": true, \"ready\": true, \"type\": \"bug\"}]");
    scenario.call("loop_guard --json");
    scenario.write(QUEUE, "[{\"issue\": 90, \"ready\": true}]");
    scenario.call("loop_guard --json");
    scenario.write(".loop/quarantine.json", OLD_QUARANTINE.replace("90", " 94 "));
    scenario.call("loop_guard --json");
    scenario.end();
}

#[test]
fn guard_survives_damaged_files() {
    let mut scenario = without_forge("guard_survives_damaged_files");
    for damage in ["", "null", "{}", "[{\"issue\": 85", "[] []", "\0\0"] {
        scenario.write(QUEUE, damage);
        scenario.call("loop_guard --json");
    }
    scenario.write(QUEUE, [0xff, 0xfe, b'\n']);
    scenario.call("loop_guard");
    scenario.write(QUEUE, queue(&[85]));
    scenario.write(".loop/quarantine.json", "[1]");
    scenario.write(".loop/idle_state.json", "{\"consecutive_idle\": \"many\"");
    scenario.call("loop_guard");
    scenario.write(".loop/idle_state.json", "{\"consecutive_idle\": \"7\", \"backoff_seconds\": null}");
    scenario.write(QUEUE, "[]");
    scenario.call("loop_guard");
    scenario.write(".loop/automation_state.json", "{\"automations\": []}");
    scenario.call("loop_guard");
    scenario.end();
}

#[test]
fn guard_seeds_the_result() {
    let mut scenario = without_forge("guard_seeds_the_result");
    scenario.write(QUEUE, queue(&[85]));
    scenario.write(RESULT, "{\"issue\": 7}");
    scenario.changed(RESULT, 500);
    scenario.call("loop_guard");
    scenario.changed(RESULT, 700);
    scenario.call("loop_guard");
    scenario.write(RESULT, "{\"issue\": 7}");
    scenario.changed(RESULT, 100);
    scenario.call("CYCLE_DURATION=10 loop_guard");
    scenario.end();
}

each_flavour!(guard_asks_the_forge);
fn guard_asks_the_forge(flavour: Flavour) {
    let mut scenario = Scenario::new("guard_asks_the_forge");
    let text = "[\n {\"issue\": 3, \"ready\": true, \"type\": \"bug\"},\n {\"issue\": 5, \"ready\": true, \"type\": \"feature\", \"mine\": 1.10},\n 7\n]\n";
    scenario.write(QUEUE, text);
    scenario.changed(QUEUE, 7200);
    let forge = scenario.forge(&project(&[5, 6], &[3]), flavour);
    scenario.call("loop_guard --verbose");
    forge.close(5, "2026-03-21T12:00:00Z");
    scenario.call("loop_guard --json");
    scenario.write(QUEUE, text);
    scenario.changed(QUEUE, 7200);
    for fault in [Fault::BadGateway, Fault::NotJson, Fault::BadToken] {
        forge.order(fault, None);
        scenario.call("loop_guard --json");
        forge.behave();
    }
    scenario.call("TIMMY_LOOP_GUARD_VERIFY_OPEN=no loop_guard --json");
    scenario.end();
}

each_flavour!(guard_asks_for_what_was_closed_of_many);
fn guard_asks_for_what_was_closed_of_many(flavour: Flavour) {
    let mut scenario = Scenario::new("guard_asks_for_what_was_closed_of_many");
    scenario.write(QUEUE, queue(&[3, 5]));
    scenario.changed(QUEUE, 7 * 86_400);
    scenario.write(".loop/retro/triage.jsonl", "{\"total_open\": 400}\n");
    let _forge = scenario.forge(&project(&[5], &[3]), flavour);
    scenario.call("loop_guard --verbose");
    scenario.end();
}

#[test]
fn guard_waits_for_work() {
    let mut scenario = without_forge("guard_waits_for_work");
    let is_waiting = |sandbox: &Sandbox| sandbox.bytes(".loop/idle_state.json").is_some();
    scenario.call_while("loop_guard --wait --json", "ended by SIGTERM", |sandbox, child| {
        soon(|| is_waiting(sandbox));
        signal("TERM", child.id());
    });
    scenario.write(QUEUE, "[]");
    scenario.write(".loop/idle_state.json", "");
    scenario.call_while("loop_guard --wait", "work appears", |sandbox, _| {
        soon(|| !sandbox.read(".loop/idle_state.json").is_empty());
        sandbox.write(".loop/new.json", queue(&[85]));
        std::fs::rename(sandbox.root().join(".loop/new.json"), sandbox.root().join(QUEUE)).unwrap();
    });
    scenario.write(QUEUE, "[]");
    scenario.call("TIMMY_LOOP_GUARD_BACKOFF_MAX=1 TIMMY_LOOP_GUARD_BACKOFF_JITTER=1 loop_guard --wait");
    scenario.call("TIMMY_LOOP_GUARD_BACKOFF_BASE=0 loop_guard --wait --json");
    scenario.write(QUEUE, queue(&[85]));
    scenario.call("loop_guard --wait");
    scenario.end();
}

#[test]
fn guard_follows_its_settings() {
    let mut scenario = without_forge("guard_follows_its_settings");
    scenario.call("TIMMY_LOOP_GUARD_BASE_BACKOFF=5 TIMMY_LOOP_GUARD_MAX_BACKOFF=20 TIMMY_LOOP_GUARD_BACKOFF_MULTIPLIER=3 loop_guard");
    scenario.call("TIMMY_LOOP_GUARD_BASE_BACKOFF=5 TIMMY_LOOP_GUARD_MAX_BACKOFF=20 TIMMY_LOOP_GUARD_BACKOFF_MULTIPLIER=3 loop_guard --status");
    scenario.write("config/automations.json", r#"{"automations": [{"id": "loop_guard", "script": "x", "config": {"backoff_base": 7, "backoff_multiplier": 1.5, "verify_open": false, "strange": 1}}]}"#);
    scenario.call("loop_guard --verbose");
    scenario.call("TIMMY_LOOP_GUARD_BACKOFF_BASE=1 loop_guard --config-dir config --repo-root . --json");
    scenario.end();
}
