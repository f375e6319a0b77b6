//! The automations of the manifest: list, validate, switch, pause, configure, add, run.

mod config;
mod create;
mod effective;
mod list;
mod switch;
mod validate;

use std::fmt;

use common::manifest::Diagnostic;
use common::{Error, Outcome, Page, View};
use host::Host;
use host::text;
use records::{PauseEntry, Pauses, Reason, timestamp};
use serde::Serialize;

pub(crate) use list::record_in_state;
pub(crate) use validate::validate;

use crate::cli::{AutomationCommand, IdsArgs, PauseArgs, RunArgs};
use crate::context::Context;
use crate::supervise::{self, RunRequest};
use host::signals::Signals;

/// Runs a command of `timmy automation`.
pub(crate) fn command(host: &Host, command: &AutomationCommand) -> Result<Outcome, Error> {
    match command {
        AutomationCommand::List(args) => list::list(&Context::open(host, &args.common)?),
        AutomationCommand::Validate(args) => print_problems(&Context::open_anyway(host, &args.common)?),
        AutomationCommand::Enable(args) => switch::switch(&Context::open(host, &args.common)?, &args.ids, true),
        AutomationCommand::Disable(args) => switch::switch(&Context::open(host, &args.common)?, &args.ids, false),
        AutomationCommand::Pause(args) => pause(&Context::open(host, &args.common)?, args),
        AutomationCommand::Resume(args) => resume(&Context::open(host, &args.common)?, args),
        AutomationCommand::Config(args) => config::config(&Context::open(host, &args.common)?, args.id.as_deref()),
        AutomationCommand::New(args) => create::create(&Context::open(host, &args.common)?, args),
        AutomationCommand::Run(args) => run(&Context::open(host, &args.common)?, args),
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
fn print_problems(context: &Context) -> Result<Outcome, Error> {
    let problems = validate(context);
    // Of a manifest that cannot be read at all nothing is known that could be recorded.
    if !context.is_built_in || context.unreadable.is_empty() {
        record_in_state(context, &problems);
    }
    let automations =
        context.manifest.listed().len() + context.unreadable.iter().filter(|one| one.id.is_some()).count();
    let valid = problems.is_empty();
    let problems = problems.iter().map(ProblemView::of).collect();
    context.present(&Validation { automations, valid, problems, is_built_in: context.is_built_in })?;
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

fn pause(context: &Context, args: &PauseArgs) -> Result<Outcome, Error> {
    for id in &args.ids {
        context.automation(id)?;
    }
    let now = context.host.now();
    let length = chrono::TimeDelta::from_std(args.length).unwrap_or(chrono::TimeDelta::days(366));
    let (until, reason) = (timestamp(now + length), text::fit(&args.reason, 400));
    let entry = PauseEntry {
        until: Some(until.clone()),
        reason: reason.clone(),
        since: Some(timestamp(now)),
        ..PauseEntry::default()
    };
    context.store.prepare()?;
    for id in &args.ids {
        change_pauses(context, |pauses| pauses.insert(id, &entry))??;
        warn_of_guard(context, id);
    }
    context.present(&NewPauses { paused: &args.ids, until, reason })?;
    Ok(Outcome::done(""))
}

/// Changes the pauses under their lock.
fn change_pauses<R>(context: &Context, change: impl FnOnce(&mut Pauses) -> R) -> Result<R, Error> {
    Ok(context.store.pauses().change(change)?)
}

/// A guard that steps out of the way does not stop the loop; whoever wanted that must know.
pub(crate) fn warn_of_guard(context: &Context, id: &str) {
    if id == "loop_guard" {
        context
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

fn resume(context: &Context, args: &IdsArgs) -> Result<Outcome, Error> {
    let now = context.host.now();
    let mut resumed = Vec::new();
    for id in &args.ids {
        // One that the manifest no longer has may still be paused.
        let was_paused = change_pauses(context, |pauses| {
            let was_paused = pauses.in_effect(id, now).is_some();
            pauses.remove(id);
            was_paused
        })?;
        if !was_paused {
            context.automation(id)?;
        }
        resumed.extend(was_paused.then_some(id.as_str()));
    }
    context.present(&Resumed { resumed, asked: &args.ids })?;
    Ok(Outcome::done(""))
}

/// Runs one automation; ends as it ends.
fn run(context: &Context, args: &RunArgs) -> Result<Outcome, Error> {
    let listed = context.automation(&args.id)?;
    let signals = Signals::watch().map_err(Error::caused("cannot wait for signals"))?;
    let result = supervise::run(
        context,
        &RunRequest {
            listed,
            trigger: "manual",
            args: &args.args,
            stdin: true,
            forward_output: !context.args.json && !context.args.quiet,
            force: context.args.force,
            stop: signals.stop(),
        },
    );
    context.print_json(&result)?;
    if !result.was_run() || result.exit_code.is_none() {
        let detail = result.detail.as_deref().map_or(String::new(), |detail| format!(" ({detail})"));
        let force = if matches!(result.reason, Reason::Disabled | Reason::Paused) {
            "; --force runs it all the same"
        } else {
            ""
        };
        context.note(&format!("{}: {}{detail}{force}", result.id, result.reason));
    }
    signals.end_as_told(context.host);
    let own = result.exit_code.and_then(|code| u8::try_from(code).ok());
    Ok(Outcome::exit(own.unwrap_or_else(|| crate::trigger::code(&result)), ""))
}
