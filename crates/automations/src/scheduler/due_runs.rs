//! Which run of a trigger is due by the state of the scheduler, and which was missed too long ago.

use chrono::{DateTime, Utc};
use common::manifest::Automation;
use common::report::Report;
use records::{Reason, ScheduleSlot, Trigger, timestamp};

use super::memory::Memory;
use crate::context::Context;
use crate::schedule::{Due, MachineZone, Plan, cycles_are_due, evaluate};
use crate::schedule_settings::Timing;

/// What a look at a trigger has found.
#[derive(Debug, Default)]
pub(super) struct LookResult {
    /// What the run is of that is due, where one is.
    pub(super) due: Option<String>,
    /// Whether what is remembered has changed so that it is to be written at once.
    pub(super) is_news: bool,
}

/// Looks whether a run after cycles is due: the log has `count` cycles now.
pub(super) fn after_cycles(slot: &mut ScheduleSlot, every: u64, count: u64) -> LookResult {
    let before = slot.count_cycles(count);
    let is_due = before.is_some_and(|before| cycles_are_due(every, before, count));
    LookResult { due: is_due.then(|| format!("cycle {count}")), is_news: before != Some(count) }
}

/// Looks whether a run of the clock is due; one that was missed too long ago is reported.
pub(super) fn by_the_clock(
    context: &Context,
    listed: &Automation,
    memory: &Memory<'_>,
    slot: &mut ScheduleSlot,
    trigger: &Trigger,
    timing: Timing,
    is_on: bool,
) -> LookResult {
    let Some(plan) = Plan::of(trigger, timing.daily_at) else { return LookResult::default() };
    let (before, was_looked_at) = (memory.of(&listed.entry.id, slot, timing.offset), slot.looked.is_some());
    let now = context.host.now() - timing.offset;
    let (due, after) = evaluate(&plan, before, now, &MachineZone, timing.catch_up);
    slot.looked = after.last_checked.map(timestamp);
    slot.seen_to = after.handled_until.map(timestamp);
    slot.replays = after.replays;
    let is_news = !was_looked_at || due != Due::Nothing || before.last_checked > after.last_checked;
    let due = match due {
        Due::Nothing => None,
        Due::Run(time) => Some(timestamp(time)),
        Due::TooOld(time) => {
            if is_on {
                missed(context, listed, time);
            }
            None
        }
    };
    LookResult { due, is_news }
}

/// A run that was missed too long ago to be made up.
fn missed(context: &Context, listed: &Automation, time: DateTime<Utc>) {
    let reason = Reason::MissedTooOld;
    context.note(&format!("{}: its run of {} was missed ({reason})", listed.entry.id, timestamp(time)));
    let report = Report::new(context.host, &context.store, &context.manifest, &listed.entry.id);
    if let Err(error) = report.skipped(reason) {
        context.warn(&format!("{}: {error}", listed.entry.id));
    }
}
