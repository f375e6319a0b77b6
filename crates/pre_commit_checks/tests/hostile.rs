//! Damaged and hostile files: a finding or silence, never a crash, never a hang.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test lays out files and fails by panicking"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

use sandbox::{Call, Sandbox};
use serde_json::Value;

/// Runs every check on the sandbox; the findings as `check file:line`.
fn found(sandbox: &Sandbox) -> Vec<String> {
    found_by(sandbox.call("pre_commit_checks", ["--json"]))
}

fn found_by(call: Call) -> Vec<String> {
    let begun = Instant::now();
    let ended = call.env("TIMMY_PRE_COMMIT_CHECKS_FORMATTER", "none").run();
    assert!(begun.elapsed() < Duration::from_mins(2), "no hang");
    let document: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"));
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(ended.code, Some(i32::from(!findings.is_empty())), "{}", ended.err);
    let line =
        |it: &Value| format!("{} {}:{}", it["check"].as_str().unwrap(), it["file"].as_str().unwrap(), it["line"]);
    findings.iter().map(line).collect()
}

#[test]
fn encodings_are_read_as_declared_or_told() {
    let sandbox = Sandbox::new();
    sandbox.write("latin.py", b"# coding: latin-1\nx = '\xe9'\n");
    sandbox.write("shift.py", b"# -*- coding: shift_jis -*-\nx = '\x83\x65'\n");
    sandbox.write("marked.py", b"\xef\xbb\xbfx = 1\n");
    sandbox.write("undeclared.py", b"x = 1\ny = '\xe9'\n");
    sandbox.write("nul.py", b"x = 1\ny = '\0'\n");
    sandbox.write("both.py", b"\xef\xbb\xbf# coding: latin-1\n");
    sandbox.write("strange.py", b"# coding: klingon\n\xff\n");
    sandbox.write("utf16.py", b"\xff\xfex\x00=\x001\x00\n\x00");
    let expected = ["syntax both.py:1", "syntax nul.py:2", "syntax undeclared.py:2", "syntax utf16.py:1"];
    assert_eq!(found(&sandbox), expected);
}

#[test]
fn depth_and_length_break_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("brackets.py", format!("x = {}\n", "(".repeat(100_000)));
    sandbox.write("closed.py", format!("x = {}{}\n", "[".repeat(100_000), "]".repeat(100_000)));
    sandbox.write("sum.py", format!("x = {}1\n", "1 + ".repeat(100_000)));
    sandbox.write("calls.py", format!("x = f{}\n", "()".repeat(100_000)));
    sandbox.write("dots.py", format!("import os\nx = os{}\n", ".path".repeat(100_000)));
    sandbox.write("nots.py", format!("x = {}1\n", "not ".repeat(100_000)));
    sandbox.write("lambdas.py", format!("x = {}1\n", "lambda: ".repeat(100_000)));
    sandbox.write("strings.py", format!("x = {}\n", "'a' ".repeat(100_000).trim_end()));
    sandbox.write("formats.py", format!("x = {}1{}\n", "f'{".repeat(2_000), "}'".repeat(2_000)));
    sandbox.write("line.py", format!("x = '{}'\n", "a".repeat(1_000_000)));
    sandbox.write("deep.json", "[".repeat(100_000) + &"]".repeat(100_000) + "\n");
    sandbox.write("deep.yaml", "[".repeat(100_000) + "\n");
    sandbox.write("deep.toml", format!("a = {}{}\n", "[".repeat(100_000), "]".repeat(100_000)));
    let bomb = (0..60).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        text + &format!("a{}: &a{} [*a{level}, *a{level}, *a{level}, *a{level}]\n", level + 1, level + 1)
    });
    sandbox.write("bomb.yaml", bomb);
    let found = found(&sandbox);
    for file in ["brackets.py", "closed.py"] {
        assert!(found.contains(&format!("syntax {file}:1")), "{file}: {found:?}");
    }
    for file in ["sum.py", "calls.py", "dots.py", "nots.py", "lambdas.py", "strings.py", "line.py", "deep.json"] {
        assert!(!found.iter().any(|it| it.contains(file)), "{file}: {found:?}");
    }
}

#[test]
fn large_files_are_a_finding_by_their_size() {
    let sandbox = Sandbox::new();
    sandbox.write("code.py", "x = 1  # a line\n".repeat(50 << 16));
    sandbox.write("text.txt", "a line of text\n".repeat(50 << 16));
    sandbox.write("data.json", format!("[{}1]\n", "1, ".repeat(50 << 18)));
    let huge = fs::File::create(sandbox.root().join("huge.bin")).unwrap();
    huge.set_len(1 << 33).unwrap();
    let expected = ["code.py", "data.json", "huge.bin", "text.txt"].map(|file| format!("large-files {file}:0"));
    assert_eq!(found(&sandbox), expected);
}

#[test]
fn many_signs_on_one_line_or_in_one_file_take_no_longer_than_their_length() {
    let sandbox = Sandbox::new();
    for (name, piece, times) in [
        ("token.txt", "ghp_", 400_000),
        ("key.txt", "-----BEGIN ", 300_000),
        ("word.txt", "token ", 400_000),
        ("ignore.txt", "# pre-commit: ignore[zz] x\n", 50_000),
        ("line.txt", "pre-commit: ignore[", 200_000),
        ("conflict.txt", "<<<<<<< a\n", 200_000),
    ] {
        sandbox.write(name, piece.repeat(times));
    }
    let found = found(&sandbox);
    assert!(found.len() < 1_000, "what is said is bounded: {}", found.len());
    assert!(found.contains(&"conflict-markers conflict.txt:0".to_owned()), "that there is more is said");
}

#[test]
fn no_check_shows_a_token_that_a_file_holds() {
    let sandbox = Sandbox::new();
    let token = ["ghp", "_aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF2hJ4"].concat();
    sandbox.write("pkg/__init__.py", "");
    sandbox.write("b.py", format!("from pkg import {token}\n"));
    sandbox.write("c.py", format!("print({token})\n"));
    sandbox.write("d.py", format!("__all__ = [\"{token}\"]\n"));
    sandbox.write("e.py", format!("def f(a, {token}, {token}): ...\n"));
    sandbox.write("f.yaml", format!("{token}: 1\n{token}: 2\n"));
    for form in ["text", "json", "sarif", "junit", "github"] {
        let ended = sandbox.call("pre_commit_checks", ["--format", form, "-v"]).env("PATH", "/x").run();
        assert_eq!(ended.code, Some(1));
        assert!(ended.out.contains("f.yaml") && !ended.out.contains(&token), "{}", ended.out);
    }
    let _ = sandbox.call("pre_commit_checks", ["--baseline", "known.json", "--update-baseline"]).run();
    assert!(!sandbox.read("known.json").contains(&token));
}

#[test]
fn circles_of_imports_and_links_end() {
    let sandbox = Sandbox::new();
    sandbox.write("pkg/__init__.py", "from .a import *\n");
    sandbox.write("pkg/a.py", "from . import b\n\nx = 1\n");
    sandbox.write("pkg/b.py", "from .a import *\nfrom .a import x, missing\nfrom pkg import nothing\n");
    sandbox.write("pkg/c.py", "from .d import *\n");
    sandbox.write("pkg/d.py", "from .c import *\n");
    sandbox.write("pkg/e.py", "from .c import gone\n");
    symlink(".", sandbox.root().join("pkg/loop")).unwrap();
    symlink("../pkg", sandbox.root().join("pkg/up")).unwrap();
    symlink("self", sandbox.root().join("self")).unwrap();
    symlink("a.py", sandbox.root().join("pkg/same.py")).unwrap();
    assert_eq!(
        found(&sandbox),
        ["imports pkg/b.py:2", "imports pkg/b.py:3", "imports pkg/e.py:1", "broken-links self:0"]
    );
}

#[cfg(target_os = "linux")] // Where a name may be any bytes.
#[test]
fn a_name_that_is_no_text_is_shown_with_a_replacement() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let sandbox = Sandbox::new();
    let name: OsString = OsStringExt::from_vec(b"b\xffd.py".to_vec());
    fs::write(sandbox.root().join(name), "x = (\n").unwrap();
    assert_eq!(found(&sandbox), ["syntax b\u{fffd}d.py:1"]);
}

#[test]
fn names_with_control_characters_and_things_that_are_no_files_are_passed() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.root().join("line\nbreak\u{1b}[31m.py"), "x = (\n").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.root().join("socket.py")).unwrap();
    fs::create_dir(sandbox.root().join("folder.py")).unwrap();
    let found = found(&sandbox);
    assert_eq!(found, ["syntax line\nbreak\u{1b}[31m.py:1"]);
    let text = sandbox.call("pre_commit_checks", ["--format", "text"]).env("PATH", "/x").run().out;
    assert!(!text.contains('\u{1b}'), "names reach no terminal as they are: {text:?}");
    let lines = sandbox.call("pre_commit_checks", ["--format", "github"]).env("PATH", "/x").run().out;
    assert!(
        lines.lines().all(|line| line.starts_with("::") || line.ends_with("files") || line.ends_with("file")),
        "{lines:?}"
    );
    assert!(!lines.contains('\u{1b}'), "{lines:?}");
}

#[test]
fn files_that_vanish_or_cannot_be_read_are_passed() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = (\n");
    sandbox.write("secret/b.py", "x = (\n");
    sandbox.write(".loop/.gitignore", "*\n");
    let set = |name: &str, mode: u32| {
        fs::set_permissions(sandbox.root().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    // What the run reports can be written by the user who makes it; the folder can be read by nobody.
    set(".loop", 0o777);
    set("secret", 0o000);
    let found = found_by(sandbox.call_unprivileged("pre_commit_checks", ["--json"]));
    set("secret", 0o755);
    assert_eq!(found, ["syntax a.py:1"]);
}
