//! `timmy schedule next`: what runs when.

use chrono::{DateTime, Utc};
use common::cycle_log_settings;
use common::manifest::Automation;
use common::{Error, Outcome, Page, View};
use records::{DeclaredTrigger, Trigger, timestamp};
use schedule::{MachineZone, Plan, check_trigger};
use serde::Serialize;

use super::ScheduleSettings;
use crate::context::Context;
use crate::table;

/// A run that is to come.
#[derive(Clone, Debug)]
pub(crate) struct Next {
    pub id: String,
    pub trigger: String,
    /// When; none where cycles decide.
    pub at: Option<DateTime<Utc>>,
    /// After how many more cycles.
    pub cycles: Option<u64>,
}

/// Returns an automation's triggers that a scheduler acts on: its own, and those of `daily_run.json` that name it.
pub(super) fn scheduled_triggers(context: &Context, listed: &Automation) -> Vec<Trigger> {
    let schedules = context.daily_run.iter().flat_map(|(file, _)| &file.schedules);
    let named = schedules.filter(|(_, schedule)| schedule.automations.contains(&listed.entry.id)).map(|(name, _)| name);
    let named = named.map(|name| DeclaredTrigger::new(name.as_str()));
    let mut triggers: Vec<Trigger> = std::iter::once(listed.entry.trigger.clone())
        .chain(named)
        .filter_map(|declared| check_trigger(&declared).ok().cloned())
        .filter(Trigger::is_scheduled)
        .collect();
    triggers.sort();
    triggers.dedup();
    triggers
}

/// How many cycles the log has by now; backfilled lines are none.
pub(super) fn cycles(context: &Context) -> Option<u64> {
    let path = cycle_log_settings::place(context.host, context.repo(), &context.manifest).ok()?;
    context.store.cycles(&path).observed().ok()
}

/// Returns the next run of every enabled automation's triggers, soonest first.
pub(crate) fn next_runs(context: &Context) -> Vec<Next> {
    let (now, pauses) = (context.host.now(), context.pauses());
    let Ok(settings) = ScheduleSettings::of(context) else { return Vec::new() };
    let mut count = None;
    let mut all = Vec::new();
    for listed in context.manifest.listed().iter().filter(|listed| listed.entry.enabled) {
        let Ok(timing) = settings.timing(context, listed) else { continue };
        for trigger in scheduled_triggers(context, listed) {
            let mut next = Next { id: listed.entry.id.clone(), trigger: trigger.to_string(), at: None, cycles: None };
            if let Trigger::EveryCycles(every) = trigger {
                let count = *count.get_or_insert_with(|| cycles(context).unwrap_or(0));
                next.cycles = Some(every - count % every);
            } else if let Some(plan) = Plan::of(&trigger, timing.daily_at) {
                // Not before its pause is over.
                let from = pauses.in_effect(&next.id, now).map_or(now, |pause| pause.until);
                next.at = plan.next_after(from - timing.offset, &MachineZone).map(|at| at + timing.offset);
            }
            all.push(next);
        }
    }
    all.sort_by_key(|next| (next.at.is_none(), next.at));
    all
}

/// What runs when.
#[derive(Serialize)]
struct Timetable {
    scheduler: bool,
    next: Vec<NextView>,
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
                table::length((at - now).num_seconds()),
            ),
            (None, Some(cycles)) => ("-".to_owned(), format!("{cycles} cycles")),
            (None, None) => ("never".to_owned(), String::new()),
        };
        vec![at, length, self.id.clone(), self.trigger.clone()]
    }
}

impl View for Timetable {
    fn render(&self, page: &mut Page) {
        if self.next.is_empty() {
            page.line("Nothing is scheduled: no enabled automation has a trigger of time or cycles.");
            return;
        }
        let header = ["AT", "IN", "AUTOMATION", "TRIGGER"].map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> =
            std::iter::once(header).chain(self.next.iter().map(|next| next.cells(self.now))).collect();
        let lines = table::lay_out(&rows, 30, page.width());
        page.lines(lines);
        let zone = self.now.with_timezone(&MachineZone).format("%:z").to_string();
        page.line(format!("Times are in the machine's time zone ({zone} now; the variable TZ sets another)."));
        if !self.scheduler {
            page.line("No scheduler is running: timmy schedule run, or timmy service print.");
        }
    }
}

/// Lists what runs when.
pub(super) fn next(context: &Context, count: usize) -> Result<Outcome, Error> {
    ScheduleSettings::of(context)?;
    let next = next_runs(context).into_iter().take(count).map(|next| NextView {
        id: next.id,
        trigger: next.trigger,
        at: next.at.map(timestamp),
        cycles: next.cycles,
        time: next.at,
    });
    context.present(&Timetable {
        scheduler: super::is_running(context),
        next: next.collect(),
        now: context.host.now(),
    })?;
    Ok(Outcome::done(""))
}
