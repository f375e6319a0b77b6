//! `timmy automation` as a program.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world and fails by panicking"
)]

use std::fmt::Write as _;
use std::os::unix::fs::symlink;

use sandbox::{CANARY_TOKEN, CallOutput, Sandbox};
use serde_json::{Value, json};

const MANIFEST: &str = "config/automations.json";

fn automation(sandbox: &Sandbox, args: &[&str]) -> CallOutput {
    sandbox.run("timmy", &[&["automation"], args].concat())
}

#[test]
fn a_listing_shows_state_trigger_last_and_next_run() {
    let sandbox = Sandbox::new();
    sandbox.script("scripts/tidy.sh", "echo tidied");
    sandbox.write(
        MANIFEST,
        r#"{"automations": [
  {"id": "tidy", "script": "scripts/tidy.sh", "trigger": "daily", "description": "Tidies up."},
  {"id": "loop_guard", "script": "scripts/loop_guard.py", "trigger": "pre_cycle"},
  {"id": "old", "script": "scripts/tidy.sh", "enabled": false}]}"#,
    );
    let _ = automation(&sandbox, &["run", "tidy"]).code(0);
    let ended = automation(&sandbox, &["list"]).code(0);
    let expected = "\
AUTOMATION  STATE  TRIGGER    LAST RUN  NEXT            RESULT
tidy        on     daily      0 s ago   in 17 h 25 min  done
loop_guard  on     pre_cycle  never     -
old         off    manual     never     -
";
    assert_eq!(ended.out, expected);
    let ended = automation(&sandbox, &["list", "--json"]).code(0);
    let list: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(list["automations"][0]["next_run"], "2026-03-22T06:00:00+00:00");
    assert_eq!(list["automations"][0]["last_reason"], "ran_well");
    // The scheduler writes it for dashboards.
    let _ = sandbox.run("timmy", &["schedule", "tick"]).code(0);
    let state = sandbox.json(".loop/automation_state.json");
    assert_eq!(state["automations"]["tidy"]["next_run"], "2026-03-22T06:00:00+00:00");
    assert_eq!(state["automations"]["loop_guard"]["status"], "never");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_problem_is_told_with_its_place() {
    let sandbox = Sandbox::new();
    sandbox.script("scripts/a.sh", "");
    sandbox.write("scripts/plain.sh", "echo");
    symlink("/etc/hostname", sandbox.root().join("scripts/away.sh")).unwrap();
    symlink("nowhere", sandbox.root().join("scripts/dangling.sh")).unwrap();
    sandbox.write(
        MANIFEST,
        r#"{"automations": [
{"id": "a", "script": "scripts/a.sh", "trigger": "hourli"},
{"id": "a", "script": "scripts/a.sh"},
{"id": "B", "script": "scripts/a.sh"},
{"id": "c", "script": "scripts/none.sh"},
{"id": "d", "script": "scripts/plain.sh"},
{"id": "e", "script": "../../etc/x"},
{"id": "f", "script": "/etc/hostname"},
{"id": "g", "script": "scripts/away.sh"},
{"id": "h", "script": "scripts/dangling.sh"},
{"id": "i", "script": "scripts/a.sh", "depends_on": ["j", "zz"]},
{"id": "j", "script": "scripts/a.sh", "depends_on": ["i"]},
{"id": "loop_guard", "script": "scripts/loop_guard.py", "config": {"backoff_max": -1}},
{"id": "triage_score", "script": "scripts/triage_score.py", "config": {"colour": 1}},
{"id": "k", "script": "scripts/a.sh", "config": {"timeout": "soon"}},
{"id": "l", "script": "/bin/true", "allow_outside": true},
{"id": "m", "script": "scripts/a.sh", "trigger": "cron:99 * * * *"},
7],
"token_economy": {"runn": 1}}"#,
    );
    sandbox.write(
        "config/daily_run.json",
        r#"{"schedules": {"hourly": {"automations": ["aa"]}, "dayly": {"automations": []}}}"#,
    );
    let ended = automation(&sandbox, &["validate"]).code(1);
    let root = format!("{}/", sandbox.root().display());
    let out = ended.out.replace(&root, "");
    for expected in [
        "config/automations.json:2:50: there is no trigger `hourli`\n    did you mean `hourly`?",
        "config/automations.json:3:1: the id `a` is used twice",
        "config/automations.json:4:1: the id \"B\" is not made of lower-case letters, digits and `_`",
        "config/automations.json:5:23: there is no scripts/none.sh",
        "config/automations.json:6:23: scripts/plain.sh is not executable; chmod +x makes it so",
        "config/automations.json:7:23: its script leads out of the repository",
        "config/automations.json:8:23: its script leads out of the repository, to /etc/hostname",
        "config/automations.json:9:23: its script leads out of the repository, to /etc/hostname",
        "config/automations.json:10:23: scripts/dangling.sh is a dangling link",
        "config/automations.json:11:53: it depends on `zz`, which there is not",
        "config/automations.json:11:53: it depends on itself, by way of others",
        "config/automations.json:13:83: `backoff_max`: expected whole seconds from 0 to 604800",
        "config/automations.json:14:82: triage_score has no setting `colour`",
        "config/automations.json:15:61: `timeout`: expected whole seconds from 1 to 604800",
        "config/automations.json:17:50: `99 * * * *` is not a cron expression",
        "config/automations.json:18:1: an automation is an object",
        "token_economy: nothing is booked as `runn`\n    did you mean `run`?",
        "config/daily_run.json:1:26: hourly names `aa`, which the manifest does not have",
        "there is no trigger `dayly`\n    did you mean `daily`?",
    ] {
        assert!(out.contains(expected), "{expected}\n\n{out}");
    }
    assert!(!out.contains("16:"), "what may lie outside is no problem: {out}");
    let listed: Value = serde_json::from_str(&automation(&sandbox, &["list", "--json"]).code(0).out).unwrap();
    let valid = |id: &str| {
        listed["automations"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap()["valid"].clone()
    };
    assert_eq!((valid("d"), valid("l")), (json!(false), json!(true)));
    assert!(out.contains("`timeout`") && automation(&sandbox, &["list"]).code(0).out.contains("B   "), "{out}");
    let ended = automation(&sandbox, &["validate", "--json"]).code(1);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["problems"][0]["line"], 2);
    // The rest of the manifest is not lost for it.
    let _ = automation(&sandbox, &["run", "i"]).code(0);
    for id in ["e", "f", "g"] {
        let ended = automation(&sandbox, &["run", id]).code(2);
        assert!(ended.err.contains("(its script leads out of the repository"), "{}", ended.err);
    }
}

#[test]
fn a_broken_manifest_is_named_and_stays_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.write(MANIFEST, "{\"automations\": [\n  {\"id\": \"a\",}\n]}");
    for args in [&["list"][..], &["enable", "a"], &["run", "a"]] {
        let ended = automation(&sandbox, args).code(2);
        assert!(ended.err.contains("config/automations.json:2:14: "), "{}", ended.err);
    }
    let ended = automation(&sandbox, &["validate", "--json"]).code(1);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&document["problems"][0]["line"], &document["problems"][0]["column"]), (&json!(2), &json!(14)));
    // What looks after broken things works.
    for args in [&["doctor"][..], &["verify"], &["repair"], &["tokens"], &["why", "idle"]] {
        let ended = sandbox.run("timmy", args);
        assert!(ended.code == Some(i32::from(args[0] == "doctor")), "{}", ended.conversation());
    }
    assert_eq!(sandbox.read(MANIFEST), "{\"automations\": [\n  {\"id\": \"a\",}\n]}");
}

#[test]
fn ten_thousand_entries_are_read_and_edited_in_their_place() {
    let sandbox = Sandbox::new();
    let mut text = "{\"automations\": [".to_owned();
    for number in 0..10_000 {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}\n  {{\"id\": \"a{number}\", \"script\": \"scripts/loop_guard.py\", \"enabled\": true, \"config\": {{\"timeout\": 5}}}}"
        );
    }
    text.push_str("\n]}\n");
    sandbox.write(MANIFEST, &text);
    let _ = automation(&sandbox, &["validate"]).code(0);
    let _ = automation(&sandbox, &["disable", "a7777"]).code(0);
    let after = sandbox.read(MANIFEST);
    let changed: Vec<(&str, &str)> = text.lines().zip(after.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(changed.len(), 1);
    assert!(changed[0].1.contains("\"a7777\"") && changed[0].1.contains("\"enabled\": false"), "{}", changed[0].1);
}

#[test]
fn two_writers_at_once_lose_nothing_of_each_other() {
    let sandbox = Sandbox::new();
    let entries: Vec<Value> =
        (0..16).map(|number| json!({"id": format!("a{number}"), "script": "scripts/loop_guard.py"})).collect();
    sandbox.write(MANIFEST, serde_json::to_string_pretty(&json!({"automations": entries})).unwrap());
    let path = sandbox.root().join(MANIFEST);
    // An editor that knows nothing of our lock: it reads, and puts a new file in the place of the old one.
    let editor = std::thread::spawn(move || {
        for number in 0..40 {
            let text = std::fs::read_to_string(&path).unwrap();
            let new = path.with_extension("new");
            std::fs::copy(&path, &new).unwrap();
            let mut document: Value = serde_json::from_str(&text).unwrap();
            document["edits"] = number.into();
            if std::fs::read_to_string(&path).unwrap() == text {
                std::fs::write(&new, serde_json::to_string_pretty(&document).unwrap()).unwrap();
                std::fs::rename(&new, &path).unwrap();
            }
            std::thread::sleep(std::time::Duration::from_millis(7));
        }
    });
    let ids: Vec<String> = (0..16).map(|number| format!("a{number}")).collect();
    std::thread::scope(|scope| {
        for half in ids.chunks(8) {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for id in half {
                    let _ = automation(sandbox, &["disable", id]).code(0);
                }
            });
        }
    });
    editor.join().unwrap();
    let after = sandbox.json(MANIFEST);
    assert_eq!(after["automations"].as_array().unwrap().len(), 16);
    // Ours never undo one another; a foreign editor that overwrites what it has not read is none of ours.
    let off = after["automations"].as_array().unwrap().iter().filter(|entry| entry["enabled"] == false).count();
    assert!(off >= 8, "{after}");
    let names: Vec<String> = std::fs::read_dir(sandbox.root().join("config"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| !name.contains("lock") && !name.contains("tmp")), "{names:?}");
}

#[test]
fn a_switch_says_what_it_did_and_an_unknown_id_is_answered_with_the_nearest() {
    let sandbox = Sandbox::new();
    let text = "{\n  \"x\": 1.10,\n  \"automations\": [\n    {\"id\": \"loop_guard\", \"script\": \"scripts/loop_guard.py\", \"//\": \"ours\"}\n  ]\n}\n";
    sandbox.write(MANIFEST, text);
    let ended = automation(&sandbox, &["disable", "loop_guard", "loop_guard"]).code(0);
    assert_eq!(ended.out, "loop_guard is disabled\n");
    assert!(ended.err.contains("the loop continues without it"), "{}", ended.err);
    assert_eq!(automation(&sandbox, &["disable", "loop_guard"]).out, "loop_guard was disabled already\n");
    assert_eq!(sandbox.read(MANIFEST), text.replace(".py\"", ".py\", \"enabled\": false"));
    assert_eq!(sandbox.run("loop_guard", &["--json"]).out, "{\"status\": \"disabled\", \"reason\": \"disabled\"}\n");
    let ended = automation(&sandbox, &["enable", "loop_gard"]).code(2);
    assert!(ended.err.contains("did you mean `loop_guard`?"), "{}", ended.err);
}

#[test]
fn an_entry_with_a_repeated_field_is_refused_by_every_command_and_stays_as_it_is() {
    let sandbox = Sandbox::new();
    // For Python, which takes the last of repeated keys, the guard is on.
    let text = r#"{"automations": [{"id": "loop_guard", "script": "s.py", "enabled": false, "enabled": true}]}"#;
    sandbox.write(MANIFEST, text);
    for ended in [
        automation(&sandbox, &["disable", "loop_guard"]),
        automation(&sandbox, &["enable", "loop_guard"]),
        sandbox.run("loop_guard", &[]),
    ] {
        let ended = ended.code(2);
        assert!(ended.err.contains("automations.json:1:83: duplicate field `enabled`"), "{}", ended.err);
    }
    assert_eq!(sandbox.read(MANIFEST), text, "no switch is reported that a reader would not see");
}

#[test]
fn without_a_manifest_the_tools_are_there_and_the_first_change_writes_one() {
    for folder in ["config", "timmy_automations/config"] {
        let sandbox = Sandbox::new();
        std::fs::create_dir_all(sandbox.root().join(folder)).unwrap();
        let ended = sandbox.run("timmy", &["trigger", "pre_cycle"]).code(1);
        assert!(ended.out.contains("Queue empty"), "{}", ended.conversation());
        assert!(automation(&sandbox, &["list"]).code(0).out.contains("triage_score"));
        let _ = automation(&sandbox, &["disable", "loop_guard"]).code(0);
        let _ = sandbox.run("timmy", &["trigger", "pre_cycle"]).code(0);
        let _ = automation(&sandbox, &["validate"]).code(0);
        assert!(sandbox.read(&format!("{folder}/automations.json")).contains("\"enabled\": false"));
    }
}

#[test]
fn a_paused_automation_is_skipped_until_its_time_or_until_it_is_resumed() {
    let sandbox = Sandbox::new();
    sandbox.write(MANIFEST, r#"{"automations": [{"id": "loop_guard", "script": "scripts/loop_guard.py"}]}"#);
    let _ =
        automation(&sandbox, &["pause", "loop_guard", "--for", "2h", "--reason", "the forge\u{1b}[31m moves"]).code(0);
    let ended = sandbox.run("loop_guard", &[]).code(0);
    assert_eq!(
        ended.out,
        "[loop-guard] loop_guard is paused until 2026-03-21T14:34:56.123456+00:00: the forge moves (--force runs it all the same)\n"
    );
    assert_eq!(sandbox.json(".loop/automation_state.json")["automations"]["loop_guard"]["last_reason"], "paused");
    let _ = sandbox.call("loop_guard", [""; 0]).env("TIMMY_NOW", "2026-03-21T14:34:57Z").run().code(1);
    let _ = sandbox.run("loop_guard", &["--force"]).code(1);
    assert_eq!(automation(&sandbox, &["resume", "loop_guard"]).out, "loop_guard is resumed\n");
    let _ = sandbox.run("loop_guard", &[]).code(1);
    let _ = automation(&sandbox, &["pause", "loop_guard", "--for", "2 weeks", "--reason", "x"]).code(2);
}

#[test]
#[ignore = "needs python3"]
fn a_new_automation_in_python_runs_at_once() {
    let sandbox = Sandbox::new();
    let _ = automation(&sandbox, &["new", "tally", "--language", "python"]).code(0);
    let ended = automation(&sandbox, &["run", "tally"]).code(0);
    assert!(ended.out.starts_with("[tally] nothing to do yet"), "{}", ended.conversation());
}

#[test]
fn a_script_that_is_there_is_registered_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.script("scripts/nightly.sh", "echo done by $TIMMY_TRIGGER");
    let ended = automation(&sandbox, &["new", "nightly"]).code(2);
    let hint = "to register that script: timmy automation new nightly --script scripts/nightly.sh";
    assert!(ended.err.contains(hint), "{}", ended.err);
    let before = sandbox.read("scripts/nightly.sh");
    let args = ["new", "nightly", "--script", "nightly.sh", "--trigger", "daily"];
    let call = sandbox.call("timmy", ["automation"].iter().chain(&args)).dir(sandbox.root().join("scripts"));
    let ended = call.run().code(0);
    assert_eq!(
        ended.out,
        "nightly: the manifest has an entry for scripts/nightly.sh\nTry it: timmy automation run nightly\n"
    );
    assert_eq!(sandbox.read("scripts/nightly.sh"), before);
    assert!(automation(&sandbox, &["run", "nightly"]).code(0).out.contains("done by manual"));
    for (path, expected) in
        [("/etc/hostname", "is outside the repository"), ("scripts", "is not a file"), ("none.sh", "none.sh")]
    {
        let ended = automation(&sandbox, &["new", "other", "--script", path]).code(2);
        assert!(ended.err.contains(expected), "{path}: {}", ended.err);
    }
    let ended =
        automation(&sandbox, &["new", "other", "--script", "scripts/nightly.sh", "--language", "python"]).code(2);
    assert!(ended.err.contains("cannot be used with"), "{}", ended.err);
}

#[test]
fn a_script_that_cannot_be_started_is_not_registered() {
    let sandbox = Sandbox::new();
    sandbox.write("scripts/report.py", "#!/usr/bin/env python3\n");
    let ended = automation(&sandbox, &["new", "report", "--script", "scripts/report.py"]).code(2);
    assert!(ended.err.contains("report.py is not executable; chmod +x"), "{}", ended.conversation());
    assert!(sandbox.bytes("config/automations.json").is_none());
}

#[test]
fn a_new_automation_runs_at_once() {
    let sandbox = Sandbox::new();
    for (id, language) in [("tidy", "sh"), ("tally", "python")] {
        let _ = automation(&sandbox, &["new", id, "--language", language, "--trigger", "every_5_cycles"]).code(0);
    }
    let ended = automation(&sandbox, &["run", "tidy"]).code(0);
    assert!(ended.out.starts_with("[tidy] nothing to do yet"), "{}", ended.conversation());
    let _ = automation(&sandbox, &["validate"]).code(0);
    let _ = automation(&sandbox, &["new", "tidy"]).code(2);
    let _ = automation(&sandbox, &["new", "Tidy up"]).code(2);
    let manifest = sandbox.json(MANIFEST);
    let entry = |id: &str| manifest["automations"].as_array().unwrap().iter().find(|entry| entry["id"] == id).cloned();
    assert_eq!(entry("tally").unwrap()["trigger"], "every_5_cycles");
    assert_eq!(entry("loop_guard").unwrap()["trigger"], "pre_cycle", "what held without a manifest goes on to hold");
}

#[test]
fn settings_are_shown_with_their_origins_and_secrets_are_not() {
    let sandbox = Sandbox::new();
    sandbox.write(
        MANIFEST,
        r#"{"automations": [{"id": "loop_guard", "script": "scripts/loop_guard.py", "config": {"backoff_max": 300}},
{"id": "mine", "script": "scripts/mine.sh", "config": {"word": "x", "api_token": "s3cret"}}]}"#,
    );
    let call = sandbox.call("timmy", ["automation", "config"]).env("TIMMY_LOOP_GUARD_BACKOFF_BASE", "7");
    let ended = call.env("GITEA_TOKEN", CANARY_TOKEN).run().code(0);
    let lines: Vec<&str> = ended.out.lines().collect();
    // An origin that does not fit stands on the next line.
    let has = |words: &[&str]| {
        lines
            .windows(2)
            .any(|pair| words.iter().all(|word| pair[0].contains(word) || pair[1].trim_start().starts_with(word)))
    };
    assert!(has(&["backoff_max", "300", "config/automations.json:1:"]), "{}", ended.out);
    assert!(has(&["backoff_base", "7", "TIMMY_LOOP_GUARD_BACKOFF_BASE"]), "{}", ended.out);
    assert!(has(&["gitea_token", "set", "GITEA_TOKEN"]), "{}", ended.out);
    assert!(has(&["daily_at", "06:00", "by default"]), "{}", ended.out);
    assert!(!ended.conversation().contains("s3cret"), "{}", ended.out);
    assert_eq!(ended.out.lines().find(|line| line.chars().count() > 80), None);
}

#[test]
fn what_nobody_has_set_is_shown_as_it_holds() {
    let sandbox = Sandbox::new();
    sandbox.git().remote("origin", "http://me:s3cret@forge.local:3000/acme/app.git").unwrap();
    let ended = automation(&sandbox, &["config", "triage_score", "--json"]).code(0);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let value = |key: &str| document["triage_score"][key]["value"].as_str().unwrap().to_owned();
    assert_eq!((value("ready_threshold"), value("quarantine_lookback")), ("5".to_owned(), "20".to_owned()));
    assert_eq!((value("repo_slug"), value("at")), ("acme/app".to_owned(), "06:00".to_owned()));
    assert_eq!(value("gitea_api"), "http://forge.local:3000/api/v1");
    assert!(!ended.out.contains("s3cret"), "{}", ended.out);
}
