//! `timmy` as a program: the tools by name, and the demonstration.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test builds its own world and fails by panicking"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use sandbox::{CANARY_TOKEN, Sandbox, program};

#[test]
fn a_tool_is_called_by_its_name() {
    let sandbox = Sandbox::new();
    let _ = sandbox.call("timmy", ["triage_score.py", "--check-rules"]).run().code(0);
    let ended = sandbox.call("timmy", ["triage_scor"]).run().code(2);
    assert!(
        ended.err.contains("unrecognized subcommand 'triage_scor'\nhint: did you mean `timmy triage_score`?"),
        "{}",
        ended.err
    );
    let ended = sandbox.call("timmy", ["--status"]).named("loop_guard.py").run().code(0);
    assert!(ended.out.contains("queue_ready"), "{}", ended.out);
}

#[test]
fn the_demo_plays_a_day_and_keeps_it_if_asked() {
    let sandbox = Sandbox::new();
    let ended = sandbox.call("timmy", ["demo", "--keep", "day"]).env("GITEA_TOKEN", CANARY_TOKEN).run().code(0);
    assert_eq!(ended.err, "");
    for expected in [
        "== 1. a git repository",
        "[triage] Ready: ",
        "\"status\": \"work\"",
        "[orchestrator] Agenda for",
        "[backfill] Added 30 records",
        "[retro] ⟳12.6:003",
        "[introspect] 3 cycles",
        "queue.json",
    ] {
        assert!(ended.out.contains(expected), "{expected}: {}", ended.out);
    }
    let log = fs::read_to_string(sandbox.root().join("day/.loop/retro/cycles.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 33, "30 merged pull requests, 3 cycles");
    let _ = sandbox.call("timmy", ["demo", "--keep", "day"]).run().code(2);
}

#[test]
fn a_command_that_is_unknown_goes_to_the_next_timmy_and_not_round_in_a_circle() {
    let sandbox = Sandbox::new();
    let (ours, theirs) = (sandbox.outside().join("ours"), sandbox.outside().join("theirs"));
    for folder in [&ours, &theirs] {
        fs::create_dir_all(folder).unwrap();
    }
    symlink(program("timmy"), ours.join("timmy")).unwrap();
    fs::copy(program("timmy"), sandbox.outside().join("copy")).unwrap();
    let call =
        |args: &[&str], path: &str| sandbox.call_as(&ours.join("timmy"), args.iter().copied()).env("PATH", path).run();
    let path = format!("{}:{}:/usr/bin:/bin", ours.display(), theirs.display());
    let ended = call(&["think", "hard"], &path).code(2);
    assert!(ended.err.contains("unrecognized subcommand 'think'"), "{}", ended.err);
    let script = "#!/bin/sh\necho \"theirs: $*\"\nexit 7\n";
    sandbox.write("timmy.sh", script);
    fs::copy(sandbox.root().join("timmy.sh"), theirs.join("timmy")).unwrap();
    fs::set_permissions(theirs.join("timmy"), fs::Permissions::from_mode(0o755)).unwrap();
    let ended = call(&["think", "hard", "--json"], &path).code(7);
    assert_eq!(ended.out, "theirs: think hard --json\n");
    assert_eq!(call(&["--model", "x", "chat"], &path).code(7).out, "theirs: --model x chat\n");
    let _ = call(&["explain", "work"], &path).code(0);
    let _ = call(&["--help"], &path).code(0);
    // A wrapper around ours is no other.
    let wrapper = sandbox.outside().join("wrapper");
    fs::create_dir_all(&wrapper).unwrap();
    fs::write(wrapper.join("timmy"), format!("#!/bin/sh\nexec {} \"$@\"\n", program("timmy").display())).unwrap();
    fs::set_permissions(wrapper.join("timmy"), fs::Permissions::from_mode(0o755)).unwrap();
    let _ = call(&["chat"], &format!("{}:/usr/bin:/bin", wrapper.display())).code(2);
    // Another of ours in between hands it on, and two of ours alone end.
    let middle = sandbox.outside().join("middle");
    fs::create_dir_all(&middle).unwrap();
    fs::rename(sandbox.outside().join("copy"), middle.join("timmy")).unwrap();
    let path = format!("{}:{}:{}:/usr/bin:/bin", middle.display(), ours.display(), theirs.display());
    assert_eq!(call(&["status"], &path).code(7).out, "theirs: status\n");
    let _ = call(&["status"], &format!("{}:{}", ours.display(), middle.display())).code(2);
}

#[test]
fn help_has_topics() {
    let sandbox = Sandbox::new();
    let run = |args: &[&str]| sandbox.run("timmy", args).code(0).out;
    for topic in ["exit-codes", "environment", "files"] {
        let text = run(&["help", topic]);
        assert_eq!(text.lines().find(|line| line.chars().count() > 80), None, "{topic}");
        assert!(text.lines().count() > 10, "{text}");
    }
    assert!(run(&["help", "automation", "pause"]).contains("--reason <TEXT>"));
    assert!(run(&["help", "loop_guard"]).contains("--wait"));
    let ended = sandbox.run("timmy", &["help", "exit-code"]).code(2);
    assert!(ended.err.contains("did you mean `exit-codes`?"), "{}", ended.err);
    assert!(run(&["--version"]).starts_with("timmy 0.1.0 ("));
}

#[test]
fn a_demo_that_has_no_more_file_descriptors_ends() {
    let sandbox = Sandbox::new();
    for limit in 8..=13 {
        let ended = sandbox.call_after(&format!("ulimit -n {limit}"), "timmy", ["demo"]).run();
        assert!(matches!(ended.code, Some(1 | 2)), "{limit}: {}", ended.conversation());
    }
}
