//! What Git tracks or the command line names, and what is no file or cannot be read: it does not pass for checked.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test lays out files and fails by panicking"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use sandbox::{CallOutput, Sandbox, stage_all};

const BROKEN: &str = "x = (\n";

fn run(sandbox: &Sandbox, args: &[&str]) -> CallOutput {
    sandbox.call("pre_commit_checks", args).env("TIMMY_PRE_COMMIT_CHECKS_FORMATTER", "none").run()
}

fn assert_unread(sandbox: &Sandbox, args: &[&str], name: &str) {
    let ended = run(sandbox, args);
    assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.conversation());
    assert!(ended.err.contains(name) && ended.err.contains("it was not checked"), "{}", ended.conversation());
}

/// A repository that tracks `src/a.py` and `src/b.py`.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    let repository = sandbox.git();
    sandbox.write("src/a.py", "x = 1\n");
    sandbox.write("src/b.py", "x = 1\n");
    stage_all(&repository);
    sandbox
}

fn make_pipe(sandbox: &Sandbox, name: &str) {
    assert!(Command::new("mkfifo").arg(sandbox.root().join(name)).status().unwrap().success());
}

#[test]
fn a_pipe_that_is_named_does_not_pass() {
    let sandbox = repository();
    make_pipe(&sandbox, "src/bad.py");
    assert_unread(&sandbox, &["src/bad.py"], "src/bad.py");
    assert_unread(&sandbox, &["src", "src/bad.py"], "src/bad.py");
    let ended = run(&sandbox, &["src"]);
    assert_eq!(ended.code, Some(0), "what Git does not track and nobody names is none of the project: {ended:?}");
}

#[test]
fn what_replaces_a_tracked_file_does_not_pass() {
    for kind in ["pipe", "socket", "directory"] {
        let sandbox = repository();
        let path = sandbox.root().join("src/a.py");
        fs::remove_file(&path).unwrap();
        let _listener = match kind {
            "pipe" => {
                make_pipe(&sandbox, "src/a.py");
                None
            }
            "socket" => Some(UnixListener::bind(&path).unwrap()),
            _ => {
                fs::create_dir(&path).unwrap();
                None
            }
        };
        for args in [&[][..], &["src"], &["--update-baseline", "--baseline", "known.json"]] {
            assert_unread(&sandbox, args, "src/a.py");
        }
        assert!(!sandbox.root().join("known.json").exists());
    }
}

#[test]
fn what_was_deleted_is_no_problem() {
    let sandbox = repository();
    fs::remove_file(sandbox.root().join("src/a.py")).unwrap();
    assert_eq!(run(&sandbox, &[]).code, Some(0));
    // A file, and then a link, in the place of the folder: all below it was deleted.
    fs::remove_dir_all(sandbox.root().join("src")).unwrap();
    sandbox.write("src", "x\n");
    assert_eq!(run(&sandbox, &[]).code, Some(0));
    fs::remove_file(sandbox.root().join("src")).unwrap();
    sandbox.write("other/a.py", "x = 1\n");
    symlink("other", sandbox.root().join("src")).unwrap();
    for args in [&[][..], &["other/a.py"]] {
        let ended = run(&sandbox, args);
        assert_eq!(ended.code, Some(0), "{}", ended.conversation());
    }
    assert!(!run(&sandbox, &[]).out.contains("src/a.py"));
}

#[test]
fn a_file_that_is_named_next_to_a_folder_is_checked_even_where_git_ignores_it() {
    let sandbox = repository();
    sandbox.write(".gitignore", "made.py\n");
    sandbox.write("made.py", BROKEN);
    for args in [&["made.py"][..], &["src", "made.py"]] {
        let ended = run(&sandbox, args);
        assert_eq!(ended.code, Some(1), "{}", ended.conversation());
        assert!(ended.out.contains("made.py:"), "{}", ended.out);
    }
    assert_eq!(run(&sandbox, &[]).code, Some(0));
}

#[test]
fn a_file_that_is_too_large_to_be_read_does_not_pass_where_its_size_is_allowed() {
    let sandbox = repository();
    fs::File::create(sandbox.root().join("src/a.py")).unwrap().set_len(65 << 20).unwrap();
    assert_eq!(run(&sandbox, &[]).code, Some(1));
    assert_unread(&sandbox, &["--skip", "large-files"], "src/a.py");
}
