//! What runs when.

use crate::schedule::{Due, MachineZone, Plan, TriggerState, cycles_are_due, evaluate};
use chrono::{DateTime, Utc};
use common::Error;
use records::Trigger;

use super::memory::{self, Memory};
use super::triggers::{cycles, scheduled_triggers};
use crate::context::Context;
use crate::schedule_settings::{ScheduleSettings, Timing};

/// A run that is to come.
#[derive(Clone, Debug)]
pub struct NextRun {
    /// The automation.
    pub id: String,
    /// The trigger.
    pub trigger: String,
    /// When, which is now for one that is due already; none where cycles decide.
    pub at: Option<DateTime<Utc>>,
    /// After how many more cycles, none for one that is due already.
    pub cycles: Option<u64>,
}

/// Returns the next run of every enabled automation's triggers, soonest first: what the next look makes due by what the
/// scheduler remembers, and else the next time of the trigger.
///
/// # Errors
/// A setting is not valid, or a file cannot be read.
pub fn next_runs(context: &Context) -> Result<Vec<NextRun>, Error> {
    let now = context.host.now();
    let (settings, pauses) = (ScheduleSettings::of(context)?, context.pauses()?);
    let (mut state, is_lost) = memory::read(context)?;
    let memory = Memory::new(context, &pauses, is_lost);
    let mut count = None;
    let mut all = Vec::new();
    for listed in context.manifest.listed().iter().filter(|listed| listed.entry.enabled) {
        let Ok(timing) = settings.timing(context, listed) else { continue };
        for trigger in scheduled_triggers(context, listed) {
            let id = &listed.entry.id;
            let mut next = NextRun { id: id.clone(), trigger: trigger.to_string(), at: None, cycles: None };
            let slot = state.slot(id, &next.trigger);
            if let Trigger::EveryCycles(every) = trigger {
                let count = match count {
                    Some(count) => count,
                    None => *count.insert(cycles(context)?),
                };
                let is_due = slot.cycles.is_some_and(|before| cycles_are_due(every, before, count));
                next.cycles = Some(if is_due { 0 } else { every - count % every });
            } else if let Some(plan) = Plan::of(&trigger, timing.daily_at) {
                let paused_until = pauses.in_effect(id, now).map(|pause| pause.until);
                next.at = next_by_the_clock(&plan, memory.of(id, slot, timing.offset), now, timing, paused_until);
            }
            all.push(next);
        }
    }
    all.sort_by_key(|next| (next.at.is_none(), next.at));
    Ok(all)
}

/// Returns when an automation runs next by the clock; `next` is in the order of the times.
pub(crate) fn first_run(next: &[NextRun], id: &str) -> Option<DateTime<Utc>> {
    next.iter().find_map(|next| next.at.filter(|_| next.id == id))
}

/// When a trigger of the clock brings its next run, for a scheduler that looks now and from then on.
fn next_by_the_clock(
    plan: &Plan,
    memory: TriggerState,
    now: DateTime<Utc>,
    timing: Timing,
    paused_until: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let (due, after) = evaluate(plan, memory, now - timing.offset, &MachineZone, timing.catch_up);
    if matches!(due, Due::Run(_)) && paused_until.is_none() {
        return Some(now);
    }
    // Not before its pause is over, and not a time that was handled before the clock was set back.
    let from = paused_until.unwrap_or(now) - timing.offset;
    let handled_until = after.handled_until.filter(|_| !after.replays);
    let from = handled_until.map_or(from, |handled_until| handled_until.max(from));
    plan.next_after(from, &MachineZone).map(|at| at + timing.offset)
}
