//! What the scheduler remembers of the triggers of the clock, and what counts in place of what is lost.

use chrono::{DateTime, TimeDelta, Utc};
use common::Error;
use host::files::FileError;
use records::{AutomationState, Pauses, ScheduleSlot, ScheduleState, Trigger, timestamp};
use store::{Change, Content, Document, Found};

use super::triggers::{cycles, scheduled_triggers};
use crate::context::Context;
use crate::schedule::TriggerState;
use crate::schedule_settings::ScheduleSettings;

/// What the memory of each trigger is made of, next to its slot.
pub(super) struct Memory<'a> {
    pauses: &'a Pauses,
    /// What the automations last did, where the memory itself is lost.
    instead: Option<AutomationState>,
    now: DateTime<Utc>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(context: &Context, pauses: &'a Pauses, is_lost: bool) -> Self {
        let instead = is_lost.then(|| context.automation_state());
        Self { pauses, instead, now: context.host.now() }
    }

    /// Returns what is remembered of a trigger. The end of a pause counts as a look, for what was due in it is not made up;
    /// where the memory is lost, the last run counts as one.
    pub(super) fn of(&self, id: &str, slot: &ScheduleSlot, offset: TimeDelta) -> TriggerState {
        // A run of a time that is still to come is one of before the clock was set back.
        let last_run = || self.instead.as_ref()?.entry(id)?.last_run_at().filter(|run| *run <= self.now);
        let pause_end = self.pauses.ended(id, self.now).map(|end| end - offset);
        TriggerState {
            last_checked: slot
                .last_checked()
                .or_else(|| Some(last_run()? - offset))
                .map(|looked| pause_end.map_or(looked, |end| looked.max(end))),
            handled_until: slot.handled_until(),
            replays: slot.replays,
        }
    }
}

/// Reads the state of the scheduler, and whether what it was is lost.
pub(super) fn read(context: &Context) -> Result<(ScheduleState, bool), FileError> {
    let file = context.store.schedule();
    Ok(match file.read()? {
        Content::Intact(state) => (state, false),
        Content::Damaged(_) => (ScheduleState::default(), true),
        Content::Missing => (ScheduleState::default(), file.modified()?.is_some()),
    })
}

/// Returns whether what was in the file is lost.
pub(super) fn is_lost(found: Found) -> bool {
    matches!(found, Found::Empty | Found::Damaged)
}

/// Notes that automations of the manifest are on from now on: what was due before is not made up, and the next run is not taken
/// for one that a first look finds. A failure to is a warning.
pub(crate) fn begin_now(context: &Context, ids: &[impl AsRef<str>]) {
    let listed = ids.iter().filter_map(|id| context.manifest.find(id.as_ref()));
    let triggers: Vec<_> = listed
        .flat_map(|listed| {
            scheduled_triggers(context, listed).into_iter().map(|trigger| (listed.entry.id.as_str(), trigger))
        })
        .collect();
    begin_triggers_now(context, &triggers);
}

/// Notes that triggers of automations are on from now on, as [`begin_now`] does.
pub(crate) fn begin_triggers_now(context: &Context, triggers: &[(&str, Trigger)]) {
    if triggers.is_empty() {
        return;
    }
    if let Err(error) = note_look(context, triggers) {
        context.warn(&format!("the schedule cannot be written, so what is due next may be left out: {error}"));
    }
}

fn note_look(context: &Context, triggers: &[(&str, Trigger)]) -> Result<(), Error> {
    let (settings, now) = (ScheduleSettings::of(context)?, context.host.now());
    context.store.schedule().update(|state, found| {
        // Where nothing is remembered, the first look of a scheduler starts nothing.
        if found != Found::Intact {
            return Ok(Change::Keep(()));
        }
        for (id, trigger) in triggers {
            let slot = state.slot(id, &trigger.to_string());
            if let Trigger::EveryCycles(_) = trigger {
                slot.cycles = cycles(context).ok().or(slot.cycles);
            } else {
                slot.looked = Some(timestamp(now - settings.offset(context, id)));
            }
        }
        Ok(Change::Write(()))
    })
}
