//! `timmy install`, `uninstall` and `doctor` as programs.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world and fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use sandbox::{CallOutput, Item, OLD_SCRIPT, PYTHON, Sandbox, commit, stage_all};
use serde_json::Value;

fn install(sandbox: &Sandbox, args: &[&str]) -> CallOutput {
    sandbox.call("timmy", [&["install", "--into", "repo"], args].concat()).dir(sandbox.outside()).run()
}

fn uninstall(sandbox: &Sandbox, args: &[&str]) -> CallOutput {
    sandbox.call("timmy", [&["uninstall", "--from", "repo"], args].concat()).dir(sandbox.outside()).run()
}

#[test]
fn what_is_installed_can_be_taken_back_byte_for_byte() {
    let sandbox = Sandbox::with_old_scripts();
    symlink("loop_guard.py", sandbox.root().join("scripts/cycle_retro.py")).unwrap();
    let before = sandbox.work_tree();
    let ended = install(&sandbox, &["--dry-run", "--allow-dirty"]).code(0);
    assert!(ended.out.contains("scripts/loop_guard.py would be kept and replaced"), "{}", ended.out);
    assert_eq!(sandbox.work_tree(), before, "a dry run does nothing");
    let _ = install(&sandbox, &["--allow-dirty"]).code(0);
    let during = sandbox.work_tree();
    let ended = install(&sandbox, &["--json"]).code(0);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert!(document["paths"].as_array().unwrap().iter().all(|path| path["changed"] == false), "{document}");
    let same = |mut items: BTreeMap<String, Item>| {
        items.retain(|name, _| !name.ends_with("install.json"));
        items
    };
    assert_eq!(same(sandbox.work_tree()), same(during), "a second time changes nothing");
    assert!(
        sandbox
            .call_as(&sandbox.root().join("scripts/loop_guard.py"), ["--status"])
            .dir("/")
            .run()
            .code(0)
            .out
            .contains("queue_ready")
    );
    let _ = uninstall(&sandbox, &[]).code(0);
    assert_eq!(sandbox.work_tree(), before);
    assert_eq!(uninstall(&sandbox, &[]).conversation(), "Nothing is installed here\nexit 0");
}

#[test]
#[ignore = "needs python3"]
fn python_runs_what_is_installed() {
    let python = Path::new(PYTHON);
    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &[]).code(0);
    let status = "{\"queue_ready\": 0, \"consecutive_idle\": 0, \"next_backoff_seconds\": 60}\n";
    let link = sandbox.root().join("scripts/loop_guard.py");
    let ended = sandbox.call_as(python, [link.to_str().unwrap(), "--status"]).dir("/").run().code(0);
    assert_eq!(ended.out, status);
    for args in [&["scripts/loop_guard.py"][..], &["-u", "-B", "./loop_guard.py"]] {
        let dir = if args.len() == 1 { sandbox.root() } else { sandbox.root().join("scripts") };
        let ended = sandbox.call_as(python, args).dir(dir).run().code(1);
        assert!(ended.out.starts_with("[loop-guard] Queue empty"), "{}", ended.conversation());
    }
    let args =
        ["scripts/cycle_retro.py", "--cycle", "1", "--failure", "--duration", "5", "--reason", "ü \n \u{1f600} '\"$x"];
    let _ = sandbox.call_as(python, args).run().code(0);
    assert_eq!(
        sandbox.json_lines(".loop/retro/cycles.jsonl")[0]["reason"],
        "ü \n \u{1f600} '\"$x",
        "arguments arrive as they were given"
    );
    let ended = sandbox.call_as(&link, ["--status"]).dir("/").run().code(0);
    assert!(ended.out.contains("\"consecutive_idle\": 2"), "the same file is a program: {}", ended.out);
}

#[test]
fn scripts_with_changes_are_refused_unless_told_and_kept_either_way() {
    let sandbox = Sandbox::with_old_scripts();
    sandbox.write("scripts/triage_score.py", "print('mine')\n");
    let before = sandbox.work_tree();
    let ended = install(&sandbox, &[]).code(2);
    assert!(ended.err.contains("changed, but not committed: scripts/triage_score.py"), "{}", ended.err);
    assert_eq!(sandbox.work_tree(), before);
    let _ = install(&sandbox, &["--allow-dirty"]).code(0);
    assert_eq!(sandbox.read(".loop/originals/scripts/triage_score.py"), "print('mine')\n");
    let _ = uninstall(&sandbox, &[]).code(0);
    assert_eq!(sandbox.work_tree(), before);
}

#[test]
fn what_somebody_puts_in_our_place_is_seen_and_never_lost() {
    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &[]).code(0);
    // As a checkout would: the old script is back, and then another one.
    let path = sandbox.root().join("scripts/loop_guard.py");
    fs::remove_file(&path).unwrap();
    sandbox.write("scripts/loop_guard.py", "print('new')\n");
    let ended = sandbox.run("timmy", &["doctor"]).code(1);
    assert!(ended.out.contains("scripts/loop_guard.py: the installed link was replaced"), "{}", ended.out);
    let ended = uninstall(&sandbox, &[]).code(1);
    assert!(ended.out.contains("scripts/loop_guard.py is no longer what was installed"), "{}", ended.out);
    assert_eq!(sandbox.read("scripts/loop_guard.py"), "print('new')\n");
    let _ = uninstall(&sandbox, &["--force"]).code(0);
    assert_eq!(sandbox.read("scripts/loop_guard.py"), OLD_SCRIPT);
    assert_eq!(sandbox.read(".loop/originals/scripts/loop_guard.py.replaced"), "print('new')\n");
    // Installed again over a new script, both originals are kept.
    let _ = install(&sandbox, &[]).code(0);
    fs::remove_file(&path).unwrap();
    sandbox.write("scripts/loop_guard.py", "print('third')\n");
    let _ = install(&sandbox, &["--allow-dirty"]).code(0);
    assert_eq!(sandbox.read(".loop/originals/scripts/loop_guard.py"), OLD_SCRIPT);
    assert_eq!(sandbox.read(".loop/originals/scripts/loop_guard.py.1"), "print('third')\n");
    let _ = uninstall(&sandbox, &[]).code(0);
    assert_eq!(sandbox.read("scripts/loop_guard.py"), "print('third')\n", "as it was before the last installation");
}

#[test]
fn places_come_from_the_manifest_and_none_leads_out() {
    let sandbox = Sandbox::with_old_scripts();
    sandbox.write(
        "timmy_automations/config/automations.json",
        r#"{"automations": [{"id": "loop_guard", "script": "../bin/guard/loop_guard.py"}]}"#,
    );
    let _ = install(&sandbox, &["--allow-dirty"]).code(0);
    assert!(sandbox.root().join("bin/guard/loop_guard.py").is_symlink());
    assert!(!sandbox.root().join("scripts/loop_guard.py").is_symlink());
    let _ = uninstall(&sandbox, &[]).code(0);
    assert!(!sandbox.root().join("bin").exists());
    sandbox.write(
        "timmy_automations/config/automations.json",
        r#"{"automations": [{"id": "loop_guard", "script": "../../away/loop_guard.py"}]}"#,
    );
    let ended = install(&sandbox, &["--allow-dirty"]).code(2);
    assert!(ended.err.contains("outside the repository"), "{}", ended.err);
    fs::remove_dir_all(sandbox.root().join("timmy_automations")).unwrap();
    fs::rename(sandbox.root().join("scripts"), sandbox.outside().join("scripts")).unwrap();
    symlink("../scripts", sandbox.root().join("scripts")).unwrap();
    let ended = install(&sandbox, &["--allow-dirty"]).code(2);
    assert!(ended.err.contains("leads out of the repository"), "{}", ended.err);
    assert_eq!(fs::read_to_string(sandbox.outside().join("scripts/loop_guard.py")).unwrap(), OLD_SCRIPT);
}

#[test]
fn an_original_that_was_changed_is_not_put_back_as_if_it_were_whole() {
    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &[]).code(0);
    sandbox.write(".loop/originals/scripts/loop_guard.py", "x");
    let ended = uninstall(&sandbox, &[]).code(1);
    assert!(ended.err.contains("its hash differs"), "{}", ended.err);
    assert!(sandbox.root().join("scripts/loop_guard.py").is_symlink(), "what works stays");
}

#[test]
fn an_installation_that_is_killed_at_any_moment_can_be_taken_back() {
    let sandbox = Sandbox::with_old_scripts();
    let before = sandbox.work_tree();
    // The programs are elsewhere and stay there, so that the moments fall on what is done to the scripts.
    let args = ["install", "--into", "repo", "--bin-dir", "bin"];
    let _ = sandbox.call("timmy", args).dir(sandbox.outside()).run().code(0);
    let programs = sandbox.outside().join("programs");
    fs::rename(sandbox.outside().join("bin"), &programs).unwrap();
    let _ = uninstall(&sandbox, &[]).code(0);
    fs::rename(&programs, sandbox.outside().join("bin")).unwrap();
    let mut killed = 0;
    for round in 0..40_u64 {
        let mut child = sandbox.call("timmy", args).dir(sandbox.outside()).start();
        std::thread::sleep(std::time::Duration::from_micros(150 + round * 350));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        fs::rename(sandbox.outside().join("bin"), &programs).unwrap();
        let _ = uninstall(&sandbox, &[]).code(0);
        fs::rename(&programs, sandbox.outside().join("bin")).unwrap();
        let mut after = sandbox.work_tree();
        after.retain(|name, _| !name.starts_with(".loop"));
        assert_eq!(after, before, "round {round}");
    }
    assert!(killed > 0, "no moment fell into an installation");
}

#[test]
fn programs_in_a_shared_folder_are_nobodys_to_remove_and_foreign_ones_stay() {
    let sandbox = Sandbox::with_old_scripts();
    let bin = sandbox.outside().join("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join("timmy"), "#!/bin/sh\n").unwrap();
    let ended = install(&sandbox, &["--bin-dir", "bin"]).code(2);
    assert!(ended.err.contains("the path is taken by something that is not a program of the suite"), "{}", ended.err);
    assert_eq!(fs::read_to_string(bin.join("timmy")).unwrap(), "#!/bin/sh\n");
    fs::remove_file(bin.join("timmy")).unwrap();
    let _ = install(&sandbox, &["--bin-dir", "bin"]).code(0);
    let _ = uninstall(&sandbox, &[]).code(0);
    assert!(bin.join("loop_guard").exists(), "another repository may use it");
}

#[test]
fn links_that_came_with_a_clone_are_told_and_put_back() {
    let sandbox = Sandbox::with_old_scripts();
    let path = sandbox.root().join("scripts/cycle_retro.py");
    symlink("../.loop/bin/cycle_retro", &path).unwrap();
    let ended = sandbox.run("timmy", &["doctor"]).code(1);
    assert!(ended.out.contains("scripts/cycle_retro.py: a dangling link to a tool"), "{}", ended.out);
    stage_all(&sandbox.git());
    commit(&sandbox.git(), "A link");
    let before = sandbox.work_tree();
    let _ = install(&sandbox, &[]).code(0);
    let _ = sandbox.run("timmy", &["doctor"]).code(0);
    let _ = uninstall(&sandbox, &[]).code(0);
    assert_eq!(sandbox.work_tree(), before, "what Git has stays");
}

#[test]
fn a_folder_of_scripts_may_be_a_link_inside_the_repository() {
    let sandbox = Sandbox::with_old_scripts();
    fs::create_dir_all(sandbox.root().join("deep/er")).unwrap();
    fs::rename(sandbox.root().join("scripts"), sandbox.root().join("deep/er/tools")).unwrap();
    symlink("deep/er/tools", sandbox.root().join("scripts")).unwrap();
    let before = sandbox.work_tree();
    let _ = install(&sandbox, &["--allow-dirty"]).code(0);
    let link = sandbox.root().join("scripts/loop_guard.py");
    let _ = sandbox.call_as(&link, ["--status"]).dir("/").run().code(0);
    let _ = uninstall(&sandbox, &[]).code(0);
    assert_eq!(sandbox.work_tree(), before);
}

#[test]
fn a_record_that_was_tampered_with_leads_nobody_out_of_the_repository() {
    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &[]).code(0);
    fs::write(sandbox.outside().join("victim.txt"), "x").unwrap();
    let record = sandbox.read(".loop/originals/install.json");
    sandbox.write(".loop/originals/install.json", record.replace("scripts/cycle_retro.py", "../victim.txt"));
    let ended = uninstall(&sandbox, &["--force"]).code(1);
    assert!(ended.err.contains("leads out of the repository"), "{}", ended.err);
    assert!(sandbox.outside().join("victim.txt").exists());
}

#[test]
fn the_doctor_knows_callers_and_what_they_call() {
    let sandbox = Sandbox::with_old_scripts();
    let _ = install(&sandbox, &[]).code(0);
    sandbox.write(
        "loop.sh",
        "# scripts/orchestrator.py is no call\npython3 scripts/loop_guard.py --wait\nscripts/backfill.py\n",
    );
    sandbox.write(".git/hooks/pre-commit", "exec scripts/pre_commit_checks.py --staged\n");
    sandbox.write(".gitea/workflows/ci.yaml", "run: python3 old/orchestrator.py\n");
    let ended = sandbox.run("timmy", &["doctor", "--json"]).code(1);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let callers: Vec<(&str, &str, &str)> = document["callers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (one["place"].as_str().unwrap(), one["script"].as_str().unwrap(), one["what_is_there"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        callers,
        [
            (".git/hooks/pre-commit:1", "scripts/pre_commit_checks.py", "ours"),
            (".gitea/workflows/ci.yaml:1", "old/orchestrator.py", "nothing"),
            ("loop.sh:2", "scripts/loop_guard.py", "ours"),
        ]
    );
    assert_eq!(
        document["broken"],
        serde_json::json!([".gitea/workflows/ci.yaml:1 calls old/orchestrator.py, which is missing"])
    );
    fs::remove_file(sandbox.root().join(".gitea/workflows/ci.yaml")).unwrap();
    let _ = sandbox.run("timmy", &["doctor"]).code(0);
    fs::remove_file(sandbox.root().join(".loop/bin/loop_guard")).unwrap();
    let ended = sandbox.run("timmy", &["doctor"]).code(1);
    assert!(ended.out.contains("scripts/loop_guard.py: a dangling link to ../.loop/bin/loop_guard"), "{}", ended.out);
    let _ = install(&sandbox, &[]).code(0);
    let _ = sandbox.run("timmy", &["doctor"]).code(0);
}

#[test]
fn calls_that_fail_with_what_is_installed_are_found_and_what_to_do() {
    let sandbox = Sandbox::with_old_scripts();
    sandbox.write("scripts/cycle_retro.py", "def load():\n    pass\n");
    sandbox.write("scripts/notify.py", "import cycle_retro\n\ncycle_retro.main()\n");
    sandbox.write("tools/report.py", "from scripts.cycle_retro import (\n    load,\n    main,\n)\n");
    sandbox.write("loop.sh", "python3 -m scripts.triage_score --quiet\n");
    sandbox.write("crontab.txt", "0 * * * * cd /r && scripts/triage_score.py\n");
    sandbox.write(".gitea/workflows/ci.yaml", "run: python3 scripts/loop_guard.py\n");
    stage_all(&sandbox.git());
    commit(&sandbox.git(), "Callers");
    let before = sandbox.work_tree();
    let ended = install(&sandbox, &["--dry-run"]).code(0);
    assert_eq!(sandbox.work_tree(), before);
    for line in [
        "These callers fail with it; `timmy doctor` lists all:",
        "  loop.sh:1 runs with -m scripts.triage_score: Python cannot run a program with -m",
        "  scripts/notify.py:1 imports cycle_retro: Python cannot import a program",
        "  tools/report.py:1 imports scripts.cycle_retro: Python cannot import a program",
        "  .gitea/workflows/ci.yaml:1 calls scripts/loop_guard.py: a clone, as in CI, has the old script there",
    ] {
        assert!(ended.out.contains(line), "{line}\n{}", ended.out);
    }
    assert!(!ended.out.contains("Callers need no change"), "{}", ended.out);
    let _ = install(&sandbox, &[]).code(0);
    let ended = sandbox.run("timmy", &["doctor"]).code(1);
    for line in [
        "  crontab.txt:1 calls scripts/triage_score.py (ours)",
        "  .gitea/workflows/ci.yaml:1 calls scripts/loop_guard.py (ours; in a clone a script)",
        "  scripts/notify.py:1 imports cycle_retro: Python cannot import a program",
    ] {
        assert!(ended.out.contains(line), "{line}\n{}", ended.out);
    }
    // With shims only what a shim does not have is missing.
    let ended = install(&sandbox, &["--shims"]).code(0);
    let failing = "  tools/report.py:1 imports scripts.cycle_retro: a shim has `main` and nothing else, and no load;";
    assert!(ended.out.contains(failing), "{}", ended.out);
    assert!(!ended.out.contains("notify.py") && !ended.out.contains("loop.sh"), "{}", ended.out);
    sandbox.write("tools/report.py", "");
    stage_all(&sandbox.git());
    commit(&sandbox.git(), "Shims");
    let ended = sandbox.run("timmy", &["doctor"]).code(0);
    assert!(ended.out.contains("(a shim)") && ended.out.contains("has the shim, but no program"), "{}", ended.out);
}

#[test]
fn the_doctor_reports_what_happened_to_an_installation() {
    let sandbox = Sandbox::with_old_scripts();
    // Where nothing is installed, nothing is broken.
    sandbox.write("Makefile", "x:\n\tpython3 scripts/orchestrator.py\n");
    sandbox
        .automations(&serde_json::json!([{"id": "tidy", "script": "../scripts/loop_guards.py", "trigger": "daily"}]));
    let ended = sandbox.run("timmy", &["doctor"]).code(0);
    assert!(
        ended.out.contains("\nNotes\n  Makefile:2 calls scripts/orchestrator.py, which is missing"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("loop_guards.py") && ended.out.contains("Nothing is broken."), "{}", ended.out);
    fs::remove_file(sandbox.root().join("Makefile")).unwrap();
    sandbox.automations(&serde_json::json!([]));
    let _ = install(&sandbox, &[]).code(0);
    let _ = sandbox.run("timmy", &["doctor"]).code(0);
    // As git reset --hard does.
    fs::remove_file(sandbox.root().join("scripts/loop_guard.py")).unwrap();
    sandbox.write("scripts/loop_guard.py", OLD_SCRIPT);
    fs::set_permissions(sandbox.root().join("scripts/loop_guard.py"), fs::Permissions::from_mode(0o755)).unwrap();
    let ended = sandbox.run("timmy", &["doctor"]).code(1);
    assert!(
        ended.out.contains("\n  scripts/loop_guard.py: not the tool, but the script of the repository\n"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("scripts/loop_guard.py: the script of the repository is there again, as after git reset"),
        "{}",
        ended.out
    );
    let _ = install(&sandbox, &[]).code(0);
    // A user who cannot write.
    fs::set_permissions(sandbox.root().join(".loop"), fs::Permissions::from_mode(0o555)).unwrap();
    let ended = sandbox.call_unprivileged("timmy", ["doctor"]).run().code(1);
    assert!(ended.out.contains("  this user cannot write .loop"), "{}", ended.conversation());
    fs::set_permissions(sandbox.root().join(".loop"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn lines_that_call_the_programs_themselves_are_named_before_they_are_removed() {
    let sandbox = Sandbox::with_old_scripts();
    sandbox.write(
        ".pre-commit-config.yaml",
        "entry: .loop/bin/pre_commit_checks\nentry: scripts/triage_score.py\nentry: /other/.loop/bin/loop_guard\n",
    );
    sandbox.write("pyproject.toml", "[project.scripts]\nguard = \"scripts.loop_guard:main\"\n");
    sandbox.write("tools/run", "#!/usr/bin/env python3\nimport sys; from scripts.loop_guard import wait\n");
    sandbox.write("tools/run.py", "subprocess.run([sys.executable, \"-m\", \"scripts.triage_score\"])\n");
    sandbox.write("loop.fish", "python3 -m scripts.triage_score\n");
    stage_all(&sandbox.git());
    commit(&sandbox.git(), "Callers");
    let ended = install(&sandbox, &[]).code(0);
    for line in [
        "  .pre-commit-config.yaml:2 calls scripts/triage_score.py: pre-commit puts aside what is not committed",
        "  pyproject.toml:2 imports scripts.loop_guard: ",
        "  tools/run:2 imports scripts.loop_guard: ",
        "  tools/run.py:1 runs with -m scripts.triage_score: ",
        "  loop.fish:1 runs with -m scripts.triage_score: ",
    ] {
        assert!(ended.out.contains(line), "{line}\n{}", ended.out);
    }
    let ended = sandbox.run("timmy", &["doctor"]);
    assert!(
        ended.out.contains("  .pre-commit-config.yaml:1 calls .loop/bin/pre_commit_checks (ours)"),
        "{}",
        ended.out
    );
    for args in [&["--dry-run"][..], &[]] {
        let ended = uninstall(&sandbox, args).code(0);
        let named = "change them:\n  .pre-commit-config.yaml:1 calls .loop/bin/pre_commit_checks\n";
        assert!(ended.out.contains(named) && !ended.out.contains("/other/"), "{}", ended.out);
    }
    let ended = sandbox.run("timmy", &["doctor"]);
    assert!(ended.out.contains("calls .loop/bin/pre_commit_checks, which is missing"), "{}", ended.out);
}

#[test]
fn a_dry_run_refuses_what_the_installation_would_and_a_program_becomes_executable_again() {
    let sandbox = Sandbox::with_old_scripts();
    let program = sandbox.root().join(".loop/bin/loop_guard");
    fs::create_dir_all(&program).unwrap();
    let before = sandbox.work_tree();
    for args in [&["--dry-run"][..], &[]] {
        let ended = install(&sandbox, args).code(2);
        assert!(ended.err.contains("not a program of the suite"), "{}", ended.err);
        assert_eq!(sandbox.work_tree(), before);
    }
    fs::remove_dir(&program).unwrap();
    for kind in ["--links", "--shims"] {
        let _ = install(&sandbox, &[kind]).code(0);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).unwrap();
        let ended = sandbox.run("timmy", &["doctor"]).code(1);
        assert!(ended.out.contains(".loop/bin/loop_guard is not executable; timmy install fixes it"), "{}", ended.out);
        let _ = install(&sandbox, &[]).code(0);
        let _ = sandbox.run("timmy", &["doctor"]).code(0);
    }
}
