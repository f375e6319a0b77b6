//! The triggers that a scheduler acts on, and how far those of cycles are.

use common::Error;
use common::cycle_log_settings;
use common::manifest::Automation;
use records::{DeclaredTrigger, Trigger};

use crate::context::Context;
use crate::schedule::check_trigger;

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
///
/// # Errors
/// A wrong setting names the log, or it cannot be read.
pub(super) fn cycles(context: &Context) -> Result<u64, Error> {
    let path = cycle_log_settings::place(context.host, context.repo(), &context.manifest)?;
    Ok(context.store.cycles(&path).observed()?)
}
