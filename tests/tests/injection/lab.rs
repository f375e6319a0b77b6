//! One scenario at work: its undisturbed runs, and runs with a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sandbox::{Sandbox, program};

use crate::faults::{ERRORS, Fault, Injection};
use crate::judge::{self, Finding};
use crate::scenarios::Scenario;
use crate::tree::{self, Tree};

/// A scenario with what its command does when nothing fails.
pub(crate) struct Lab {
    pub(crate) scenario: Scenario,
    sandbox: Sandbox,
    program: PathBuf,
    /// What is there at first.
    pub(crate) before: Tree,
    /// What the command leaves, and what it leaves when it is repeated.
    pub(crate) after: [Tree; 2],
    /// How the command ends, and how it ends when it is repeated.
    pub(crate) runs: [RunOutput; 2],
    /// The system calls of the first run.
    pub(crate) trace: String,
}

/// How a run ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RunOutput {
    /// The exit code; [`KILLED`] after the injected signal, [`HANG`] after half a minute.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What `timeout` ends with when the program was killed.
pub(crate) const KILLED: i32 = 137;
/// What `timeout` ends with when the program did not end.
pub(crate) const HANG: i32 = 124;

impl Lab {
    /// Makes the repository and runs the command twice.
    pub(crate) fn new(scenario: Scenario) -> Self {
        let sandbox = Sandbox::new();
        let program = match std::env::var_os("INJECTION_PROGRAMS") {
            Some(folder) => PathBuf::from(folder).join(scenario.program),
            None => program(scenario.program),
        };
        let mut lab = Self {
            scenario,
            sandbox,
            program,
            before: Tree::new(),
            after: [Tree::new(), Tree::new()],
            runs: [const { RunOutput { code: 0, out: String::new(), err: String::new() } }; 2],
            trace: String::new(),
        };
        (lab.scenario.prepare)(&lab.sandbox);
        // A day before the clock of the tests.
        shell(&lab.sandbox.root(), "find . -path ./.git -prune -o -exec touch -h -d 2026-03-20T10:00:00Z {} +");
        shell(&lab.sandbox.outside(), "cp -a repo template");
        lab.fresh();
        lab.before = lab.tree();
        let names = ERRORS.map(|(call, _)| call).join(",");
        lab.runs[0] = lab.run(&["-e", &format!("trace={names}")], None, false);
        lab.trace = fs::read_to_string(lab.log()).unwrap();
        lab.after[0] = lab.tree();
        lab.runs[1] = lab.run(&[], None, true);
        lab.after[1] = lab.tree();
        lab
    }

    /// Runs the command with one fault and once more without; returns what is wrong, or none if the fault did not come about.
    pub(crate) fn inject(&mut self, injection: &Injection) -> Option<Vec<Finding>> {
        self.fresh();
        let Injection { call, at, fault } = injection;
        let how = match fault {
            Fault::Error(error) => format!("inject={call}:error={error}:when={at}"),
            Fault::Kill => format!("inject={call}:signal=SIGKILL:when={at}"),
            Fault::FileLimit(_) => String::new(),
        };
        let (trace, limit) =
            (format!("trace={call},execve"), if let Fault::FileLimit(bytes) = fault { Some(*bytes) } else { None });
        let ended = match limit {
            Some(_) => self.run(&[], limit, false),
            None => self.run(&["-e", &trace, "-e", &how], None, false),
        };
        let hits = if limit.is_some() { Vec::new() } else { self.hits()? };
        let is_there = match fault {
            Fault::Error(_) => !hits.is_empty(),
            Fault::Kill => ended.code == KILLED,
            Fault::FileLimit(_) => true,
        };
        if !is_there {
            return None;
        }
        let left = self.tree();
        let again = self.run(&[], None, true);
        let healed = self.tree();
        let broken = judge::broken_promises(self, *fault, &hits, (&ended, &left), (&again, &healed));
        let (scenario, hit) = (self.scenario.name, hits.first().map_or("", String::as_str));
        let finding = |what| Finding { scenario, injection: injection.clone(), hit: hit.to_owned(), what };
        Some(broken.into_iter().map(finding).collect())
    }

    fn log(&self) -> PathBuf {
        self.sandbox.outside().join("trace")
    }

    fn tree(&self) -> Tree {
        tree::read(&self.sandbox.root(), &self.sandbox.outside().join("tmp"))
    }

    /// Puts the repository back as it was at first.
    fn fresh(&self) {
        shell(&self.sandbox.outside(), "rm -rf repo tmp && cp -a template repo && mkdir tmp");
    }

    /// Runs the command, under `strace` if it has options; `is_later` for the repetition.
    fn run(&self, strace: &[&str], limit: Option<u64>, is_later: bool) -> RunOutput {
        let outside = self.sandbox.outside();
        let mut words: Vec<OsString> = vec!["--kill-after=1".into(), "30".into()];
        if !strace.is_empty() {
            words.extend(["strace", "-f", "-qq", "-y", "-o"].map(OsString::from));
            words.push(self.log().into());
            words.extend(strace.iter().map(OsString::from));
        }
        if let Some(bytes) = limit {
            words.extend(["prlimit".into(), format!("--fsize={bytes}").into()]);
        }
        words.push(self.program.clone().into());
        words.extend(
            self.scenario.args.iter().map(|arg| arg.replace("{repo}", &self.sandbox.root().to_string_lossy()).into()),
        );
        let folder = self.program.parent().unwrap().to_string_lossy().into_owned();
        let (out, err) = (outside.join("stdout"), outside.join("stderr"));
        let status = Command::new("/usr/bin/timeout")
            .args(&words)
            .current_dir(self.sandbox.root())
            .env_clear()
            .env("HOME", outside.join("home"))
            .env("PATH", format!("{folder}:/usr/bin:/bin"))
            .env("TMPDIR", outside.join("tmp"))
            .env("TIMMY_NOW", if is_later { self.scenario.later } else { sandbox::NOW })
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .status()
            .unwrap();
        let text = |path: &Path| String::from_utf8_lossy(&tree::masked(&fs::read(path).unwrap())).into_owned();
        RunOutput { code: status.code().unwrap_or(KILLED), out: text(&out), err: text(&err) }
    }

    /// The lines of the trace with the fault; none if a program that is not ours had it as well.
    fn hits(&self) -> Option<Vec<String>> {
        let trace = fs::read(self.log()).unwrap();
        hits(&String::from_utf8_lossy(&trace), &self.program.parent().unwrap().display().to_string())
    }
}

/// The lines of a trace with the fault; none if a program that is not in `folder` had it as well.
fn hits(trace: &str, folder: &str) -> Option<Vec<String>> {
    let ours = format!("execve(\"{folder}/");
    // The processes that run another program, and those that are about to run one, with whether that is ours.
    let (mut foreign, mut about_to) = (BTreeSet::new(), BTreeMap::new());
    let mut hits = Vec::new();
    for line in trace.lines() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.starts_with("execve(\"") {
            about_to.insert(process, rest.starts_with(&ours));
        }
        if rest.contains("execve") && rest.ends_with("= 0") {
            match about_to.remove(process) {
                Some(true) => foreign.remove(process),
                _ => foreign.insert(process),
            };
        } else if rest.contains("(INJECTED)") || rest.contains("killed by SIGKILL") {
            if foreign.contains(process) || rest.contains("[eventfd") {
                return None;
            }
            hits.push(line.to_owned());
        }
    }
    Some(hits)
}

#[test]
fn a_fault_that_another_program_met_as_well_does_not_count() {
    let ours = "7  execve(\"/p/timmy\", [\"x\"], 0x1) = 0\n7  read(3</a>, 0x1, 1) = -1 EIO (INJECTED)\n";
    assert_eq!(hits(ours, "/p").unwrap(), ["7  read(3</a>, 0x1, 1) = -1 EIO (INJECTED)"]);
    for other in
        ["8 execve(\"/bin/sh\", [], 0x1) = 0", "8 execve(\"/bin/sh\", [] <unfinished ...>\n8 <... execve resumed>) = 0"]
    {
        assert_eq!(hits(&format!("{ours}{other}\n8 read(3</b>, 0x1, 1) = -1 EIO (INJECTED)\n"), "/p"), None);
    }
    let sought = "8 execve(\"/usr/bin/timmy\", [], 0x1) = -1 ENOENT (x)\n8 read(3</b>, 0x1, 1) = -1 EIO (INJECTED)\n";
    assert_eq!(hits(&format!("{ours}{sought}"), "/p").unwrap().len(), 2);
}

fn shell(folder: &Path, script: &str) {
    let status = Command::new("/bin/sh").args(["-ec", script]).current_dir(folder).status().unwrap();
    assert!(status.success(), "{script}");
}
