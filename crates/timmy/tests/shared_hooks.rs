//! A hook that several installations share: two work trees of a repository, or two repositories with one `core.hooksPath`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world, shows the order that fails, and fails by panicking"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use sandbox::{CallOutput, Sandbox};
use serde_json::{Value, json};

/// A hook of another program.
const FOREIGN: &[u8] = b"#!/bin/sh\n# mine \xff\r\n: 'x\r\ny'\ntrue";

/// How two installations come to share a hook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sharing {
    /// Two work trees of one repository.
    WorkTrees,
    /// `core.hooksPath` of the user, for two repositories.
    HooksPath,
}

/// What is done to one of the two.
#[derive(Clone, Copy, Debug)]
enum Step {
    Install(usize),
    Uninstall(usize),
}

/// Every order in which each is installed before it is uninstalled.
const ORDERS: [[Step; 4]; 6] = {
    use Step::{Install, Uninstall};
    [
        [Install(0), Install(1), Uninstall(0), Uninstall(1)],
        [Install(0), Install(1), Uninstall(1), Uninstall(0)],
        [Install(0), Uninstall(0), Install(1), Uninstall(1)],
        [Install(1), Install(0), Uninstall(0), Uninstall(1)],
        [Install(1), Install(0), Uninstall(1), Uninstall(0)],
        [Install(1), Uninstall(1), Install(0), Uninstall(0)],
    ]
};

struct World {
    sandbox: Sandbox,
    sharing: Sharing,
    /// The two places that are installed into, and a third one that is not.
    roots: [PathBuf; 3],
    is_installed: [bool; 2],
    count: u32,
}

impl World {
    fn new(sharing: Sharing) -> Self {
        let sandbox = Sandbox::with_old_scripts();
        let (first, outside) = (sandbox.root(), sandbox.outside());
        let roots = [first.clone(), outside.join("it's second"), outside.join("third")];
        let world = Self { sandbox, sharing, roots, is_installed: [false; 2], count: 0 };
        for (key, value) in [("user.name", "T"), ("user.email", "t@localhost")] {
            let _ = world.git(&first, &["config", "--global", key, value]).code(0);
        }
        if sharing == Sharing::HooksPath {
            let hooks = outside.join("hooks");
            let _ = world.git(&first, &["config", "--global", "core.hooksPath", hooks.to_str().unwrap()]).code(0);
        }
        for other in [1, 2] {
            let to = world.roots[other].to_str().unwrap();
            let _ = match sharing {
                Sharing::WorkTrees => world.git(&first, &["worktree", "add", "-q", "--detach", to]).code(0),
                Sharing::HooksPath => world.git(&first, &["clone", "-q", ".", to]).code(0),
            };
        }
        world
    }

    fn git(&self, dir: &Path, args: &[&str]) -> CallOutput {
        // An automation that commits elsewhere passes on where it runs.
        let call = self.sandbox.call_as(Path::new("git"), args).env("GIT_CONFIG_NOSYSTEM", "1");
        call.env("TIMMY_REPO_ROOT", self.sandbox.root()).dir(dir).run()
    }

    fn timmy(&self, which: usize, args: &[&str]) -> CallOutput {
        self.sandbox.call("timmy", [args, &[self.roots[which].to_str().unwrap()]].concat()).run()
    }

    fn doctor(&self, which: usize) -> Value {
        let ended = self.timmy(which, &["doctor", "--json", "--repo-root"]);
        serde_json::from_str(&ended.out).unwrap()
    }

    fn checks(&self, which: usize) -> PathBuf {
        self.roots[which].join(".loop/bin/pre_commit_checks")
    }

    fn hook(&self) -> PathBuf {
        match self.sharing {
            Sharing::WorkTrees => self.sandbox.root().join(".git/hooks/pre-commit"),
            Sharing::HooksPath => self.sandbox.outside().join("hooks/pre-commit"),
        }
    }

    fn write_hook(&self, content: &[u8], mode: u32) {
        fs::create_dir_all(self.hook().parent().unwrap()).unwrap();
        fs::write(self.hook(), content).unwrap();
        fs::set_permissions(self.hook(), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The hook's content and permissions, and what Git reports in each place.
    fn picture(&self) -> (Option<(Vec<u8>, u32)>, Vec<String>) {
        let hook = fs::read(self.hook()).ok();
        let hook = hook.map(|content| (content, fs::metadata(self.hook()).unwrap().permissions().mode() & 0o7777));
        let status = |root: &PathBuf| self.git(root, &["status", "--porcelain", "--ignored=no"]).code(0).out;
        (hook, self.roots.iter().map(status).collect())
    }

    fn install_hook(&self, which: usize) -> CallOutput {
        self.sandbox.call_as(&self.checks(which), ["install-hook"]).dir(&self.roots[which]).run()
    }

    fn make(&mut self, step: Step) -> CallOutput {
        match step {
            Step::Install(which) => {
                let _ = self.timmy(which, &["install", "--shims", "--into"]).code(0);
                self.is_installed[which] = true;
                let ended = self.install_hook(which);
                if let Some((_, line)) = ended.err.split_once("add this line to it: ") {
                    let hook = fs::read(self.hook()).unwrap();
                    let (head, rest) = hook.split_at("#!/bin/sh\n".len());
                    fs::write(self.hook(), [head, line.as_bytes(), rest].concat()).unwrap();
                    return self.install_hook(which).code(0);
                }
                ended.code(0)
            }
            Step::Uninstall(which) => {
                self.is_installed[which] = false;
                let dry = self.timmy(which, &["uninstall", "--dry-run", "--from"]).code(0);
                let ended = self.timmy(which, &["uninstall", "--from"]).code(0);
                assert_eq!(dry.out.contains("stays in it"), ended.out.contains("stays in it"));
                ended
            }
        }
    }

    /// Whether commits in a place are to be checked.
    fn is_served(&self, which: usize) -> bool {
        match self.sharing {
            Sharing::WorkTrees => self.is_installed.contains(&true),
            Sharing::HooksPath => self.is_installed.get(which) == Some(&true),
        }
    }

    /// How many runs of the checks a place has recorded.
    fn runs(&self, which: usize) -> usize {
        let ledger = fs::read_to_string(self.roots[which].join(".loop/tokens.jsonl")).unwrap_or_default();
        ledger.lines().filter(|line| line.contains("\"pre_commit_checks\"")).count()
    }

    /// Tries to commit something bad everywhere, and then something good; returns how often that was checked in each place.
    fn commit(&mut self) -> Vec<usize> {
        self.count += 1;
        let (bad, good) = (format!("bad{}.json", self.count), format!("good{}.json", self.count));
        (0..self.roots.len())
            .map(|which| {
                let (root, is_served) = (self.roots[which].clone(), self.is_served(which));
                let commit = |name: &str, text: &str| {
                    fs::write(root.join(name), text).unwrap();
                    let _ = self.git(&root, &["add", name]).code(0);
                    let ended = self.git(&root, &["commit", "-qm", "x"]);
                    assert!(!ended.err.contains("not checked"), "{which}: {}", ended.conversation());
                    ended
                };
                let ended = commit(&bad, "{\n");
                assert_eq!(ended.code, Some(i32::from(is_served)), "{which}: {}", ended.conversation());
                let undo: &[&str] = if is_served { &["rm", "-qf", &bad] } else { &["reset", "-q", "--hard", "HEAD~1"] };
                let _ = self.git(&root, undo).code(0);
                let before = self.runs(which);
                let _ = commit(&good, "{}\n").code(0);
                self.runs(which) - before
            })
            .collect()
    }

    /// Checks that each place is checked where it is to be, once.
    fn check(&mut self) {
        let served: Vec<usize> = (0..self.roots.len()).map(|which| usize::from(self.is_served(which))).collect();
        assert_eq!(self.commit(), served);
        for which in (0..2).filter(|which| self.is_installed[*which]) {
            assert_eq!(self.doctor(which)["broken"], json!([]));
        }
    }
}

/// Installs and uninstalls in an order, with a hook of another program or none, and checks after each step what is checked.
fn run(sharing: Sharing, has_foreign_hook: bool, order: [Step; 4]) {
    println!("{sharing:?}, foreign hook: {has_foreign_hook}, {order:?}");
    let mut world = World::new(sharing);
    if has_foreign_hook {
        world.write_hook(FOREIGN, 0o750);
    }
    let before = world.picture();
    for step in order {
        println!("{step:?}");
        let ended = world.make(step);
        let stays = matches!(step, Step::Uninstall(_)) && world.is_installed.contains(&true);
        assert_eq!(ended.out.contains("stays in it"), stays, "{}", ended.conversation());
        world.check();
    }
    assert_eq!(world.picture(), before);
}

#[test]
fn work_trees_share_a_hook_in_every_order_of_installations() {
    for (count, order) in ORDERS.into_iter().enumerate() {
        run(Sharing::WorkTrees, count % 2 == 0, order);
    }
}

#[test]
fn repositories_share_a_hook_in_every_order_of_installations() {
    for (count, order) in ORDERS.into_iter().enumerate() {
        run(Sharing::HooksPath, count % 2 == 1, order);
    }
}

#[test]
fn a_line_of_another_installation_is_replaced_only_when_its_program_is_gone() {
    for sharing in [Sharing::WorkTrees, Sharing::HooksPath] {
        let mut world = World::new(sharing);
        let _ = world.make(Step::Install(0));
        let ended = world.make(Step::Install(1));
        let first = world.roots[0].display().to_string();
        assert!(ended.out.contains(&format!("the line of {first} stays in ")), "{}", ended.out);
        let both = fs::read(world.hook()).unwrap();
        let ended = world.install_hook(0).code(0);
        assert!(ended.out.contains(&format!("the line of {} stays in ", world.roots[1].display())), "{}", ended.out);
        assert_eq!(fs::read(world.hook()).unwrap(), both, "twice is once");

        fs::remove_file(world.checks(0)).unwrap();
        let report = world.doctor(1);
        let problem = report["broken"][0].as_str().unwrap();
        assert!(problem.contains(&format!("pre-commit: the program {first}/.loop/bin/pre_commit_checks")), "{report}");
        assert!(problem.contains(&format!("for {first} is gone, and it checks nothing")), "{report}");
        assert_eq!(report["hooks"][0]["of"], first.as_str(), "{report}");
        let ended = world.timmy(1, &["install", "--into"]).code(0);
        assert_eq!(fs::read(world.hook()).unwrap(), both, "{}", ended.out);
        let ended = world.install_hook(1).code(0);
        assert!(
            ended.out.contains(".loop/bin/pre_commit_checks is removed from it: that program is gone"),
            "{}",
            ended.out
        );
        assert!(!fs::read_to_string(world.hook()).unwrap().contains(&format!("'{first}/")));
        // The first one's doctor reports what it has lost.
        let _ = world.timmy(0, &["install", "--into"]).code(0);
        let report = world.doctor(0);
        let problem = report["broken"][0].as_str().unwrap();
        assert!(problem.contains("pre-commit: the line of this installation is not in it any more"), "{report}");
        let effect = match sharing {
            Sharing::WorkTrees => format!("commits are checked by that of {} only", world.roots[1].display()),
            Sharing::HooksPath => "commits are not checked".to_owned(),
        };
        assert!(problem.contains(&effect), "{report}");
        let ended = world.timmy(0, &["uninstall", "--from"]).code(0);
        assert!(
            ended.out.contains("pre-commit is not changed: the line of this installation is not in it"),
            "{}",
            ended.out
        );
        let ended = world.timmy(1, &["uninstall", "--from"]).code(0);
        assert!(ended.out.contains("pre-commit is removed: it only called the checks"), "{}", ended.out);
        assert!(!world.hook().exists());
    }
}

#[test]
fn a_hook_that_another_program_replaced_is_reported() {
    let mut world = World::new(Sharing::WorkTrees);
    let _ = world.make(Step::Install(0));
    for content in [Some(FOREIGN), None] {
        match content {
            Some(content) => world.write_hook(content, 0o755),
            None => fs::remove_file(world.hook()).unwrap(),
        }
        let report = world.doctor(0);
        let problem = report["broken"][0].as_str().unwrap();
        assert!(
            problem.starts_with(".git/hooks/pre-commit: the line of this installation is not in it any more"),
            "{report}"
        );
        assert!(problem.contains("commits are not checked; pre_commit_checks install-hook puts it back"), "{report}");
    }
    let _ = world.install_hook(0).code(0);
    assert_eq!(world.doctor(0)["broken"], json!([]));
    assert_eq!(world.commit(), [1, 1, 1]);
}

#[test]
fn the_line_of_a_work_tree_that_is_gone_or_moved_goes_with_the_next_uninstallation() {
    let mut world = World::new(Sharing::WorkTrees);
    let _ = world.make(Step::Install(0));
    let _ = world.make(Step::Install(1));
    fs::remove_dir_all(&world.roots[1]).unwrap();
    let _ = world.make(Step::Uninstall(0));
    assert!(!world.hook().exists());

    // A repository that is moved takes its hook and its record along.
    let mut world = World::new(Sharing::HooksPath);
    let _ = world.git(&world.roots[0], &["config", "--global", "--unset", "core.hooksPath"]).code(0);
    let _ = world.make(Step::Install(1));
    let moved = world.sandbox.outside().join("moved");
    fs::rename(&world.roots[1], &moved).unwrap();
    world.roots[1].clone_from(&moved);
    let report = world.doctor(1);
    assert!(
        report["broken"][0].as_str().unwrap().contains("its program is gone, and commits are not checked"),
        "{report}"
    );
    let ended = world.timmy(1, &["install", "--into"]).code(0);
    assert!(ended.out.contains(".git/hooks/pre-commit is renewed"), "{}", ended.out);
    assert_eq!(world.commit(), [0, 1, 0]);
    let _ = world.make(Step::Uninstall(1));
    assert!(!moved.join(".git/hooks/pre-commit").exists());
}

#[test]
fn a_program_for_all_repositories_has_a_line_for_each_that_asked_for_it() {
    let mut world = World::new(Sharing::HooksPath);
    let install = |world: &World, which: usize, args: &[&str]| {
        let args = [&["install-hook", "--repo-root", world.roots[which].to_str().unwrap()], args].concat();
        world.sandbox.call("pre_commit_checks", args).run().code(0)
    };
    let _ = install(&world, 0, &[]);
    let _ = install(&world, 1, &[]);
    world.is_installed = [true, true];
    assert_eq!(world.commit(), [1, 1, 0]);
    assert!(!world.roots[2].join(".loop").exists(), "nothing is made where nobody asked for it");
    let ended = install(&world, 0, &["--remove"]);
    assert!(ended.out.contains(&format!("the line of {} stays in ", world.roots[1].display())), "{}", ended.out);
    world.is_installed = [false, true];
    assert_eq!(world.commit(), [0, 1, 0]);
    let ended = install(&world, 2, &["--remove"]);
    assert!(ended.out.starts_with("[pre-commit] there is no hook of this tool\n"), "{}", ended.out);
    // Through a link nothing is written.
    let real = world.sandbox.outside().join("all");
    fs::rename(world.hook(), &real).unwrap();
    symlink(&real, world.hook()).unwrap();
    let before = fs::read(&real).unwrap();
    let args = ["install-hook", "--repo-root", world.roots[0].to_str().unwrap()];
    let ended = world.sandbox.call("pre_commit_checks", args).run().code(2);
    assert!(
        ended.err.contains("pre-commit is a symbolic link, and is not changed\nhint: add this line to"),
        "{}",
        ended.err
    );
    let _ = install(&world, 1, &[]);
    assert_eq!((fs::read(&real).unwrap(), world.hook().is_symlink()), (before, true));
    let _ = world.commit();
}
