//! `loop_introspect`: logs of simulated loops, whose findings are known, and logs that no program should have written.

use std::fmt::Write as _;

use simulated_loop::{Bursts, Change, Scenario as SimulatedLoop};

use crate::scenario::Scenario;
use crate::worlds::{LOG, OLD_LOG, OLD_QUARANTINE};

fn log(scenario: &SimulatedLoop, cycles: usize) -> String {
    scenario.cycles(3, cycles).iter().enumerate().fold(String::new(), |mut text, (number, cycle)| {
        let _ = writeln!(text, "{}", cycle.line(number));
        text
    })
}

/// A loop that gets worse in its fourth week, and whose main branch is red at times.
fn dropped() -> SimulatedLoop {
    SimulatedLoop { bursts: Bursts::Reported, change: Some((2400, Change::Success(0.6))), ..SimulatedLoop::default() }
}

#[test]
fn introspect_finds_a_drop() {
    let mut scenario = Scenario::new("introspect_finds_a_drop");
    scenario.write(LOG, log(&dropped(), 3000));
    scenario.write(".loop/quarantine.json", OLD_QUARANTINE);
    scenario.write(".loop/retro/triage.jsonl", "{\"timestamp\": \"2026-03-15T00:00:00\", \"total_open\": 9, \"ready_issues\": [100, 101, 102], \"scores\": {\"100\": 8, \"101\": 5, \"102\": 9}}\nnot a run\n");
    scenario.call("loop_introspect");
    scenario.call("loop_introspect --verbose");
    scenario.call("loop_introspect --markdown");
    scenario.call("loop_introspect --json --since 2026-03-20");
    scenario.call("loop_introspect --explain list");
    scenario.call("loop_introspect --explain level");
    scenario.call("loop_introspect --explain levle");
    scenario.call("loop_introspect --explain quarantine-luck --json");
    scenario.call("loop_introspect --quiet --window-days 3");
    scenario.end();
}

#[test]
fn introspect_finds_slow_and_broken_loops() {
    let mut scenario = Scenario::new("introspect_finds_slow_and_broken_loops");
    let mut text = log(&SimulatedLoop { change: Some((900, Change::Duration(2.0))), ..SimulatedLoop::default() }, 1400);
    for round in 0..8 {
        for (minute, issue, success) in
            [(round * 4, 77, false), (round * 4 + 1, 900 + round, true), (600 + round, 1000 + round, false)]
        {
            let _ = writeln!(
                text,
                "{{\"timestamp\": \"2026-03-02T{:02}:{:02}:00+00:00\", \"cycle\": 1, \"issue\": {issue}, \"type\": \"bug\", \"success\": {success}, \"duration\": 60, \"reason\": \"no space left on /dev/sda{minute}\"}}",
                minute / 60,
                minute % 60
            );
        }
    }
    scenario.write(LOG, text);
    scenario.call("loop_introspect");
    scenario.call("TIMMY_LOOP_INTROSPECT_SUCCESS_TARGET=0.97 TIMMY_LOOP_INTROSPECT_MAX_RECOMMENDATIONS=2 loop_introspect --markdown");
    scenario.end();
}

#[test]
fn introspect_says_little_of_a_young_log() {
    let mut scenario = Scenario::new("introspect_says_little_of_a_young_log");
    scenario.call("loop_introspect");
    scenario.call("loop_introspect --json");
    scenario.write(LOG, OLD_LOG);
    scenario.call("loop_introspect");
    scenario.write(LOG, format!("{OLD_LOG}\n{{\"cycle\": 3, \"success\": true}}\n{{\"timestamp\": \"2031-01-01T00:00:00Z\", \"success\": false}}\n{{\"timestamp\": \"2026-03-01T00:00:00Z\", \"success\": true, \"backfilled\": true, \"pr\": 4}}\n"));
    scenario.call("loop_introspect --json");
    scenario.write(".loop/retro/insights.json", "{\"cut\": ");
    scenario.call("loop_introspect");
    scenario.call("loop_introspect --window-days 0");
    scenario.call("loop_introspect --since yesterday");
    scenario.end();
}

#[test]
fn introspect_follows_its_settings() {
    let mut scenario = Scenario::new("introspect_follows_its_settings");
    scenario.write("config/automations.json", r#"{"automations": [{"id": "loop_introspect", "script": "x", "config": {"window_days": 2, "success_target": 0.5}}, {"id": "cycle_retro", "script": "x", "config": {"retro_file": "metrics/log.jsonl"}}]}"#);
    scenario.write("metrics/log.jsonl", OLD_LOG);
    scenario.call("loop_introspect --verbose");
    scenario.write(
        "config/automations.json",
        r#"{"automations": [{"id": "loop_introspect", "script": "x", "config": {"sucess_target": 0.5}}]}"#,
    );
    scenario.call("loop_introspect");
    scenario.end();
}
