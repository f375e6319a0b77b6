//! `cycle_retro` as a program: flags, streams, exit codes, files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use sandbox::Sandbox;
use serde_json::json;

const LOG: &str = ".loop/retro/cycles.jsonl";
const RESULT: &str = ".loop/cycle_result.json";

#[test]
fn a_success_is_recorded_as_the_contract_shows_it() {
    let sandbox = Sandbox::new();
    let args = "--cycle 42 --success --main-green --issue 85 --type bug --duration 480 --tests-passed 1450 --tests-added 3 \
                --files-changed 2 --lines-added 45 --lines-removed 12 --kimi-panes 2 --pr 91";
    let ended = sandbox.call("cycle_retro", args.split_whitespace()).run();
    assert_eq!(ended.conversation(), "[retro] ⟳12.6:001 Cycle 42 ✓ SUCCESS (#85 bug) — 480s\nexit 0");
    assert_eq!(
        sandbox.read(LOG),
        "{\"timestamp\": \"2026-03-21T12:34:56.123456+00:00\", \"cycle\": 42, \"epoch\": \"\\u27f312.6:001\", \"issue\": 85, \
         \"type\": \"bug\", \"success\": true, \"hermes_clean\": true, \"main_green\": true, \"duration\": 480, \
         \"tests_passed\": 1450, \"tests_added\": 3, \"files_changed\": 2, \"lines_added\": 45, \"lines_removed\": 12, \
         \"kimi_panes\": 2, \"pr\": 91, \"reason\": \"\", \"notes\": \"\"}\n"
    );
    assert_eq!(sandbox.json(".loop/retro/summary.json")["success_rate"], 1.0);
    let state = sandbox.json(".loop/automation_state.json")["automations"]["cycle_retro"].clone();
    assert_eq!((&state["status"], &state["last_exit_code"]), (&json!("ok"), &json!(0)));
    let tokens: Vec<_> = sandbox.json_lines(".loop/tokens.jsonl").iter().map(|line| line["action"].clone()).collect();
    assert_eq!(tokens, ["run", "cycle_retro_success"]);
}

#[test]
fn a_failure_says_why() {
    let sandbox = Sandbox::new();
    let args = [
        "--cycle",
        "43",
        "--failure",
        "--issue",
        "90",
        "--type",
        "feature",
        "--duration",
        "1200",
        "--reason",
        "tox failed: 3 errors",
    ];
    let ended = sandbox.run("cycle_retro", &args);
    let expected = "[retro] ⟳12.6:001 Cycle 43 ✗ FAILURE (#90 feature) — 1200s: tox failed: 3 errors\nexit 0";
    assert_eq!(ended.conversation(), expected);
    assert_eq!(sandbox.json_lines(LOG)[0]["reason"], "tox failed: 3 errors");
}

#[test]
fn an_idle_cycle_writes_nothing() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run("cycle_retro", &["--cycle", "42", "--success"]);
    assert_eq!(ended.conversation(), "[retro] Cycle 42 skipped — idle (no issue, no duration)\nexit 0");
    assert!(sandbox.tree(".loop").is_empty());
}

#[test]
fn success_depends_on_a_green_main() {
    for (args, require, expected) in [
        ("--success", "false", true),
        ("--success --main-green", "false", true),
        ("--success --no-main-green", "false", false),
        ("--failure --main-green", "false", false),
        ("--success", "true", false),
        ("--success --main-green", "true", true),
        ("--success --no-main-green", "true", false),
    ] {
        let sandbox = Sandbox::new();
        let args = format!("--cycle 1 --duration 5 {args}");
        let call = sandbox.call("cycle_retro", args.split_whitespace());
        let _ = call.env("TIMMY_CYCLE_RETRO_REQUIRE_MAIN_GREEN", require).run().code(0);
        let record = &sandbox.json_lines(LOG)[0];
        assert_eq!(record["success"], expected, "{args}, {require}");
        assert_eq!(record["reason"] == "", expected || args.contains("--failure"), "{args}, {require}");
    }
}

#[test]
fn the_agents_result_fills_what_the_command_line_leaves_open() {
    let sandbox = Sandbox::new();
    sandbox.write(RESULT, "```json\n{\"issue\": \"85\", \"type\": \"bug\", \"tests_passed\": \"12\", \"files_changed\": 3, \"notes\": \"done\"}\n```\n");
    let ended = sandbox.run("cycle_retro", &["--cycle", "7", "--success", "--files-changed", "1"]);
    assert_eq!(ended.conversation(), "[retro] ⟳12.6:001 Cycle 7 ✓ SUCCESS (#85 bug) — 0s\nexit 0");
    let record = &sandbox.json_lines(LOG)[0];
    assert_eq!(
        (&record["tests_passed"], &record["files_changed"], &record["notes"]),
        (&json!(12), &json!(1), &json!("done"))
    );
    assert_eq!(sandbox.bytes(RESULT), None, "it is taken away once the record is on disk");
}

#[test]
fn a_result_that_cannot_be_read_is_kept() {
    for (round, broken) in [&b"{\"issue\": 8"[..], b"no idea", b"\0\xff", &vec![b'x'; 2 << 20]].into_iter().enumerate()
    {
        let sandbox = Sandbox::new();
        sandbox.write(RESULT, broken);
        let ended = sandbox.run("cycle_retro", &["--cycle", "7", "--success", "--duration", "9"]).code(0);
        assert!(ended.err.contains("could not be read; it is kept as"), "{round}: {}", ended.err);
        assert_eq!(sandbox.bytes(RESULT), None);
        assert_eq!(sandbox.bytes(".loop/cycle_result.json.bad").unwrap(), broken);
    }
}

#[test]
fn a_broken_result_of_an_idle_cycle_is_not_left_to_the_next() {
    let sandbox = Sandbox::new();
    sandbox.write(RESULT, "{\"issue\": 8");
    let ended = sandbox.run("cycle_retro", &["--cycle", "8", "--failure"]).code(0);
    assert!(
        ended.out.contains("skipped — idle") && ended.err.contains("could not be read"),
        "{}",
        ended.conversation()
    );
    assert_eq!((sandbox.bytes(RESULT), sandbox.read(".loop/cycle_result.json.bad").as_str()), (None, "{\"issue\": 8"));
    assert_eq!(sandbox.bytes(LOG), None);
}

#[test]
fn a_result_of_another_issue_is_not_used() {
    let sandbox = Sandbox::new();
    sandbox.write(RESULT, r#"{"issue": 102, "type": "bug", "pr": 7, "success": false}"#);
    let ended = sandbox.run("cycle_retro", &["--cycle", "1", "--success", "--issue", "104"]).code(0);
    assert_eq!(
        ended.err.replace(sandbox.root().to_str().unwrap(), "@"),
        "warning: @/.loop/cycle_result.json is of #102, so nothing is taken from it; it is kept as \
         @/.loop/cycle_result.json.bad\n"
    );
    let record = &sandbox.json_lines(LOG)[0];
    assert_eq!((&record["type"], &record["pr"]), (&json!("unknown"), &json!(null)));
    assert_eq!(sandbox.bytes(RESULT), None);
    // What only the guard has written is no loss.
    sandbox.write(RESULT, r#"{"issue": 102, "type": "bug"}"#);
    let said = sandbox.run("cycle_retro", &["--cycle", "2", "--success", "--issue", "104"]).conversation();
    assert!(said.contains("is of #102, so nothing is taken from it\n"), "{said}");
    assert_eq!(sandbox.bytes(RESULT), None);
    // That of the same issue is used, without a word.
    sandbox.write(RESULT, r#"{"issue": "104", "type": "fix", "success": true}"#);
    let said = sandbox.run("cycle_retro", &["--cycle", "3", "--success", "--issue", "104"]).conversation();
    assert_eq!(said, "[retro] ⟳12.6:003 Cycle 3 ✓ SUCCESS (#104 bug) — 0s\nexit 0");
}

/// What agents leave where a result is due: without an issue that can be read.
const NO_ISSUE: [&str; 7] = [
    "{\"notes\": \"done\"}",
    "I fixed the crash.",
    "",
    "{\"issue\": null}",
    "{\"issue\": \"#7 crash\"}",
    "{\"issue_number\": 7}",
    "{\"issue\": 8",
];

#[test]
fn a_result_without_an_issue_is_recorded_for_the_one_that_was_given_out() {
    for (written, duration) in NO_ISSUE.map(Some).into_iter().chain([None]).zip(["9", "0"].into_iter().cycle()) {
        let sandbox = Sandbox::new();
        sandbox.write(".loop/queue.json", r#"[{"issue": 132, "title": "T", "type": "bug", "ready": true}]"#);
        let call = |args: &[&str]| sandbox.call("loop_guard", args).env("TIMMY_LOOP_GUARD_VERIFY_OPEN", "false").run();
        for cycle in ["1", "2"] {
            let _ = call(&[]).code(0);
            host::files::remove(&sandbox.root().join(RESULT)).unwrap();
            if let Some(written) = written {
                sandbox.write(RESULT, written);
            }
            let ended = sandbox.run("cycle_retro", &["--cycle", cycle, "--failure", "--duration", duration]).code(0);
            assert!(ended.err.contains("recorded for #132, which the guard gave out"), "{written:?}: {}", ended.err);
        }
        let records: Vec<_> =
            sandbox.json_lines(LOG).iter().map(|record| (record["issue"].clone(), record["type"].clone())).collect();
        assert_eq!(records, [(json!(132), json!("bug")), (json!(132), json!("bug"))], "{written:?}");
        let ended = call(&[]).code(1);
        assert!(ended.out.contains("#132 is in quarantine"), "{}", ended.out);
        // What is recorded was given out once.
        let ended = sandbox.run("cycle_retro", &["--cycle", "3", "--failure", "--duration", "9"]).code(0);
        assert!(ended.err.contains("the record names no issue"), "{}", ended.err);
        assert_eq!(sandbox.json_lines(LOG)[2]["issue"], json!(null));
    }
}

#[test]
fn a_handout_that_cannot_be_read_costs_no_record() {
    for (file, content) in [(".loop/handout.json", "{"), (".loop/handout.json/x", "")] {
        let sandbox = Sandbox::new();
        sandbox.write(file, content);
        let ended = sandbox.run("cycle_retro", &["--cycle", "1", "--failure", "--duration", "9"]).code(0);
        assert!(ended.err.contains("which issue"), "{}", ended.err);
        assert_eq!(sandbox.json_lines(LOG).len(), 1);
    }
}

#[test]
fn a_result_that_contradicts_the_call_is_warned_about() {
    for (success, flag, warns) in [
        ("false", "--success", true),
        ("\"False\"", "--success", true),
        ("0", "--success", true),
        ("\"no\"", "--success", true),
        ("\"failed\"", "--success", true),
        ("true", "--success", false),
        ("\"yes\"", "--success", false),
        ("2", "--success", false),
        ("false", "--failure", false),
        ("true", "--failure", true),
        ("1", "--failure", true),
        ("\"ok\"", "--failure", true),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(RESULT, format!("{{\"issue\": 5, \"success\": {success}}}"));
        let ended = sandbox.run("cycle_retro", &["--cycle", "1", flag]).code(0);
        assert_eq!(
            ended.err.contains(&format!("says \"success\": {success}")) && ended.err.contains(flag),
            warns,
            "{success} {flag}: {}",
            ended.err
        );
        assert_eq!(sandbox.json_lines(LOG)[0]["success"], flag == "--success");
    }
}

#[test]
fn a_number_used_twice_is_warned_about() {
    let sandbox = Sandbox::new();
    let retro = |time: &str| {
        sandbox
            .call("cycle_retro", ["--cycle", "2", "--success", "--issue", "5"])
            .env("TIMMY_NOW", time)
            .run()
            .code(0)
            .err
    };
    assert_eq!(retro("2026-03-19T10:00:00Z"), "");
    assert_eq!(retro("2026-03-21T10:00:00Z"), "", "a loop that began again counts from 1");
    assert_eq!(
        retro("2026-03-21T20:00:00Z"),
        "warning: ⟳12.6:001 is a cycle 2 as well, less than a day ago; both are kept\n"
    );
    assert_eq!(sandbox.json_lines(LOG).len(), 3);
}

#[test]
fn another_word_for_a_type_is_no_lost_record() {
    for (word, kind) in [
        ("fix", "bug"),
        ("fixes", "bug"),
        ("Fixed", "bug"),
        ("FEAT", "feature"),
        ("enhancements", "feature"),
        ("docs", "unknown"),
        ("", "unknown"),
    ] {
        let sandbox = Sandbox::new();
        let ended = sandbox.run("cycle_retro", &["--cycle", "1", "--success", "--issue", "5", "--type", word]).code(0);
        assert_eq!((sandbox.json_lines(LOG)[0]["type"].clone(), &*ended.err), (json!(kind), ""), "{word}");
    }
    // A word that means none is as if it were not given.
    for (result, kind) in [("{\"issue\": 5}", "unknown"), ("{\"issue\": 5, \"type\": \"bug\"}", "bug")] {
        let sandbox = Sandbox::new();
        sandbox.write(RESULT, result);
        let ended = sandbox.run("cycle_retro", &["--cycle", "1", "--success", "--type", "bgu\u{1b}"]).code(0);
        assert!(ended.err.contains("is ignored: the types are bug, feature"), "{}", ended.err);
        assert!(!ended.err.contains('\u{1b}'));
        assert_eq!(sandbox.json_lines(LOG)[0]["type"], kind);
    }
}

#[test]
fn a_failure_that_was_not_the_issues_fault_counts_for_no_issue() {
    for (args, class, rated) in [
        ("--failure", json!(null), 1),
        ("--failure --failure-class forge", json!("forge"), 1),
        ("--failure --failure-class interrupted", json!("interrupted"), 0),
        ("--failure --no-main-green", json!(null), 1),
        ("--success --no-main-green", json!("red_main"), 1),
        ("--success --no-main-green --failure-class disk", json!("disk"), 1),
        ("--success", json!(null), 1),
    ] {
        let sandbox = Sandbox::new();
        for cycle in ["1", "2"] {
            let args = format!("--cycle {cycle} --issue 5 {args}");
            let _ = sandbox.call("cycle_retro", args.split_whitespace()).run().code(0);
        }
        assert_eq!(sandbox.json_lines(LOG)[0]["failure_class"], class, "{args}");
        let summary = sandbox.json(".loop/retro/summary.json");
        let counted = class == json!(null) && args.contains("--failure");
        assert_eq!(summary["quarantine_candidates"], if counted { json!({"5": 2}) } else { json!({}) }, "{args}");
        assert_eq!(summary["success_rate"].is_null(), rated == 0, "{args}");
    }
    let sandbox = Sandbox::new();
    let said =
        sandbox.run("cycle_retro", &["--cycle", "1", "--success", "--issue", "5", "--failure-class", "disk"]).code(0);
    assert_eq!(said.err, "warning: a success has no class of failure; ignored: disk\n");
    let said =
        sandbox.run("cycle_retro", &["--cycle", "1", "--failure", "--issue", "5", "--failure-class", "gitea"]).code(2);
    assert!(said.err.contains("red_main"), "{}", said.err);
}

#[test]
fn the_branch_names_the_issue_at_last() {
    let sandbox = Sandbox::new();
    sandbox.git().set_head("refs/heads/Fix/Issue-492-crash").unwrap();
    let ended = sandbox.run("cycle_retro", &["--cycle", "7", "--success", "--duration", "9"]);
    assert_eq!(ended.conversation(), "[retro] ⟳12.6:001 Cycle 7 ✓ SUCCESS (#492 unknown) — 9s\nexit 0");
}

#[test]
fn epochs_go_on_after_what_the_log_holds() {
    let sandbox = Sandbox::new();
    sandbox.write(
        LOG,
        "{\"timestamp\": \"2026-03-21T01:00:00+00:00\", \"cycle\": 1}\n{\"timestamp\": \"2026-03-21T02:00:00Z\", \"epoch\": \"\\u27f312.6:007\"}\n\
         {\"timestamp\": \"2025-03-22T02:00:00Z\", \"epoch\": \"\\u27f312.6:009\"}\n{\"timestamp\": \"2026-03-20T02:00:00Z\", \"epoch\": \"\\u27f312.5:044\"}\n{\"cut",
    );
    for expected in ["010", "011"] {
        let ended = sandbox.run("cycle_retro", &["--cycle", "7", "--success", "--duration", "9"]).code(0);
        assert!(ended.out.contains(&format!("⟳12.6:{expected}")), "{}", ended.out);
    }
    let summary = sandbox.json(".loop/retro/summary.json");
    assert_eq!((&summary["total_cycles"], &summary["damaged_lines"]), (&json!(6), &json!(1)));
    assert_eq!(summary["by_week"], json!({"2025-W12": 1, "2026-W12": 5}));
}

#[test]
fn json_is_the_record_and_nothing_else() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run("cycle_retro", &["--cycle", "7", "--success", "--duration", "9", "--json"]).code(0);
    assert_eq!(ended.out, sandbox.read(LOG));
    let ended = sandbox.run("cycle_retro", &["--cycle", "7", "--success", "--json"]).code(0);
    assert_eq!(ended.out, "{\"status\": \"idle\", \"reason\": \"idle_cycle\"}\n");
}

#[test]
fn what_the_summary_does_not_know_survives() {
    let sandbox = Sandbox::new();
    let others = ["\"ours\": {\"b\":[],  \"a\": 1e400}", "\"theirs\": 1.10"];
    sandbox.write(".loop/retro/summary.json", format!("{{{}, \"window\": 3, {}}}", others[1], others[0]));
    let _ = sandbox.run("cycle_retro", &["--cycle", "7", "--success", "--duration", "9"]).code(0);
    let text = sandbox.read(".loop/retro/summary.json");
    assert!(text.ends_with(&format!("  \"damaged_lines\": 0,\n  {},\n  {}\n}}\n", others[0], others[1])), "{text}");
    assert!(text.contains("\"window\": 1"), "{text}");
}

#[test]
fn text_of_any_bytes_is_recorded() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::new();
    let notes = std::ffi::OsStr::from_bytes(b"--half \xff\xc3 char\x1b[31m").to_owned();
    let args = ["--cycle", "7", "--failure", "--duration", "9", "--notes"].map(std::ffi::OsString::from);
    let reason = ["--reason".into(), "\u{1b}]0;x\u{7}bad\u{202e}".into()];
    let ended = sandbox.call("cycle_retro", args.into_iter().chain([notes]).chain(reason)).run().code(0);
    assert_eq!(
        ended.out, "[retro] ⟳12.6:001 Cycle 7 ✗ FAILURE (unknown) — 9s: bad\n",
        "escapes do not reach the terminal"
    );
    let record = &sandbox.json_lines(LOG)[0];
    assert_eq!(record["notes"], "--half \u{fffd}\u{fffd} char\u{1b}[31m");
    assert_eq!(record["reason"], "\u{1b}]0;x\u{7}bad\u{202e}", "but the record has them");
}

#[test]
fn wrong_usage_is_answered_with_the_nearest_right_one() {
    let sandbox = Sandbox::new();
    for (args, expected) in [
        (&["--cycle", "1", "--sucess"][..], "'--success'"),
        (&["--cycle", "1"], "<--success|--failure>"),
        (&["--success"], "--cycle <N>"),
        (&["--cycle", "1", "--success", "--failure"], "cannot be used with"),
        (&["--cycle", "x", "--success"], "invalid digit"),
        (&["--cycle", "1", "--success", "--duration", "-5"], "--duration"),
        (&["--cycle", "1", "--success", "--issue", "0"], "--issue"),
    ] {
        let ended = sandbox.run("cycle_retro", args).code(2);
        assert!(ended.err.contains(expected), "{args:?}: {}", ended.err);
    }
    assert!(sandbox.tree(".loop").is_empty());
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_recorded_is_not_answered_by_an_error() {
    let sandbox = Sandbox::new();
    for (number, form) in [("1", &[][..]), ("2", &["--json"])] {
        let args = [&["--cycle", number, "--success", "--issue", "3", "--duration", "4"], form].concat();
        let ended = sandbox.call_after("exec >/dev/full", "cycle_retro", &args).run().code(0);
        assert!(ended.err.contains("the cycle is recorded, and is not to be recorded again"), "{}", ended.err);
    }
    assert_eq!(sandbox.json_lines(LOG).len(), 2);
    let ended =
        sandbox.call_after("exec >/dev/full", "cycle_retro", ["--cycle", "3", "--failure", "--issue", "nonsense"]);
    let ended = ended.run().code(2);
    assert!(!ended.err.contains("recorded"), "{}", ended.err);
}
