//! The tool as a program: what it prints, how it ends, what it changes.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test lays out files and fails by panicking"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use git2::Repository;
use sandbox::{CallOutput, Sandbox, commit, stage, stage_all};
use serde_json::Value;

const TOOL: &str = "pre_commit_checks";

/// A sandbox with a real Git repository.
fn repository() -> (Sandbox, Repository) {
    let sandbox = Sandbox::new();
    let repository = sandbox.git();
    (sandbox, repository)
}

/// A call without a formatter, so that the machine's own does not matter.
fn run(sandbox: &Sandbox, args: &[&str]) -> CallOutput {
    sandbox.call(TOOL, args).env("TIMMY_PRE_COMMIT_CHECKS_FORMATTER", "none").run()
}

/// The findings as `check file:line`.
fn found(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let ended = run(sandbox, &[&["--json"], args].concat());
    let document: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"));
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(ended.code, Some(i32::from(!findings.is_empty())), "{ended:?}");
    let line =
        |it: &Value| format!("{} {}:{}", it["check"].as_str().unwrap(), it["file"].as_str().unwrap(), it["line"]);
    findings.iter().map(line).collect()
}

#[test]
fn the_old_form_is_the_default() {
    let sandbox = Sandbox::new();
    sandbox.write("tests/test_a.py", "def test_a():\n    assert p().startswith(\"/Users/\")\ndef p(:\n");
    sandbox.write("tests/test_b.py", "import os\n\n\ndef test_b():\n    assert os.getcwd().startswith(\"/Users/\")\n");
    let ended = run(&sandbox, &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.starts_with("🔍 Running pre-commit checks...\n\n✗ Python files can be compiled: 1 (syntax)\n✓ "));
    let rule = "=".repeat(70);
    assert!(
        ended.out.ends_with(&format!(
            "\n{rule}\n❌ Found 2 issue(s):\n\n  1. tests/test_a.py:3:7: syntax error: expected a parameter or the end of the \
             parameter list [syntax]\n     fix the syntax; Python refuses the whole file\n  2. tests/test_b.py:5:35: \
             startswith(\"/Users/\") holds on one platform only [platform-paths]\n     Use Path.home() instead for platform \
             compatibility.\n"
        )),
        "{}",
        ended.out
    );
    sandbox.write("tests/test_a.py", "");
    sandbox.write("tests/test_b.py", "");
    let ended = run(&sandbox, &[]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.out.ends_with(&format!("\n{rule}\n✅ All pre-commit checks passed!\n")), "{}", ended.out);
    assert_eq!(run(&sandbox, &["--quiet"]).out, "");
    sandbox.write("a.py", "x = 1");
    let quiet = "❌ Found 1 issue(s):\n\n  1. a.py:1: no newline at the end of the file [final-newline]\n     add one (--fix)\n";
    assert_eq!(run(&sandbox, &["--quiet"]).out, quiet);
    let state = sandbox.json(".loop/automation_state.json");
    let state = &state["automations"][TOOL];
    assert_eq!((state["status"].as_str(), state["last_result"].as_str()), (Some("ok"), Some("1 finding in 3 files")));
}

#[test]
fn a_formatter_that_is_not_there_is_a_warning() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.py", "x = 1\n");
    let ended = sandbox.call(TOOL, [""; 0]).env("PATH", "/nowhere").run();
    assert_eq!(ended.code, Some(0));
    assert!(ended.out.contains("\n⚠ formatting: black is not installed\n"), "{}", ended.out);
}

#[test]
fn a_formatter_is_asked_and_a_slow_one_is_ended() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.py", "x = 1\n");
    let program = |script: &str| {
        sandbox.write("../bin/black", format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(sandbox.outside().join("bin/black"), fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", sandbox.outside().join("bin").display());
        let call = sandbox.call(TOOL, ["--check", "formatting"]).env("PATH", path);
        call.env("TIMMY_PRE_COMMIT_CHECKS_FORMATTER_TIMEOUT", "1").run()
    };
    let ended = program("for f; do :; done; echo \"would reformat $PWD/$f\" >&2; exit 1");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("1. src/a.py: black would reformat it [formatting]"), "{}", ended.out);
    assert_eq!(program("exit 0").code, Some(0));
    let ended = program("trap '' TERM; sleep 60 & sleep 60");
    assert_eq!(ended.code, Some(0));
    assert!(ended.out.contains("⚠ formatting: black took more than 1 s and was ended"), "{}", ended.out);
    let ended = program("echo oh no >&2; exit 123");
    assert!(ended.out.contains("⚠ formatting: black failed: oh no"), "{}", ended.out);
}

#[test]
fn a_disabled_automation_does_nothing_unless_forced() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = (\n");
    let manifest = r#"{"automations": [{"id": "pre_commit_checks", "script": "x", "enabled": false}]}"#;
    sandbox.write("config/automations.json", manifest);
    let ended = run(&sandbox, &[]);
    let expected = "[pre-commit] pre_commit_checks is disabled in automations.json (--force runs it all the same)\n";
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), expected));
    assert_eq!(run(&sandbox, &["--force"]).code, Some(1));
}

#[test]
fn checks_are_listed_chosen_and_left_out() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = (");
    assert!(run(&sandbox, &["--list"]).out.starts_with("syntax             Python files can be compiled\n"));
    assert_eq!(found(&sandbox, &["--check", "final-newline"]), ["final-newline a.py:1"]);
    assert_eq!(found(&sandbox, &["--skip", "final-newline"]), ["syntax a.py:1"]);
    let ended = run(&sandbox, &["--check", "syntaxx"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.err, "error: there is no check `syntaxx`\nhint: did you mean `syntax`?\n");
    sandbox.write(
        "config/automations.json",
        r#"{"automations": [{"id": "pre_commit_checks", "script": "x", "config": {"skip": ["syntax"]}}]}
"#,
    );
    assert_eq!(found(&sandbox, &[]), ["final-newline a.py:1"]);
    sandbox.write(
        "config/automations.json",
        r#"{"automations": [{"id": "pre_commit_checks", "script": "x", "config": {"max_file_kb": 1}}]}
"#,
    );
    let ended = run(&sandbox, &[]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.err.contains("config/automations.json:1:87: pre_commit_checks has no setting `max_file_kb`"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("did you mean `max_file_kib`?"));
}

#[test]
fn what_git_ignores_is_left_out_unless_it_is_tracked() {
    let (sandbox, repository) = repository();
    for name in ["a.py", "build/b.py", "build/kept.py", "c.txt.py"] {
        sandbox.write(name, "x = (\n");
    }
    sandbox.write(".gitignore", "build/\n*.txt.py\n.loop\n");
    let mut index = repository.index().unwrap();
    index.add_all(["build/kept.py"], git2::IndexAddOption::FORCE, None).unwrap();
    index.write().unwrap();
    assert_eq!(found(&sandbox, &["--check", "syntax"]), ["syntax a.py:1", "syntax build/kept.py:1"]);
    assert_eq!(found(&sandbox, &["--check", "syntax", "build"]), ["syntax build/kept.py:1"]);
    assert_eq!(found(&sandbox, &["--check", "syntax", "build/b.py"]), ["syntax build/b.py:1"], "named is chosen");
    let ended = run(&sandbox, &["nowhere.py"]);
    assert_eq!((ended.code, ended.err.lines().next()), (Some(2), Some("error: there is no nowhere.py")));
    assert_eq!(run(&sandbox, &["/etc/hostname"]).code, Some(2));
}

#[test]
fn staged_is_what_is_staged_and_not_the_work_tree() {
    let (sandbox, repository) = repository();
    sandbox.write("pkg/__init__.py", "");
    sandbox.write("pkg/a.py", "def f(): pass\n");
    stage(&repository, &["pkg/__init__.py", "pkg/a.py"]);
    commit(&repository, "x");
    sandbox.write("pkg/b.py", "from pkg.a import g\n");
    stage(&repository, &["pkg/b.py"]);
    sandbox.write("pkg/b.py", "from pkg.a import f\n");
    sandbox.write("pkg/c.py", "x = (\n");
    assert_eq!(found(&sandbox, &["--staged"]), ["imports pkg/b.py:1"]);
    // What the work tree has, and the index has not, is missing in the commit.
    sandbox.write("pkg/b.py", "from pkg import d\nfrom pkg.a import f\n");
    sandbox.write("pkg/d.py", "");
    stage(&repository, &["pkg/b.py"]);
    let ended = run(&sandbox, &["--staged"]);
    assert!(ended.out.contains("no module named `d` in pkg"), "{}", ended.out);
    assert!(ended.out.contains("it is in the work tree: commit it as well"), "{}", ended.out);
    stage(&repository, &["pkg/d.py"]);
    assert_eq!(found(&sandbox, &["--staged"]), [""; 0]);
    let mut index = repository.index().unwrap();
    index.remove_path(Path::new("pkg/a.py")).unwrap();
    index.write().unwrap();
    assert_eq!(found(&sandbox, &["--staged"]), ["imports pkg/b.py:2"]);
}

#[test]
fn what_a_staged_change_takes_away_is_missed_where_it_is_used() {
    let (sandbox, repository) = repository();
    sandbox.write("pkg/__init__.py", "");
    sandbox.write("pkg/a.py", "def f(): pass\n\n\ndef g(): pass\n");
    sandbox.write("pkg/b.py", "from pkg.a import f, g\n");
    sandbox.write("pkg/c.py", "x = (\n");
    stage(&repository, &["pkg/__init__.py", "pkg/a.py", "pkg/b.py", "pkg/c.py"]);
    commit(&repository, "x");
    sandbox.write("pkg/a.py", "def f(): pass\n");
    stage(&repository, &["pkg/a.py"]);
    assert_eq!(found(&sandbox, &["--staged"]), ["importers pkg/b.py:1"]);
    let mut index = repository.index().unwrap();
    index.remove_path(Path::new("pkg/a.py")).unwrap();
    index.write().unwrap();
    assert_eq!(found(&sandbox, &["--staged"]), ["importers pkg/b.py:1"]);
}

#[test]
fn links_in_the_index_are_no_sources() {
    let (sandbox, repository) = repository();
    sandbox.write("pkg/__init__.py", "");
    sandbox.write("pkg/real.py", "x = 1\n");
    sandbox.write("pkg/inner/__init__.py", "y = 1\n");
    symlink("real.py", sandbox.root().join("pkg/same.py")).unwrap();
    symlink("inner", sandbox.root().join("pkg/other")).unwrap();
    sandbox.write("pkg/user.py", "from pkg.other import y\nfrom pkg.same import x\n");
    stage(
        &repository,
        &["pkg/__init__.py", "pkg/real.py", "pkg/inner/__init__.py", "pkg/same.py", "pkg/other", "pkg/user.py"],
    );
    assert_eq!(found(&sandbox, &["--staged"]), [""; 0]);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
}

#[test]
fn a_range_is_checked_as_its_end_has_it() {
    let (sandbox, repository) = repository();
    sandbox.write("old.py", "x = (\n");
    stage(&repository, &["old.py"]);
    let from = commit(&repository, "x").to_string();
    sandbox.write("new.py", "y = (\n");
    stage(&repository, &["new.py"]);
    let to = commit(&repository, "x").to_string();
    sandbox.write("new.py", "y = 1\n");
    assert_eq!(found(&sandbox, &["--from-ref", &from, "--to-ref", &to]), ["syntax new.py:1"]);
    assert_eq!(found(&sandbox, &["--from-ref", &to, "--to-ref", "HEAD"]), [""; 0]);
    let ended = run(&sandbox, &["--from-ref", "nowhere", "--to-ref", "HEAD"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("cannot compare the commits of --from-ref and --to-ref"), "{}", ended.err);
    assert_eq!(run(&sandbox, &["--from-ref", &from]).code, Some(2), "one without the other");
}

#[test]
fn fixing_changes_what_needs_no_judgement_and_keeps_the_mode() {
    let sandbox = Sandbox::new();
    sandbox.write("run.sh", "#!/bin/sh \necho  a\t\nexit");
    sandbox.write("mixed.txt", "a\r\nb\r\nc\n");
    sandbox.write("a.py", "x = '''y \nz'''\nx = (");
    fs::set_permissions(sandbox.root().join("run.sh"), fs::Permissions::from_mode(0o750)).unwrap();
    let ended = run(&sandbox, &["--fix"]);
    assert_eq!(ended.code, Some(1), "the syntax is left");
    assert!(ended.out.contains("✓ fixed a.py\n✓ fixed mixed.txt\n✓ fixed run.sh\n"), "{}", ended.out);
    assert_eq!(sandbox.read("run.sh"), "#!/bin/sh\necho  a\nexit\n");
    assert_eq!(sandbox.read("mixed.txt"), "a\r\nb\r\nc\r\n");
    assert_eq!(sandbox.read("a.py"), "x = '''y \nz'''\nx = (\n");
    assert_eq!(fs::metadata(sandbox.root().join("run.sh")).unwrap().permissions().mode() & 0o777, 0o750);
    assert_eq!(run(&sandbox, &["--fix", "--staged"]).code, Some(2), "what is staged is not changed");
}

#[test]
fn a_baseline_lets_an_old_project_begin() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "breakpoint()\nbreakpoint()\n");
    let ended = run(&sandbox, &["--baseline", "known.json", "--update-baseline"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.starts_with("[pre-commit] 2 findings written to "), "{}", ended.out);
    let mut names: Vec<_> = fs::read_dir(sandbox.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".git", ".loop", "a.py", "known.json"], "no lock is among the project's files");
    assert_eq!(found(&sandbox, &["--baseline", "known.json"]), [""; 0]);
    sandbox.write("a.py", "x = 1\nbreakpoint()\nbreakpoint()\nbreakpoint()\n");
    assert_eq!(found(&sandbox, &["--baseline", "known.json"]), ["debugger-calls a.py:4"], "one more is new");
    sandbox.write("known.json", "{");
    let ended = run(&sandbox, &["--baseline", "known.json"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("known.json:1:1: EOF while parsing"), "{}", ended.err);
    assert_eq!(run(&sandbox, &["--baseline", "nowhere.json"]).code, Some(2));
}

#[test]
fn a_comment_ignores_a_finding_with_a_reason() {
    let sandbox = Sandbox::new();
    let comment = ["# pre-commit", ": ignore[debugger-calls]"].concat();
    sandbox.write("a.py", format!("breakpoint()  {comment} it is a sample\n"));
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    sandbox.write("a.py", format!("breakpoint()  {comment}\n"));
    assert_eq!(found(&sandbox, &[]), ["ignore-comments a.py:1", "debugger-calls a.py:1"]);
}

#[test]
fn required_exports_and_values_are_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.write("src/dashboard/__init__.py", "");
    sandbox.write("src/dashboard/app.py", "template = 1\n");
    sandbox.write("src/config.py", "class Settings:\n    ollama_model: str = \"\"\n\n\nsettings = Settings()\n");
    let usual = ["required-exports src/dashboard/app.py:0", "required-values src/config.py:2"];
    assert_eq!(found(&sandbox, &[]), [usual[1], usual[0]], "what the old script asked for");
    let ended = run(&sandbox, &[]);
    assert!(
        ended.out.contains("dashboard.app does not export `templates`, which the settings require"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("did you mean `template`?"), "{}", ended.out);
    let config = r#"{"automations": [{"id": "pre_commit_checks", "script": "x", "config":
        {"required_exports": ["config:settings", "nowhere:x"], "required_values": []}}]}
"#;
    sandbox.write("config/automations.json", config);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    assert!(run(&sandbox, &[]).out.contains("⚠ required-exports: there is no module nowhere"));
}

#[test]
fn names_links_and_sizes_are_looked_at() {
    let sandbox = Sandbox::new();
    sandbox.write("Read.me", "a\n");
    sandbox.write("read.ME", "a\n");
    sandbox.write("Docs/a", "a\n");
    sandbox.write("docs/b", "a\n");
    sandbox.write("big.bin", vec![0; 2 << 20]);
    symlink("nowhere", sandbox.root().join("broken")).unwrap();
    symlink("Read.me", sandbox.root().join("sound")).unwrap();
    symlink("round", sandbox.root().join("round")).unwrap();
    let expected = [
        "large-files big.bin:0",
        "broken-links broken:0",
        "case-collisions docs/b:0",
        "case-collisions read.ME:0",
        "broken-links round:0",
    ];
    assert_eq!(found(&sandbox, &[]), expected);
}

#[test]
fn the_hook_is_installed_where_git_looks_and_others_are_left_alone() {
    let (sandbox, repository) = repository();
    let hook = sandbox.root().join(".git/hooks/pre-commit");
    assert_eq!(run(&sandbox, &["install-hook"]).code, Some(0));
    assert_eq!(fs::metadata(&hook).unwrap().permissions().mode() & 0o777, 0o755);
    // As Git calls it: from the root, with a work tree that is worse than what is staged.
    sandbox.write("a.py", "x = 1\n");
    stage(&repository, &["a.py"]);
    sandbox.write("a.py", "x = (\n");
    let call = || sandbox.call_as(&hook, [""; 0]).run();
    assert_eq!(call().code, Some(0), "{:?}", call());
    stage(&repository, &["a.py"]);
    assert_eq!(call().code, Some(1));
    assert_eq!(run(&sandbox, &["install-hook"]).code, Some(0), "twice is once");
    assert_eq!(run(&sandbox, &["install-hook", "--remove"]).code, Some(0));
    assert!(!hook.exists());
    assert_eq!(run(&sandbox, &["install-hook", "--remove"]).out, "[pre-commit] there is no hook of this tool\n");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\nexit 0\n").unwrap();
    let ended = run(&sandbox, &["install-hook"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.err.contains("is another hook, which is not changed\nhint: add this line to it: timmy_checks='/"),
        "{}",
        ended.err
    );
    assert_eq!(fs::read_to_string(&hook).unwrap(), "#!/bin/sh\nexit 0\n");
}

#[test]
fn work_trees_share_the_hook_and_core_hooks_path_moves_it() {
    let (sandbox, repository) = repository();
    sandbox.write("a", "a\n");
    stage(&repository, &["a"]);
    commit(&repository, "x");
    let linked = sandbox.outside().join("linked");
    repository.worktree("linked", &linked, None).unwrap();
    let ended = run(&sandbox, &["--repo-root", linked.to_str().unwrap(), "--list"]);
    assert_eq!(ended.code, Some(0));
    let ended = run(&sandbox, &["install-hook", "--repo-root", linked.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(sandbox.root().join(".git/hooks/pre-commit").exists());
    repository.config().unwrap().set_str("core.hooksPath", "tools/hooks").unwrap();
    assert_eq!(run(&sandbox, &["install-hook"]).code, Some(0));
    assert!(sandbox.root().join("tools/hooks/pre-commit").exists());
}

#[test]
fn what_cannot_be_read_does_not_pass() {
    let sandbox = Sandbox::new();
    sandbox.git();
    sandbox.write("good.py", "x = 1\n");
    sandbox.write("hidden.py", "x = (\n");
    sandbox.write("folder/in.py", "x = 1\n");
    stage_all(&sandbox.git());
    sandbox.write("known.json", "{\"version\": 1, \"findings\": {}}\n");
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(sandbox.root().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o777)).unwrap();
    for (name, secret, open) in [("hidden.py", 0o000, 0o644), ("folder/in.py", 0o000, 0o644)] {
        mode(name, secret);
        let ended = sandbox.call_unprivileged("pre_commit_checks", [""; 0]).run();
        assert_eq!(ended.code, Some(2), "{name}: {}", ended.conversation());
        assert!(ended.err.contains(name) && ended.err.contains("it was not checked"), "{}", ended.err);
        let args = ["--baseline", "known.json", "--update-baseline"];
        let ended = sandbox.call_unprivileged("pre_commit_checks", args).run();
        assert_eq!(ended.code, Some(2), "{name}: {}", ended.conversation());
        assert_eq!(sandbox.read("known.json"), "{\"version\": 1, \"findings\": {}}\n");
        mode(name, open);
    }
}

#[test]
fn links_of_an_installation_are_not_to_be_deleted() {
    let (sandbox, repository) = repository();
    fs::create_dir_all(sandbox.root().join("scripts")).unwrap();
    symlink("../.loop/bin/loop_guard", sandbox.root().join("scripts/loop_guard.py")).unwrap();
    symlink("nowhere", sandbox.root().join("scripts/other.py")).unwrap();
    stage_all(&repository);
    let ended = run(&sandbox, &["--staged"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("scripts/loop_guard.py: a link of `timmy install` leads to .loop/bin"), "{}", ended.out);
    assert_eq!(ended.out.matches("or remove it").count(), 1, "only the other link: {}", ended.out);
    // In a clone of such a commit.
    let ended = run(&sandbox, &[]);
    assert!(ended.out.contains("keep the link: `timmy install --into .` brings the programs"), "{}", ended.out);
    // An installed link leads somewhere, and is only not to be committed.
    sandbox.write(".loop/bin/loop_guard", "");
    sandbox.write(".gitignore", ".loop\n");
    assert!(!run(&sandbox, &[]).out.contains("loop_guard.py"));
    assert!(run(&sandbox, &["--staged"]).out.contains("`git restore --staged PATH` leaves it out of the commit"));
}
