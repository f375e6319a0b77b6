//! `timmy demo`: one day of the loop on a sample project, with the real tools against a forge on loopback.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use common::{Error, Outcome};
use demo_forge::{Access, DemoForge, Options, Project};
use host::Host;
use host::files::{self, TemporaryFolder};
use host::signals::Signals;
use host::text;
use records::stored_files::LOOP_FILES;
use records::{Format, timestamp};

use crate::cli::DemoArgs;
use crate::tools;

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

/// A day's stage: the repository, the forge, and the variables that bring them together.
struct DemoRun<'h> {
    host: &'h Host,
    root: PathBuf,
    forge: DemoForge,
    env: Vec<(&'static str, OsString)>,
    step: usize,
    /// Gets a message at each signal.
    woken: &'h Receiver<()>,
}

/// Plays the day. A signal ends it before the next step, and nothing is left of it; a second signal ends it at once.
pub(crate) fn demo(host: &Host, args: &DemoArgs) -> Result<Outcome, Error> {
    let (wake, woken) = channel();
    let signals = Signals::watch_first(move || {
        let _ = wake.send(());
    });
    let signals = signals.map_err(serving)?;
    let temporary = if args.keep.is_none() { Some(TemporaryFolder::make().map_err(serving)?) } else { None };
    let root = match (&args.keep, &temporary) {
        (Some(kept), _) => host.current_dir().join(kept),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => host.current_dir().to_owned(),
    };
    let ended = play_day(host, args, root, &woken);
    drop(temporary);
    // A forge that is served ends at a signal.
    if let (Err(_), Some(signal)) = (&ended, signals.number()) {
        host.end_by_signal(signal);
    }
    ended
}

fn play_day(host: &Host, args: &DemoArgs, root: PathBuf, woken: &Receiver<()>) -> Result<Outcome, Error> {
    let project = Project::sample()?;
    let access = Access { token: Some(TOKEN.to_owned()), ..Access::default() };
    let forge = DemoForge::start(&project, Options { access, ..Options::default() }).map_err(serving)?;
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
    let mut run = DemoRun { host, root, forge, env, step: 0, woken };
    run.announce(&format!(
        "a git repository in {}, and a forge at {} that serves {}",
        run.root.display(),
        run.forge.api(),
        project.slug()
    ));
    run.play("backfill_retro", "what was merged before the cycle log existed", &[])?;
    run.play("triage_score", "which issues are ready, and in what order", &[])?;
    run.play(
        "loop_guard",
        "is there work: yes, so the agent's result file is seeded with the first issue",
        &["--json"],
    )?;
    run.play("orchestrator", "what to do in ten minutes, and what happened since yesterday", &["--review"])?;
    for (what, args) in CYCLES {
        run.play("cycle_retro", what, args)?;
    }
    run.play("loop_introspect", "what the cycle log shows so far", &[])?;
    run.list_files();
    if args.serve {
        run.serve(&project.slug())?;
    } else if args.keep.is_some() {
        host.show(&format!(
            "\nKept in {}; `timmy demo --serve --keep DIR` also leaves the forge running.",
            run.root.display()
        ));
    }
    Ok(Outcome::done("shown"))
}

impl DemoRun<'_> {
    fn announce(&mut self, what: &str) {
        self.step += 1;
        self.host.show(&format!("{}== {}. {what}", if self.step > 1 { "\n" } else { "" }, self.step));
    }

    /// Announces a step, shows the command, and runs it.
    fn play(&mut self, tool: &'static str, what: &str, args: &[&str]) -> Result<(), Error> {
        if self.woken.try_recv().is_ok() {
            return Err(Error::failed("the demo was interrupted", ""));
        }
        self.announce(what);
        let mut shown = format!("$ {tool}");
        for arg in args {
            let _ = if arg.contains(' ') { write!(shown, " \"{arg}\"") } else { write!(shown, " {arg}") };
        }
        for (part, line) in text::wrap(&shown, self.host.columns().unwrap_or(80).saturating_sub(2)).iter().enumerate() {
            self.host.say(&format!("{}{line}", if part == 0 { "" } else { "    " }));
        }
        let call = [tool].into_iter().chain(args.iter().copied()).map(OsString::from).collect();
        let world = self.host.sealed(call, &self.env, &self.root);
        let code = tools::run(&world).unwrap_or(2);
        if code == 0 { Ok(()) } else { Err(Error::failed(format!("{tool} ended with {code}"), "")) }
    }

    fn list_files(&mut self) {
        self.announce("the files under .loop/");
        for file in LOOP_FILES.iter().filter(|file| file.is_verified || file.format == Format::AgentText) {
            if let Ok(Some(metadata)) = files::metadata(&self.root.join(".loop").join(file.path)) {
                self.host.show(&format!("  {:>6} bytes  {:<22} {}", metadata.len(), file.path, file.about));
            }
        }
    }

    /// Keeps the forge running until a signal comes.
    fn serve(&self, slug: &str) -> Result<(), Error> {
        let say = |line: &str| self.host.say(line);
        say("\nThe forge is running; Ctrl-C stops it. In another terminal:");
        say(&format!("  cd {}", self.root.display()));
        say(&format!("  export GITEA_API={} REPO_SLUG={slug} GITEA_TOKEN={TOKEN}", self.forge.api()));
        for call in ["triage_score.py --explain 96", "loop_guard.py --status", "orchestrator.py --markdown"] {
            say(&format!("  scripts/{call}"));
        }
        self.host.flush().map_err(serving)?;
        // Ends at a signal.
        let _ = self.woken.recv();
        Ok(())
    }
}

/// Makes a failure of the demo's own surroundings an error.
fn serving(error: io::Error) -> Error {
    Error::caused("cannot serve on 127.0.0.1")(error).with_code(1)
}

/// Makes the repository, with the forge as its origin and this program at the old scripts' paths.
fn set_up(host: &Host, root: &Path, origin: &str) -> Result<(), Error> {
    let fail = |error| Error::io("set up", root)(error);
    fs::create_dir_all(root.join("scripts")).map_err(fail)?;
    if files::list(root)?.len() > 1 || !files::list(&root.join("scripts"))?.is_empty() {
        return Err(Error::usage(format!("{} is not empty", root.display()), "name a directory that is new or empty"));
    }
    let program = host.program().map_err(fail)?;
    for tool in &tools::TOOLS {
        std::os::unix::fs::symlink(&program, root.join(format!("scripts/{}.py", tool.id))).map_err(fail)?;
    }
    commit_scripts(root, origin).map_err(|error| Error::caused("cannot set up the git repository")(error).with_code(1))
}

fn commit_scripts(root: &Path, origin: &str) -> Result<(), git2::Error> {
    let repository = git2::Repository::init(root)?;
    repository.remote("origin", origin)?;
    let mut index = repository.index()?;
    index.add_all(["scripts"], git2::IndexAddOption::DEFAULT, None)?;
    let tree = repository.find_tree(index.write_tree()?)?;
    let author = git2::Signature::now("Timmy", "timmy@localhost")?;
    repository.commit(Some("HEAD"), &author, &author, "Begin", &tree, &[])?;
    index.write()
}
