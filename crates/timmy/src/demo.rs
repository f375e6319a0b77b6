//! `timmy demo`: one day of the loop on a sample project, with the real tools against a forge on loopback.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use common::exit::{Answer, Failure};
use common::host::{Host, timestamp};
use common::text;
use demo_forge::{Access, DemoForge, Options, Project, ProjectError};

use crate::cli::DemoArgs;
use crate::multicall::{self, TOOLS};

/// The demo forge's token, which opens nothing else.
const TOKEN: &str = "demo";

/// The cycles that the demo logs.
const CYCLES: [(&str, &[&str]); 3] = [
    (
        "cycle 1 succeeded",
        &[
            "--cycle",
            "1",
            "--success",
            "--main-green",
            "--type",
            "bug",
            "--duration",
            "412",
            "--tests-passed",
            "318",
            "--tests-added",
            "4",
            "--files-changed",
            "2",
            "--lines-added",
            "57",
            "--lines-removed",
            "9",
            "--pr",
            "136",
        ],
    ),
    (
        "cycle 2 failed",
        &[
            "--cycle",
            "2",
            "--failure",
            "--issue",
            "101",
            "--type",
            "bug",
            "--duration",
            "1260",
            "--reason",
            "tox failed: 3 errors",
        ],
    ),
    (
        "cycle 3 succeeded, but the main branch was not checked",
        &["--cycle", "3", "--success", "--issue", "132", "--type", "bug", "--duration", "655", "--lines-added", "31"],
    ),
];

/// What the files of the loop are for.
const FILES: [(&str, &str); 10] = [
    ("queue.json", "the ready issues, best first"),
    ("quarantine.json", "issues that are kept out of the queue"),
    ("agenda.json", "the last agenda"),
    ("cycle_result.json", "the result that the agent reports; seeded by the guard"),
    ("automation_state.json", "the last run of each automation"),
    ("tokens.jsonl", "the token ledger"),
    ("retro/cycles.jsonl", "one line per cycle"),
    ("retro/summary.json", "statistics of the last cycles"),
    ("retro/triage.jsonl", "one line per triage run"),
    ("retro/insights.json", "the findings of introspection"),
];

/// The demo ran to its end.
pub(crate) struct Shown;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    #[error("cannot set up {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    #[error("cannot set up the git repository")]
    Git(#[from] git2::Error),
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error("cannot serve on 127.0.0.1")]
    Serve(#[source] io::Error),
    #[error("{0} ended with {1}")]
    Tool(&'static str, u8),
}

impl Answer for Shown {
    fn code(&self) -> u8 {
        0
    }

    fn in_words(&self) -> String {
        "shown".to_owned()
    }
}

impl Failure for DemoError {
    fn code(&self) -> u8 {
        match self {
            Self::NotEmpty(_) | Self::Folder(..) => 2,
            Self::Git(_) | Self::Project(_) | Self::Serve(_) | Self::Tool(..) => 1,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotEmpty(_) => Some("name a directory that is new or empty".to_owned()),
            _ => None,
        }
    }
}

/// A day's stage: the repository, the forge, and the variables that bring them together.
struct Stage<'h> {
    host: &'h Host,
    root: PathBuf,
    forge: DemoForge,
    env: Vec<(&'static str, OsString)>,
    step: usize,
}

/// Plays the day.
pub(crate) fn demo(host: &Host, args: &DemoArgs) -> Result<Shown, DemoError> {
    let temporary = if args.keep.is_none() { Some(tempfile::tempdir().map_err(DemoError::Serve)?) } else { None };
    let root = match (&args.keep, &temporary) {
        (Some(kept), _) => host.current_dir().join(kept),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => host.current_dir().to_owned(),
    };
    let project = Project::sample()?;
    let access = Access { token: Some(TOKEN.to_owned()), ..Access::default() };
    let forge = DemoForge::start(&project, Options { access, ..Options::default() }).map_err(DemoError::Serve)?;
    set_up(host, &root, &format!("{}/{}.git", forge.api().trim_end_matches("/api/v1"), project.slug()))?;
    let now = project.now.unwrap_or_else(|| host.now());
    let env = vec![
        ("GITEA_API", forge.api().into()),
        ("GITEA_TOKEN", TOKEN.into()),
        ("REPO_SLUG", project.slug().into()),
        ("TIMMY_NOW", timestamp(now).into()),
        ("TIMMY_REPO_ROOT", root.clone().into_os_string()),
        // No home: the demo must not find anybody's token.
        ("HOME", root.join(".git").into_os_string()),
    ];
    let mut stage = Stage { host, root, forge, env, step: 0 };
    stage.announce(&format!(
        "a git repository in {}, and a forge at {} that serves {}",
        stage.root.display(),
        stage.forge.api(),
        project.slug()
    ));
    stage.play("backfill_retro", "what was merged before the cycle log existed", &[])?;
    stage.play("triage_score", "which issues are ready, and in what order", &[])?;
    stage.play(
        "loop_guard",
        "is there work: yes, so the agent's result file is seeded with the first issue",
        &["--json"],
    )?;
    stage.play("orchestrator", "what to do in ten minutes, and what happened since yesterday", &["--review"])?;
    for (what, args) in CYCLES {
        stage.play("cycle_retro", what, args)?;
    }
    stage.play("loop_introspect", "what the cycle log shows so far", &[])?;
    stage.list_files();
    if args.serve {
        stage.serve(&project.slug())?;
    } else if args.keep.is_some() {
        host.say(&format!(
            "\nKept in {}; `timmy demo --serve --keep DIR` also leaves the forge running.",
            stage.root.display()
        ));
    }
    Ok(Shown)
}

impl Stage<'_> {
    fn announce(&mut self, what: &str) {
        self.step += 1;
        self.host.say(&format!("{}== {}. {what}", if self.step > 1 { "\n" } else { "" }, self.step));
    }

    /// Announces a step, shows the command, and runs it.
    fn play(&mut self, tool: &'static str, what: &str, args: &[&str]) -> Result<(), DemoError> {
        self.announce(what);
        let mut shown = format!("$ {tool}");
        for arg in args {
            let _ = if arg.contains(' ') { write!(shown, " \"{arg}\"") } else { write!(shown, " {arg}") };
        }
        for (part, line) in text::wrap(&shown, 78).iter().enumerate() {
            self.host.say(&format!("{}{line}", if part == 0 { "" } else { "    " }));
        }
        let call = [tool].into_iter().chain(args.iter().copied()).map(OsString::from).collect();
        let world = self.host.sealed(call, &self.env, &self.root);
        let code = multicall::run(&world).unwrap_or(2);
        if code == 0 { Ok(()) } else { Err(DemoError::Tool(tool, code)) }
    }

    fn list_files(&mut self) {
        self.announce("the files under .loop/");
        for (name, what) in FILES {
            if let Ok(metadata) = fs::metadata(self.root.join(".loop").join(name)) {
                self.host.say(&format!("  {:>6} bytes  {name:<22} {what}", metadata.len()));
            }
        }
    }

    /// Keeps the forge running until a signal comes.
    fn serve(&self, slug: &str) -> Result<(), DemoError> {
        let (mut wake, _) = Host::wake_on_signal().map_err(DemoError::Serve)?;
        let say = |line: &str| self.host.say(line);
        say("\nThe forge is running; Ctrl-C stops it. In another terminal:");
        say(&format!("  cd {}", self.root.display()));
        say(&format!("  export GITEA_API={} REPO_SLUG={slug} GITEA_TOKEN={TOKEN}", self.forge.api()));
        for call in ["triage_score.py --explain 96", "loop_guard.py --status", "orchestrator.py --markdown"] {
            say(&format!("  scripts/{call}"));
        }
        self.host.flush().map_err(DemoError::Serve)?;
        // Ends at a signal.
        let _ = wake.read(&mut [0]);
        Ok(())
    }
}

/// Makes the repository, with the forge as its origin and this program at the old scripts' paths.
fn set_up(host: &Host, root: &Path, origin: &str) -> Result<(), DemoError> {
    let fail = |error| DemoError::Folder(root.to_owned(), error);
    fs::create_dir_all(root.join("scripts")).map_err(fail)?;
    if fs::read_dir(root).map_err(fail)?.count() > 1 || fs::read_dir(root.join("scripts")).map_err(fail)?.count() > 0 {
        return Err(DemoError::NotEmpty(root.to_owned()));
    }
    let repository = git2::Repository::init(root)?;
    repository.remote("origin", origin)?;
    let program = host.program().map_err(fail)?;
    for (tool, _) in TOOLS {
        std::os::unix::fs::symlink(&program, root.join(format!("scripts/{tool}.py"))).map_err(fail)?;
    }
    let mut index = repository.index()?;
    index.add_all(["scripts"], git2::IndexAddOption::DEFAULT, None)?;
    let tree = repository.find_tree(index.write_tree()?)?;
    let author = git2::Signature::now("Timmy", "timmy@localhost")?;
    repository.commit(Some("HEAD"), &author, &author, "Begin", &tree, &[])?;
    index.write()?;
    Ok(())
}
