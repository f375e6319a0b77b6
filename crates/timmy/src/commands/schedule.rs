//! `timmy schedule`: automations run when they are due.

use std::sync::Arc;

use automations::Context;
use automations::schedule::{MachineZone, warn_of_unknown_zone};
use automations::scheduler::{self, next_runs};
use automations::supervise::RunResult;
use automations::validate::validate;
use chrono::{DateTime, Utc};
use common::{Error, Outcome, Page};
use host::Host;
use host::text;
use records::{Reason, timestamp};
use serde::Serialize;

use crate::cli::ScheduleCommand;
use crate::diagnostic::DiagnosticView;
use crate::present::{present, print_json};
use crate::table;
use crate::tools::TOOLSET;

/// What a tick ran, as JSON.
#[derive(Serialize)]
struct TickView<'a> {
    ran: &'a [RunResult],
}

/// Runs a command of `timmy schedule`.
pub(crate) fn command(host: &Host, command: &ScheduleCommand) -> Result<Outcome, Error> {
    warn_of_unknown_zone(host);
    match command {
        ScheduleCommand::Run(args) => {
            scheduler::run(Context::open(host, TOOLSET, &args.common)?)?;
            Ok(Outcome::done(""))
        }
        ScheduleCommand::Tick(args) => tick(&Arc::new(Context::open(host, TOOLSET, &args.common)?)),
        ScheduleCommand::Next(args) => next(&Context::open(host, TOOLSET, &args.common)?, args.count),
    }
}

fn tick(context: &Arc<Context<'_>>) -> Result<Outcome, Error> {
    let all = scheduler::tick(context)?;
    if all.is_empty() {
        context.say("[timmy] Nothing is due");
    }
    print_json(context, &TickView { ran: &all })?;
    // One that was switched off meanwhile, or runs already, is as it should be.
    let is_well = |result: &RunResult| {
        matches!(result.reason, Reason::RanWell | Reason::AlreadyRunning | Reason::Disabled | Reason::Paused)
    };
    Ok(Outcome::yes_or_no(all.iter().all(is_well)))
}

/// What runs when.
#[derive(Serialize)]
struct Timetable {
    scheduler: bool,
    next: Vec<NextView>,
    /// What is wrong with the entries: such an automation does not run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<DiagnosticView>,
    #[serde(skip)]
    now: DateTime<Utc>,
}

/// A run that is to come, as it is shown.
#[derive(Serialize)]
struct NextView {
    id: String,
    trigger: String,
    at: Option<String>,
    cycles: Option<u64>,
    #[serde(skip)]
    time: Option<DateTime<Utc>>,
}

impl NextView {
    fn cells(&self, now: DateTime<Utc>) -> Vec<String> {
        let (at, length) = match (self.time, self.cycles) {
            (Some(at), _) => (
                at.with_timezone(&MachineZone).format("%a %Y-%m-%d %H:%M").to_string(),
                if at > now { table::length((at - now).num_seconds()) } else { "now".to_owned() },
            ),
            (None, Some(0)) => ("-".to_owned(), "now".to_owned()),
            (None, Some(cycles)) => ("-".to_owned(), text::counted(cycles, "cycle")),
            (None, None) => ("never".to_owned(), String::new()),
        };
        vec![at, length, self.id.clone(), self.trigger.clone()]
    }
}

impl Timetable {
    fn render(&self, page: &mut Page) {
        for problem in &self.problems {
            page.line(format!("Problem: {problem}"));
        }
        if self.next.is_empty() {
            page.line("Nothing is scheduled: no enabled automation has a trigger of time or cycles.");
            return;
        }
        let rows: Vec<Vec<String>> = self.next.iter().map(|next| next.cells(self.now)).collect();
        table::add(page, &["AT", "IN", "AUTOMATION", "TRIGGER"], &rows);
        let zone = self.now.with_timezone(&MachineZone).format("%:z").to_string();
        page.line(format!("Times are in the machine's time zone ({zone} now; the variable TZ sets another)."));
        if !self.scheduler {
            page.line("No scheduler is running: timmy schedule run, or timmy service print.");
        }
    }
}

/// Lists what runs when.
fn next(context: &Context, count: usize) -> Result<Outcome, Error> {
    let next = next_runs(context)?.into_iter().take(count).map(|next| NextView {
        id: next.id,
        trigger: next.trigger,
        at: next.at.map(timestamp),
        cycles: next.cycles,
        time: next.at,
    });
    let problems = validate(context).iter().map(DiagnosticView::of).collect();
    let timetable = Timetable {
        scheduler: scheduler::is_running(context),
        next: next.collect(),
        problems,
        now: context.host.now(),
    };
    present(context, &timetable, Timetable::render)?;
    Ok(Outcome::done(""))
}
