//! `orchestrator`: the agenda, the day's review, and its forms.

use demo_forge::{Fault, Flavour, Project};
use sandbox::each_flavour;

use crate::scenario::Scenario;
use crate::worlds::{LOG, OLD_LOG, issues, old_files};

each_flavour!(agenda_is_made_of_a_forge);
fn agenda_is_made_of_a_forge(flavour: Flavour) {
    let mut scenario = Scenario::new("agenda_is_made_of_a_forge");
    let forge = scenario.forge(&Project::sample().unwrap(), flavour);
    scenario.now("2026-03-21T07:30:00Z");
    scenario.call("orchestrator");
    scenario.write(LOG, OLD_LOG);
    scenario.write(".loop/quarantine.json", "{\"101\": {\"reason\": \"failed 3 of its last 3 cycles\"}}");
    scenario.write(".loop/tokens.jsonl", "{\"timestamp\": \"2026-03-21T07:00:00+00:00\", \"automation\": \"x\", \"action\": \"run\", \"tokens\": -1, \"balance\": 41}\n");
    scenario.call("orchestrator --review");
    scenario.call("orchestrator --review --markdown");
    scenario.call("orchestrator --review --json --max-items 3");
    scenario.call("orchestrator --max-items 50 --verbose");
    forge.order(Fault::BadGateway, None);
    scenario.call("orchestrator --review");
    scenario.write(
        ".loop/queue.json",
        "[{\"issue\": 85, \"title\": \"Crash\", \"type\": \"bug\", \"score\": 8, \"ready\": true}]",
    );
    scenario.call("orchestrator --review");
    scenario.call("orchestrator --review --json");
    scenario.end();
}

#[test]
fn agenda_is_made_of_a_file() {
    let mut scenario = Scenario::new("agenda_is_made_of_a_file");
    old_files(&scenario);
    scenario.write("issues.json", issues());
    scenario.write(".loop/agenda.json", "{\"mine\": 1.10, \"items\": []}");
    scenario.call("orchestrator --issues issues.json");
    scenario.call_with(&issues(), "orchestrator --issues - --review --json");
    scenario.call("orchestrator --issues issues.json --markdown");
    scenario.call("orchestrator --issues issues.json --review --markdown --quiet");
    scenario.write(".loop/agenda.json", "{\"cut\": ");
    scenario.write(".loop/queue.json", "[{");
    scenario.call("orchestrator --issues issues.json --quiet");
    scenario.call_with("{}", "orchestrator --issues -");
    scenario.end();
}

#[test]
fn agenda_follows_its_settings() {
    let mut scenario = Scenario::new("agenda_follows_its_settings");
    scenario.write("issues.json", issues());
    scenario.write(
        "config/automations.json",
        r#"{"automations": [{"id": "orchestrator", "script": "x", "config": {"agenda_time_minutes": 60}}]}"#,
    );
    scenario.write("config/daily_run.json", r#"{"orchestrator": {"agenda_time_minutes": 7, "candidate_labels": ["bug"], "layer_labels_prefix": "size:", "lookback_hours": 96}, "note": 1}"#);
    scenario.call("orchestrator --issues issues.json --json");
    scenario.call("TIMMY_ORCHESTRATOR_AGENDA_TIME_MINUTES=6 TIMMY_ORCHESTRATOR_CANDIDATE_LABELS=daily-run,feature TIMMY_ORCHESTRATOR_SIZE_LABELS=size:S orchestrator --issues issues.json --json");
    scenario.write("config/daily_run.json", r#"{"orchestrator": {"agenda_time": 7}}"#);
    scenario.call("orchestrator --issues issues.json");
    scenario.end();
}
