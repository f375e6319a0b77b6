//! Several users of one repository: root beside its owner, and the members of a group.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test builds its own world and fails by panicking"
)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use sandbox::{CallOutput, Sandbox};

/// Users and a group that no machine has.
const OWNER: u32 = 47_101;
const OTHER: u32 = 47_102;
const GROUP: u32 = 47_200;

const ISSUES: &str = r#"[{"number": 85, "title": "Crash in a.py", "labels": [{"name": "bug"}],
    "body": "It must not. Add a test for f() in a.py."}]"#;

/// What a day of the loop calls, each with the exit code that it has.
const DAY: [(&str, &[&str], i32); 12] = [
    ("loop_guard", &[], 1),
    ("triage_score", &["--issues", "issues.json"], 0),
    ("loop_guard", &[], 0),
    ("cycle_retro", &["--cycle", "1", "--success", "--issue", "85", "--duration", "9"], 0),
    ("cycle_retro", &["--cycle", "2", "--failure", "--issue", "86", "--duration", "9"], 0),
    ("triage_score", &["--issues", "issues.json"], 0),
    ("loop_introspect", &[], 0),
    ("orchestrator", &["--issues", "issues.json"], 0),
    ("timmy", &["automation", "pause", "orchestrator", "--for", "1h", "--reason", "x"], 0),
    ("timmy", &["automation", "resume", "orchestrator"], 0),
    ("timmy", &["automation", "disable", "backfill_retro"], 0),
    ("timmy", &["schedule", "tick"], 0),
];

fn world() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("issues.json", ISSUES);
    fs::remove_dir(sandbox.root().join(".git")).unwrap();
    let _ = sandbox.git();
    sandbox
}

fn day(sandbox: &Sandbox, run: impl Fn(&str, &[&str]) -> CallOutput) {
    for (tool, args, code) in DAY {
        let said = run(tool, args);
        // The second day comes at the same time as the first: its issue waits.
        let waits = tool == "loop_guard" && said.out.contains("(cool_down)");
        assert_eq!(said.code, Some(if waits { 1 } else { code }), "{tool} {args:?}: {}", said.conversation());
        assert!(!said.err.contains("cannot"), "{tool} {args:?}: {}", said.err);
    }
    assert!(!sandbox.read(".loop/retro/cycles.jsonl").is_empty());
}

#[test]
#[ignore = "needs root"]
fn what_root_makes_belongs_to_the_owner_of_the_repository() {
    let sandbox = world();
    fs::write(sandbox.outside().join("home/.gitconfig"), "[safe]\n\tdirectory = *\n").unwrap();
    sandbox.give(OWNER, GROUP);
    let as_root = |tool: &str, args: &[&str]| sandbox.call_after("umask 077", tool, args).run();
    day(&sandbox, as_root);
    let _ = as_root("timmy", &["automation", "new", "tidy", "--trigger", "daily"]).code(0);
    let _ = as_root("timmy", &["automation", "run", "tidy"]).code(0);
    let _ = as_root("timmy", &["install", "--into", "."]).code(0);
    let _ = as_root("pre_commit_checks", &["install-hook"]).code(0);
    let foreign: Vec<_> = sandbox.owners("").into_iter().filter(|(_, (user, ..))| *user != OWNER).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    let as_owner = |tool: &str, args: &[&str]| sandbox.call(tool, args).user(OWNER, GROUP).run();
    let _ = as_owner("timmy", &["verify"]).code(0);
    fs::remove_file(sandbox.root().join(".loop/queue.json")).unwrap();
    day(&sandbox, as_owner);
    let _ = as_owner("timmy", &["uninstall", "--from", "."]).code(0);
}

#[test]
#[ignore = "needs root"]
fn what_root_has_left_is_reported_and_repaired() {
    for repairs_as_root in [false, true] {
        let sandbox = world();
        day(&sandbox, |tool, args| sandbox.run(tool, args));
        sandbox.give(OWNER, GROUP);
        // As earlier versions left it: a file of root, and a lock that can be read.
        for name in [".loop/retro/cycles.jsonl", ".loop/.queue.json.lock"] {
            std::os::unix::fs::chown(sandbox.root().join(name), Some(0), Some(0)).unwrap();
        }
        let as_owner = |tool: &str, args: &[&str]| sandbox.call(tool, args).user(OWNER, GROUP).run();
        let _ = as_owner("triage_score", &["--issues", "issues.json"]).code(0);
        let retro = ["--cycle", "3", "--success", "--issue", "87", "--duration", "9"];
        let _ = as_owner("cycle_retro", &retro).code(2);
        let said = as_owner("timmy", &["verify"]).code(1);
        assert!(said.out.contains("cycles.jsonl: it belongs to root, and user 47101 cannot write it"), "{}", said.out);
        assert!(!said.out.contains("queue.json.lock"), "{}", said.out);
        let said = as_owner("timmy", &["doctor"]).code(1);
        assert!(said.out.contains("cycles.jsonl: it belongs to root"), "{}", said.out);
        let before = sandbox.read(".loop/retro/cycles.jsonl");
        let repaired = if repairs_as_root {
            sandbox.run("timmy", &["repair"])
        } else {
            let _ = as_owner("timmy", &["repair", "--dry-run"]).code(0);
            assert_eq!(sandbox.owners(".loop/retro/cycles.jsonl")[".loop/retro/cycles.jsonl"].0, 0);
            as_owner("timmy", &["repair"])
        };
        assert!(repaired.code(0).out.contains("cycles.jsonl: now user 47101 can write it"));
        assert_eq!(sandbox.read(".loop/retro/cycles.jsonl"), before);
        let _ = as_owner("timmy", &["verify"]).code(0);
        let _ = as_owner("cycle_retro", &retro).code(0);
    }
}

#[test]
#[ignore = "needs root"]
fn a_store_that_root_has_made_is_given_to_the_owner_of_the_repository() {
    let sandbox = world();
    day(&sandbox, |tool, args| sandbox.run(tool, args));
    let outside = sandbox.outside().join("secret");
    fs::write(&outside, "secret").unwrap();
    fs::hard_link(&outside, sandbox.root().join(".loop/link.json")).unwrap();
    symlink(&outside, sandbox.root().join(".loop/soft.json")).unwrap();
    for path in [sandbox.outside(), sandbox.root(), sandbox.root().join("issues.json")] {
        std::os::unix::fs::chown(path, Some(OWNER), Some(GROUP)).unwrap();
    }
    let as_owner = |tool: &str, args: &[&str]| sandbox.call(tool, args).user(OWNER, GROUP).run();
    let said = as_owner("timmy", &["verify"]).code(1);
    assert!(said.out.contains(".loop/: it belongs to root") || said.out.contains(".loop: it belongs"), "{}", said.out);
    let _ = sandbox.run("timmy", &["repair"]).code(0);
    let _ = as_owner("timmy", &["verify"]).code(0);
    assert_eq!(fs::metadata(&outside).unwrap().uid(), 0, "nothing is given away through a link");
    let _ = as_owner("cycle_retro", &["--cycle", "3", "--success", "--issue", "87", "--duration", "9"]).code(0);
}

#[test]
#[ignore = "needs root"]
fn root_gives_nothing_away_through_a_link() {
    let sandbox = world();
    sandbox.give(OWNER, GROUP);
    let outside = sandbox.outside().join("secret");
    fs::write(&outside, "secret").unwrap();
    std::os::unix::fs::chown(&outside, Some(0), Some(0)).unwrap();
    fs::create_dir(sandbox.root().join(".loop")).unwrap();
    symlink(&outside, sandbox.root().join(".loop/.queue.json.tmp")).unwrap();
    symlink(&outside, sandbox.root().join(".loop/.scores.json.lock")).unwrap();
    symlink(sandbox.outside().join("made"), sandbox.root().join(".loop/tokens.jsonl")).unwrap();
    let said = sandbox.run("triage_score", &["--issues", "issues.json"]);
    assert!(said.err.contains("remove the symbolic link"), "{}", said.conversation());
    let metadata = fs::metadata(&outside).unwrap();
    assert_eq!((metadata.uid(), fs::read_to_string(&outside).unwrap().as_str()), (0, "secret"));
    assert!(!sandbox.outside().join("made").exists(), "root makes no file where another user's link leads");
}

#[test]
#[ignore = "needs root"]
fn the_members_of_a_group_share_a_repository() {
    let sandbox = world();
    sandbox.give(OWNER, GROUP);
    fs::set_permissions(sandbox.outside(), fs::Permissions::from_mode(0o755)).unwrap();
    for folder in [sandbox.root(), sandbox.root().join(".git")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o2770)).unwrap();
    }
    fs::set_permissions(sandbox.root().join("issues.json"), fs::Permissions::from_mode(0o660)).unwrap();
    for user in [OWNER, OTHER, OWNER] {
        if sandbox.root().join(".loop/queue.json").exists() {
            fs::remove_file(sandbox.root().join(".loop/queue.json")).unwrap();
        }
        day(&sandbox, |tool, args| sandbox.call_after("umask 077", tool, args).user(user, GROUP).run());
        let closed: Vec<_> =
            sandbox.owners(".loop").into_iter().filter(|(_, (.., mode))| mode & 0o060 != 0o060).collect();
        assert!(closed.is_empty(), "{closed:?}");
        assert!(sandbox.owners(".loop").values().all(|(_, group, _)| *group == GROUP));
        let _ = sandbox.call("timmy", ["verify"]).user(user, GROUP).run().code(0);
    }
}

#[test]
#[ignore = "needs root"]
fn a_replaced_document_keeps_its_owner() {
    let sandbox = world();
    day(&sandbox, |tool, args| sandbox.run(tool, args));
    let queue = sandbox.root().join(".loop/queue.json");
    std::os::unix::fs::chown(&queue, Some(OWNER), Some(GROUP)).unwrap();
    let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
    let metadata = fs::metadata(&queue).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (OWNER, GROUP));
}

#[test]
fn a_replaced_document_keeps_its_mode_and_a_private_store_stays_private() {
    let sandbox = world();
    day(&sandbox, |tool, args| sandbox.call_after("umask 077", tool, args).run());
    let open: Vec<_> = sandbox.owners(".loop").into_iter().filter(|(_, (.., mode))| mode & 0o077 != 0).collect();
    assert!(open.is_empty(), "{open:?}");
    for mode in [0o600, 0o640, 0o664] {
        for name in [".loop/queue.json", ".loop/retro/summary.json"] {
            fs::set_permissions(sandbox.root().join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let _ = sandbox.run("triage_score", &["--issues", "issues.json"]).code(0);
        let _ = sandbox.run("cycle_retro", &["--cycle", "3", "--success", "--issue", "87", "--duration", "9"]).code(0);
        for name in [".loop/queue.json", ".loop/retro/summary.json"] {
            assert_eq!(sandbox.owners(name)[name].2, mode, "{name}");
        }
    }
}
