//! The automations of the manifest: list, validate, switch, pause, configure, add, run.

mod config;
mod create;
mod in_force;
mod list;
mod survey;
mod switch;

use std::fmt;

use common::manifest::Diagnostic;
use common::{Error, Outcome, Page, View};
use host::Host;
use host::text;
use records::{PauseEntry, Pauses, Reason, timestamp};
use serde::Serialize;
use store::document;

pub(crate) use list::record_in_state;
pub(crate) use survey::survey;

use crate::cli::{AutomationCommand, IdsArgs, PauseArgs, RunArgs};
use crate::suite::Suite;
use crate::supervise::{self, Order};
use host::signals::Signals;

/// Runs a command of `timmy automation`.
pub(crate) fn command(host: &Host, command: &AutomationCommand) -> Result<Outcome, Error> {
    match command {
        AutomationCommand::List(args) => list::list(&Suite::open(host, &args.common)?),
        AutomationCommand::Validate(args) => validate(&Suite::open_anyway(host, &args.common)?),
        AutomationCommand::Enable(args) => switch::switch(&Suite::open(host, &args.common)?, &args.ids, true),
        AutomationCommand::Disable(args) => switch::switch(&Suite::open(host, &args.common)?, &args.ids, false),
        AutomationCommand::Pause(args) => pause(&Suite::open(host, &args.common)?, args),
        AutomationCommand::Resume(args) => resume(&Suite::open(host, &args.common)?, args),
        AutomationCommand::Config(args) => config::config(&Suite::open(host, &args.common)?, args.id.as_deref()),
        AutomationCommand::New(args) => create::create(&Suite::open(host, &args.common)?, args),
        AutomationCommand::Run(args) => run(&Suite::open(host, &args.common)?, args),
    }
}

/// A problem of the manifest or the schedules.
#[derive(Serialize)]
pub(crate) struct ProblemView {
    id: Option<String>,
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    hint: Option<String>,
    #[serde(skip)]
    text: String,
}

impl ProblemView {
    fn of(problem: &Diagnostic) -> Self {
        let Diagnostic { id, error } = problem;
        Self {
            id: id.clone(),
            file: error.path.display().to_string(),
            line: error.position.map(|at| at.line),
            column: error.position.map(|at| at.column),
            message: error.message.clone(),
            hint: error.hint.clone(),
            text: error.to_string(),
        }
    }
}

impl fmt::Display for ProblemView {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// What is wrong with the manifest.
#[derive(Serialize)]
struct Validation {
    automations: usize,
    valid: bool,
    problems: Vec<ProblemView>,
    #[serde(skip)]
    is_built_in: bool,
}

impl View for Validation {
    fn render(&self, page: &mut Page) {
        for problem in &self.problems {
            page.line(problem.to_string());
            if let Some(hint) = &problem.hint {
                page.line(format!("    {hint}"));
            }
        }
        let count = self.automations;
        page.line(match (self.is_built_in, self.problems.len()) {
            (true, 0) => "There is no manifest: every tool runs with its defaults".to_owned(),
            (_, 0) => format!("{count} automations, no problems"),
            (_, found) => format!("{count} automations, {found} problem{}", if found == 1 { "" } else { "s" }),
        });
    }
}

/// Prints every problem of the manifest with its position; exit 1 if there is one.
fn validate(suite: &Suite) -> Result<Outcome, Error> {
    let problems = survey(suite);
    // Of a manifest that cannot be read at all nothing is known that could be recorded.
    if !suite.is_built_in || suite.unreadable.is_empty() {
        record_in_state(suite, &problems);
    }
    let automations = suite.manifest.listed().len() + suite.unreadable.iter().filter(|one| one.id.is_some()).count();
    let valid = problems.is_empty();
    let problems = problems.iter().map(ProblemView::of).collect();
    suite.present(&Validation { automations, valid, problems, is_built_in: suite.is_built_in })?;
    Ok(Outcome::yes_or_no(valid))
}

/// New pauses.
#[derive(Serialize)]
struct NewPauses<'a> {
    paused: &'a [String],
    until: String,
    reason: String,
}

impl View for NewPauses<'_> {
    fn render(&self, page: &mut Page) {
        for id in self.paused {
            page.line(format!("{id} is paused until {}", self.until));
        }
    }
}

fn pause(suite: &Suite, args: &PauseArgs) -> Result<Outcome, Error> {
    for id in &args.ids {
        suite.automation(id)?;
    }
    let now = suite.host.now();
    let length = chrono::TimeDelta::from_std(args.length).unwrap_or(chrono::TimeDelta::days(366));
    let (until, reason) = (timestamp(now + length), text::fit(&args.reason, 400));
    let entry = PauseEntry {
        until: Some(until.clone()),
        reason: reason.clone(),
        since: Some(timestamp(now)),
        ..PauseEntry::default()
    };
    suite.repo.prepare()?;
    for id in &args.ids {
        change_pauses(suite, |pauses| pauses.insert(id, &entry))??;
        warn_of_guard(suite, id);
    }
    suite.present(&NewPauses { paused: &args.ids, until, reason })?;
    Ok(Outcome::done(""))
}

/// Changes the pauses under their lock.
fn change_pauses<R>(suite: &Suite, change: impl FnOnce(&mut Pauses) -> R) -> Result<R, Error> {
    Ok(document::update(&suite.repo, |what| suite.warn(what), change)?)
}

/// A guard that steps out of the way does not stop the loop; whoever wanted that must know.
pub(crate) fn warn_of_guard(suite: &Suite, id: &str) {
    if id == "loop_guard" {
        suite
            .warn("a guard that is off reports work: the loop continues without it; to stop the loop, stop its script");
    }
}

/// Ended pauses.
#[derive(Serialize)]
struct Resumed<'a> {
    resumed: Vec<&'a str>,
    #[serde(skip)]
    asked: &'a [String],
}

impl View for Resumed<'_> {
    fn render(&self, page: &mut Page) {
        for id in self.asked {
            let was_paused = self.resumed.contains(&id.as_str());
            page.line(if was_paused { format!("{id} is resumed") } else { format!("{id} was not paused") });
        }
    }
}

fn resume(suite: &Suite, args: &IdsArgs) -> Result<Outcome, Error> {
    let now = suite.host.now();
    let mut resumed = Vec::new();
    for id in &args.ids {
        // One that the manifest no longer has may still be paused.
        let was_paused = change_pauses(suite, |pauses| {
            let was_paused = pauses.in_effect(id, now).is_some();
            pauses.remove(id);
            was_paused
        })?;
        if !was_paused {
            suite.automation(id)?;
        }
        resumed.extend(was_paused.then_some(id.as_str()));
    }
    suite.present(&Resumed { resumed, asked: &args.ids })?;
    Ok(Outcome::done(""))
}

/// Runs one automation; ends as it ends.
fn run(suite: &Suite, args: &RunArgs) -> Result<Outcome, Error> {
    let listed = suite.automation(&args.id)?;
    let signals = Signals::watch().map_err(Error::caused("cannot wait for signals"))?;
    let ran = supervise::run(
        suite,
        &Order {
            listed,
            trigger: "manual",
            args: &args.args,
            stdin: true,
            pass_on: !suite.args.json && !suite.args.quiet,
            force: suite.args.force,
            stop: signals.stop(),
        },
    );
    suite.print_json(&ran)?;
    if !ran.was_run() || ran.exit_code.is_none() {
        let detail = ran.detail.as_deref().map_or(String::new(), |detail| format!(" ({detail})"));
        let force =
            if matches!(ran.reason, Reason::Disabled | Reason::Paused) { "; --force runs it all the same" } else { "" };
        suite.note(&format!("{}: {}{detail}{force}", ran.id, ran.reason));
    }
    signals.end_as_told(suite.host);
    let own = ran.exit_code.and_then(|code| u8::try_from(code).ok());
    Ok(Outcome::exit(own.unwrap_or_else(|| crate::trigger::code(&ran)), ""))
}
