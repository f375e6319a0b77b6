//! On a narrow terminal nothing is cut: every word of the wide output is there, and no line is too wide.

use host::text;
use sandbox::Sandbox;
use serde_json::json;

use crate::programs;

/// A title with wide characters, longer than a line.
const TITLE: &str = "Crash in store.py: 書き込みの途中で プロセスが 止まると 記録が 失われる and nobody sees it before the next morning";

/// Calls that print tables and texts, the program first.
const CALLS: [&str; 73] = [
    "loop_guard --quiett",
    "cycle_retro --cycle x",
    "timmy automation",
    "loop_guard --repo-root no/such/directory",
    "triage_score --issues no/such/file.json",
    "triage_score --issues broken.py",
    "triage_score --explain 999 --issues issues.json",
    "cycle_retro --cycle 41 --success --issue 85 --type strange",
    "timmy automation run nothing_of_that_name",
    "timmy why weather",
    "timmy explain no_such_code_of_a_reason",
    "triage_score --issues issues.json",
    "triage_score --issues issues.json --explain 85",
    "triage_score --issues issues.json --dry-run",
    "triage_score --check-rules",
    "loop_guard",
    "orchestrator --issues issues.json --review",
    "loop_introspect",
    "loop_introspect --explain list",
    "loop_introspect --explain level",
    "backfill_retro --from-git --dry-run",
    "pre_commit_checks",
    "pre_commit_checks --list",
    "cycle_retro --cycle 40 --failure --issue 85 --duration 60 --reason tox_failed",
    "timmy why 85",
    "timmy why 86",
    "timmy why 87",
    "timmy why 85 --all",
    "timmy why idle",
    "timmy why automation loop_guard",
    "timmy why automation tidy",
    "timmy explain",
    "timmy explain no_queue",
    "timmy explain quarantined",
    "timmy tokens",
    "timmy verify",
    "timmy repair --dry-run",
    "timmy doctor",
    "timmy automation list",
    "timmy automation new other --trigger daily",
    "timmy automation run tidy",
    "timmy trigger daily",
    "timmy schedule tick",
    "timmy automation validate",
    "timmy automation config",
    "timmy automation disable tidy",
    "timmy automation enable tidy",
    "timmy automation pause tidy --for 2h --reason holidays",
    "timmy automation resume tidy",
    "timmy schedule next",
    "timmy shadow report",
    "timmy service print --help",
    "pre_commit_checks install-hook --help",
    "timmy man --out pages",
    "timmy install --into . --dry-run",
    "timmy uninstall --from . --dry-run",
    "timmy help",
    "timmy help files",
    "timmy help environment",
    "timmy help exit-codes",
    "timmy help automation",
    "timmy automation pause --help",
    "timmy --help",
    "timmy why -h",
    "loop_guard --help",
    "cycle_retro --help",
    "triage_score --help",
    "loop_introspect --help",
    "orchestrator --help",
    "pre_commit_checks --help",
    "demo_forge --help",
    "timmy schedule run --help",
    "timmy demo --help",
];

/// Commands whose output is read by another program, or that do not end by themselves: their help is tried.
const OTHERS: [&str; 4] = ["timmy completions", "timmy schedule run", "timmy demo", "demo_forge"];

/// A repository with everything that there is to show.
fn in_use() -> Sandbox {
    let sandbox = Sandbox::new();
    let issue = |number: u64, title: &str, body: &str| {
        json!({"number": number, "title": title, "body": body, "labels": [{"name": "bug"}], "state": "open",
            "created_at": "2026-03-20T12:00:00Z", "updated_at": "2026-03-20T12:00:00Z"})
    };
    let good =
        "`store.py` loses data.\n\n## Steps\n1. kill it\n\n## Acceptance criteria\n- [ ] tests/test_store.py passes";
    let issues = [issue(85, TITLE, good), issue(86, "A second one", good), issue(87, "Something is strange", "")];
    sandbox.write("issues.json", json!(issues).to_string());
    sandbox.write("broken.py", "import no_such_module_of_this_project\ndef f(:\n");
    sandbox.script("scripts/tidy.sh", "true");
    sandbox.automations(&json!([
        {"id": "tidy", "script": "scripts/tidy.sh", "trigger": "daily", "description": TITLE},
        {"id": "loop_guard", "script": "scripts/loop_guard.py", "trigger": "pre_cycle"},
        {"id": "an_automation_with_a_long_name", "script": "scripts/no_such_script.py", "trigger": "every_20_cycles"}
    ]));
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    for cycle in 1..30 {
        let outcome = if cycle % 3 == 0 { "--success" } else { "--failure" };
        let issue = if cycle % 2 == 0 { "86" } else { "88" };
        let mut args = vec!["--issue", issue, outcome, "--type", "bug", "--duration", "60"];
        if outcome == "--failure" {
            args.extend(["--reason", TITLE]);
        }
        let number = cycle.to_string();
        args.extend(["--cycle", &number]);
        let _ = sandbox.run("cycle_retro", &args).code(0);
    }
    sandbox
}

/// The words of a text, without the marks of a cut.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn missing<'a>(wide: &'a str, narrow: &str) -> Vec<&'a str> {
    let mut there = words(narrow);
    words(wide)
        .into_iter()
        .filter(|word| there.iter().position(|other| other == word).map(|at| there.swap_remove(at)).is_none())
        .collect()
}

#[test]
fn every_word_is_there_on_a_narrow_terminal_and_no_line_is_too_wide() {
    for columns in [40, 57] {
        let (wide_world, narrow_world) = (in_use(), in_use());
        for call in CALLS {
            let run = |world: &Sandbox, columns: usize| {
                let mut words = call.split(' ');
                let program = words.next().unwrap();
                let output = world.call(program, words).env("COLUMNS", columns.to_string()).run();
                format!("{}{}", output.out, output.err).replace(&*world.root().to_string_lossy(), "ROOT")
            };
            let (wide, narrow) = (run(&wide_world, 100_000), run(&narrow_world, columns));
            assert!(!wide.contains('…') || !narrow.is_empty(), "{call}");
            let missing = missing(&wide, &narrow);
            assert!(missing.is_empty(), "{call}: {missing:?}\nwide:\n{wide}\nnarrow:\n{narrow}");
            for line in narrow.lines() {
                let is_one_word = words(line).len() <= 1;
                assert!(text::width(line) <= columns || is_one_word, "{call}: {line:?}\nin\n{narrow}");
            }
        }
    }
}

#[test]
fn every_command_is_among_the_calls() {
    for words in programs::all() {
        let call = words.join(" ");
        let is_tried = CALLS.iter().any(|tried| *tried == call || tried.starts_with(&format!("{call} ")));
        assert!(is_tried || OTHERS.contains(&call.as_str()), "{call} is not tried on a narrow terminal");
    }
}

#[test]
fn without_a_terminal_titles_are_not_cut_either_and_what_programs_look_for_is_on_one_line() {
    let sandbox = in_use();
    for call in ["triage_score --issues issues.json", "orchestrator --issues issues.json", "timmy why 85"] {
        let mut words = call.split(' ');
        let program = words.next().unwrap();
        let output = sandbox.call(program, words).run();
        let missing = missing(TITLE, &output.out);
        assert!(missing.is_empty(), "{call}: {missing:?}: {}", output.out);
    }
    let reason = "a reason ".repeat(10);
    let args = ["--cycle", "50", "--failure", "--issue", "85", "--duration", "60", "--reason", &reason];
    let output = sandbox.run("cycle_retro", &args).code(0);
    assert!(output.out.lines().any(|line| line.contains(reason.trim())), "{}", output.out);
}
