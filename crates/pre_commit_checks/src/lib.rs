//! Finds what would fail in CI before it is committed.
//!
//! - Reads: the work tree (what Git ignores left out), with `--staged` the index, with `--from-ref` and `--to-ref` a commit;
//!   the file of `--baseline`.
//! - Writes: nothing of the repository, but with `--fix` the files that it mends, with `--update-baseline` that file;
//!   `install-hook` writes the hook.
//! - Ends: 0 nothing found, or the checks are disabled; 1 findings; 2 wrong usage or configuration, or Git cannot be read.

mod baseline;
mod checks;
pub mod cli;
mod file;
mod finding;
mod fix;
mod format;
mod glance;
mod hook;
mod ignore;
mod layout;
mod makers;
mod modules;
mod patterns;
mod runner;
mod selection;
mod settings;
mod standard_library;
mod texts;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use common::exit::{self, Answer, Failure};
use common::files::{self, Durability, FileError};
use common::host::Host;
use common::run::{self, Done, Run, RunError, Tool};
use common::settings::{Layers, SettingsError};
use common::source::{Source, SourceError};
use common::text;

use crate::baseline::Baseline;
use crate::checks::{CHECKS, Check};
use crate::cli::{Cli, Command, Format, HookArgs};
use crate::format::Shown;
use crate::hook::HookError;
use crate::selection::{Selection, SelectionError};
pub use crate::settings::Config;
use crate::settings::Settings;

/// Who this is.
pub const TOOL: Tool = Tool { id: "pre_commit_checks", prefix: "pre-commit" };

/// The largest baseline that is read, in bytes.
const BASELINE_LIMIT: u64 = 64 << 20;

/// How a call ends when nothing surprising happens.
#[derive(Debug)]
enum Ending {
    /// So many findings in so many files.
    Checked { findings: usize, files: usize },
    /// So many findings were written to the baseline.
    Baseline { findings: usize },
    /// The checks were listed.
    Listed,
    /// The hook was seen to.
    Hook,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    Baseline(#[from] SourceError),
    #[error(transparent)]
    Hook(#[from] HookError),
    #[error("there is no check `{id}`")]
    UnknownCheck { id: String, near: Option<&'static str> },
}

impl Answer for Ending {
    fn code(&self) -> u8 {
        match self {
            Self::Checked { findings, .. } => u8::from(*findings > 0),
            Self::Baseline { .. } | Self::Listed | Self::Hook => 0,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Checked { findings, files } => format!("{findings} finding(s) in {files} file(s)"),
            Self::Baseline { findings } => format!("{findings} finding(s) in the baseline"),
            Self::Listed => "listed".to_owned(),
            Self::Hook => "hook".to_owned(),
        }
    }
}

impl Failure for Error {
    fn code(&self) -> u8 {
        match self {
            Self::Run(error) => error.code(),
            Self::File(_) | Self::Selection(_) | Self::Baseline(_) | Self::Hook(_) | Self::UnknownCheck { .. } => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Selection(SelectionError::NoPath(_)) => {
                Some("paths are relative to the current directory".to_owned())
            }
            Self::Selection(_) => None,
            Self::Baseline(_) => Some("recreate it with --update-baseline".to_owned()),
            Self::Hook(error) => error.hint(),
            Self::UnknownCheck { near, .. } => {
                Some(near.map_or("--list shows all checks".to_owned(), |near| format!("did you mean `{near}`?")))
            }
        }
    }
}

/// Returns the ids of all checks, in the order in which they are shown.
pub fn ids() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.id)
}

/// Takes every setting, without flags: for whoever wants to see them or to have them checked.
///
/// # Errors
/// A value does not parse or is out of range.
pub fn settings(layers: &mut Layers) -> Result<(), SettingsError> {
    Settings::take(layers).map(drop)
}

/// The program's main function.
pub fn main() -> ExitCode {
    exit::main(run)
}

/// Runs the tool in the given world; returns its exit code.
pub fn run(host: &Host) -> u8 {
    run::tool(host, |host, cli: &Cli| match &cli.command {
        Some(Command::InstallHook(args)) => install_hook(host, args),
        None if cli.list => Ok(list(host, cli)),
        None => check(host, cli),
    })
}

fn check(host: &Host, cli: &Cli) -> Result<Done<Ending>, Error> {
    let run = Run::begin(host, TOOL, &cli.common)?;
    if run.is_disabled() {
        return Ok(run.skip());
    }
    let settings = run.settings(&[], Settings::take)?;
    let checks = wanted(cli, &settings)?;
    let form = if cli.common.json { Format::Json } else { cli.format };
    let known = baseline(&run, cli, &settings)?;
    let known = if cli.update_baseline { None } else { known };
    run.perform(|_| {
        let path = host.var("PATH").unwrap_or_default();
        // A repository may be used by one thread at a time.
        let selection = Mutex::new(Selection::make(host, run.repo.root(), cli)?);
        let mut outcome = runner::with_large_stack(|| {
            let selection = selection.lock().unwrap_or_else(PoisonError::into_inner);
            runner::run(&selection, &checks, &settings, &path, cli.fix)
        });
        if let (true, Some(path)) = (cli.update_baseline, baseline_path(&run, cli, &settings)) {
            let text = Baseline::of(&outcome.findings).text(&path)?;
            files::lock(&path)?.replace(text.as_bytes(), Durability::Flushed)?;
            run.say(&format!("{} finding(s) written to {}", outcome.findings.len(), path.display()));
            return Ok(Ending::Baseline { findings: outcome.findings.len() });
        }
        let known = known.map_or(0, |known| known.leave_out(&mut outcome.findings));
        show(&run, form, &Shown { outcome: &outcome, checks: &checks, known, quiet: run.args.quiet });
        Ok(Ending::Checked { findings: outcome.findings.len(), files: outcome.files })
    })
}

fn show(run: &Run, form: Format, shown: &Shown) {
    shown.outcome.details.iter().for_each(|detail| run.detail(detail));
    // With --quiet a person sees findings only; a form that programs read is always whole.
    if form != Format::Text || !run.args.quiet || !shown.outcome.findings.is_empty() {
        run.host.say(&format::format(form, shown));
    }
    if matches!(form, Format::Sarif | Format::Junit | Format::Json) {
        for (check, what) in &shown.outcome.warnings {
            run.warn(&format!("{check}: {what}"));
        }
    }
}

/// The checks that are to run.
fn wanted(cli: &Cli, settings: &Settings) -> Result<Vec<&'static Check>, Error> {
    for id in cli.check.iter().chain(&cli.skip).chain(&settings.skip) {
        if !CHECKS.iter().any(|check| check.id == id) {
            let near = text::nearest(id, CHECKS.iter().map(|check| check.id));
            let near = CHECKS.iter().map(|check| check.id).find(|id| Some(*id) == near);
            return Err(Error::UnknownCheck { id: text::fit(id, 60), near });
        }
    }
    // What the command line asks for by name runs although the settings leave it out.
    let is_wanted = |id: &str| {
        if cli.check.is_empty() {
            !settings.skip.iter().any(|it| it == id)
        } else {
            cli.check.iter().any(|it| it == id)
        }
    };
    Ok(CHECKS.iter().filter(|check| is_wanted(check.id) && !cli.skip.iter().any(|it| it == check.id)).collect())
}

fn baseline_path(run: &Run, cli: &Cli, settings: &Settings) -> Option<PathBuf> {
    let given = cli.baseline.as_ref().map(|path| run.host.current_dir().join(path));
    given.or_else(|| settings.baseline.as_ref().map(|path| run.repo.resolve(path)))
}

fn baseline(run: &Run, cli: &Cli, settings: &Settings) -> Result<Option<Baseline>, Error> {
    let Some(path) = baseline_path(run, cli, settings) else { return Ok(None) };
    match files::read(&path, BASELINE_LIMIT)? {
        _ if cli.update_baseline => Ok(None),
        Some(bytes) => Ok(Some(Source::from_bytes(&path, bytes)?.json()?)),
        None => {
            Err(SourceError { path, position: None, message: "there is no such baseline".to_owned(), hint: None }
                .into())
        }
    }
}

fn list(host: &Host, cli: &Cli) -> Done<Ending> {
    if cli.common.json {
        let checks: Vec<serde_json::Value> =
            CHECKS.iter().map(|check| serde_json::json!({"id": check.id, "about": check.about})).collect();
        host.say(&common::pyjson::to_line(&checks).unwrap_or_default());
    } else {
        for check in &CHECKS {
            host.say(&format!("{:<18} {}", check.id, check.about));
        }
    }
    Done::Answer(Ending::Listed)
}

fn install_hook(host: &Host, args: &HookArgs) -> Result<Done<Ending>, Error> {
    let run = Run::begin(host, TOOL, &args.common)?;
    let root: &Path = run.repo.root();
    let done = if args.remove { hook::remove(root)? } else { hook::install(host, root)? };
    run.say(&match done {
        hook::Done::Installed(path) => format!("Git runs this tool before each commit now ({})", path.display()),
        hook::Done::Removed(path) => format!("the hook is removed ({})", path.display()),
        hook::Done::NotThere => "there is no hook of this tool".to_owned(),
    });
    Ok(Done::Answer(Ending::Hook))
}
