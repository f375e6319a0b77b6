//! The hook of Git that calls the checks, through installation and uninstallation.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world and fails by panicking"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use sandbox::{CallOutput, Sandbox, stage_all};
use serde_json::{Value, json};

/// The hook as earlier versions wrote it.
fn unguarded(program: &Path) -> String {
    let head = "#!/bin/sh\n# Made by `pre_commit_checks install-hook`. Its `--remove` takes it away.\n";
    format!("{head}'{}' --staged --quiet || exit $?\n", program.display())
}

/// A repository of Git, installed into.
fn world() -> Sandbox {
    let sandbox = Sandbox::with_old_scripts();
    let _ = timmy(&sandbox, &["install", "--into"]).code(0);
    sandbox
}

fn timmy(sandbox: &Sandbox, args: &[&str]) -> CallOutput {
    let root = sandbox.root();
    sandbox.call("timmy", [args, &[root.to_str().unwrap()]].concat()).run()
}

/// Installs the hook with the installed program, as a user does.
fn install_hook(sandbox: &Sandbox) -> CallOutput {
    sandbox.call_as(&checks(sandbox), ["install-hook"]).run()
}

fn checks(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join(".loop/bin/pre_commit_checks")
}

fn hook(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join(".git/hooks/pre-commit")
}

/// Calls the hook as Git does.
fn call_hook(sandbox: &Sandbox) -> CallOutput {
    sandbox.call_as(&hook(sandbox), [""; 0]).run()
}

fn doctor(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&sandbox.run("timmy", &["doctor", "--json"]).out).unwrap()
}

#[test]
fn a_hook_is_recorded_and_taken_back_with_the_installation() {
    let sandbox = world();
    let _ = install_hook(&sandbox).code(0);
    assert_eq!(sandbox.json(".loop/originals/install.json")["hooks"], json!([".git/hooks/pre-commit"]));
    let report = doctor(&sandbox);
    assert_eq!(report["hooks"][0]["program"], ".loop/bin/pre_commit_checks", "{report}");
    assert_eq!((&report["hooks"][0]["problem"], &report["broken"]), (&Value::Null, &json!([])));
    let _ = timmy(&sandbox, &["install", "--into"]).code(0);
    let ended = timmy(&sandbox, &["uninstall", "--dry-run", "--from"]).code(0);
    assert!(ended.out.contains(".git/hooks/pre-commit would be removed"), "{}", ended.out);
    assert!(hook(&sandbox).exists());
    let ended = timmy(&sandbox, &["uninstall", "--from"]).code(0);
    assert!(ended.out.contains(".git/hooks/pre-commit is removed"), "{}", ended.out);
    assert!(ended.out.contains("What the loop has recorded stays in .loop"), "{}", ended.out);
    assert!(!hook(&sandbox).exists() && !sandbox.root().join(".loop/originals").exists());
}

#[test]
fn a_hook_whose_program_is_gone_lets_the_commit_pass_and_reports_it() {
    let sandbox = world();
    let _ = install_hook(&sandbox).code(0);
    let conflict = format!("{} a\n", "<".repeat(7));
    sandbox.write("a.txt", format!("{conflict}=======\n>>>>>>> b\n"));
    stage_all(&sandbox.git());
    let _ = call_hook(&sandbox).code(1);
    fs::remove_file(checks(&sandbox)).unwrap();
    let ended = call_hook(&sandbox).code(0);
    assert!(ended.err.contains("the commit is not checked by /"), "{}", ended.err);
    let report = doctor(&sandbox);
    let problem = report["broken"][0].as_str().unwrap();
    assert!(problem.contains("pre-commit: its program is gone, and commits are not checked"), "{report}");
    let _ = timmy(&sandbox, &["install", "--into"]).code(0);
    let _ = call_hook(&sandbox).code(1);
    assert_eq!(doctor(&sandbox)["broken"], json!([]));
}

#[test]
fn a_hook_of_an_earlier_version_is_renewed_or_taken_back() {
    let sandbox = world();
    fs::create_dir_all(hook(&sandbox).parent().unwrap()).unwrap();
    let old = unguarded(&checks(&sandbox));
    fs::write(hook(&sandbox), &old).unwrap();
    let report = doctor(&sandbox);
    let problem = report["broken"][0].as_str().unwrap();
    assert!(problem.contains("it blocks every commit once its program is gone"), "{report}");
    let ended = timmy(&sandbox, &["install", "--dry-run", "--into"]).code(0);
    assert!(ended.out.contains(".git/hooks/pre-commit would be renewed"), "{}", ended.out);
    assert_eq!(fs::read_to_string(hook(&sandbox)).unwrap(), old);
    let _ = timmy(&sandbox, &["install", "--into"]).code(0);
    assert!(fs::read_to_string(hook(&sandbox)).unwrap().contains("if [ -x "));
    assert_eq!(sandbox.json(".loop/originals/install.json")["hooks"], json!([".git/hooks/pre-commit"]));
    // As an uninstallation of an earlier version leaves it: it blocks every commit.
    let _ = timmy(&sandbox, &["uninstall", "--from"]).code(0);
    fs::write(hook(&sandbox), &old).unwrap();
    let report = doctor(&sandbox);
    assert!(report["broken"][0].as_str().unwrap().contains("it blocks every commit; timmy"), "{report}");
    let ended = timmy(&sandbox, &["uninstall", "--from"]).code(0);
    assert!(ended.out.starts_with(".git/hooks/pre-commit is removed"), "{}", ended.out);
    assert!(!hook(&sandbox).exists());
    assert!(timmy(&sandbox, &["uninstall", "--from"]).code(0).out.contains("Nothing is installed here"));
}

#[test]
fn a_hook_of_others_keeps_every_byte_but_our_line() {
    let sandbox = world();
    fs::create_dir_all(hook(&sandbox).parent().unwrap()).unwrap();
    let others = b"#!/bin/sh\nexec 3>&1\r\n# \xff \xc3\xbc\nmake lint".as_slice();
    fs::write(hook(&sandbox), others).unwrap();
    fs::set_permissions(hook(&sandbox), fs::Permissions::from_mode(0o750)).unwrap();
    let ended = install_hook(&sandbox).code(2);
    let line = ended.err.split_once("add this line to it: ").unwrap().1;
    let _ = timmy(&sandbox, &["uninstall", "--from"]).code(0);
    assert_eq!(fs::read(hook(&sandbox)).unwrap(), others, "without our line nothing is changed");
    let _ = timmy(&sandbox, &["install", "--into"]).code(0);
    let (head, rest) = others.split_at(10);
    let earlier = format!("'{}' --staged --quiet || exit $?\n", checks(&sandbox).display());
    for line in [line, &earlier] {
        fs::write(hook(&sandbox), [head, line.as_bytes(), rest].concat()).unwrap();
        assert_eq!(doctor(&sandbox)["hooks"][0]["path"], ".git/hooks/pre-commit");
        let ended = timmy(&sandbox, &["uninstall", "--from"]).code(0);
        assert!(ended.out.contains(".git/hooks/pre-commit is kept, without the line"), "{}", ended.out);
        assert_eq!(fs::read(hook(&sandbox)).unwrap(), others);
        assert_eq!(fs::metadata(hook(&sandbox)).unwrap().permissions().mode() & 0o777, 0o750);
        let _ = timmy(&sandbox, &["install", "--into"]).code(0);
    }
    // What a person wrote is that person's, and named.
    fs::write(hook(&sandbox), "#!/bin/sh\n.loop/bin/pre_commit_checks --staged\n").unwrap();
    let ended = timmy(&sandbox, &["uninstall", "--from"]).code(0);
    assert!(ended.out.contains("remove the line that calls a program in .loop/bin by hand"), "{}", ended.out);
    assert!(hook(&sandbox).exists());
}

#[test]
fn a_hook_that_cannot_be_read_is_reported_and_nothing_is_changed() {
    let sandbox = world();
    fs::create_dir_all(hook(&sandbox)).unwrap();
    let report = doctor(&sandbox);
    assert!(report["broken"][0].as_str().unwrap().starts_with(".git/hooks/pre-commit: cannot read"), "{report}");
    let _ = timmy(&sandbox, &["uninstall", "--dry-run", "--from"]).code(2);
    let before = sandbox.work_tree();
    let _ = timmy(&sandbox, &["uninstall", "--from"]).code(2);
    let _ = timmy(&sandbox, &["install", "--shims", "--into"]).code(2);
    assert_eq!(sandbox.work_tree(), before);
}

#[test]
fn a_moved_hooks_path_a_work_tree_and_a_link_are_found() {
    let sandbox = world();
    let repository = sandbox.git();
    let _ = install_hook(&sandbox).code(0);
    // The hook of before is recorded; the next one is where Git looks now.
    repository.config().unwrap().set_str("core.hooksPath", "tools/hooks").unwrap();
    let _ = install_hook(&sandbox).code(0);
    let record = sandbox.json(".loop/originals/install.json");
    assert_eq!(record["hooks"], json!([".git/hooks/pre-commit", "tools/hooks/pre-commit"]));
    // Another work tree has its own installation, and the hook of all.
    let linked = sandbox.outside().join("linked tree");
    repository.worktree("linked", &linked, None).unwrap();
    let _ = sandbox.call("timmy", ["install", "--into", linked.to_str().unwrap()]).run().code(0);
    let _ = sandbox.call("timmy", ["uninstall", "--from", linked.to_str().unwrap()]).run().code(0);
    assert!(hook(&sandbox).exists() && sandbox.root().join("tools/hooks/pre-commit").exists());
    let ended = timmy(&sandbox, &["uninstall", "--from"]).code(0);
    assert!(ended.out.contains("tools/hooks/pre-commit is removed"), "{}", ended.out);
    assert!(!hook(&sandbox).exists() && !sandbox.root().join("tools/hooks/pre-commit").exists());
    // Through a link nothing is written.
    let _ = timmy(&sandbox, &["install", "--into"]).code(0);
    sandbox.write("tools/hooks/all", unguarded(&checks(&sandbox)));
    symlink("all", sandbox.root().join("tools/hooks/pre-commit")).unwrap();
    let ended = timmy(&sandbox, &["uninstall", "--from"]).code(0);
    assert!(ended.out.contains("tools/hooks/pre-commit is a link, and is not changed"), "{}", ended.out);
    assert_eq!(sandbox.read("tools/hooks/all"), unguarded(&checks(&sandbox)));
}
