//! What a shell and a reader of manual pages get of `timmy`: completions and pages.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test builds its own world and fails by panicking"
)]

use std::fs;
use std::path::Path;

use sandbox::{Sandbox, program};
use serde_json::json;

/// A repository with automations, issues, a queue and findings.
fn in_use() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.automations(&json!([
        {"id": "tidy_up", "script": "x", "trigger": "every_7_cycles"},
        {"id": "tally", "script": "x"}
    ]));
    let issue = |number: u64| {
        json!({"number": number, "title": "Crash in `store.py`", "body": "It must not lose data", "state": "open",
            "labels": [{"name": "bug"}], "created_at": "2026-03-20T12:00:00Z", "updated_at": "2026-03-20T12:00:00Z"})
    };
    sandbox.write("issues.json", json!([issue(85), issue(86), issue(123)]).to_string());
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    for cycle in 1..4 {
        let args = ["--cycle", &cycle.to_string(), "--success", "--issue", "86", "--duration", "60"];
        let _ = sandbox.run("cycle_retro", &args).code(0);
    }
    let _ = sandbox.run("loop_introspect", &[]).code(0);
    sandbox
}

/// What `shell` is told for a command line whose last word is completed, a candidate a line.
fn complete(sandbox: &Sandbox, shell: &str, words: &[&str]) -> Vec<String> {
    let index = (words.len() - 1).to_string();
    let call = sandbox.call("timmy", ["--"].iter().chain(words)).env("COMPLETE", shell);
    let call = call.env("_CLAP_COMPLETE_INDEX", index).env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_COMP_TYPE", "9");
    call.run().code(0).out.lines().map(str::to_owned).collect()
}

#[test]
fn shells_complete_what_the_repository_and_the_tools_know() {
    let sandbox = in_use();
    let bash = |line: &str| complete(&sandbox, "bash", &line.split(' ').collect::<Vec<_>>());
    for (line, expected) in [
        ("timmy automation enable t", &["tidy_up", "tally"][..]),
        ("timmy sched", &["schedule"]),
        ("timmy loop_guard --st", &["--status"]),
        ("loop_guard --st", &["--status"]),
        ("scripts/loop_guard.py --st", &["--status"]),
        ("demo_forge --po", &["--port"]),
        ("timmy why 8", &["85", "86"]),
        ("timmy why i", &["idle"]),
        ("timmy explain qu", &["queue_damaged", "queue_empty", "quarantined"]),
        ("timmy man loop", &["loop_guard", "loop_introspect"]),
        ("timmy man automation-p", &["automation-pause"]),
        ("timmy help ex", &["explain", "exit-codes"]),
        ("timmy help automation p", &["pause"]),
        ("timmy help nothing p", &[]),
        ("timmy automation new x --trigger e", &["every_7_cycles"]),
        ("timmy automation new x --trigger m", &["manual"]),
        ("timmy trigger m", &[]),
        ("triage_score --release 12", &["123"]),
        ("timmy triage_score --explain 12", &["123"]),
        ("cycle_retro --type r", &["refactor"]),
        ("cycle_retro --issue 85", &["85"]),
        ("loop_introspect --explain t", &["too-early"]),
    ] {
        let mut candidates = bash(line);
        let mut expected = expected.to_vec();
        candidates.sort();
        expected.sort_unstable();
        assert_eq!(candidates, expected, "{line}");
    }
    // With a text about each where the shell shows one.
    assert_eq!(complete(&sandbox, "fish", &["timmy", "why", "85"]), ["85\tCrash in `store.py`"]);
    assert_eq!(complete(&sandbox, "zsh", &["timmy", "why", "85"]), ["85:Crash in `store.py`"]);
    assert_eq!(
        complete(&sandbox, "zsh", &["loop_guard", "--sta"]),
        ["--status:Print the state as JSON, and change nothing"]
    );
}

#[test]
fn the_default_automations_are_completed_where_there_is_no_manifest() {
    let sandbox = Sandbox::new();
    for line in ["timmy automation pause loop_g", "timmy why automation loop_g"] {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(complete(&sandbox, "bash", &words), ["loop_guard"], "{line}");
    }
}

#[test]
fn completion_without_a_repository_or_with_damaged_files_is_silent() {
    let sandbox = Sandbox::new();
    sandbox.write(".loop/scores.json", "{ broken");
    sandbox.write(".loop/queue.json", "{ broken");
    sandbox.write(".loop/retro/insights.json", "{ broken");
    sandbox.write("config/automations.json", "{ broken");
    for line in ["timmy why 8", "timmy automation enable t", "loop_introspect --explain x"] {
        let words: Vec<&str> = line.split(' ').collect();
        let call = sandbox.call("timmy", ["--"].iter().chain(&words)).env("COMPLETE", "bash");
        let call = call.env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
        let output = call.run().code(0);
        assert_eq!((output.out.as_str(), output.err.as_str()), ("", ""), "{line}");
    }
}

#[test]
fn the_script_of_a_shell_registers_timmy_and_every_tool() {
    let sandbox = Sandbox::new();
    let names = ["timmy", "loop_guard", "loop_guard.py", "triage_score.py", "demo_forge"];
    let print = |shell: &str| sandbox.run("timmy", &["completions", shell]).code(0).out;
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (bash, zsh, fish) = (print("bash"), print("zsh"), print("fish"));
    for name in names {
        let registered = |text: &str, with: &str| {
            text.lines().any(|line| line.trim_start().starts_with(with) && words(line).iter().any(|word| word == name))
        };
        assert!(registered(&bash, "complete "), "{name} in {bash}");
        assert!(registered(&zsh, "compdef ") && registered(&zsh, "#compdef "), "{name} in {zsh}");
        assert!(registered(&fish, "complete "), "{name} in {fish}");
    }
    // Where the PATH does not lead to this program, a shell calls it by its path.
    let path = program("timmy").canonicalize().unwrap();
    assert!(bash.contains(&format!("{} -- ", path.display()).replace(" -- ", "\" -- ")), "{bash}");
    let folder = path.parent().unwrap().to_string_lossy().into_owned();
    let on_path = sandbox.call("timmy", ["completions", "fish"]).env("PATH", folder).run().code(0).out;
    assert!(on_path.contains("(COMPLETE=fish timmy -- "), "{on_path}");
}

#[test]
fn bash_itself_completes_a_tool_by_the_path_of_its_script() {
    let sandbox = in_use();
    sandbox.write(
        "complete.sh",
        "source <(\"$1\" completions bash)\ncomplete -p loop_guard.py >/dev/null || exit 3\n\
         COMP_WORDS=(scripts/loop_guard.py --st); COMP_CWORD=1; COMP_TYPE=9\n\
         _clap_complete_timmy scripts/loop_guard.py --st scripts/loop_guard.py 2>/dev/null\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n",
    );
    let timmy = program("timmy").to_string_lossy().into_owned();
    let output = sandbox.call_as(Path::new("/bin/bash"), ["complete.sh", &timmy]).run().code(0);
    assert_eq!(output.out, "--status\n");
}

#[test]
fn manual_pages_have_the_name_of_the_program_and_the_names_of_values() {
    let sandbox = Sandbox::new();
    let run = |args: &[&str]| sandbox.run("timmy", args).code(0).out;
    let page = run(&["man", "loop_guard"]);
    assert!(page.contains(".TH LOOP_GUARD 1") && page.contains(".SH NAME\nloop_guard \\- Reports"), "{page}");
    assert!(page.contains("\\fBloop_guard\\fR [\\-\\-repo\\-root DIR]"), "{page}");
    let page = run(&["man", "automation", "pause"]);
    assert!(page.contains(".SH NAME\ntimmy\\-automation\\-pause \\- Pause"), "{page}");
    assert!(page.contains("\\fBtimmy automation pause\\fR \\-\\-for TIME \\-\\-reason TEXT"), "{page}");
    assert!(page.contains(" ID...\n"), "{page}");
    assert_eq!(page, run(&["man", "automation-pause"]));
    assert!(run(&["man"]).contains(".SH NAME\ntimmy \\- "));
    assert!(run(&["man", "cycle_retro"]).contains("<\\-\\-success|\\-\\-failure>"));
    let ended = sandbox.run("timmy", &["man", "loop_gard"]).code(2);
    assert!(ended.err.contains("did you mean `timmy man loop_guard`?"), "{}", ended.err);
    let _ = run(&["man", "--out", "pages"]);
    let mut written: Vec<String> = fs::read_dir(sandbox.root().join("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    written.sort();
    for name in
        ["timmy.1", "timmy-schedule.1", "timmy-schedule-tick.1", "loop_guard.1", "pre_commit_checks-install-hook.1"]
    {
        assert!(written.iter().any(|file| file == name), "{name} in {written:?}");
    }
}
