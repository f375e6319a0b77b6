//! The scenarios: a repository, a command, and what may become of it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use sandbox::{NOW, Sandbox};

/// A repository and a command.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) program: &'static str,
    /// `{repo}` is the repository.
    pub(crate) args: Vec<&'static str>,
    pub(crate) prepare: fn(&Sandbox),
    /// The clock of the repetition.
    pub(crate) later: &'static str,
    /// The command rewrites the log of cycles.
    pub(crate) rewrites: bool,
    /// The command takes damaged lines out of logs.
    pub(crate) repairs: bool,
    /// The exit code is that of another program, which the fault may have met.
    pub(crate) passes_on: bool,
    /// Files that the command brings up to date besides its work: they may be behind, if that is said.
    pub(crate) secondary: &'static [&'static str],
    /// Contents that a file may have on the way.
    pub(crate) between: &'static [&'static [u8]],
}

/// The manifest, the schedules and the rules as shipped.
const CONFIG: [(&str, &str); 3] = [
    ("config/automations.json", include_str!("../../../config/automations.json")),
    ("config/daily_run.json", include_str!("../../../config/daily_run.json")),
    ("config/triage_rules.yaml", include_str!("../../../config/triage_rules.yaml")),
];

/// What `timmy automation` begins a manifest with.
const SHIPPED_MANIFEST: [&[u8]; 1] = [CONFIG[0].1.as_bytes()];

/// What a loop leaves besides the log of cycles and the queue.
const DOCUMENTS: [(&str, &str); 9] = [
    (
        ".loop/quarantine.json",
        r#"{"8": {"reason": "r", "failures": 2, "quarantined_at": "2026-03-01T00:00:00+00:00", "x_by": 1}, "77": {"reason": "by hand", "quarantined_at": "2026-03-01T00:00:00+00:00", "x_why": 2}}"#,
    ),
    (
        ".loop/automation_state.json",
        r#"{"version": 1, "x_top": 1, "automations": {"theirs": {"status": "ok", "x_run": 3}}}"#,
    ),
    (
        ".loop/tokens.jsonl",
        r#"{"timestamp": "2026-03-20T00:00:00+00:00", "automation": "a", "action": "run", "tokens": -1, "balance": -1}"#,
    ),
    (
        ".loop/idle_state.json",
        r#"{"consecutive_idle": 3, "last_idle_at": 1774000000.5, "backoff_seconds": 240, "x_idle": 1}"#,
    ),
    (
        ".loop/cycle_result.json",
        "```json\n{\"issue\": \"9\", \"type\": \"bug\", \"tests_passed\": \"12\", \"notes\": \"né\"}\n```",
    ),
    (".loop/retro/summary.json", r#"{"total_cycles": 1, "x_summary": 1}"#),
    (
        ".loop/retro/triage.jsonl",
        r#"{"timestamp": "2026-03-20T00:00:00+00:00", "total_open": 5, "scores": {"9": 8, "21": 7}}"#,
    ),
    (".loop/pauses.json", r#"{"orchestrator": {"until": "2026-03-01T00:00:00+00:00", "reason": "r", "x_p": 1}}"#),
    (".loop/.gitignore", "*"),
];

const RETRO: &str = "cycle_retro --cycle 61 --success --duration 30 --issue 9 --type bug";

/// Every scenario.
pub(crate) fn all() -> Vec<Scenario> {
    let mut all = vec![
        scenario("retro", RETRO, full),
        scenario("retro_fresh", RETRO, |sandbox| sandbox.write("a", "x")),
        scenario("retro_damaged", RETRO, damaged),
        scenario("guard_work", "loop_guard", full),
        scenario("guard_idle", "loop_guard", |sandbox| {
            full(sandbox);
            sandbox.write(".loop/queue.json", "[]\n");
        }),
        scenario("guard_damaged", "loop_guard", damaged),
        scenario("triage", "triage_score --issues {repo}/issues.json", full),
        scenario("triage_damaged", "triage_score --issues {repo}/issues.json", damaged),
        scenario("triage_release", "triage_score --release 77", full),
        scenario("orchestrator", "orchestrator --issues {repo}/issues.json --review", full),
        scenario("introspect", "loop_introspect", full),
        scenario("backfill", "backfill_retro --from-git", history),
        scenario("disable", "timmy automation disable triage_score", configured),
        scenario("disable_bare", "timmy automation disable triage_score", full),
        scenario("new", "timmy automation new tidy --trigger daily", configured),
        scenario("pause", "timmy automation pause triage_score --for 2d --reason why", configured),
        scenario("verify", "timmy verify", full),
        scenario("repair", "timmy repair", damaged),
        scenario("tick", "timmy schedule tick", hourly),
        scenario("hook", "pre_commit_checks install-hook", full),
        scenario("hook_shared", "pre_commit_checks install-hook", |sandbox| {
            full(sandbox);
            let head = "# Made by `pre_commit_checks install-hook`. Its `--remove` takes it away.\n";
            script(sandbox, ".git/hooks/pre-commit", &format!("{head}'/bin/true' --staged --quiet || exit $?"), 0o755);
        }),
        scenario("fix", "pre_commit_checks --fix", sources),
        scenario("baseline", "pre_commit_checks --baseline {repo}/known.json --update-baseline", |sandbox| {
            sources(sandbox);
            sandbox.write("known.json", "{\"version\": 1, \"findings\": {}}\n");
        }),
        scenario("install", "timmy install --into {repo} --allow-dirty", scripts),
        scenario("shims", "timmy install --shims --into {repo} --allow-dirty", scripts),
        scenario("uninstall", "timmy uninstall --from {repo}", |sandbox| installed(sandbox, "--links")),
        scenario("uninstall_shims", "timmy uninstall --from {repo}", |sandbox| installed(sandbox, "--shims")),
        scenario("shadow", "timmy shadow -- sh scripts/loop_guard.py", |sandbox| {
            full(sandbox);
            script(sandbox, "scripts/loop_guard.py", "echo old says so\nexit 0", 0o755);
        }),
    ];
    for scenario in &mut all {
        if scenario.name.starts_with("guard") || scenario.name.starts_with("retro") {
            scenario.secondary = &["quarantine.json"];
        }
        match scenario.name {
            "shadow" => (scenario.secondary, scenario.passes_on) = (&["shadow.jsonl"], true),
            "backfill" => scenario.rewrites = true,
            "repair" => scenario.repairs = true,
            "disable_bare" => scenario.between = &SHIPPED_MANIFEST,
            // A run that was interrupted is made again, at most once.
            "tick" => {
                scenario.later = "2026-03-21T12:50:00Z";
                scenario.between = &[b"ran\nran\n", b"r", b"ra", b"ran"];
            }
            _ => {}
        }
    }
    all
}

fn scenario(name: &'static str, command: &'static str, prepare: fn(&Sandbox)) -> Scenario {
    let mut words = command.split(' ');
    Scenario {
        name,
        program: words.next().unwrap(),
        args: words.collect(),
        prepare,
        later: NOW,
        rewrites: false,
        repairs: false,
        passes_on: false,
        secondary: &[],
        between: &[],
    }
}

/// A loop that has been at work for a while, with fields that no tool knows in each document.
fn full(sandbox: &Sandbox) {
    git(sandbox, &["init", "-q", "--template=", "-b", "main", "."], "");
    let mut log = String::new();
    for cycle in 1..=60 {
        let failed = matches!(cycle, 30 | 57..=59);
        let issue = if (57..=59).contains(&cycle) {
            7
        } else if cycle == 60 {
            8
        } else {
            20 + cycle % 5
        };
        let _ = writeln!(
            log,
            r#"{{"timestamp": "2026-03-{:02}T{:02}:10:00.5+00:00", "cycle": {cycle}, "issue": {issue}, "type": "bug", "success": {}, "duration": {}, "reason": "{}", "notes": "", "x_note": {cycle}}}"#,
            10 + cycle / 8,
            cycle % 8,
            !failed,
            100 + cycle,
            if failed { "tests red" } else { "" },
        );
    }
    sandbox.write(".loop/retro/cycles.jsonl", log + "{\"timestamp\": \"2026-03-21T0");
    let item = |issue: u32| {
        format!(
            r#"{{"issue": {issue}, "title": "t", "type": "bug", "score": 8, "scope": 3, "acceptance": 3, "alignment": 2, "tags": [], "files": [], "ready": true, "x_owner": "w{issue}"}}"#
        )
    };
    sandbox.write(".loop/queue.json", format!("[{}, {}, {}]\n", item(9), item(21), item(99)));
    sandbox.write(".loop/queue.json.bak", format!("[{}]\n", item(9)));
    for (name, content) in DOCUMENTS {
        sandbox.write(name, format!("{content}\n"));
    }
    sandbox.write("issues.json", issues());
}

fn issues() -> String {
    let body = "Steps to reproduce: run it.\\n\\nExpected: no crash in `src/a.py`.\\n\\n- [ ] a test fails first\\n- [ ] it passes\\n";
    let issues = [7, 8, 9, 21, 40].map(|number| {
        let (title, body) = if number == 40 { ("hm", "") } else { ("[bug] crash in src/a.py when empty é", body) };
        format!(
            r#"{{"number": {number}, "title": "{title}", "state": "open", "body": "{body}", "labels": [{{"name": "bug"}}, {{"name": "daily-run"}}, {{"name": "size:S"}}], "created_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-20T00:00:00Z", "html_url": "http://localhost/i/{number}"}}"#
        )
    });
    format!("[{}]\n", issues.join(",\n"))
}

/// The same with the configuration as shipped.
fn configured(sandbox: &Sandbox) {
    full(sandbox);
    for (name, text) in CONFIG {
        sandbox.write(name, text);
    }
}

/// Every document is cut in its middle, every log has rubbish in it.
fn damaged(sandbox: &Sandbox) {
    configured(sandbox);
    for (name, content) in sandbox.tree(".loop") {
        if name.ends_with(".jsonl") {
            let rubbish = b"\n\xff\xfe rubbish\n{\"later\": 1, \"tokens\": 1}\n{\"cut\": ";
            sandbox.write(&name, [&content[..], rubbish].concat());
        } else if name.ends_with(".json") {
            sandbox.write(&name, &content[..content.len().saturating_sub(9)]);
        }
    }
}

/// Merged pull requests in the history of Git, one of which the log has a record of.
fn history(sandbox: &Sandbox) {
    full(sandbox);
    let log = sandbox.read(".loop/retro/cycles.jsonl").replace("\"cycle\": 3,", "\"pr\": 3, \"cycle\": 3,");
    sandbox.write(".loop/retro/cycles.jsonl", log);
    for number in 1..=6 {
        let message = format!("fix: thing {number}, closes #{number} (#{number})");
        let day = format!("2026-03-{}T02:00:00Z", 10 + number);
        git(sandbox, &["commit", "-q", "--allow-empty", "-m", &message], &day);
    }
}

/// Sources with something to fix and something to find.
fn sources(sandbox: &Sandbox) {
    git(sandbox, &["init", "-q", "--template=", "-b", "main", "."], "");
    sandbox.write("src/a.py", "import os   \n\n\ndef f():\n    return os.sep\t\n");
    sandbox.write("src/b.txt", "no newline at the end");
    sandbox.write("src/mixed.txt", "a\r\nb\r\nc\n");
    script(sandbox, "run.sh", "echo hi   ", 0o755);
    sandbox.write("bad.py", "def f(:\n    pass\n");
}

/// An automation that is due every hour and leaves a trace.
fn hourly(sandbox: &Sandbox) {
    full(sandbox);
    sandbox.automations(&serde_json::json!([{"id": "note", "script": "scripts/note.sh", "trigger": "hourly"}]));
    script(sandbox, "scripts/note.sh", "echo ran >> ran.txt", 0o755);
    let _ = sandbox.call("timmy", ["schedule", "tick"]).env("TIMMY_NOW", "2026-03-21T11:10:00Z").run().code(0);
}

/// The scripts of an earlier loop, committed.
fn scripts(sandbox: &Sandbox) {
    full(sandbox);
    for name in ["loop_guard", "cycle_retro", "triage_score"] {
        let mode = if name == "loop_guard" { 0o755 } else { 0o640 };
        script(sandbox, &format!("scripts/{name}.py"), "echo as it was", mode);
    }
    git(sandbox, &["add", "scripts"], "");
    git(sandbox, &["commit", "-q", "-m", "scripts"], "2026-03-20T02:00:00Z");
}

/// The scripts, with an installation of a kind and its hook.
fn installed(sandbox: &Sandbox, kind: &str) {
    scripts(sandbox);
    let root = sandbox.root();
    let _ = sandbox.call("timmy", ["install", kind, "--into", &root.to_string_lossy(), "--allow-dirty"]).run().code(0);
    let _ = sandbox.call_as(&root.join(".loop/bin/pre_commit_checks"), ["install-hook"]).run().code(0);
}

fn script(sandbox: &Sandbox, name: &str, text: &str, mode: u32) {
    sandbox.script(name, text);
    fs::set_permissions(sandbox.root().join(name), fs::Permissions::from_mode(mode)).unwrap();
}

fn git(sandbox: &Sandbox, args: &[&str], date: &str) {
    let status = Command::new("git")
        .args(["-c", "user.name=T", "-c", "user.email=t@localhost"])
        .args(args)
        .current_dir(sandbox.root())
        .env("HOME", sandbox.outside().join("home"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", date)
        .env("GIT_COMMITTER_DATE", date)
        .status()
        .unwrap();
    assert!(status.success());
}
