//! `triage_score`: issues of a forge and of a file, rules, and the quarantine.

use demo_forge::{Fault, Flavour, Project};
use sandbox::each_flavour;

use crate::scenario::Scenario;
use crate::worlds::{LOG, issues, old_files};

const QUEUE: &str = ".loop/queue.json";

each_flavour!(triage_scores_issues_of_a_forge);
fn triage_scores_issues_of_a_forge(flavour: Flavour) {
    let mut scenario = Scenario::new("triage_scores_issues_of_a_forge");
    let project = Project::sample().unwrap();
    let forge = scenario.forge(&project, flavour);
    scenario.now("2026-03-21T07:30:00Z");
    scenario.call("triage_score");
    scenario.call("triage_score --explain 96");
    scenario.call("triage_score --explain 96 --json");
    scenario.call("triage_score --explain 4711");
    scenario.write(LOG, "{\"timestamp\": \"2026-03-21T06:00:00Z\", \"cycle\": 1, \"issue\": 96, \"success\": false}\n{\"timestamp\": \"2026-03-21T06:30:00Z\", \"cycle\": 2, \"issue\": 96, \"success\": false}\n");
    for fault in
        [Fault::BadGateway, Fault::Drop, Fault::NotJson, Fault::CutBody, Fault::BadToken, Fault::TooManyRequests(900)]
    {
        forge.order(fault, None);
        scenario.call("triage_score");
        forge.behave();
    }
    scenario.end();
}

each_flavour!(triage_finds_the_forge_and_its_token);
fn triage_finds_the_forge_and_its_token(flavour: Flavour) {
    let mut scenario = Scenario::new("triage_finds_the_forge_and_its_token");
    let forge = scenario.forge_in_files("me:s3cret@", flavour);
    scenario.call("triage_score --verbose");
    scenario.call("orchestrator --quiet --json");
    drop(forge);
    scenario.end();
}

#[test]
fn triage_scores_issues_of_a_file() {
    let mut scenario = Scenario::new("triage_scores_issues_of_a_file");
    scenario.write("issues.json", issues());
    scenario.call("triage_score --issues issues.json --dry-run");
    scenario.call("triage_score --issues issues.json --dry-run --json");
    scenario.call("triage_score --issues issues.json");
    scenario.call_with(&issues(), "triage_score --issues - --json --quiet");
    scenario.call("triage_score --issues issues.json --verbose");
    scenario.call("triage_score --issues issues.json --explain 91");
    scenario.call("triage_score --issues issues.json --explain 87 --json");
    scenario.call("triage_score --issues issues.json --explain 5 --json");
    scenario.write("none.json", "[1, 2]");
    scenario.call("triage_score --issues none.json");
    scenario.write("empty.json", "[]");
    scenario.call("triage_score --issues empty.json");
    scenario.call("triage_score --issues nowhere.json");
    scenario.end();
}

#[test]
fn triage_replaces_files_of_the_old_scripts() {
    let mut scenario = Scenario::new("triage_replaces_files_of_the_old_scripts");
    old_files(&scenario);
    scenario.write("issues.json", issues());
    scenario.write(
        ".loop/retro/triage.jsonl",
        "{\"timestamp\": \"2026-03-20T00:00:00\", \"total_open\": 9, \"ready\": 2}\r\nnot a run\n{\"cut",
    );
    scenario.call("triage_score --issues issues.json");
    scenario.write(QUEUE, "[{\"issue\": 85");
    scenario.write(".loop/quarantine.json", "null");
    scenario.write(".loop/scores.json", "[");
    scenario.call("triage_score --issues issues.json");
    scenario.write(QUEUE, "\u{feff}[]");
    scenario.write(".loop/quarantine_released.json", "{\"90\": 5, \"x\"");
    scenario.call("triage_score --issues issues.json --quiet");
    scenario.end();
}

#[test]
fn triage_keeps_the_quarantine() {
    let mut scenario = Scenario::new("triage_keeps_the_quarantine");
    scenario.write("issues.json", issues());
    scenario.write(
        ".loop/quarantine.json",
        "{\"12\": {\"reason\": \"failed too often\", \"quarantined_at\": \"2026-03-20T10:00:00\", \"by\": \"hand\"}}",
    );
    let cycle = |number: u32, issue: u32, success: bool| {
        format!(
            "{{\"timestamp\": \"2026-03-21T0{number}:00:00+00:00\", \"cycle\": {number}, \"issue\": {issue}, \"success\": {success}}}\n"
        )
    };
    scenario.write(LOG, cycle(1, 85, false) + &cycle(2, 86, false) + &cycle(3, 85, false) + "damage\n");
    scenario.call("triage_score --issues issues.json");
    scenario.call("triage_score --issues issues.json --explain 85 --json");
    scenario.call("triage_score --issues issues.json --json");
    scenario.call("triage_score --release 85");
    scenario.call("triage_score --release 85 --json");
    scenario.call("triage_score --release 12 --json");
    scenario.call("triage_score --issues issues.json");
    scenario.write(LOG, cycle(1, 85, false) + &cycle(2, 85, false) + &cycle(3, 86, false) + &cycle(4, 86, false));
    scenario.now("2026-03-21T13:00:00Z");
    scenario.call("TIMMY_TRIAGE_SCORE_QUARANTINE_LOOKBACK=2 triage_score --issues issues.json");
    scenario.write(LOG, cycle(5, 86, true));
    scenario.call("QUARANTINE_LOOKBACK=3 TIMMY_TRIAGE_SCORE_QUARANTINE_FAILURES=1 triage_score --issues issues.json");
    scenario.end();
}

#[test]
fn triage_follows_other_rules() {
    let mut scenario = Scenario::new("triage_follows_other_rules");
    scenario.write("issues.json", issues());
    scenario.call("triage_score --check-rules");
    scenario.call("triage_score --check-rules --json");
    scenario.call("READY_THRESHOLD=1 triage_score --issues issues.json --dry-run");
    scenario.call("READY_THRESHOLD=10 triage_score --check-rules");
    let own = include_str!("../../../config/triage_rules.yaml")
        .replace("ready: 5", "ready: 7")
        .replace("lookback: 20", "lookback: 3");
    scenario.write("config/triage_rules.yaml", &own);
    scenario.call("triage_score --check-rules --json");
    scenario.call("triage_score --issues issues.json --dry-run --json");
    scenario.write("config/triage_rules.yaml", own.replace("patterns:", "paterns:"));
    scenario.call("triage_score --check-rules");
    scenario.write("config/triage_rules.yaml", "");
    scenario.call("triage_score --issues issues.json");
    scenario.write("rules/mine.yaml", &own);
    scenario.call("TIMMY_TRIAGE_SCORE_RULES_FILE=rules/mine.yaml triage_score --check-rules --verbose");
    scenario.call("TIMMY_TRIAGE_SCORE_RULES_FILE=rules/none.yaml triage_score --check-rules");
    scenario.end();
}
