//! Moving in and out in every order: installations of both kinds, hooks, and what people and programs do with Git meanwhile. After
//! an uninstallation, files, Git and hooks are as they should be.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world, shows the order that fails, and fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sandbox::{CallOutput, Sandbox};
use serde_json::Value;

/// Where the tools go.
const PATHS: [&str; 7] = [
    "scripts/backfill_retro.py",
    "scripts/cycle_retro.py",
    "scripts/loop_guard.py",
    "scripts/loop_introspect.py",
    "scripts/pre_commit_checks.py",
    "scripts/triage_score.py",
    "timmy_automations/daily_run/orchestrator.py",
];

/// The scripts that the repository has at first, and their permissions.
const OLD: [(&str, u32); 3] =
    [("scripts/cycle_retro.py", 0o755), ("scripts/loop_guard.py", 0o755), ("scripts/triage_score.py", 0o644)];

/// A hook of somebody else.
const FOREIGN_HOOK: &str = "#!/bin/sh\n# mine\ntrue";

/// How many steps come before the end.
const STEPS: usize = 9;

/// How many orders are tried: more in a step of `.ci/run`.
fn orders() -> u64 {
    let orders = std::env::var("MOVING_ORDERS").ok();
    orders.map_or(8, |orders| orders.parse().unwrap())
}

/// What is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Install,
    InstallLinks,
    InstallShims,
    InstallHook,
    /// A commit as pre-commit makes one: what is not staged is set aside meanwhile.
    Commit,
    CommitShims,
    /// Somebody else changes a script, and it is pulled.
    Pull,
    Push,
    StashAndPop,
    Reset,
    /// What was advised once.
    SkipWorktree,
    Uninstall,
    Doctor,
}

const ALL: [Step; 13] = [
    Step::Install,
    Step::InstallLinks,
    Step::InstallShims,
    Step::InstallHook,
    Step::Commit,
    Step::CommitShims,
    Step::Pull,
    Step::Push,
    Step::StashAndPop,
    Step::Reset,
    Step::SkipWorktree,
    Step::Uninstall,
    Step::Doctor,
];

/// Orders that chance seldom makes.
const SELDOM: [&[Step]; 5] = [
    // Git puts newer scripts where tools were.
    &[Step::InstallLinks, Step::Reset, Step::Pull, Step::Pull, Step::Pull],
    &[Step::InstallShims, Step::InstallHook, Step::Reset, Step::Pull, Step::Pull, Step::Doctor],
    // The way of the guide, and one back in between.
    &[Step::InstallLinks, Step::Commit, Step::InstallShims, Step::CommitShims, Step::Push, Step::Pull, Step::Commit],
    &[Step::InstallShims, Step::CommitShims, Step::Uninstall, Step::Reset, Step::InstallLinks, Step::Reset, Step::Pull],
    &[Step::InstallLinks, Step::SkipWorktree, Step::Pull, Step::InstallHook, Step::Uninstall, Step::Pull],
];

/// What is at a path: permissions and content, or where a link leads.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Entry {
    File(bool, String),
    Link(String),
}

struct World {
    sandbox: Sandbox,
    upstream: PathBuf,
    has_foreign_hook: bool,
    /// What was last at each path that no installation had put there.
    before: BTreeMap<&'static str, Option<Entry>>,
    count: u32,
}

impl World {
    fn new(has_foreign_hook: bool) -> Self {
        let sandbox = Sandbox::new();
        let upstream = sandbox.outside().join("upstream");
        for (name, mode) in OLD {
            let path = upstream.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, script(name, 1)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let root = sandbox.root();
        fs::remove_dir_all(&root).unwrap();
        fs::create_dir(&root).unwrap();
        let world = Self { sandbox, upstream, has_foreign_hook, before: BTreeMap::new(), count: 1 };
        let up = world.upstream.clone();
        for args in [
            &["init", "-q", "-b", "main", "."][..],
            &["config", "receive.denyCurrentBranch", "updateInstead"],
            &["add", "."],
            &["commit", "-qm", "Begin"],
        ] {
            let _ = world.git(&up, args).code(0);
        }
        let _ = world.git(&root, &["clone", "-q", up.to_str().unwrap(), "."]).code(0);
        if has_foreign_hook {
            fs::create_dir_all(world.hook().parent().unwrap()).unwrap();
            fs::write(world.hook(), FOREIGN_HOOK).unwrap();
            fs::set_permissions(world.hook(), fs::Permissions::from_mode(0o755)).unwrap();
        }
        world
    }

    fn git(&self, dir: &Path, args: &[&str]) -> CallOutput {
        let always = ["-c", "user.name=T", "-c", "user.email=t@localhost", "-c", "pull.rebase=false"];
        let call = self.sandbox.call_as(Path::new("git"), [&always, args].concat());
        call.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true").dir(dir).run()
    }

    fn here(&self, args: &[&str]) -> CallOutput {
        self.git(&self.sandbox.root(), args)
    }

    fn timmy(&self, args: &[&str]) -> CallOutput {
        self.sandbox.run("timmy", args)
    }

    fn hook(&self) -> PathBuf {
        self.sandbox.root().join(".git/hooks/pre-commit")
    }

    fn entry(&self, path: &str) -> Option<Entry> {
        let full = self.sandbox.root().join(path);
        let metadata = fs::symlink_metadata(&full).ok()?;
        Some(if metadata.is_symlink() {
            Entry::Link(fs::read_link(&full).unwrap().to_str().unwrap().to_owned())
        } else {
            Entry::File(metadata.permissions().mode() & 0o100 != 0, fs::read_to_string(&full).unwrap())
        })
    }

    /// What is at all paths, and what Git reports of them.
    fn picture(&self) -> (Vec<Option<Entry>>, String) {
        let entries = PATHS.iter().map(|path| self.entry(path)).collect();
        (entries, self.here(&["status", "--porcelain", "--untracked-files=all"]).code(0).out)
    }

    /// Whether an installation has put what is at a path there.
    fn is_installed(&self, path: &str) -> bool {
        let Some(record) = self.sandbox.bytes(".loop/originals/install.json") else { return false };
        let record: Value = serde_json::from_slice(&record).unwrap();
        let installed = record["installed"].as_array().unwrap().iter().find(|one| one["path"] == path);
        match (installed, self.entry(path)) {
            (Some(one), Some(Entry::Link(target))) => one["link"] == target.as_str(),
            (Some(one), Some(Entry::File(_, text))) => one["shim"].is_string() && is_shim(&text),
            _ => false,
        }
    }

    fn note(&mut self) {
        for path in PATHS {
            let has_record = self.sandbox.bytes(".loop/originals/install.json").is_some();
            let entry = self.entry(path);
            if !has_record || entry.is_some() && !self.is_installed(path) {
                self.before.insert(path, entry);
            }
        }
    }

    fn make(&mut self, step: Step) {
        match step {
            Step::Install => self.install(&[]),
            Step::InstallLinks => self.install(&["--links"]),
            Step::InstallShims => self.install(&["--shims"]),
            Step::InstallHook => self.install_hook(),
            Step::Commit => self.commit(),
            Step::CommitShims => self.commit_shims(),
            Step::Pull => self.pull(),
            Step::Push => {
                let _ = self.here(&["push", "-q", "origin", "HEAD:main"]);
            }
            Step::StashAndPop => {
                let before = self.picture();
                if self.here(&["stash", "-q"]).code == Some(0)
                    && self.here(&["rev-parse", "-q", "--verify", "stash"]).code == Some(0)
                {
                    let _ = self.here(&["stash", "pop", "-q"]).code(0);
                }
                assert_eq!(self.picture(), before);
            }
            Step::Reset => {
                let _ = self.here(&["reset", "-q", "--hard"]).code(0);
            }
            Step::SkipWorktree => {
                let known: Vec<_> = OLD
                    .map(|(path, _)| path)
                    .into_iter()
                    .filter(|path| matches!(self.entry(path), Some(Entry::Link(_))))
                    .collect();
                if !known.is_empty() {
                    let _ = self.here(&[&["update-index", "--skip-worktree"], &*known].concat()).code(0);
                }
            }
            Step::Uninstall => self.uninstall(),
            Step::Doctor => {
                let ended = self.timmy(&["doctor"]);
                assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.conversation());
                let is_whole = PATHS.iter().all(|path| self.is_installed(path));
                assert!(!is_whole || ended.code == Some(0), "{}", ended.conversation());
            }
        }
        self.note();
    }

    fn install(&self, args: &[&str]) {
        let before = self.picture();
        let ended = self.timmy(&[&["install", "--into", "."], args].concat());
        if ended.code == Some(2) && ended.err.contains("changed, but not committed") {
            assert_eq!(self.picture(), before);
            return;
        }
        let ended = ended.code(0);
        for path in PATHS {
            assert!(self.is_installed(path), "{path}\n{}", ended.conversation());
            let status = self.sandbox.call_as(&self.sandbox.root().join(path), ["--version"]).dir("/").run().code(0);
            assert!(status.out.contains("0.1"), "{path}: {}", status.conversation());
        }
    }

    /// With the installed program, and else with the one that is tested.
    fn install_hook(&self) {
        let installed = self.sandbox.root().join(".loop/bin/pre_commit_checks");
        let program = if installed.exists() { installed } else { sandbox::program("pre_commit_checks") };
        let ended = self.sandbox.call_as(&program, ["install-hook"]).run();
        if let Some((_, line)) = ended.err.split_once("add this line to it: ") {
            assert!(self.has_foreign_hook);
            let (head, rest) = FOREIGN_HOOK.split_at("#!/bin/sh\n".len());
            fs::write(self.hook(), [head, line, rest].concat()).unwrap();
        } else {
            let _ = ended.code(0);
        }
    }

    fn commit(&mut self) {
        self.count += 1;
        let name = format!("new{}.txt", self.count);
        self.sandbox.write(&name, "x\n");
        let _ = self.here(&["add", &name]).code(0);
        let before = self.picture();
        let patch = self.here(&["diff", "--binary", "--no-ext-diff"]).code(0).out;
        self.sandbox.write("../patch", &patch);
        let _ = self.here(&["checkout", "-q", "--", "."]);
        let ended = self.here(&["commit", "-qm", "Work"]);
        assert_eq!(ended.code, Some(0), "{}", ended.conversation());
        if !patch.is_empty() {
            let _ = self.here(&["apply", "--whitespace=nowarn", "../patch"]).code(0);
        }
        assert_eq!(self.picture().0, before.0);
    }

    /// Commits the shims as the installation says.
    fn commit_shims(&self) {
        let shims: Vec<&str> = PATHS
            .into_iter()
            .filter(|path| matches!(self.entry(path), Some(Entry::File(_, text)) if is_shim(&text)))
            .collect();
        if !shims.is_empty() && shims.iter().all(|path| self.is_installed(path)) {
            let _ = self.here(&[&["add", "--chmod=+x"], &*shims].concat()).code(0);
            // There may be nothing to commit.
            let ended = self.here(&["commit", "-qm", "Shims"]);
            assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.conversation());
            assert!(self.here(&["status", "--porcelain", "--", "scripts"]).code(0).out.is_empty());
        }
    }

    fn pull(&mut self) {
        self.count += 1;
        let (name, _) = OLD[self.count as usize % OLD.len()];
        let path = self.upstream.join(name);
        let is_still_one = fs::read_to_string(&path).is_ok_and(|text| !is_shim(&text));
        let path = if is_still_one { path } else { self.upstream.join("other.txt") };
        fs::write(&path, script(name, self.count)).unwrap();
        let _ = self.git(&self.upstream, &["add", "."]).code(0);
        let _ = self.git(&self.upstream, &["commit", "-qm", "Upstream"]).code(0);
        let before = self.picture();
        if self.here(&["pull", "-q", "--no-edit"]).code != Some(0) {
            let _ = self.here(&["merge", "--abort"]);
            assert_eq!(self.picture(), before);
        }
    }

    fn uninstall(&self) {
        let dry = self.timmy(&["uninstall", "--from", ".", "--dry-run"]);
        let ended = self.timmy(&["uninstall", "--from", "."]);
        assert_eq!(dry.code, ended.code, "{}\n{}", dry.conversation(), ended.conversation());
        let ended = ended.code(0);
        for name in [".loop/originals", ".loop/bin"] {
            assert!(!self.sandbox.root().join(name).exists(), "{name}\n{}", ended.conversation());
        }
    }

    /// What has to be so after an uninstallation.
    fn check_end(&mut self) {
        self.uninstall();
        for path in PATHS {
            assert_eq!(&self.entry(path), self.before.get(path).unwrap_or(&None), "{path} is as it was");
            // What Git reports is what is so.
            let committed = self.here(&["show", &format!("HEAD:{path}")]);
            let is_same = match self.entry(path) {
                Some(Entry::File(_, text)) => committed.code == Some(0) && committed.out == text,
                Some(Entry::Link(_)) => panic!("{path} is a link"),
                None => committed.code != Some(0),
            };
            let status = self.here(&["status", "--porcelain", "--untracked-files=all", "--", path]).code(0).out;
            assert_eq!(status.is_empty(), is_same, "{path}: {status}");
        }
        let hidden = self.here(&["ls-files", "-v"]).code(0).out;
        assert!(hidden.lines().all(|line| line.starts_with("H ")), "{hidden}");
        let hook = fs::read_to_string(self.hook()).ok();
        let expected = self.has_foreign_hook.then(|| FOREIGN_HOOK.to_owned());
        let is_standalone = hook.as_ref().is_some_and(|text| text.contains("debug/pre_commit_checks"));
        assert!(hook == expected || is_standalone, "{hook:?}");
        self.commit();
    }
}

fn script(name: &str, version: u32) -> String {
    format!("#!/bin/sh\necho old {name} {version}\n")
}

fn is_shim(text: &str) -> bool {
    text.contains("# Timmy Automations shim for ")
}

/// Makes steps in an order, which the output of a test that fails shows.
fn run(name: &str, has_foreign_hook: bool, steps: &[Step]) {
    println!("{name}: {steps:?}, foreign hook: {has_foreign_hook}");
    let mut world = World::new(has_foreign_hook);
    world.note();
    for (count, step) in steps.iter().enumerate() {
        println!("{name}: step {count}, {step:?}");
        world.make(*step);
    }
    world.check_end();
}

#[test]
fn moving_in_and_out_in_any_order_leaves_files_git_and_hooks_as_they_should_be() {
    let first = std::env::var("MOVING_FIRST").map_or(1, |first| first.parse().unwrap());
    for seed in first..first + orders() {
        let mut random = fastrand::Rng::with_seed(seed);
        let steps = std::array::from_fn::<_, STEPS, _>(|_| ALL[random.usize(..ALL.len())]);
        run(&format!("order {seed}"), random.bool(), &steps);
    }
}

#[test]
fn orders_that_chance_seldom_makes_leave_files_git_and_hooks_as_they_should_be() {
    for (count, steps) in SELDOM.iter().enumerate() {
        run(&format!("seldom {count}"), count % 2 == 1, steps);
    }
}
