//! Before a commit: finds errors that CI would report later; reads Python without running it.
//!
//! - Reads: the work tree (what Git ignores left out), with `--staged` the index, with `--from-ref` and `--to-ref` a commit;
//!   the file of `--baseline`.
//! - Writes: nothing of the repository, but with `--fix` the files that it fixes, with `--update-baseline` that file;
//!   `install-hook` writes the hook.
//! - Ends: 0 nothing found, or the checks are disabled; 1 findings; 2 wrong usage or configuration, or Git cannot be read.

mod baseline;
mod check;
mod checks;
mod cli;
mod dynamic;
mod entry;
mod file;
mod finding;
mod fix;
mod format;
mod hook;
mod ignore;
mod layout;
mod modules;
mod patterns;
mod place;
mod project;
mod runner;
mod secret_tokens;
mod selection;
mod settings;
mod significant_spaces;
mod standard_library;
mod text_scan;
mod texts;
mod tree;
mod walk;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use clap::CommandFactory;
use common::run::Run;
use common::tool::{self, Tool};
use common::{Error, Outcome, Page, View};
use host::Host;
use host::source::{Source, SourceError};
use host::{files, text};
use records::pyjson;
use serde::Serialize;
use store::Repo;

use crate::baseline::Baseline;
use crate::check::Check;
use crate::checks::CHECKS;
use crate::cli::{Cli, Command, Format, HookArgs};
use crate::format::Results;
use crate::hook::Change;
use crate::selection::Selection;
pub use crate::settings::Config;
use crate::settings::Settings;

/// The descriptor of the tool. `command` and `settings` reach none of the checks, so that a program that replaces `run` holds
/// no parser of Python.
pub const TOOL: Tool = Tool {
    id: "pre_commit_checks",
    prefix: "pre-commit",
    about: "Before a commit: finds errors that CI would report later; reads Python without running it.",
    script: Some("scripts/pre_commit_checks.py"),
    trigger: "pre_commit",
    exit_codes: "0 no findings; 1 findings",
    run: |host| tool::run(host, run),
    command: Cli::command,
    settings: |layers| Settings::resolve(layers).map(drop),
};

/// The largest baseline that is read, in bytes.
const BASELINE_LIMIT: u64 = 64 << 20;

/// The list of the checks.
#[derive(Serialize)]
#[serde(transparent)]
struct CheckList(Vec<ListedCheck>);

#[derive(Serialize)]
struct ListedCheck {
    id: &'static str,
    about: &'static str,
}

impl View for CheckList {
    fn render(&self, page: &mut Page) {
        page.lines(self.0.iter().map(|check| format!("{:<18} {}", check.id, check.about)));
    }
}

/// Returns the ids of all checks, in the order in which they are shown.
pub fn ids() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.id)
}

fn run(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    match &cli.command {
        Some(Command::InstallHook(args)) => install_hook(host, args),
        None if cli.list => list(host, cli),
        None => check(host, cli),
    }
}

fn check(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    if git_hook::is_for_another(host, Repo::find(host, cli.common.repo_root.as_deref())?.root()) {
        return Ok(Outcome::done("another line of the hook checks the commit"));
    }
    let run = Run::begin(host, &TOOL, &cli.common)?;
    if let Some(suspension) = run.suspension()? {
        return Ok(run.skip(&suspension));
    }
    let settings = run.settings(&[], Settings::resolve)?;
    let checks = wanted(cli, &settings)?;
    let form = if cli.common.json { Format::Json } else { cli.format };
    let known = baseline(&run, cli, &settings)?;
    let known = if cli.update_baseline { None } else { known };
    run.perform(|_| {
        let path = host.var("PATH").unwrap_or_default();
        // A repository may be used by one thread at a time.
        let selection = Mutex::new(Selection::make(host, run.repo().root(), cli)?);
        let mut outcome = runner::with_large_stack(|| {
            let selection = selection.lock().unwrap_or_else(PoisonError::into_inner);
            runner::run(&selection, &checks, &settings, &path, cli.fix)
        });
        if cli.update_baseline {
            // Its findings would be taken out of the baseline.
            outcome.unread.append(&mut selection.lock().unwrap_or_else(PoisonError::into_inner).tree.passed_over);
            unread(&outcome).map_or(Ok(()), Err)?;
            return write_baseline(&run, cli, &settings, &outcome);
        }
        let known = known.map_or(0, |known| known.leave_out(&mut outcome.findings));
        show(&run, form, &Results { outcome: &outcome, checks: &checks, known, quiet: run.args.quiet });
        // What could not be read has not passed.
        unread(&outcome).map_or(Ok(()), Err)?;
        let summary = outcome.summary();
        Ok(if outcome.findings.is_empty() { Outcome::done(summary) } else { Outcome::no(summary) })
    })
}

/// The error of a run that could not read everything.
fn unread(outcome: &runner::Outcome) -> Option<Error> {
    let problems = outcome.unread.split_first()?;
    let more = if problems.1.is_empty() { String::new() } else { format!(" (and {} more)", problems.1.len()) };
    Some(Error::usage(
        format!("{}{more}: it was not checked", problems.0),
        "make it readable, or leave it out (setting exclude)",
    ))
}

fn write_baseline(run: &Run, cli: &Cli, settings: &Settings, outcome: &runner::Outcome) -> Result<Outcome, Error> {
    let Some(path) = baseline_path(run, cli, settings) else {
        return Err(Error::usage("no baseline is named", "give --baseline FILE, or set baseline"));
    };
    let text = Baseline::of(&outcome.findings).text(&path)?;
    run.store.replace_elsewhere(&path, text.as_bytes())?;
    let findings = text::counted(outcome.findings.len(), "finding");
    run.say(&format!("{findings} written to {}", path.display()));
    Ok(Outcome::done(format!("{findings} in the baseline")))
}

fn show(run: &Run, form: Format, shown: &Results) {
    shown.outcome.details.iter().for_each(|detail| run.detail(detail));
    // With --quiet a person sees findings only; a form that programs read is always whole.
    if form != Format::Text || !run.args.quiet || !shown.outcome.findings.is_empty() {
        let shown = format::format(form, shown);
        if form == Format::Text {
            run.host.show(&shown);
        } else {
            run.host.say(&shown);
        }
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
            let near = text::nearest(id, ids());
            let hint = near.map_or("--list shows all checks".to_owned(), |near| format!("did you mean `{near}`?"));
            return Err(Error::usage(format!("there is no check `{}`", text::fit(id, 60)), hint));
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
    given.or_else(|| settings.baseline.as_ref().map(|path| run.repo().resolve(path)))
}

fn baseline(run: &Run, cli: &Cli, settings: &Settings) -> Result<Option<Baseline>, Error> {
    let Some(path) = baseline_path(run, cli, settings) else { return Ok(None) };
    let recreate = |error: SourceError| error.with_hint("recreate it with --update-baseline");
    match files::read(&path, BASELINE_LIMIT)? {
        _ if cli.update_baseline => Ok(None),
        Some(bytes) => {
            let source = Source::from_bytes(&path, bytes).map_err(recreate)?;
            Ok(Some(source.json().map_err(recreate)?))
        }
        None => {
            let message = "there is no such baseline".to_owned();
            Err(recreate(SourceError { path, position: None, message, hint: None }).into())
        }
    }
}

/// Lists the checks, without a repository.
fn list(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    let list = CheckList(CHECKS.iter().map(|check| ListedCheck { id: check.id, about: check.about }).collect());
    if cli.common.json {
        host.say(&pyjson::to_line(&list)?);
    } else {
        let mut page = Page::new(TOOL.prefix, host.columns());
        list.render(&mut page);
        page.into_lines().iter().for_each(|line| host.say(line));
    }
    Ok(Outcome::done("listed"))
}

fn install_hook(host: &Host, args: &HookArgs) -> Result<Outcome, Error> {
    let run = Run::begin(host, &TOOL, &args.common)?;
    let done = if args.remove { hook::remove(&run.store)? } else { hook::install(host, &run.store)? };
    let path = done.path.display();
    run.say(&match done.what {
        Change::Installed => format!("Git runs this tool before each commit now ({path})"),
        Change::Removed => format!("the hook is removed ({path})"),
        Change::LineRemoved => format!("the line of this tool is removed; the rest of the hook stays ({path})"),
        Change::NotThere => "there is no hook of this tool".to_owned(),
    });
    for line in &done.dropped {
        let program = line.program.display();
        run.say(&format!("the line that called {program} is removed from it: that program is gone"));
    }
    for line in &done.others {
        run.say(&format!("the line of {} stays in {path}", line.shown()));
    }
    Ok(Outcome::done("hook"))
}
