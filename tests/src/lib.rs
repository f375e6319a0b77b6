//! The sealed world in which the tools are tested as programs: a repository and a home of its own, a cleared
//! environment, a fixed clock, and the forge on loopback.

#![allow(
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's world fails by panicking, and it is the world that the tools are kept from"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use demo_forge::DemoForge;
use serde_json::Value;

/// The clock of every sandbox, unless a call sets another.
pub const NOW: &str = "2026-03-21T12:34:56.123456Z";

/// A repository and a home, removed at the end.
pub struct Sandbox {
    folder: tempfile::TempDir,
}

/// A call of a tool that has not been made yet.
#[must_use = "a call does nothing until it is run"]
pub struct Call {
    command: Command,
    stdin: Option<Vec<u8>>,
}

/// How a call ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "look at the output, or at least at the exit code"]
pub struct Ended {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// What was said on stdout.
    pub out: String,
    /// What was said on stderr.
    pub err: String,
}

/// Returns the file of a tool that `cargo test --workspace` has built.
pub fn program(tool: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let program = folder.join(tool);
    assert!(program.exists(), "{} is not built: run `cargo test --workspace`", program.display());
    program
}

/// Sends a signal, such as `TERM`, by the program that does.
pub fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

/// Waits until something holds, and fails if it does not come.
pub fn soon(what: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(2);
    while !what() {
        assert!(Instant::now() < deadline, "it did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Sandbox {
    /// Makes a repository that is nothing but a work tree.
    #[expect(clippy::new_without_default, reason = "it makes folders")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("repo/.git")).unwrap();
        fs::create_dir_all(folder.path().join("home")).unwrap();
        Self { folder }
    }

    /// Returns the repository's root.
    pub fn root(&self) -> PathBuf {
        fs::canonicalize(self.folder.path().join("repo")).unwrap()
    }

    /// Returns the folder around the repository.
    pub fn outside(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap()
    }

    /// Prepares a call of a tool from inside the repository.
    pub fn call<S: AsRef<std::ffi::OsStr>>(&self, tool: &str, args: impl IntoIterator<Item = S>) -> Call {
        self.call_as(&program(tool), args)
    }

    /// Prepares a call of a program by this path.
    pub fn call_as<S: AsRef<std::ffi::OsStr>>(&self, path: &Path, args: impl IntoIterator<Item = S>) -> Call {
        let mut command = Command::new(path);
        command
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("HOME", self.folder.path().join("home"))
            .env("PATH", "/usr/bin:/bin")
            .env("TIMMY_NOW", NOW);
        Call { command, stdin: None }
    }

    /// Runs a tool in the repository.
    pub fn run(&self, tool: &str, args: &[&str]) -> Ended {
        self.call(tool, args).run()
    }

    /// Writes a file of the repository, and the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes a shell script of the repository that can be run.
    pub fn script(&self, name: &str, text: &str) {
        self.write(name, format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(self.root().join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Writes the manifest, with these automations.
    pub fn automations(&self, automations: &Value) {
        let manifest = serde_json::json!({"automations": automations});
        self.write("config/automations.json", serde_json::to_string_pretty(&manifest).unwrap());
    }

    /// Reads a file of the repository; empty if there is none.
    pub fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.bytes(name).unwrap_or_default()).into_owned()
    }

    /// Reads a file's bytes; none if there is no such file.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.root().join(name)).ok()
    }

    /// Reads a file as JSON.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Reads a log's lines as JSON; lines that are none are left out.
    pub fn json_lines(&self, name: &str) -> Vec<Value> {
        self.read(name).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Returns every file below a folder of the repository with its bytes, but not the locks.
    pub fn tree(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        fn walk(root: &Path, folder: &Path, tree: &mut BTreeMap<String, Vec<u8>>) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    walk(root, &path, tree);
                } else if path.extension().is_none_or(|extension| extension != "lock") {
                    tree.insert(name, fs::read(&path).unwrap_or_default());
                }
            }
        }
        let mut tree = BTreeMap::new();
        walk(&self.root(), &self.root().join(name), &mut tree);
        tree
    }
}

impl Call {
    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Changes the current directory.
    pub fn dir(mut self, path: impl AsRef<Path>) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Calls the program by another name than its file's.
    pub fn named(mut self, name: &str) -> Self {
        self.command.arg0(name);
        self
    }

    /// Makes the call as another user.
    pub fn user(mut self, id: u32) -> Self {
        self.command.uid(id).gid(id);
        self
    }

    /// Gives it something to read on stdin.
    pub fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(content.into());
        self
    }

    /// Points the tool at a forge, with a token that is valid there, and short patience.
    pub fn forge(self, forge: &DemoForge, slug: &str) -> Self {
        self.env("GITEA_API", forge.api())
            .env("REPO_SLUG", slug)
            .env("GITEA_TOKEN", "demo")
            .env("TIMMY_AUTOMATION_HTTP_TIMEOUT", "1")
            .env("TIMMY_AUTOMATION_HTTP_RETRIES", "1")
    }

    /// Starts it, with stdout and stderr caught.
    pub fn start(mut self) -> Child {
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if let (Some(mut pipe), Some(content)) = (child.stdin.take(), self.stdin) {
            // A tool that does not read to the end has its reasons.
            let _ = pipe.write_all(&content);
        }
        child
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        self.start().wait_with_output().unwrap().into()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// Checks the exit code; returns the rest for further looks.
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// Returns the whole conversation: stdout, stderr and the code.
    pub fn conversation(&self) -> String {
        let mut text = self.out.clone();
        for line in self.err.lines() {
            text.push_str("! ");
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(&self.code.map_or("killed".to_owned(), |code| format!("exit {code}")));
        text
    }
}
