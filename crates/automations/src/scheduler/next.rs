//! What runs when.

use crate::schedule::{MachineZone, Plan, check_trigger};
use chrono::{DateTime, Utc};
use common::cycle_log_settings;
use common::manifest::Automation;
use records::{DeclaredTrigger, Trigger};

use super::settings::ScheduleSettings;
use crate::context::Context;

/// A run that is to come.
#[derive(Clone, Debug)]
pub struct NextRun {
    /// The automation.
    pub id: String,
    /// The trigger.
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
pub fn next_runs(context: &Context) -> Vec<NextRun> {
    let now = context.host.now();
    let (Ok(settings), Ok(pauses)) = (ScheduleSettings::of(context), context.pauses()) else { return Vec::new() };
    let mut count = None;
    let mut all = Vec::new();
    for listed in context.manifest.listed().iter().filter(|listed| listed.entry.enabled) {
        let Ok(timing) = settings.timing(context, listed) else { continue };
        for trigger in scheduled_triggers(context, listed) {
            let mut next =
                NextRun { id: listed.entry.id.clone(), trigger: trigger.to_string(), at: None, cycles: None };
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
