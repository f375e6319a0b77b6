//! `timmy trigger`, `timmy automation run` and `timmy schedule`: what runs, what is recorded of it, and when.

use std::process::Child;

use sandbox::{Sandbox, signal, soon};

use crate::scenario::Scenario;
use crate::worlds::{OLD_STATE, OLD_TOKENS};

#[test]
fn timmy_runs_the_automations_of_a_trigger() {
    let mut scenario = Scenario::new("timmy_runs_the_automations_of_a_trigger");
    for name in ["a", "b", "c", "d"] {
        scenario.sandbox.script(&format!("s/{name}.sh"), &format!("echo {name} \"$@\"; [ {name} != b ]"));
    }
    scenario.write(".loop/automation_state.json", OLD_STATE);
    scenario.write(".loop/tokens.jsonl", OLD_TOKENS);
    scenario.write(
        "config/automations.json",
        r#"{"automations": [
{"id": "a", "script": "s/a.sh", "trigger": "post_cycle", "depends_on": ["c"]},
{"id": "b", "script": "s/b.sh", "trigger": "manual"},
{"id": "c", "script": "s/c.sh", "trigger": "post_cycle", "config": {"args": ["always"]}},
{"id": "d", "script": "s/d.sh", "trigger": "post_cycle", "depends_on": ["b"]},
{"id": "e", "script": "s/d.sh", "trigger": "post_cycle", "enabled": false},
{"id": "never_ran", "script": "s/d.sh"},
{"id": "f", "script": "s/d.sh", "trigger": "post_cycle", "depends_on": ["never_ran"]},
{"id": "loop_guard", "script": "scripts/loop_guard.py", "trigger": "pre_cycle"}],
"token_economy": {"run": -3, "failure": -5}}"#,
    );
    scenario.write("config/daily_run.json", r#"{"schedules": {"post_cycle": {"automations": ["b"]}}}"#);
    scenario.call("timmy trigger post_cycle --json -- --cycle 7");
    scenario.call("timmy trigger post_cycle");
    scenario.call("timmy trigger post_cycle --force --quiet");
    scenario.call("timmy trigger pre_cycle");
    scenario.call("timmy trigger pre-cycle");
    scenario.call("timmy trigger hourly --json");
    scenario.end();
}

#[test]
fn timmy_runs_an_automation() {
    let mut scenario = Scenario::new("timmy_runs_an_automation");
    scenario.sandbox.script(
        "s/env.sh",
        "echo \"$TIMMY_ID|$TIMMY_TRIGGER|$TIMMY_MINE_WORD|$TIMMY_MINE_LIST|$TIMMY_MINE_SET|$TIMMY_CONFIG|$*\"; cat",
    );
    scenario.sandbox.script("s/code.sh", "printf 'no end'; exit \"$1\"");
    scenario.sandbox.script("s/kill.sh", "kill -9 $$");
    scenario.write(
        "config/automations.json",
        r#"{"automations": [
{"id": "mine", "script": "s/env.sh", "config": {"word": "ü x", "list": ["a", 1], "set": "manifest", "deep": {"x": 1.10}}},
{"id": "code", "script": "s/code.sh"},
{"id": "answer", "script": "s/code.sh", "trigger": "pre_commit", "config": {"args": ["1"]}},
{"id": "kill", "script": "s/kill.sh"},
{"id": "off", "script": "s/env.sh", "enabled": false}]}"#,
    );
    scenario.call_with("read\n", "TIMMY_MINE_SET=outside timmy automation run mine -- --flag 'two words'");
    scenario.call("timmy automation run code --json -- 0");
    scenario.call("timmy automation run code -- 7");
    scenario.call("timmy automation run answer --json");
    scenario.call("timmy automation run kill --json");
    scenario.call("timmy automation run off");
    scenario.call("timmy automation run off --force --quiet");
    scenario.call("timmy automation run nobody");
    scenario.call("timmy automation pause mine --for 1h --reason 'of no use'");
    scenario.call("timmy automation run mine --json");
    scenario.end();
}

#[test]
fn timmy_ends_what_takes_too_long() {
    let mut scenario = Scenario::new("timmy_ends_what_takes_too_long");
    scenario.sandbox.script("slow.sh", "sleep 1000");
    scenario.write(
        "config/automations.json",
        r#"{"automations": [{"id": "slow", "script": "slow.sh", "config": {"timeout": 1}}]}"#,
    );
    scenario.call("timmy automation run slow --json");
    scenario.end();
}

/// A repository with an automation for each kind of trigger that a schedule knows.
fn scheduled(name: &'static str) -> Scenario {
    let scenario = Scenario::new(name);
    scenario.sandbox.script("s.sh", "echo \"ran at $TIMMY_NOW\"");
    scenario.write(
        "config/automations.json",
        r#"{"automations": [
{"id": "hour", "script": "s.sh", "trigger": "hourly"},
{"id": "day", "script": "s.sh", "trigger": "daily", "config": {"at": "06:30", "catch_up_hours": 3}},
{"id": "cron", "script": "s.sh", "trigger": "cron:*/15 9 * * mon-fri", "depends_on": ["hour"]},
{"id": "cycles", "script": "s.sh", "trigger": "every_5_cycles"},
{"id": "off", "script": "s.sh", "trigger": "hourly", "enabled": false},
{"id": "guard", "script": "s.sh", "trigger": "pre_cycle"}]}"#,
    );
    // One after the other, so that they always report in the same order.
    scenario.write(
        "config/daily_run.json",
        r#"{"schedules": {"daily": {"automations": ["guard"]}}, "scheduler": {"parallel": 1, "daily_at": "05:00"}}"#,
    );
    scenario
}

#[test]
fn timmy_runs_what_is_due() {
    let mut scenario = scheduled("timmy_runs_what_is_due");
    let cycles = |count: usize| {
        "{\"cycle\": 1, \"success\": true, \"timestamp\": \"2026-03-20T12:00:00+00:00\"}\n".repeat(count)
    };
    scenario.write(".loop/retro/cycles.jsonl", cycles(3));
    scenario.now("2026-03-20T08:59:00Z");
    scenario.call("timmy schedule next");
    scenario.call("timmy schedule tick");
    scenario.now("2026-03-20T09:00:10Z");
    scenario.call("timmy schedule tick --json");
    scenario.call("timmy schedule tick");
    scenario.write(".loop/retro/cycles.jsonl", cycles(6));
    scenario.now("2026-03-20T09:20:00Z");
    scenario.call("timmy schedule tick");
    scenario.call("timmy automation pause hour --for 1h --reason x --quiet");
    scenario.now("2026-03-21T11:59:00Z");
    scenario.call("timmy schedule tick --quiet");
    scenario.call("timmy schedule next --json -n 4");
    scenario.call("timmy schedule next --count 2");
    scenario.call("TZ=CET-1CEST,M3.5.0,M10.5.0/3 timmy schedule next --json");
    scenario.now("2026-03-20T11:00:00Z");
    scenario.call("timmy schedule tick");
    scenario.write(".loop/schedule.json", "{\"automations\": ");
    scenario.call("timmy schedule tick --json");
    scenario.write(
        ".loop/schedule.json",
        r#"{"version": 1, "note": "theirs", "automations": {"hour": {"hourly": {"looked": "2026-03-20T10:00:00", "begun": "2026-03-20T10:00:00+00:00", "begun_at": "2026-03-20T10:00:00+00:00", "attempts": 1, "x": 1.10}}, "gone": {"daily": {}}}}"#,
    );
    scenario.call("timmy schedule tick");
    scenario.end();
}

#[test]
fn timmy_keeps_a_schedule() {
    let mut scenario = scheduled("timmy_keeps_a_schedule");
    scenario.now("2026-03-20T08:59:00Z");
    scenario.call("timmy schedule tick --quiet");
    scenario.now("2026-03-20T09:00:10Z");
    // The last thing that it does before it waits again is to note that `cron` has ended.
    let is_done = |sandbox: &Sandbox| {
        sandbox.read(".loop/logs/cron.log").contains(" ends: ")
            && !sandbox.read(".loop/schedule.json").contains("\"begun\": \"")
    };
    let end = |sandbox: &Sandbox, child: &Child| {
        soon(|| is_done(sandbox));
        signal("TERM", child.id());
    };
    scenario.call_while("timmy schedule run", "ended by SIGTERM", end);
    scenario.call("timmy schedule tick");
    scenario.end();
}

#[test]
fn timmy_prints_units() {
    let mut scenario = scheduled("timmy_prints_units");
    scenario.call("timmy service print systemd");
    scenario.call("timmy service print launchd");
    scenario.call("timmy service print cron --json");
    scenario.call("timmy service print systemd --out units");
    scenario.call("timmy service print launchd --out units --json --quiet");
    scenario.call("timmy service print cron --out units --quiet");
    scenario.end();
}
