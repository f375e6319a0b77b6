//! What is ours at the paths of scripts is known without a record, and is never an original.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world and fails by panicking"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sandbox::{CallOutput, OLD_SCRIPT, Sandbox, commit, stage_all};
use serde_json::Value;

const GUARD: &str = "scripts/loop_guard.py";

fn timmy(sandbox: &Sandbox, root: &Path, args: &[&str]) -> CallOutput {
    sandbox.call("timmy", [args, &[root.to_str().unwrap()]].concat()).run()
}

fn install(sandbox: &Sandbox, args: &[&str]) -> CallOutput {
    timmy(sandbox, &sandbox.root(), &[&["install"], args, &["--into"]].concat())
}

fn uninstall(sandbox: &Sandbox, args: &[&str]) -> CallOutput {
    timmy(sandbox, &sandbox.root(), &[&["uninstall"], args, &["--from"]].concat())
}

fn doctor(sandbox: &Sandbox, root: &Path) -> Value {
    serde_json::from_str(&timmy(sandbox, root, &["doctor", "--json", "--repo-root"]).out).unwrap()
}

/// A repository whose scripts are committed with the permissions that a checkout gives them.
fn world() -> Sandbox {
    let sandbox = Sandbox::with_old_scripts();
    for entry in fs::read_dir(sandbox.root().join("scripts")).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
    stage_all(&sandbox.git());
    commit(&sandbox.git(), "Programs");
    sandbox
}

/// The scripts with their permissions; their times are not known to Git.
fn scripts(sandbox: &Sandbox) -> Vec<(String, u32, Vec<u8>)> {
    let items = sandbox.work_tree().into_iter().filter(|(name, _)| name.starts_with("scripts"));
    items.map(|(name, item)| (name, item.mode, item.content)).collect()
}

#[test]
fn links_without_a_record_are_taken_back_to_what_git_has() {
    for kind in ["--links", "--shims"] {
        // `git clean -fdx` removes all of `.loop`; a slip of the hand only the record.
        for lost in [".loop", ".loop/originals/install.json"] {
            let sandbox = world();
            let before = scripts(&sandbox);
            let _ = install(&sandbox, &[kind]).code(0);
            let lost = sandbox.root().join(lost);
            if lost.is_dir() {
                fs::remove_dir_all(lost).unwrap();
            } else {
                fs::remove_file(lost).unwrap();
            }
            let during = sandbox.work_tree();
            let ended = uninstall(&sandbox, &["--dry-run"]).code(0);
            assert!(ended.out.contains("scripts/loop_guard.py would be restored"), "{}", ended.out);
            assert_eq!(sandbox.work_tree(), during);
            let ended = uninstall(&sandbox, &[]).code(0);
            assert!(ended.out.contains("The record of the installation is gone"), "{}", ended.out);
            assert_eq!(sandbox.read(GUARD), OLD_SCRIPT);
            assert_eq!(scripts(&sandbox), before, "{kind}");
            assert!(uninstall(&sandbox, &[]).code(0).out.contains("Nothing is installed here"));
        }
    }
}

#[test]
fn what_git_has_is_the_original_of_a_link_without_a_record() {
    let sandbox = world();
    let before = scripts(&sandbox);
    let _ = install(&sandbox, &[]).code(0);
    fs::remove_dir_all(sandbox.root().join(".loop")).unwrap();
    let broken = doctor(&sandbox, &sandbox.root())["broken"].to_string();
    assert!(broken.contains("scripts/loop_guard.py: a dangling link to a tool"), "{broken}");
    let _ = install(&sandbox, &[]).code(0);
    assert_eq!(sandbox.read(".loop/originals/scripts/loop_guard.py"), OLD_SCRIPT);
    // An earlier version has recorded the link itself.
    let mut record = sandbox.json(".loop/originals/install.json");
    let paths = record["installed"].as_array_mut().unwrap();
    let guard = paths.iter_mut().find(|one| one["path"] == GUARD).unwrap();
    guard["original"] = serde_json::json!({"link": {"target": guard["link"]}});
    sandbox.write(".loop/originals/install.json", record.to_string());
    let ended = uninstall(&sandbox, &[]).code(0);
    assert!(ended.out.contains("scripts/loop_guard.py is restored"), "{}", ended.out);
    assert_eq!(scripts(&sandbox), before);
}

#[test]
fn a_kept_file_that_git_does_not_have_is_not_lost_with_the_record() {
    let sandbox = world();
    sandbox.write(GUARD, "print('mine')\n");
    sandbox.write("scripts/backfill_retro.py", "print('not in Git')\n");
    let _ = install(&sandbox, &["--allow-dirty"]).code(0);
    fs::remove_file(sandbox.root().join(".loop/originals/install.json")).unwrap();
    let ended = uninstall(&sandbox, &[]).code(0);
    assert_eq!(sandbox.read(GUARD), OLD_SCRIPT);
    assert_eq!(sandbox.read("scripts/backfill_retro.py"), "print('not in Git')\n");
    assert!(ended.out.contains("Git does not have them: .loop/originals/scripts/loop_guard.py"), "{}", ended.out);
    assert_eq!(sandbox.read(".loop/originals/scripts/loop_guard.py"), "print('mine')\n");
}

#[test]
fn a_shim_that_git_has_is_no_original_and_stays() {
    let sandbox = world();
    let _ = install(&sandbox, &["--shims"]).code(0);
    stage_all(&sandbox.git());
    commit(&sandbox.git(), "Shims");
    let clone = sandbox.outside().join("clone");
    git2::Repository::clone(sandbox.root().to_str().unwrap(), &clone).unwrap();
    let shim = sandbox.read(GUARD);
    for kind in ["--shims", "--links", "--links"] {
        let _ = timmy(&sandbox, &clone, &["install", kind, "--into"]).code(0);
        let report = doctor(&sandbox, &clone);
        assert!(report["broken"].as_array().unwrap().is_empty(), "{report}");
        assert!(
            report["installed"].as_array().unwrap().iter().all(|place| place["original_kept"] == false),
            "{report}"
        );
    }
    let _ = timmy(&sandbox, &clone, &["uninstall", "--from"]).code(0);
    assert_eq!(fs::read_to_string(clone.join(GUARD)).unwrap(), shim, "what Git has");
    assert!(!clone.join(GUARD).is_symlink());
}

#[test]
fn a_shim_with_the_line_ends_of_another_system_is_a_shim() {
    let with_crlf = |sandbox: &Sandbox| sandbox.write(GUARD, sandbox.read(GUARD).replace('\n', "\r\n"));
    // In the repository itself.
    let sandbox = world();
    let before = scripts(&sandbox);
    let _ = install(&sandbox, &["--shims"]).code(0);
    let shim = sandbox.read(GUARD);
    with_crlf(&sandbox);
    let broken = doctor(&sandbox, &sandbox.root())["broken"].to_string();
    assert!(broken.contains("scripts/loop_guard.py: it has CRLF line ends, which no shell runs"), "{broken}");
    let ended = install(&sandbox, &[]).code(0);
    assert!(ended.out.contains("scripts/loop_guard.py is replaced"), "{}", ended.out);
    assert_eq!(sandbox.read(GUARD), shim);
    with_crlf(&sandbox);
    let _ = uninstall(&sandbox, &[]).code(0);
    assert_eq!(scripts(&sandbox), before);

    // In a clone, which Git checks out so.
    let _ = install(&sandbox, &["--shims"]).code(0);
    stage_all(&sandbox.git());
    commit(&sandbox.git(), "Shims");
    let clone = sandbox.outside().join("clone");
    let repository = git2::Repository::clone(sandbox.root().to_str().unwrap(), &clone).unwrap();
    repository.config().unwrap().set_str("core.autocrlf", "true").unwrap();
    fs::remove_dir_all(clone.join("scripts")).unwrap();
    repository.checkout_head(Some(git2::build::CheckoutBuilder::new().force())).unwrap();
    assert!(fs::read_to_string(clone.join(GUARD)).unwrap().starts_with("#!/bin/sh\r\n"));
    let broken = doctor(&sandbox, &clone)["broken"].to_string();
    assert!(broken.contains("/scripts/loop_guard.py text eol=lf"), "{broken}");
    let ended = timmy(&sandbox, &clone, &["install", "--into"]).code(0);
    assert!(ended.out.contains("scripts/loop_guard.py is replaced"), "{}", ended.out);
    assert_eq!(fs::read_to_string(clone.join(GUARD)).unwrap(), shim);
    let _ = sandbox.call_as(&clone.join(GUARD), ["--status"]).dir("/").run().code(0);
    let _ = timmy(&sandbox, &clone, &["uninstall", "--from"]).code(0);
    assert_eq!(fs::read_to_string(clone.join(GUARD)).unwrap(), shim, "Git has it, whatever its line ends");
}
