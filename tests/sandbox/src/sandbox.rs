//! A repository and a home of its own, in which programs are called.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::call::{Call, CallOutput};
use crate::token::shown;

/// The clock of every sandbox, unless a call sets another.
pub const NOW: &str = "2026-03-21T12:34:56.123456Z";

/// The interpreter of the tests that need one; they are ignored unless they are named.
pub const PYTHON: &str = "/usr/bin/python3";

/// A repository and a home, removed at the end.
pub struct Sandbox {
    folder: tempfile::TempDir,
    /// Whether a program was given the forge's token.
    has_token: Arc<AtomicBool>,
}

/// A file, folder or link of a work tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// Its kind and permissions.
    pub mode: u32,
    /// When its content changed; none for folders and links.
    pub modified: Option<SystemTime>,
    /// Its content, or the path that a link leads to.
    pub content: Vec<u8>,
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
        Self { folder, has_token: Arc::default() }
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
    pub fn call<S: AsRef<OsStr>>(&self, tool: &str, args: impl IntoIterator<Item = S>) -> Call {
        self.call_as(&program(tool), args)
    }

    /// Prepares a call of a program by this path.
    pub fn call_as<S: AsRef<OsStr>>(&self, path: &Path, args: impl IntoIterator<Item = S>) -> Call {
        let mut command = Command::new(path);
        command
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("HOME", self.folder.path().join("home"))
            .env("PATH", "/usr/bin:/bin")
            .env("TIMMY_NOW", NOW);
        Call::new(command, Arc::clone(&self.has_token))
    }

    /// Prepares a call of a tool as a user for whom permissions hold: as nobody if the test runs as root.
    pub fn call_unprivileged<S: AsRef<OsStr>>(&self, tool: &str, args: impl IntoIterator<Item = S>) -> Call {
        fs::set_permissions(self.outside(), fs::Permissions::from_mode(0o755)).unwrap();
        self.call(tool, args).without_root()
    }

    /// Prepares a call of a tool that can write no file beyond so many KiB: with 0 as on a full disk.
    pub fn call_with_file_limit<S: AsRef<OsStr>>(
        &self,
        kib: u32,
        tool: &str,
        args: impl IntoIterator<Item = S>,
    ) -> Call {
        self.call_after(&format!("ulimit -f {kib}"), tool, args)
    }

    /// Prepares a call of a tool after a command of the shell, such as `umask 077`, which holds for the tool.
    pub fn call_after<S: AsRef<OsStr>>(&self, command: &str, tool: &str, args: impl IntoIterator<Item = S>) -> Call {
        let script = format!("{command}; exec \"$0\" \"$@\"");
        let mut words: Vec<OsString> = vec!["-c".into(), script.into(), program(tool).into()];
        words.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self.call_as(Path::new("/bin/bash"), words)
    }

    /// Gives everything to a user and a group of these numbers; only root can.
    pub fn give(&self, user: u32, group: u32) {
        let status = Command::new("chown").arg("-Rh").arg(format!("{user}:{group}")).arg(self.outside()).status();
        assert!(status.unwrap().success());
    }

    /// Returns the owner, the group and the permissions of everything below a folder of the repository, by its path there.
    pub fn owners(&self, name: &str) -> BTreeMap<String, (u32, u32, u32)> {
        let (mut owners, mut paths) = (BTreeMap::new(), vec![self.root().join(name)]);
        while let Some(path) = paths.pop() {
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_dir() {
                paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
            let name = path.strip_prefix(self.root()).unwrap().to_string_lossy().into_owned();
            owners.insert(name, (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777));
        }
        owners
    }

    /// Runs a tool in the repository.
    pub fn run(&self, tool: &str, args: &[&str]) -> CallOutput {
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

    /// Returns everything in the work tree, by its path in the repository, but not what Git keeps.
    pub fn work_tree(&self) -> BTreeMap<String, Item> {
        let (root, mut items) = (self.root(), BTreeMap::new());
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let (path, metadata) = (entry.path(), entry.path().symlink_metadata().unwrap());
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                if name == ".git" {
                    continue;
                }
                let content = match fs::read_link(&path) {
                    Ok(target) => target.into_os_string().into_encoded_bytes(),
                    Err(_) if metadata.is_dir() => Vec::new(),
                    Err(_) => fs::read(&path).unwrap(),
                };
                if metadata.is_dir() {
                    folders.push(path);
                }
                let modified = metadata.is_file().then(|| metadata.modified().unwrap());
                items.insert(name, Item { mode: metadata.permissions().mode(), modified, content });
            }
        }
        items
    }

    /// Notes that a program can now have the forge's token.
    pub(crate) fn token_given(&self) {
        self.has_token.store(true, Ordering::Relaxed);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if self.has_token.load(Ordering::Relaxed) && !std::thread::panicking() {
            let found = self.files_with_token();
            assert!(found.is_empty(), "the forge's token is in {}", shown(&found));
        }
    }
}
