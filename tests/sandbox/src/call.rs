//! A call of a program, and how it ended.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use demo_forge::DemoForge;

use crate::token::{CANARY_TOKEN, holds_token};

/// A call of a tool that has not been made yet.
#[must_use = "a call does nothing until it is run"]
pub struct Call {
    command: Command,
    stdin: Option<Vec<u8>>,
    has_token: Arc<AtomicBool>,
}

/// How a call ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "look at the output, or at least at the exit code"]
pub struct CallOutput {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// What was said on stdout.
    pub out: String,
    /// What was said on stderr.
    pub err: String,
}

impl Call {
    /// Prepares a call; `has_token` is set when it is given the forge's token.
    pub(crate) fn new(command: Command, has_token: Arc<AtomicBool>) -> Self {
        Self { command, stdin: None, has_token }
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        if holds_token(value.as_ref().as_encoded_bytes()) {
            self.has_token.store(true, Ordering::Relaxed);
        }
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

    /// Makes the call as nobody if the test runs as root, who may read and write everything.
    pub(crate) fn without_root(mut self) -> Self {
        if rustix::process::geteuid().is_root() {
            self.command.uid(65_534).gid(65_534);
        }
        self
    }

    /// Makes the call as a user of these numbers, in no other group; only root can.
    pub fn user(mut self, user: u32, group: u32) -> Self {
        self.command.uid(user).gid(group);
        self
    }

    /// Gives it something to read on stdin.
    pub fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(content.into());
        self
    }

    /// Points the tool at a forge, with the token that is valid there, and short patience.
    pub fn forge(self, forge: &DemoForge, slug: &str) -> Self {
        self.env("GITEA_API", forge.api())
            .env("REPO_SLUG", slug)
            .env("GITEA_TOKEN", CANARY_TOKEN)
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

    /// Starts it with stdin, stdout and stderr piped, to be spoken with.
    pub fn converse(mut self) -> Child {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs it to its end.
    pub fn run(self) -> CallOutput {
        self.start().wait_with_output().unwrap().into()
    }
}

impl From<Output> for CallOutput {
    /// Takes the output of a program, none of which may show the forge's token.
    fn from(output: Output) -> Self {
        let ended = Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        let conversation = ended.conversation();
        assert!(
            !conversation.contains(CANARY_TOKEN),
            "the program prints the forge's token, shown here as <token>:\n{}",
            conversation.replace(CANARY_TOKEN, "<token>")
        );
        ended
    }
}

impl CallOutput {
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
