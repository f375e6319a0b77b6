//! Files as the Python scripts, other programs, people and accidents leave them.

use std::fmt::Write as _;

use crate::scenario::Scenario;

/// The log of cycles.
pub(crate) const LOG: &str = ".loop/retro/cycles.jsonl";

/// A log in the form of the Python scripts: no `epoch`, no `hermes_clean`, `main_green` last, types of its own, fields
/// that nobody else knows, times in every form, and damage; the last line is cut.
pub(crate) const OLD_LOG: &str = concat!(
    r#"{"timestamp": "2026-03-18T08:00:00+00:00", "cycle": 1, "issue": 85, "type": "infra", "success": true, "duration": 300, "tests_passed": 1400, "tests_added": 1, "files_changed": 2, "lines_added": 30, "lines_removed": 4, "kimi_panes": 0, "pr": 70, "reason": "", "notes": "", "main_green": true}"#,
    "\n",
    r#"{"timestamp": "2026-03-18T09:00:00", "cycle": 2, "issue": 90, "type": "bug", "success": false, "duration": 1200.5, "tests_passed": 0, "tests_added": 0, "files_changed": 0, "lines_added": 0, "lines_removed": 0, "kimi_panes": 2, "pr": null, "reason": "tox failed: 3 errors", "notes": "", "main_green": false}"#,
    "\r\n",
    r#"{"timestamp": "2026-03-19T10:00:00.5Z", "cycle": 3, "issue": 90, "type": "bug", "success": false, "duration": "900", "reason": "tox failed: 4 errors", "main_green": null, "agent": "hermes", "cost": 1.10}"#,
    "\n",
    "not a record\n",
    r#"{"timestamp": "2026-03-20T10:00:00+02:00", "cycle": 4, "issue": 91, "type": "Feature", "success": true, "duration": 60, "pr": 71, "main_green": true}"#,
    "\n",
    "null\n",
    r#"{"timestamp": "2026-03-21T01:00:00Z", "cycle": 5, "issue": 92, "type": "refactor", "success": true, "duration": 45, "lines_added": 7, "lines_removed": 70, "epoch": "\u27f312.6:007", "hermes_clean": true, "main_green": true}"#,
    "\n",
    r#"{"timestamp": "2026-03-21T02:00:00Z", "cycle": 6, "issue": 9"#,
);

/// A state with a run whose process is gone, and with fields that nobody knows.
pub(crate) const OLD_STATE: &str = r#"{
  "version": 1,
  "updated_at": "2026-03-20T00:00:00",
  "written_by": "dashboard 3",
  "automations": {
    "loop_guard": {
      "enabled": true,
      "script": "../scripts/loop_guard.py",
      "status": "ok",
      "last_run": "2026-03-20T00:00:00",
      "runs": 120,
      "successes": 119,
      "failures": 1,
      "colour": "green"
    },
    "cycle_retro": {
      "status": "running",
      "last_run": "2026-03-20T00:00:00+00:00",
      "pid": 4194999,
      "host": "elsewhere",
      "runs": 7
    },
    "theirs": {
      "x": 123456789012345678901234567890,
      "ratio": 1.10
    }
  }
}
"#;

/// The same state, with the run whose process is gone on this machine, where that can be seen.
pub(crate) fn state_of_this_machine() -> String {
    OLD_STATE.replace("elsewhere", &rustix::system::uname().nodename().to_string_lossy())
}

/// A ledger of a time without balances, with a line that cannot be read.
pub(crate) const OLD_TOKENS: &str = concat!(
    r#"{"timestamp": "2026-03-19T10:00:00+00:00", "automation": "cycle_retro", "action": "cycle_retro_success", "tokens": 5}"#,
    "\n",
    r#"{"timestamp": "2026-03-20T10:00:00+00:00", "automation": "triage_score", "action": "run", "tokens": -1, "note": "by hand"}"#,
    "\n",
    "{\"timestamp\": \"2026-03-20T1\n",
);

/// A queue that another writer has added to: items with fields of their own, unready and unreadable ones.
pub(crate) const OLD_QUEUE: &str = concat!(
    "[\n",
    r#"  {"issue": 90, "title": "Broken \u001b[31mred", "type": "bug", "score": 8, "ready": true, "mine": 1.10},"#,
    "\n",
    r#"  {"issue": "91", "title": "As text", "type": "Feature", "ready": true},"#,
    "\n",
    r#"  {"issue": 92, "title": "Not ready", "type": "bug", "ready": false},"#,
    "\n",
    r#"  {"issue": 93, "title": "No word of ready", "type": "bug"}, 5, null,"#,
    "\n",
    r#"  {"title": "No number", "ready": true},"#,
    "\n",
    r#"  {"issue": 94, "title": "Last", "type": "refactor", "ready": true, "created": "2026-03-01", "url": "http://x/94"}"#,
    "\n]\n",
);

/// A quarantine of the old form, without counts.
pub(crate) const OLD_QUARANTINE: &str =
    r#"{"90": {"reason": "failed too often", "quarantined_at": "2026-03-20T10:00:00"}, "x": 1}"#;

/// A manifest with fields that only others know, in an order and layout of its own.
pub(crate) const FOREIGN_MANIFEST: &str = r#"{ "$schema": "x.json", "owner": {"name": "acme", "since": 2.50},
  "automations" : [
    {"script": "../scripts/loop_guard.py", "id":"loop_guard", "//": "keep me", "tags": ["a", "b"],
     "trigger": "pre_cycle", "config": {"backoff_base": 30}},
    {"id": "cycle_retro", "script": "../scripts/cycle_retro.py", "enabled": true,
     "trigger": "post_cycle", "config": {"summary_window": 3, "note": "of theirs"}},
    {"id": "triage_score", "script": "../scripts/triage_score.py", "enabled" : true, "trigger": "hourly"}
  ],
  "token_economy": {"run": -3, "cycle_retro_success": 50}
}
"#;

/// Puts the files of the old scripts into a repository.
pub(crate) fn old_files(scenario: &Scenario) {
    scenario.write(LOG, OLD_LOG);
    scenario.write(".loop/automation_state.json", OLD_STATE);
    scenario.write(".loop/tokens.jsonl", OLD_TOKENS);
    scenario.write(".loop/queue.json", OLD_QUEUE);
    scenario.write(".loop/quarantine.json", OLD_QUARANTINE);
    scenario.changed(".loop/queue.json", 3600);
}

/// The body of an issue that is ready.
pub(crate) const GOOD: &str = "`load()` in src/config.py must not crash when the file is empty. Expected: defaults.\\n\\n\
                               ## Acceptance\\n- [ ] add a test in tests/test_config.py";

/// Issues in the API's shape: ready, not ready, a pull request, one in quarantine, one with a size, a hostile one, and
/// entries that are none.
pub(crate) fn issues() -> String {
    let mut list = String::new();
    for (number, title, body, labels) in [
        (85, "fix: Crash when the config is empty", GOOD, "{\"name\": \"bug\"}"),
        (86, "Support a second config file", GOOD, "{\"name\": \"feature\"}, {\"name\": \"size:S\"}"),
        (87, "Think about things", "", ""),
        (
            88,
            "[daily-run] Rename the module",
            "Rename `old_name` in src/a.py.",
            "{\"name\": \"daily-run\"}, {\"name\": \"layer:core\"}",
        ),
        (90, "Queue is written twice", GOOD, "{\"name\": \"bug\"}"),
        (91, "Evil \\u001b[31m<b>@ann</b> [x](y) \\u202e title | pipe", GOOD, "{\"name\": \"daily-run\"}"),
        (92, "Epic: rewrite everything", "All of it.", "{\"name\": \"blocked\"}"),
    ] {
        let _ = write!(
            list,
            "{{\"number\": {number}, \"title\": \"{title}\", \"body\": \"{body}\", \"labels\": [{labels}], \"state\": \"open\", \
             \"created_at\": \"2026-03-{:02}T08:00:00Z\", \"updated_at\": \"2026-03-20T08:00:00+01:00\", \
             \"html_url\": \"http://forge.example/acme/app/issues/{number}\"}},\n ",
            number - 80
        );
    }
    format!(
        "[{list}{{\"number\": 99, \"title\": \"A pull request\", \"pull_request\": {{}}, \"state\": \"open\"}}, 7, {{\"title\": \"no number\"}}]\n"
    )
}
