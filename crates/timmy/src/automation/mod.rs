//! The automations of the manifest: list, validate, switch, pause, configure, add, run.

mod config;
mod create;
mod in_force;
mod list;
mod survey;
mod switch;

use common::host::{Host, timestamp};
use common::manifest::Problem;
use common::pauses::{self, Pause};
use common::reason::Reason;
use common::text;
use serde_json::json;

pub(crate) use list::record_in_state;
pub(crate) use survey::survey;

use crate::cli::{AutomationCommand, IdsArgs, PauseArgs, RunArgs};
use crate::error::{Error, Verdict};
use crate::signals::Signals;
use crate::suite::Suite;
use crate::supervise::{self, Order};

/// Runs a command of `timmy automation`.
pub(crate) fn command(host: &Host, command: &AutomationCommand) -> Result<Verdict, Error> {
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

/// Prints every problem of the manifest with its place; exit 1 if there is one.
fn validate(suite: &Suite) -> Result<Verdict, Error> {
    let problems = survey(suite);
    // Of a manifest that cannot be read at all nothing is known that could be recorded.
    if !suite.is_built_in || suite.unreadable.is_empty() {
        record_in_state(suite, &problems);
    }
    for Problem { error, .. } in &problems {
        suite.say(&format!("{error}"));
        if let Some(hint) = &error.hint {
            suite.say(&format!("    {hint}"));
        }
    }
    let count = suite.manifest.listed().len() + suite.unreadable.iter().filter(|one| one.id.is_some()).count();
    suite.say(&match (suite.is_built_in, problems.len()) {
        (true, 0) => "There is no manifest: every tool runs with its defaults".to_owned(),
        (_, 0) => format!("{count} automations, no problems"),
        (_, found) => format!("{count} automations, {found} problem{}", if found == 1 { "" } else { "s" }),
    });
    let documents: Vec<_> = problems.iter().map(problem_json).collect();
    suite.json(&json!({"automations": count, "valid": problems.is_empty(), "problems": documents}))?;
    Ok(Verdict::of(problems.is_empty()))
}

/// A problem as JSON.
fn problem_json(problem: &Problem) -> serde_json::Value {
    let Problem { id, error } = problem;
    json!({"id": id, "file": error.path.display().to_string(), "line": error.position.map(|at| at.line),
           "column": error.position.map(|at| at.column), "message": error.message, "hint": error.hint})
}

fn pause(suite: &Suite, args: &PauseArgs) -> Result<Verdict, Error> {
    for id in &args.ids {
        suite.automation(id)?;
    }
    let now = suite.host.now();
    let length = chrono::TimeDelta::from_std(args.length).unwrap_or(chrono::TimeDelta::days(366));
    let pause = Pause { until: now + length, reason: text::fit(&args.reason, 400) };
    suite.repo.prepare()?;
    for id in &args.ids {
        pauses::set(&suite.repo, id, Some(&pause), now, |what| suite.warn(what))?;
        suite.say(&format!("{id} is paused until {}", timestamp(pause.until)));
        warn_of_guard(suite, id);
    }
    suite.json(&json!({"paused": args.ids, "until": timestamp(pause.until), "reason": pause.reason}))?;
    Ok(Verdict::Yes)
}

/// A guard that steps out of the way does not stop the loop; whoever wanted that must know.
pub(crate) fn warn_of_guard(suite: &Suite, id: &str) {
    if id == "loop_guard" {
        suite
            .warn("a guard that is off reports work: the loop continues without it; to stop the loop, stop its script");
    }
}

fn resume(suite: &Suite, args: &IdsArgs) -> Result<Verdict, Error> {
    let now = suite.host.now();
    let mut resumed = Vec::new();
    for id in &args.ids {
        // One that the manifest no longer has may still be paused.
        let was = pauses::set(&suite.repo, id, None, now, |what| suite.warn(what))?;
        if !was {
            suite.automation(id)?;
        }
        suite.say(&if was { format!("{id} is resumed") } else { format!("{id} was not paused") });
        resumed.extend(was.then_some(id));
    }
    suite.json(&json!({"resumed": resumed}))?;
    Ok(Verdict::Yes)
}

/// Runs one automation; ends as it ends.
fn run(suite: &Suite, args: &RunArgs) -> Result<Verdict, Error> {
    let listed = suite.automation(&args.id)?;
    let signals = Signals::watch()?;
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
    suite.json(&ran)?;
    if !ran.was_run() || ran.exit_code.is_none() {
        let detail = ran.detail.as_deref().map_or(String::new(), |detail| format!(" ({detail})"));
        let force =
            if matches!(ran.reason, Reason::Disabled | Reason::Paused) { "; --force runs it all the same" } else { "" };
        suite.note(&format!("{}: {}{detail}{force}", ran.id, ran.reason));
    }
    signals.end_as_told(suite.host);
    let own = ran.exit_code.and_then(|code| u8::try_from(code).ok());
    Ok(Verdict::Code(own.unwrap_or_else(|| crate::trigger::code(&ran))))
}
