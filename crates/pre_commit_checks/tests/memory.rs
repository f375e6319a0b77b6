//! What happens where the address space is limited (`ulimit -v`).

use std::fmt::Write;

use sandbox::Sandbox;

/// A project of sixty modules.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    let mut text = String::new();
    for number in 0..300 {
        let _ = write!(text, "def function_{number}(first, second=None):\n    return [first + {number}, second]\n\n\n");
    }
    for number in 0..60 {
        sandbox.write(&format!("module_{number}.py"), &text);
    }
    sandbox
}

#[test]
fn the_stacks_of_threads_leave_memory_for_the_work() {
    let sandbox = project();
    for limit in [200_000, 300_000, 600_000] {
        let call = sandbox.call_after(&format!("ulimit -v {limit}"), "pre_commit_checks", ["--skip", "formatting"]);
        let ended = call.run();
        assert_eq!(ended.code, Some(0), "{limit}: {}", ended.conversation());
    }
}

#[test]
fn memory_that_is_refused_ends_the_program_with_2() {
    let sandbox = project();
    for limit in [60_000, 70_000, 80_000] {
        for args in [&["--skip", "formatting"][..], &["--baseline", "known.json", "--update-baseline"]] {
            let ended = sandbox.call_after(&format!("ulimit -v {limit}"), "pre_commit_checks", args).run();
            let is_said = ended.code == Some(2) && ended.err.contains("memory");
            assert!(ended.code == Some(0) || is_said, "{limit}: {}", ended.conversation());
        }
    }
}
