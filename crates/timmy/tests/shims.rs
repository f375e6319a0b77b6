//! Shims: files in the place of scripts that can be committed.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world and fails by panicking"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use git2::IndexEntryExtendedFlag;
use sandbox::{CallOutput, OLD_SCRIPT, PYTHON, Sandbox, commit, signal, soon, stage_all};
use serde_json::Value;

/// The paths of all tools.
const PATHS: usize = 7;

fn mode_of(sandbox: &Sandbox, name: &str) -> u32 {
    fs::symlink_metadata(sandbox.root().join(name)).unwrap().permissions().mode() & 0o7777
}

fn timmy(sandbox: &Sandbox, root: &Path, args: &[&str]) -> CallOutput {
    sandbox.call("timmy", [args, &[root.to_str().unwrap()]].concat()).run()
}

fn install(sandbox: &Sandbox, args: &[&str]) -> CallOutput {
    timmy(sandbox, &sandbox.root(), &[&["install"], args, &["--into"]].concat())
}

fn uninstall(sandbox: &Sandbox) -> CallOutput {
    timmy(sandbox, &sandbox.root(), &["uninstall", "--from"])
}

/// The names that Git reports as changed.
fn changes(sandbox: &Sandbox) -> Vec<String> {
    let repository = sandbox.git();
    let mut options = git2::StatusOptions::new();
    let statuses = repository.statuses(Some(options.include_untracked(true).recurse_untracked_dirs(true))).unwrap();
    statuses.iter().filter_map(|entry| entry.path().ok().map(str::to_owned)).collect()
}

fn doctor(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&sandbox.run("timmy", &["doctor", "--json"]).out).unwrap()
}

#[test]
fn shims_take_the_place_of_scripts_are_committed_and_taken_back() {
    let sandbox = Sandbox::with_old_scripts();
    let before = sandbox.work_tree();
    let ended = install(&sandbox, &["--shims", "--dry-run"]).code(0);
    assert!(ended.out.contains("scripts/loop_guard.py would be kept and replaced"), "{}", ended.out);
    assert_eq!(sandbox.work_tree(), before);
    let ended = install(&sandbox, &["--shims"]).code(0);
    assert!(ended.out.contains("  git add --chmod=+x scripts/"), "{}", ended.out);
    assert!(sandbox.read("scripts/loop_guard.py").starts_with("#!/bin/sh\n"));
    let modes =
        ["loop_guard", "triage_score", "cycle_retro"].map(|tool| mode_of(&sandbox, &format!("scripts/{tool}.py")));
    assert_eq!(modes, [0o750, 0o750, 0o755], "who may read a script may run it");
    let guard = sandbox.root().join("scripts/loop_guard.py");
    for (program, args) in
        [(&*guard, &["--status"][..]), (Path::new("/bin/sh"), &[guard.to_str().unwrap(), "--status"])]
    {
        let ended = sandbox.call_as(program, args).dir("/").run().code(0);
        assert!(ended.out.contains("queue_ready"), "{}", ended.conversation());
    }
    let report = doctor(&sandbox);
    assert_eq!(
        (&report["installed"][0]["state"], report["broken"].as_array().unwrap().len()),
        (&"shim".into(), 0),
        "{report}"
    );
    // Once committed they are what Git has: a second installation changes nothing.
    stage_all(&sandbox.git());
    commit(&sandbox.git(), "Shims");
    for args in [&["--shims"][..], &[]] {
        let ended = install(&sandbox, args).code(0);
        assert_eq!(ended.out.matches("is installed already").count(), PATHS, "{}", ended.out);
        assert!(!ended.out.contains("git add") && changes(&sandbox).is_empty(), "{}", ended.out);
    }
    let ended = uninstall(&sandbox).code(0);
    assert!(ended.out.contains("Git has something else at these paths: scripts/"), "{}", ended.out);
    let mut after = sandbox.work_tree();
    after.retain(|name, _| !name.starts_with(".git/"));
    let mut expected = before;
    expected.retain(|name, _| !name.starts_with(".git/"));
    assert_eq!(after, expected);
}

#[test]
fn a_clone_has_shims_and_needs_only_the_programs() {
    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &["--shims"]).code(0);
    stage_all(&sandbox.git());
    commit(&sandbox.git(), "Shims");
    let clone = sandbox.outside().join("a clone's");
    git2::Repository::clone(sandbox.root().to_str().unwrap(), &clone).unwrap();
    let guard = clone.join("scripts/loop_guard.py");
    let call = || sandbox.call_as(&guard, ["--status"]).dir("/").run();
    let ended = call().code(2);
    assert!(
        ended.err.contains("a clone's/scripts/loop_guard.py: the program loop_guard is not installed"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("hint: in a checkout of Timmy Automations: cargo build --release"), "{}", ended.err);
    let programs = sandbox::program("loop_guard");
    let programs = programs.parent().unwrap();
    for (name, value) in
        [("TIMMY_HOME", programs.to_owned()), ("PATH", Path::new("/usr/bin:/bin").join("..").join("bin"))]
    {
        let path = format!("{}:/usr/bin:/bin", programs.display());
        let value = if name == "PATH" { path.into() } else { value.into_os_string() };
        let _ = sandbox.call_as(&guard, ["--status"]).env(name, value).dir("/").run().code(0);
    }
    let ended = timmy(&sandbox, &clone, &["doctor", "--repo-root"]).code(1);
    let problem = "scripts/loop_guard.py: a shim, but its program is not there, as in a clone; timmy install brings";
    assert!(ended.out.contains(problem), "{}", ended.out);
    let ended = timmy(&sandbox, &clone, &["install", "--into"]).code(0);
    assert_eq!(ended.out.matches("is installed already").count(), PATHS, "{}", ended.out);
    let _ = call().code(0);
    assert!(clone.join(".loop").is_dir(), "the tool works on the repository of the shim");
    // A linked work tree uses the programs of the repository that it belongs to.
    let linked = sandbox.outside().join("linked");
    git2::Repository::open(&clone).unwrap().worktree("linked", &linked, None).unwrap();
    let retro = linked.join("scripts/cycle_retro.py");
    let _ = sandbox.call_as(&retro, ["--cycle", "1", "--success", "--duration", "5"]).run().code(0);
    assert!(linked.join(".loop/retro/cycles.jsonl").exists());
    let _ = timmy(&sandbox, &linked, &["doctor", "--repo-root"]).code(0);
    let _ = timmy(&sandbox, &clone, &["uninstall", "--from"]).code(0);
    let _ = call().code(2);
    assert!(fs::read_to_string(&guard).unwrap().starts_with("#!/bin/sh\n"), "what the clone had is there");
}

#[test]
fn a_shim_never_runs_itself() {
    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &["--shims"]).code(0);
    fs::remove_file(sandbox.root().join(".loop/bin/loop_guard")).unwrap();
    let shim = sandbox.root().join("scripts/loop_guard.py");
    let bin = sandbox.outside().join("bin");
    fs::create_dir(&bin).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let call = || sandbox.call_as(&shim, ["--status"]).env("PATH", &path).run();
    // A link to it on the PATH is passed over, and so is a copy.
    symlink(&shim, bin.join("loop_guard")).unwrap();
    assert!(call().code(2).err.contains("is not installed"));
    fs::remove_file(bin.join("loop_guard")).unwrap();
    // A script that calls it comes back once.
    fs::write(bin.join("loop_guard"), format!("#!/bin/sh\n'{}' \"$@\"\n", shim.display())).unwrap();
    fs::set_permissions(bin.join("loop_guard"), fs::Permissions::from_mode(0o755)).unwrap();
    let ended = call().code(2);
    assert!(ended.err.contains("the program that was found for loop_guard runs"), "{}", ended.err);
}

#[test]
fn a_shim_passes_everything_on_and_is_found_through_links_from_anywhere() {
    let sandbox = Sandbox::new();
    let root = sandbox.outside().join("it's\n\"a\" $(repo) ü");
    fs::create_dir_all(root.join("scripts")).unwrap();
    let _ = sandbox::git_at(&root);
    let _ = timmy(&sandbox, &root, &["install", "--shims", "--into"]).code(0);
    let retro = root.join("scripts/cycle_retro.py");
    let reason = "  a 'b' \"c\" $x `y` \\n\n*ü";
    let link = sandbox.outside().join("retro");
    symlink("it's\n\"a\" $(repo) ü/scripts/cycle_retro.py", &link).unwrap();
    for (cycle, program) in [("1", &retro), ("2", &link)] {
        let args = ["--cycle", cycle, "--failure", "--duration", "5", "--reason", reason];
        let _ = sandbox.call_as(program, args).dir("/").run().code(0);
    }
    let lines = fs::read_to_string(root.join(".loop/retro/cycles.jsonl")).unwrap();
    let reasons: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["reason"].clone()).collect();
    assert_eq!(reasons, [reason, reason]);
    // From inside of another repository it works on its own; what is named wins.
    let other = sandbox.root();
    let ended = sandbox.call_as(&root.join("scripts/loop_guard.py"), ["--verbose"]).dir(&other).run().code(1);
    assert!(!other.join(".loop").exists(), "{}", ended.conversation());
    let _ = sandbox.call_as(&root.join("scripts/loop_guard.py"), ["--repo-root", "."]).run().code(1);
    assert!(other.join(".loop").exists());
    // Stdin is the tool's, and so is a signal: the process is the same.
    let triage = root.join("scripts/triage_score.py");
    let issues = r#"[{"number": 7, "title": "Crash in a.py", "labels": [], "body": "x"}]"#;
    let ended = sandbox.call_as(&triage, ["--issues", "-", "--dry-run"]).stdin(issues).run().code(0);
    assert!(ended.out.contains("Not ready: 1"), "{}", ended.conversation());
    let mut child = sandbox.call_as(&root.join("scripts/loop_guard.py"), ["--wait"]).start();
    let idle = root.join(".loop/idle_state.json");
    let count = || fs::read_to_string(&idle).unwrap_or_default();
    soon(|| count().contains("\"consecutive_idle\": 2"));
    signal("TERM", child.id());
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15), "{status}");
}

#[test]
fn the_kind_can_be_changed_and_the_originals_stay() {
    let sandbox = Sandbox::with_old_scripts();
    let before = sandbox.work_tree();
    for (args, is_link) in
        [(&["--links"][..], true), (&["--shims"], false), (&[], false), (&["--links"], true), (&[], true)]
    {
        let _ = install(&sandbox, args).code(0);
        assert_eq!(sandbox.root().join("scripts/loop_guard.py").is_symlink(), is_link, "{args:?}");
        let ended = sandbox.call_as(&sandbox.root().join("scripts/loop_guard.py"), ["--status"]).dir("/").run();
        let _ = ended.code(0);
        assert_eq!(sandbox.read(".loop/originals/scripts/loop_guard.py"), OLD_SCRIPT);
        assert!(!sandbox.root().join(".loop/originals/scripts/loop_guard.py.1").exists());
    }
    let _ = uninstall(&sandbox).code(0);
    assert_eq!(sandbox.work_tree(), before);
    assert!(changes(&sandbox).is_empty());
}

#[test]
fn a_shim_that_was_edited_is_not_lost() {
    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &["--shims"]).code(0);
    let edited = sandbox.read("scripts/loop_guard.py") + "\nMINE = 1\n";
    sandbox.write("scripts/loop_guard.py", &edited);
    let _ = install(&sandbox, &[]).code(0);
    assert_eq!(sandbox.read("scripts/loop_guard.py"), edited, "another version of a shim runs the tool as well");
    let _ = install(&sandbox, &["--shims", "--allow-dirty"]).code(0);
    assert_eq!(sandbox.read(".loop/originals/scripts/loop_guard.py.1"), edited);
    let ended = uninstall(&sandbox).code(0);
    assert_eq!(sandbox.read("scripts/loop_guard.py"), OLD_SCRIPT, "a shim is no original");
    assert!(ended.out.contains("Git does not have them: .loop/originals/scripts/loop_guard.py.1"), "{}", ended.out);

    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &["--shims"]).code(0);
    sandbox.write("scripts/loop_guard.py", &edited);
    let _ = uninstall(&sandbox).code(0);
    assert_eq!(sandbox.read("scripts/loop_guard.py"), OLD_SCRIPT);
    assert_eq!(sandbox.read(".loop/originals/scripts/loop_guard.py.replaced"), edited);
}

#[test]
fn what_git_was_told_not_to_see_it_sees_again() {
    let sandbox = Sandbox::with_old_scripts();
    let hide = || {
        let mut index = sandbox.git().index().unwrap();
        let mut entry = index.get_path(Path::new("scripts/loop_guard.py"), 0).unwrap();
        entry.flags_extended |= IndexEntryExtendedFlag::SKIP_WORKTREE.bits();
        index.add(&entry).unwrap();
        index.write().unwrap();
    };
    let is_hidden = || {
        let index = sandbox.git().index().unwrap();
        let entry = index.get_path(Path::new("scripts/loop_guard.py"), 0).unwrap();
        entry.flags_extended & IndexEntryExtendedFlag::SKIP_WORKTREE.bits() != 0
    };
    let _ = install(&sandbox, &[]).code(0);
    hide();
    let report = doctor(&sandbox);
    assert!(report["notes"][0].as_str().unwrap().contains("skip-worktree hides the link from Git"), "{report}");
    let ended = uninstall(&sandbox).code(0);
    assert!(ended.out.contains("scripts/loop_guard.py: Git shows its changes again"), "{}", ended.out);
    assert!(!is_hidden());
    // What an earlier version has left.
    hide();
    let report = doctor(&sandbox);
    let command = "`git update-index --no-skip-worktree scripts/loop_guard.py` ends that";
    assert!(report["broken"][0].as_str().unwrap().ends_with(command), "{report}");
    let ended = install(&sandbox, &["--shims"]).code(0);
    assert!(ended.out.contains("scripts/loop_guard.py: Git shows its changes again"), "{}", ended.out);
    assert!(!is_hidden() && changes(&sandbox).contains(&"scripts/loop_guard.py".to_owned()));
}

#[test]
fn line_ends_that_no_shell_runs_are_said_before_a_clone_has_them() {
    for (attributes, is_crlf) in [
        ("*.py text eol=crlf\n", true),
        ("*.py eol=crlf\n", true),
        ("*.py -text\n", false),
        ("*.py text\n", false),
        ("*.py text eol=crlf\n*.py text eol=lf\n", false),
    ] {
        let sandbox = Sandbox::with_old_scripts();
        sandbox.write(".gitattributes", attributes);
        let ended = install(&sandbox, &["--shims", "--allow-dirty"]).code(0);
        assert_eq!(ended.out.contains("CRLF line ends, which no shell runs"), is_crlf, "{attributes}{}", ended.out);
        let broken = doctor(&sandbox)["broken"].to_string();
        assert_eq!(broken.contains("/scripts/loop_guard.py text eol=lf"), is_crlf, "{attributes}{broken}");
    }
}

#[test]
fn an_automation_whose_script_is_a_shim_reports_its_own_run() {
    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &["--shims"]).code(0);
    let _ = sandbox.run("timmy", &["automation", "validate"]).code(0);
    let ended = sandbox.run("timmy", &["automation", "run", "loop_introspect"]);
    let _ = ended.code(0);
    assert_eq!(sandbox.json(".loop/automation_state.json")["automations"]["loop_introspect"]["runs"], 1);
}

#[test]
#[ignore = "needs python3"]
fn python_runs_and_imports_a_shim() {
    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &["--shims"]).code(0);
    let python = |dir: &str, args: &[&str]| {
        let dir = sandbox.root().join(dir);
        sandbox.call_as(Path::new(PYTHON), args).env("PYTHONDONTWRITEBYTECODE", "1").dir(dir).run()
    };
    let status = "{\"queue_ready\": 0, \"consecutive_idle\": 0, \"next_backoff_seconds\": 60}\n";
    for (dir, args) in [
        ("", &["scripts/loop_guard.py", "--status"][..]),
        ("", &["-u", "-W", "error", "-m", "scripts.loop_guard", "--status"]),
        ("scripts", &["loop_guard.py", "--status"]),
        ("scripts", &["-c", "import loop_guard, sys; sys.exit(loop_guard.main(['--status']))"]),
    ] {
        assert_eq!(python(dir, args).code(0).out, status, "{args:?}");
    }
    // Imported it runs nothing, and has nothing but what it says.
    let code = "import sys; sys.path.insert(0, 'scripts'); import cycle_retro; print(cycle_retro.load)";
    let ended = python("", &["-c", code]).code(1);
    assert!(ended.err.ends_with("AttributeError: module 'cycle_retro' has no attribute 'load'\n"), "{}", ended.err);
    assert_eq!(ended.out, "");
    let code = "import sys; sys.argv[1:] = ['--cycle']; sys.path.insert(0, 'scripts'); import cycle_retro; print(cycle_retro.main())";
    assert_eq!(python("", &["-c", code]).code(0).out, "2\n");
    let args = ["scripts/cycle_retro.py", "--cycle", "1", "--failure", "--duration", "5", "--reason", "ü \n '\"$x"];
    let _ = python("", &args).code(0);
    assert_eq!(sandbox.json_lines(".loop/retro/cycles.jsonl")[0]["reason"], "ü \n '\"$x");
}
