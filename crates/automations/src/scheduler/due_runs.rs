//! Which run of a trigger is due by the state of the scheduler, and which was missed too long ago.

use chrono::{DateTime, Utc};
use common::manifest::Automation;
use common::report::Report;
use records::{Reason, ScheduleSlot, Trigger, timestamp};

use super::settings::Timing;
use crate::context::Context;
use crate::schedule::{Due, MachineZone, Plan, TriggerState, cycles_are_due, evaluate};

/// What a run after cycles is of, where one is due: the log has `count` cycles now.
pub(super) fn after_cycles(slot: &mut ScheduleSlot, every: u64, count: u64, is_news: &mut bool) -> Option<String> {
    let before = slot.count_cycles(count);
    *is_news |= before != Some(count);
    before.is_some_and(|before| cycles_are_due(every, before, count)).then(|| format!("cycle {count}"))
}

/// What a run of the clock is of, where one is due; one that was missed too long ago is reported.
pub(super) fn by_the_clock(
    context: &Context,
    listed: &Automation,
    slot: &mut ScheduleSlot,
    trigger: &Trigger,
    timing: Timing,
    is_on: bool,
    is_news: &mut bool,
) -> Option<String> {
    let plan = Plan::of(trigger, timing.daily_at)?;
    let before =
        TriggerState { last_checked: slot.last_checked(), handled_until: slot.handled_until(), replays: slot.replays };
    let now = context.host.now() - timing.offset;
    let (due, after) = evaluate(&plan, before, now, &MachineZone, timing.catch_up);
    slot.looked = after.last_checked.map(timestamp);
    slot.seen_to = after.handled_until.map(timestamp);
    slot.replays = after.replays;
    *is_news |= before.last_checked.is_none() || due != Due::Nothing || before.last_checked > after.last_checked;
    match due {
        Due::Nothing => None,
        Due::Run(time) => Some(timestamp(time)),
        Due::TooOld(time) => {
            if is_on {
                missed(context, listed, time);
            }
            None
        }
    }
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
