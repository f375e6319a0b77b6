//! Broken input: each with a clear message, exit 2 and nothing written; damaged data with a warning, and still there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

use sandbox::{Call, Sandbox};

const TOOLS: [(&str, &[&str]); 5] = [
    ("cycle_retro", &["--cycle", "1", "--success", "--duration", "5"]),
    ("loop_guard", &[]),
    ("orchestrator", &["--issues", "issues.json"]),
    ("triage_score", &["--issues", "issues.json"]),
    ("loop_introspect", &[]),
];

/// Checks that a call is refused with these words, quickly, and that nothing was written.
fn refused(sandbox: &Sandbox, call: Call, expected: &[&str]) {
    let (before, begun) = (sandbox.tree(""), Instant::now());
    let ended = call.run().code(2);
    for expected in expected {
        assert!(ended.err.contains(expected), "expected {expected:?}: {}", ended.err);
    }
    assert!(ended.err.starts_with("error: ") && ended.out.is_empty(), "{}", ended.conversation());
    assert_eq!(sandbox.tree(""), before, "nothing is written");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("issues.json", "[]");
    sandbox
}

#[test]
fn a_broken_manifest_stops_every_tool() {
    let huge = " ".repeat(5 << 20);
    let deep = format!("{{\"automations\": [{{\"id\": \"a\", \"script\": \"x\", \"y\": {}", "[".repeat(200_000));
    for (text, expected) in [
        ("", "automations.json:1:1: the file is empty"),
        ("{\"automations\": [}", "automations.json:1:18: "),
        ("[]", "automations.json:1:1: expected a JSON object"),
        ("{\"automations\": 7}", "automations.json:1:17: invalid type"),
        ("{\n \"automations\": [\n  {\"id\": \"loop_guard\"}]}", "automations.json:3:22: missing field `script`"),
        ("\u{0}\u{1}\u{2}", "automations.json:1:1: a NUL byte"),
        ("{\"automations\": [{\"id\": \"a\", \"script\": \"x\", \"enabled\": \"yes\"}]}", "expected a boolean"),
        ("{\"automations\": [{\"id\": \"a\", \"script\": \"x\", \"enabeld\": true}]}", "did you mean `enabled`?"),
        (&huge, "bytes exceed the limit"),
        (&deep, "automations.json:1:"),
    ] {
        for (tool, args) in TOOLS {
            let sandbox = sandbox();
            sandbox.write("config/automations.json", text);
            refused(&sandbox, sandbox.call(tool, args), &[expected]);
        }
    }
    let sandbox = sandbox();
    sandbox.write("config/automations.json", b"{\"automations\": [\xff");
    refused(&sandbox, sandbox.call("loop_guard", [""; 0]), &["automations.json:1:18: bytes that are not UTF-8"]);
}

#[test]
fn a_setting_out_of_range_or_misspelt_is_placed() {
    for (tool, args, config, expected) in [
        (
            "loop_guard",
            TOOLS[1].1,
            "{\"backoff_max\": -1}",
            "automations.json:1:80: `backoff_max`: expected whole seconds",
        ),
        ("loop_guard", TOOLS[1].1, "{\"verify_open\": \"maybe\"}", "`verify_open`: expected true or false"),
        ("loop_guard", TOOLS[1].1, "{\"backof_max\": 5}", "did you mean `backoff_max`?"),
        ("cycle_retro", TOOLS[0].1, "{\"summary_window\": 0}", "`summary_window`: expected a whole number from 1"),
        ("triage_score", TOOLS[3].1, "{\"ready_threshold\": 1e9}", "`ready_threshold`: expected a whole number"),
        (
            "orchestrator",
            TOOLS[2].1,
            "{\"agenda_time_minutes\": [10]}",
            "`agenda_time_minutes`: expected whole minutes",
        ),
        ("loop_introspect", TOOLS[4].1, "{\"success_target\": 70}", "`success_target`: expected a number above 0"),
        ("loop_introspect", TOOLS[4].1, "{\"sucess_target\": 0.7}", "did you mean `success_target`?"),
        ("triage_score", TOOLS[3].1, "{\"gitea_api\": \"ftp://x\"}", "`gitea_api`: expected an http or https address"),
        ("triage_score", TOOLS[3].1, "{\"repo_slug\": \"a/b/c\"}", "`repo_slug`: expected owner/name"),
    ] {
        let sandbox = sandbox();
        sandbox.write(
            "config/automations.json",
            format!("{{\"automations\": [{{\"id\": \"{tool}\", \"script\": \"x\", \"config\": {config}}}]}}"),
        );
        refused(&sandbox, sandbox.call(tool, args), &[expected, "automations.json:1:"]);
    }
    let sandbox = sandbox();
    sandbox.write("config/daily_run.json", "{\"schedules\": {\"daily\": {\"automations\": 7}}}");
    refused(&sandbox, sandbox.call("orchestrator", TOOLS[2].1), &["daily_run.json:1:41: invalid type: integer `7`"]);
}

#[test]
fn a_bad_variable_is_named_with_its_value() {
    for (tool, args, name, value, expected) in [
        (
            "loop_guard",
            TOOLS[1].1,
            "TIMMY_LOOP_GUARD_BACKOFF_BASE",
            "soon",
            "TIMMY_LOOP_GUARD_BACKOFF_BASE=\"soon\": expected whole seconds",
        ),
        ("loop_guard", TOOLS[1].1, "CYCLE_DURATION", "0", "CYCLE_DURATION=\"0\": expected whole seconds"),
        ("cycle_retro", TOOLS[0].1, "TIMMY_CYCLE_RETRO_WINDOW", "1.5", "TIMMY_CYCLE_RETRO_WINDOW=\"1.5\""),
        ("triage_score", TOOLS[3].1, "READY_THRESHOLD", "-3", "READY_THRESHOLD=\"-3\""),
        ("triage_score", TOOLS[3].1, "GITEA_API", "http://me:secret@x", "expected an http or https address"),
        ("triage_score", TOOLS[3].1, "GITEA_TOKEN", "has space", "GITEA_TOKEN=\"…\": expected a token"),
        ("orchestrator", TOOLS[2].1, "TIMMY_ORCHESTRATOR_MAX_AGENDA_ITEMS", "999", "from 1 to 100"),
        ("cycle_retro", TOOLS[0].1, "TIMMY_NOW", "yesterday", "TIMMY_NOW=\"yesterday\""),
        ("cycle_retro", TOOLS[0].1, "TIMMY_REPO_ROOT", "/nowhere", "TIMMY_REPO_ROOT names /nowhere"),
        (
            "cycle_retro",
            TOOLS[0].1,
            "TIMMY_AUTOMATION_CONFIG_DIR",
            "/nowhere",
            "TIMMY_AUTOMATION_CONFIG_DIR names /nowhere",
        ),
    ] {
        let sandbox = sandbox();
        refused(&sandbox, sandbox.call(tool, args).env(name, value), &[expected]);
    }
}

#[test]
fn broken_rules_are_refused_quickly() {
    let bomb = (0..60).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        text + &format!("a{}: &a{} [*a{level}, *a{level}, *a{level}, *a{level}]\n", level + 1, level + 1)
    });
    let shipped = include_str!("../../config/triage_rules.yaml");
    for (text, expected) in [
        (String::new(), "triage_rules.yaml:1:1: the file is empty"),
        ("\u{0}".to_owned(), "a NUL byte"),
        ("a: [".to_owned(), "triage_rules.yaml:"),
        ("- 1".to_owned(), "triage_rules.yaml:1:"),
        (bomb, "triage_rules.yaml"),
        ("[".repeat(100_000), "triage_rules.yaml:"),
        (" ".repeat(2 << 20), "bytes exceed the limit"),
        (shipped.replacen("points: 1", "points: 1000", 1), "points: 1000 is not a number from -100 to 100"),
        (shipped.replacen("patterns:", "paterns:", 1), "did you mean `patterns`?"),
        (shipped.replacen("'\\bphilosoph'", "'(((a{999}){999}){999})'", 1), "exceeds size limit"),
        (shipped.replacen("'\\bphilosoph'", "'(unclosed'", 1), "unclosed group"),
    ] {
        let sandbox = sandbox();
        sandbox.write("config/triage_rules.yaml", text);
        for args in [&["--issues", "issues.json"][..], &["--check-rules"]] {
            refused(&sandbox, sandbox.call("triage_score", args), &[expected, "triage_rules.yaml"]);
        }
    }
    let sandbox = sandbox();
    refused(
        &sandbox,
        sandbox.call("triage_score", TOOLS[3].1).env("TIMMY_TRIAGE_SCORE_RULES_FILE", "none.yaml"),
        &["none.yaml"],
    );
}

#[test]
fn patterns_that_would_hang_other_engines_do_not() {
    let sandbox = Sandbox::new();
    let body = "a".repeat(60_000) + "!";
    sandbox.write("issues.json", format!("[{{\"number\": 1, \"title\": \"x\", \"body\": \"{body}\"}}]"));
    sandbox.write(
        "config/triage_rules.yaml",
        include_str!("../../config/triage_rules.yaml").replacen("'\\?\\?\\?'", "'(a+)+$|(a|aa)+$|(a|a?)+$'", 1),
    );
    let begun = Instant::now();
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn what_stands_in_a_files_place_is_named() {
    for (tool, args, name) in [
        ("cycle_retro", TOOLS[0].1, ".loop/retro/cycles.jsonl"),
        ("cycle_retro", TOOLS[0].1, ".loop/retro/summary.json"),
        ("cycle_retro", TOOLS[0].1, ".loop/cycle_result.json"),
        ("loop_guard", TOOLS[1].1, ".loop/queue.json"),
        ("loop_guard", TOOLS[1].1, ".loop/idle_state.json"),
        ("loop_guard", TOOLS[1].1, "config/automations.json"),
        ("loop_introspect", TOOLS[4].1, ".loop/retro/insights.json"),
        ("loop_introspect", TOOLS[4].1, ".loop/retro/cycles.jsonl"),
        ("triage_score", TOOLS[3].1, ".loop/queue.json"),
        ("triage_score", TOOLS[3].1, ".loop/quarantine.json"),
        ("triage_score", TOOLS[3].1, ".loop/retro/triage.jsonl"),
        ("triage_score", TOOLS[3].1, "config/triage_rules.yaml"),
        ("orchestrator", TOOLS[2].1, ".loop/agenda.json"),
        ("orchestrator", TOOLS[2].1, "config/daily_run.json"),
    ] {
        let sandbox = sandbox();
        sandbox.write(&format!("{name}/in the way"), "x");
        refused(
            &sandbox,
            sandbox.call(tool, args),
            &[name.rsplit('/').next().unwrap(), "hint: move what is in the way"],
        );
        let sandbox = self::sandbox();
        sandbox.write(&format!("{name}.x"), "x");
        symlink(sandbox.root().join(name), sandbox.root().join(name)).unwrap();
        refused(&sandbox, sandbox.call(tool, args), &["hint: fix the symbolic link"]);
    }
}

#[test]
fn a_read_only_folder_is_named() {
    for (tool, args) in TOOLS {
        let sandbox = sandbox();
        sandbox.write(".loop/retro/x", "x");
        for folder in [".loop/retro", ".loop"] {
            fs::set_permissions(sandbox.root().join(folder), fs::Permissions::from_mode(0o555)).unwrap();
        }
        refused(&sandbox, sandbox.call_unprivileged(tool, args), &["hint: let this user write it"]);
        for folder in [".loop", ".loop/retro"] {
            fs::set_permissions(sandbox.root().join(folder), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}

#[test]
fn damaged_data_never_stops_a_tool_and_is_still_there() {
    let mut long = vec![b'x'; 50 << 20];
    long.push(b'\n');
    let damages: [&[u8]; 7] = [b"", b"{\"cut\": ", b"\0\0\0\0\n", b"\xff\xfe\n", b"[1, 2, 3]\n", b"null\n", &long];
    let logs = [".loop/retro/cycles.jsonl", ".loop/tokens.jsonl", ".loop/retro/triage.jsonl"];
    let documents = [
        ".loop/queue.json",
        ".loop/quarantine.json",
        ".loop/idle_state.json",
        ".loop/automation_state.json",
        ".loop/retro/summary.json",
        ".loop/agenda.json",
        ".loop/retro/cycles.index.json",
    ];
    for damage in damages {
        let sandbox = sandbox();
        for name in logs.iter().chain(&documents) {
            sandbox.write(name, damage);
        }
        for (tool, args) in TOOLS {
            let ended = sandbox.call(tool, args).env("TIMMY_LOOP_GUARD_VERIFY_OPEN", "0").run();
            assert_eq!(
                ended.code,
                Some(i32::from(tool == "loop_guard")),
                "{tool}: {}",
                ended.conversation().chars().take(2000).collect::<String>()
            );
        }
        let holds = |bytes: &[u8]| damage.is_empty() || bytes == damage || bytes.starts_with(damage);
        for name in logs {
            assert!(holds(&sandbox.bytes(name).unwrap()), "{name} still begins with the damage");
        }
        // A document that had to be rewritten was kept beside it; the index is only a copy of what is in the log.
        for name in documents.iter().filter(|name| !name.ends_with("index.json")) {
            let kept = sandbox.bytes(&format!("{name}.bad")).or_else(|| sandbox.bytes(name)).unwrap();
            let is_empty_queue = kept == b"[1, 2, 3]\n" && damage.starts_with(b"[1");
            assert!(
                holds(&kept)
                    || is_empty_queue
                    || sandbox.bytes(&format!("{name}.bak")).is_some_and(|bytes| holds(&bytes)),
                "{name} is kept"
            );
        }
    }
}
