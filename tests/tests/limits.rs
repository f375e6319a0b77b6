//! Tools where the system refuses: memory, a file system that is read-only.

#![cfg(target_os = "linux")]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test builds its own world and fails by panicking"
)]

use std::fmt::Write;
use std::path::Path;

use sandbox::{CallOutput, Sandbox};

/// Runs a tool that can have so many KiB of memory.
fn with_memory(sandbox: &Sandbox, kib: u32, tool: &str, args: &[&str]) -> CallOutput {
    sandbox.call_after(&format!("ulimit -v {kib}"), tool, args).run()
}

/// The memory with which a program just starts.
fn least(sandbox: &Sandbox, tool: &str) -> u32 {
    let starts = |kib: u32| with_memory(sandbox, kib, tool, &["--version"]).code == Some(0);
    let (mut too_little, mut enough) = (8_000, 400_000);
    while enough - too_little > 500 {
        let kib = u32::midpoint(too_little, enough);
        if starts(kib) { enough = kib } else { too_little = kib }
    }
    enough
}

#[test]
fn a_program_that_is_refused_memory_ends_with_2_and_says_so() {
    let sandbox = Sandbox::new();
    let _ = sandbox.git();
    let issues = (1..2000).map(|number| {
        let body = "It must not. Add a test for f() in a.py. ".repeat(10);
        serde_json::json!({"number": number, "title": "[bug] Crash", "labels": [{"name": "bug"}], "body": body})
    });
    sandbox.write("issues.json", serde_json::to_string(&issues.collect::<Vec<_>>()).unwrap());
    let mut python = String::new();
    for number in 0..20_000 {
        writeln!(python, "x{number} = {{'a': [1, 2, 3], 'b': (1, 2)}}").unwrap();
    }
    for number in 0..4 {
        sandbox.write(&format!("m{number}.py"), &python);
    }
    for (tool, args) in [
        ("pre_commit_checks", &[][..]),
        ("triage_score", &["--issues", "issues.json"]),
        ("orchestrator", &["--issues", "issues.json", "--review"]),
    ] {
        let least = least(&sandbox, tool);
        assert!(least < 45_000, "{tool} needs {least} KiB to start: its allocator takes memory in large pieces");
        let mut refused = 0;
        // With the very least the system may refuse the stack itself, and no program can report that.
        for kib in (least + 1_000..least + 9_000).step_by(1_000) {
            let ended = with_memory(&sandbox, kib, tool, args);
            assert!(matches!(ended.code, Some(0..=2)), "{tool}, {kib} KiB: {}", ended.conversation());
            let says_so = ended.err.contains("memory");
            assert_eq!(ended.code == Some(2), says_so, "{tool}, {kib} KiB: {}", ended.conversation());
            assert!(!ended.err.contains("stack backtrace"), "{tool}, {kib} KiB: {}", ended.err);
            refused += u32::from(says_so);
        }
        assert!(refused > 0, "{tool} was given all it needs");
    }
}

#[test]
#[ignore = "needs root"]
fn on_a_read_only_file_system_the_hint_is_to_mount_it_so_that_it_can_be_written() {
    let sandbox = Sandbox::new();
    let _ = sandbox.git();
    sandbox.write("issues.json", "[]\n");
    sandbox.write("a.py", "import os\n");
    let _ = sandbox.run("cycle_retro", &["--cycle", "1", "--success", "--duration", "5"]).code(0);
    let before = sandbox.tree(".");
    let script = "mount --bind . . && mount -o remount,bind,ro . && cd . && cd \"$PWD\" && exec \"$0\" \"$@\"";
    for (tool, args) in [
        ("cycle_retro", "--cycle 2 --success --duration 5"),
        ("loop_guard", ""),
        ("triage_score", "--issues issues.json"),
        ("orchestrator", "--issues issues.json"),
        ("loop_introspect", ""),
        ("pre_commit_checks", "install-hook"),
        ("timmy", "automation disable loop_guard"),
        ("timmy", "install --into ."),
    ] {
        let program = sandbox::program(tool);
        let mut words = vec!["--mount", "/bin/sh", "-c", script, program.to_str().unwrap()];
        words.extend(args.split_whitespace());
        let ended = sandbox.call_as(Path::new("/usr/bin/unshare"), words).run();
        let hint = "hint: mount the file system so that it can be written";
        assert!(ended.code == Some(2) && ended.err.contains(hint), "{tool} {args}: {}", ended.conversation());
        assert_eq!(sandbox.tree("."), before, "{tool} {args}");
    }
    for (tool, args) in [("timmy", "verify"), ("loop_guard", "--status"), ("pre_commit_checks", "")] {
        let program = sandbox::program(tool);
        let mut words = vec!["--mount", "/bin/sh", "-c", script, program.to_str().unwrap()];
        words.extend(args.split_whitespace());
        let _ = sandbox.call_as(Path::new("/usr/bin/unshare"), words).run().code(0);
    }
}
