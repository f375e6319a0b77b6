//! `timmy automation`: the automations of the manifest are listed, validated, switched, paused, configured, added, run.

use automations::Context;
use automations::create::{NewAutomation, ScriptSource, create};
use automations::pause::{NewPause, pause, resume};
use automations::supervise::{self, RunRequest};
use automations::switch::switch;
use automations::validate::validate;
use common::{Error, Outcome, Page};
use host::Host;
use host::signals::Signals;
use host::text;
use records::{Reason, minute};
use serde::{Serialize, Serializer};

use super::config;
use super::list;
use crate::cli::{AutomationCommand, IdsArgs, NewArgs, PauseArgs, RunArgs};
use crate::diagnostic::DiagnosticView;
use crate::present::{present, print_json};
use crate::tools::TOOLSET;

/// Runs a command of `timmy automation`.
pub(crate) fn command(host: &Host, command: &AutomationCommand) -> Result<Outcome, Error> {
    let open = |args| Context::open(host, TOOLSET, args);
    match command {
        AutomationCommand::List(args) => list::list(&open(&args.common)?),
        AutomationCommand::Validate(args) => print_problems(&Context::open_anyway(host, TOOLSET, &args.common)?),
        AutomationCommand::Enable(args) => switch_all(&open(&args.common)?, &args.ids, true),
        AutomationCommand::Disable(args) => switch_all(&open(&args.common)?, &args.ids, false),
        AutomationCommand::Pause(args) => pause_all(&open(&args.common)?, args),
        AutomationCommand::Resume(args) => resume_all(&open(&args.common)?, args),
        AutomationCommand::Config(args) => config::config(&open(&args.common)?, args.id.as_deref()),
        AutomationCommand::New(args) => add(&open(&args.common)?, args),
        AutomationCommand::Run(args) => run(&open(&args.common)?, args),
    }
}

/// What is wrong with the manifest.
#[derive(Serialize)]
struct Validation {
    automations: usize,
    valid: bool,
    problems: Vec<DiagnosticView>,
    #[serde(skip)]
    is_built_in: bool,
}

impl Validation {
    fn render(&self, page: &mut Page) {
        for problem in &self.problems {
            page.line(problem.to_string());
            if let Some(hint) = &problem.hint {
                page.line(format!("    {hint}"));
            }
        }
        let automations = text::counted(self.automations, "automation");
        page.line(match (self.is_built_in, self.problems.len()) {
            (true, 0) => "There is no manifest: every tool runs with its defaults".to_owned(),
            (_, 0) => format!("{automations}, no problems"),
            (_, found) => format!("{automations}, {}", text::counted(found, "problem")),
        });
    }
}

/// Prints every problem of the manifest with its position; exit 1 if there is one.
fn print_problems(context: &Context) -> Result<Outcome, Error> {
    let problems = validate(context);
    let automations =
        context.manifest.listed().len() + context.unreadable.iter().filter(|one| one.id.is_some()).count();
    let valid = problems.is_empty();
    let problems = problems.iter().map(DiagnosticView::of).collect();
    present(
        context,
        &Validation { automations, valid, problems, is_built_in: context.is_built_in },
        Validation::render,
    )?;
    Ok(Outcome::yes_or_no(valid))
}

/// Switched automations.
struct SwitchView<'a> {
    on: bool,
    asked: &'a [String],
    changed: &'a [String],
}

impl SwitchView<'_> {
    fn state(&self) -> &'static str {
        if self.on { "enabled" } else { "disabled" }
    }

    fn render(&self, page: &mut Page) {
        let state = self.state();
        for id in self.asked {
            let is_changed = self.changed.contains(id);
            page.line(if is_changed { format!("{id} is {state}") } else { format!("{id} was {state} already") });
        }
    }
}

impl Serialize for SwitchView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.state(), self.asked), ("changed", self.changed)])
    }
}

fn switch_all(context: &Context, ids: &[String], on: bool) -> Result<Outcome, Error> {
    let mut asked = ids.to_vec();
    asked.sort();
    asked.dedup();
    let changed = switch(context, &asked, on)?;
    present(context, &SwitchView { on, asked: &asked, changed: &changed }, SwitchView::render)?;
    Ok(Outcome::done(""))
}

/// New pauses, as JSON.
#[derive(Serialize)]
struct PauseView<'a> {
    paused: &'a [String],
    until: String,
    reason: String,
}

fn pause_all(context: &Context, args: &PauseArgs) -> Result<Outcome, Error> {
    let NewPause { until, reason } = pause(context, &args.ids, args.length, &args.reason)?;
    present(context, &PauseView { paused: &args.ids, until, reason }, |pauses, page| {
        for id in pauses.paused {
            page.line(format!("{id} is paused until {}", minute(&pauses.until)));
        }
    })?;
    Ok(Outcome::done(""))
}

/// Ended pauses, as JSON.
#[derive(Serialize)]
struct ResumeView<'a> {
    resumed: Vec<&'a str>,
}

fn resume_all(context: &Context, args: &IdsArgs) -> Result<Outcome, Error> {
    present(context, &ResumeView { resumed: resume(context, &args.ids)? }, |pauses, page| {
        for id in &args.ids {
            let was_paused = pauses.resumed.contains(&id.as_str());
            page.line(if was_paused { format!("{id} is resumed") } else { format!("{id} was not paused") });
        }
    })?;
    Ok(Outcome::done(""))
}

fn add(context: &Context, args: &NewArgs) -> Result<Outcome, Error> {
    let new = || ScriptSource::New(args.language.into());
    let source = args.script.clone().map_or_else(new, ScriptSource::Existing);
    let created = create(context, &args.id, &args.trigger, &source)?;
    present(context, &created, |NewAutomation { id, script, .. }, page| {
        page.line(match source {
            ScriptSource::New(_) => {
                format!("{id}: {script} is a script to start from, and the manifest has an entry for it")
            }
            ScriptSource::Existing(_) => format!("{id}: the manifest has an entry for {script}"),
        });
        page.line(format!("Try it: timmy automation run {id}"));
    })?;
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
    print_json(context, &result)?;
    if !result.was_run() || result.exit_code.is_none() {
        let detail = result.detail.as_deref().map_or(String::new(), |detail| format!(" ({detail})"));
        let force = if matches!(result.reason, Reason::Disabled | Reason::Paused) {
            "; --force runs it all the same"
        } else {
            ""
        };
        context.note(&format!("{}: {}{detail}{force}", result.id, result.reason));
    }
    if let Some(signal) = signals.number() {
        return Ok(Outcome::interrupted(signal, ""));
    }
    let own = result.exit_code.and_then(|code| u8::try_from(code).ok());
    Ok(Outcome::exit(own.unwrap_or_else(|| result.code_for_trigger()), ""))
}
