//! `cycle_retro`: every kind of record, the agent's result in every state, and old logs.

use std::fmt::Write as _;

use crate::scenario::Scenario;
use crate::worlds::{FOREIGN_MANIFEST, LOG, OLD_LOG, old_files, state_of_this_machine};

#[test]
fn retro_writes_every_kind_of_record() {
    let mut scenario = Scenario::new("retro_writes_every_kind_of_record");
    scenario.call("cycle_retro --cycle 42 --success --main-green --issue 85 --type bug --duration 480 --tests-passed 1450 --tests-added 3 --files-changed 2 --lines-added 45 --lines-removed 12 --kimi-panes 2 --pr 91 --notes short");
    scenario.call(
        "cycle_retro --cycle 43 --failure --issue 90 --type feature --duration 1200 --reason 'tox failed: 3 errors'",
    );
    scenario.call("cycle_retro --cycle 44 --success --no-main-green --issue 85 --type refactor --duration 5");
    scenario.call("cycle_retro --cycle 45 --success --issue 86 --type philosophy --duration 7 --json");
    scenario.call("cycle_retro --cycle 46 --failure --main-green --issue 90 --duration 9 --quiet");
    scenario.call("cycle_retro --cycle 47 --success --duration 11 --reason 'of no use'");
    scenario.call("cycle_retro --cycle 48 --success --issue 87 --verbose");
    scenario.call("cycle_retro --cycle 49 --failure --issue 90 --duration 3 --reason '\u{1b}]0;x\u{7}bad\u{202e} ü “q” \\ end' --notes '\u{1b}[31m\ttab'");
    scenario.now("2026-03-22T00:00:00Z");
    scenario.call("cycle_retro --cycle 1 --success --issue 88 --duration 60 --lines-added 1000000");
    scenario.now("2027-01-01T12:00:00+02:00");
    scenario.call("cycle_retro --cycle 2 --failure --issue 90 --duration 61");
    scenario.call("cycle_retro --cycle 42 --success");
    scenario.call("cycle_retro --cycle 42 --failure --json");
    scenario.end();
}

#[test]
fn retro_takes_the_agents_result() {
    let mut scenario = Scenario::new("retro_takes_the_agents_result");
    let result = ".loop/cycle_result.json";
    for (content, line) in [
        (
            "```json\n{\"issue\": \"85\", \"type\": \"bug\", \"tests_passed\": \"1,450\", \"files_changed\": 3, \"notes\": \"done\"}\n```\n",
            "cycle_retro --cycle 1 --success --files-changed 1",
        ),
        (
            "\u{feff}{\"issue\": \"#86\", \"type\": \"Feature\", \"lines_added\": 5.0, \"lines_removed\": \"4\", \"tests_added\": \"two\", \"pr\": 7, \"colour\": \"red\"}\r\n",
            "cycle_retro --cycle 2 --success --duration 4",
        ),
        (
            "Here is what I did:\n{\"issue\": 87, \"issue\": 88, \"type\": \"infra\",}\n",
            "cycle_retro --cycle 3 --failure",
        ),
        ("{\"issue\": 8", "cycle_retro --cycle 4 --success --duration 9"),
        ("{\"issue\": 9", "cycle_retro --cycle 5 --success --duration 9"),
        ("\0\u{1}binary", "cycle_retro --cycle 6 --failure"),
        ("[1, 2]", "cycle_retro --cycle 7 --success --issue 5 --type bug"),
        ("{\"issue\": 89, \"type\": \"bug\"}", "cycle_retro --cycle 8 --success --issue 90 --type refactor --json"),
        ("{\"issue\": 0, \"pr\": 0}", "cycle_retro --cycle 9 --success"),
    ] {
        scenario.write(result, content);
        scenario.call(line);
    }
    scenario.end();
}

#[test]
fn retro_continues_files_of_the_old_scripts() {
    let mut scenario = Scenario::new("retro_continues_files_of_the_old_scripts");
    old_files(&scenario);
    scenario.write(".loop/retro/summary.json", "{\"ours\": 1.10, \"window\": 3, \"by_type\": {\"infra\": 1}}");
    scenario.call("cycle_retro --cycle 7 --success --issue 85 --type bug --duration 100");
    scenario.call("cycle_retro --cycle 8 --failure --issue 90 --type bug --duration 200 --reason 'again'");
    // Edited by hand, in the middle and at the end.
    scenario.write(
        LOG,
        OLD_LOG.replace("12.6:007", "12.6:044") + "\n{\"cycle\": 9, \"timestamp\": 5, \"success\": \"yes\"}\n\n{\"cut",
    );
    scenario.call("cycle_retro --cycle 9 --success --duration 1");
    scenario.write(".loop/retro/summary.json", "{\"cut\": ");
    scenario.write(".loop/retro/cycles.index.json", "null");
    scenario.write(".loop/automation_state.json", state_of_this_machine());
    scenario.call("cycle_retro --cycle 10 --failure --duration 1");
    scenario.write(".loop/automation_state.json", "{\"automations\": [");
    scenario.write(".loop/tokens.jsonl", "garbage");
    scenario.call("cycle_retro --cycle 10 --success --duration 1");
    scenario.end();
}

#[test]
fn retro_follows_its_settings() {
    let mut scenario = Scenario::new("retro_follows_its_settings");
    scenario.write("timmy_automations/config/automations.json", FOREIGN_MANIFEST);
    scenario.write(LOG, OLD_LOG);
    scenario.call("cycle_retro --cycle 7 --success --duration 10 --verbose");
    scenario.call("TIMMY_CYCLE_RETRO_WINDOW=2 cycle_retro --cycle 8 --success --duration 10");
    scenario.call("TIMMY_CYCLE_RETRO_WINDOW=2 TIMMY_CYCLE_RETRO_SUMMARY_WINDOW=4 TIMMY_CYCLE_RETRO_WINDWO=1 cycle_retro --cycle 9 --success --duration 10");
    scenario.call("TIMMY_CYCLE_RETRO_REQUIRE_MAIN_GREEN=true cycle_retro --cycle 10 --success --duration 10");
    scenario.call("TIMMY_CYCLE_RETRO_REQUIRE_MAIN_GREEN=1 cycle_retro --cycle 11 --success --main-green --duration 10");
    scenario.call("TIMMY_AUTOMATION_CYCLE_RETRO_REQUIRE_MAIN_GREEN=yes cycle_retro --cycle 12 --success --no-main-green --duration 10");
    scenario.call("TIMMY_CYCLE_RETRO_RETRO_FILE=metrics/log.jsonl cycle_retro --cycle 13 --success --duration 10");
    scenario.write("issues.json", "[]");
    scenario.call("TIMMY_CYCLE_RETRO_RETRO_FILE=metrics/log.jsonl triage_score --issues issues.json");
    scenario.end();
}

#[test]
fn retro_finds_the_issue_in_the_branch() {
    let mut scenario = Scenario::new("retro_finds_the_issue_in_the_branch");
    scenario.write(".git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
    scenario.write(".git/refs/heads/.keep", "");
    scenario.write(".git/objects/.keep", "");
    for branch in ["Fix/Issue-492-crash", "issue/77", "issues-5", "main"] {
        scenario.write(".git/HEAD", format!("ref: refs/heads/{branch}\n"));
        scenario.call("cycle_retro --cycle 7 --success --duration 9");
    }
    scenario.write(".gitignore", ".loop/\n");
    scenario.call("cycle_retro --cycle 8 --success --duration 9 --issue 3");
    scenario.end();
}

#[test]
fn retro_keeps_its_index() {
    let mut scenario = Scenario::new("retro_keeps_its_index");
    scenario.env("TIMMY_CYCLE_RETRO_SUMMARY_WINDOW", "2");
    let lines = (0..40).fold(String::new(), |mut text, number| {
        let day = number % 20 + 1;
        let _ = writeln!(text, "{{\"timestamp\": \"2026-03-{day:02}T10:00:00+00:00\", \"cycle\": {number}}}");
        text
    });
    scenario.write(LOG, &lines);
    scenario.call("cycle_retro --cycle 40 --success --duration 9");
    // Sixteen lines of another writer, and the index is saved again.
    let log = scenario.sandbox.read(LOG);
    scenario.write(LOG, log + &lines[..lines.len() / 2]);
    scenario.call("cycle_retro --cycle 41 --success --duration 9");
    scenario.end();
}
