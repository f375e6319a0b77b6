//! `timmy automation`: the manifest listed, validated, switched, paused, configured and added to.

use std::os::unix::fs::symlink;

use crate::scenario::Scenario;
use crate::worlds::{FOREIGN_MANIFEST, old_files};

const MANIFEST: &str = "config/automations.json";

#[test]
fn timmy_switches_and_pauses() {
    let mut scenario = Scenario::new("timmy_switches_and_pauses");
    scenario.write(MANIFEST, FOREIGN_MANIFEST.replace('\n', "\r\n"));
    scenario.call("timmy automation disable loop_guard cycle_retro loop_guard");
    scenario.call("timmy automation disable loop_guard --json");
    scenario.call("loop_guard");
    scenario.call("loop_guard --json");
    scenario.call("timmy automation enable cycle_retro --json --quiet");
    scenario.call("timmy automation enable loop_gard");
    scenario.call("timmy automation enable loop_guard triage_score");
    scenario.write(
        ".loop/pauses.json",
        "{\"theirs\": {\"until\": \"2026-03-22T00:00:00\", \"reason\": \"x\", \"by\": 5}, \"odd\": 1.10}",
    );
    scenario.call("timmy automation pause cycle_retro loop_guard --for 90s --reason 'the forge \u{1b}[31mmoves'");
    scenario.call("cycle_retro --cycle 1 --success --duration 5");
    scenario.call("timmy automation pause triage_score --for 3d --reason later --json");
    scenario.call("timmy automation list");
    scenario.call("timmy automation resume triage_score loop_guard");
    scenario.call("timmy automation resume triage_score --json");
    scenario.call("TIMMY_NOW=2026-03-21T12:40:00Z cycle_retro --cycle 1 --success --duration 5");
    scenario.call("timmy automation pause loop_guard --for '2 weeks' --reason x");
    scenario.call("timmy automation pause loop_guard --for 1h");
    scenario.end();
}

#[test]
fn timmy_lists_and_validates() {
    let mut scenario = Scenario::new("timmy_lists_and_validates");
    old_files(&scenario);
    scenario.sandbox.script("scripts/a.sh", "");
    scenario.write("scripts/plain.sh", "echo");
    symlink("/etc/hostname", scenario.path("scripts/away.sh")).unwrap();
    symlink("nowhere", scenario.path("scripts/dangling.sh")).unwrap();
    scenario.write(
        MANIFEST,
        r#"{"automations": [
{"id": "a", "script": "scripts/a.sh", "trigger": "hourli", "description": "Does \u001b[31ma\n thing.", "name": "A"},
{"id": "a", "script": "scripts/a.sh"},
{"id": "B", "script": "scripts/a.sh"},
{"id": "c", "script": "scripts/none.sh"},
{"id": "d", "script": "scripts/plain.sh"},
{"id": "e", "script": "../etc/x"},
{"id": "g", "script": "scripts/away.sh"},
{"id": "h", "script": "scripts/dangling.sh"},
{"id": "i", "script": "scripts/a.sh", "trigger": "daily", "depends_on": ["j", "zz"]},
{"id": "j", "script": "scripts/a.sh", "trigger": "every_7_cycles", "depends_on": ["i"], "config": {"at": "07:15"}},
{"id": "loop_guard", "script": "scripts/loop_guard.py", "config": {"backoff_max": -1}},
{"id": "cycle_retro", "script": "scripts/cycle_retro.py", "enabled": false},
{"id": "triage_score", "script": "scripts/triage_score.py", "config": {"colour": 1}},
{"id": "k", "script": "scripts/a.sh", "config": {"timeout": "soon"}},
{"id": "l", "script": "/bin/true", "allow_outside": true, "trigger": "cron:*/5 * * * *"},
{"id": "m", "script": "scripts/a.sh", "trigger": "cron:99 * * * *"},
7],
"token_economy": {"runn": 1}}"#,
    );
    scenario.write(
        "config/daily_run.json",
        r#"{"schedules": {"hourly": {"automations": ["aa", "j"]}, "dayly": {"automations": []}}}"#,
    );
    scenario.call("timmy automation validate");
    scenario.call("timmy automation validate --json");
    scenario.call("timmy automation list");
    scenario.call("timmy automation list --json");
    scenario.call("timmy automation run i");
    scenario.call("timmy automation run e --json");
    scenario.end();
}

#[test]
fn timmy_shows_settings() {
    let mut scenario = Scenario::new("timmy_shows_settings");
    scenario.write(
        MANIFEST,
        r#"{"automations": [{"id": "loop_guard", "script": "scripts/loop_guard.py", "config": {"backoff_max": 300}},
{"id": "mine", "script": "scripts/mine.sh", "config": {"word": "x", "list": ["a", 1], "api_token": "s3cret", "args": ["--token", "s3cret", "plain"]}}]}"#,
    );
    scenario.write(
        "config/daily_run.json",
        r#"{"orchestrator": {"agenda_time_minutes": 7}, "scheduler": {"daily_at": "05:30"}}"#,
    );
    scenario.call("GITEA_TOKEN=s3cret TIMMY_LOOP_GUARD_BACKOFF_BASE=7 TIMMY_MINE_WORD=y timmy automation config");
    scenario
        .call("GITEA_TOKEN=s3cret TIMMY_LOOP_GUARD_BACKOFF_BASE=7 TIMMY_MINE_WORD=y timmy automation config --json");
    scenario.call("timmy automation config mine --json");
    scenario.call("timmy automation config loop_guard --json --config-dir config");
    scenario.call("timmy automation config nobody");
    scenario.end();
}

#[test]
fn timmy_adds_automations() {
    let mut scenario = Scenario::new("timmy_adds_automations");
    scenario.write("timmy_automations/config/automations.json", FOREIGN_MANIFEST);
    scenario.call("timmy automation new tidy");
    scenario.call("timmy automation new tally --language python --trigger every_5_cycles --json");
    scenario.call("timmy automation new tidy");
    scenario.call("timmy automation new 'Tidy up'");
    scenario.call("timmy automation new other --trigger hourli");
    scenario.call("timmy automation run tidy");
    scenario.end();
}

/// By itself, since the manifest that the suite ships is in it with its descriptions.
#[test]
fn timmy_works_without_a_manifest() {
    let mut scenario = Scenario::new("timmy_works_without_a_manifest");
    scenario.call("timmy automation list");
    scenario.call("timmy automation validate --json");
    scenario.call("timmy automation disable loop_guard --json");
    scenario.call("timmy automation list --json");
    scenario.end();
}

#[test]
fn timmy_names_a_broken_manifest() {
    let mut scenario = Scenario::new("timmy_names_a_broken_manifest");
    scenario.write(MANIFEST, "{\"automations\": [\n  {\"id\": \"a\",}\n]}");
    for command in [
        "automation list",
        "automation validate --json",
        "automation enable a",
        "automation run a",
        "trigger pre_cycle",
        "schedule tick",
        "schedule next",
        "verify",
        "repair",
        "tokens",
        "why idle",
    ] {
        scenario.call(&format!("timmy {command}"));
    }
    scenario.write(MANIFEST, "\u{feff}{\"automations\": [{\"id\": \"loop_guard\", \"script\": \"x\", \"enabled\": true, \"enabled\": false}]}");
    scenario.call("timmy automation validate --json");
    scenario.call("loop_guard");
    scenario.end();
}
