//! Automations are paused for some time, and resumed.

use std::time::Duration;

use chrono::TimeDelta;
use common::Error;
use host::text;
use records::{PauseEntry, timestamp};

use crate::context::Context;
use crate::scheduler::begin_now;

/// A pause that has begun.
#[derive(Clone, Debug)]
pub struct NewPause {
    /// Until when.
    pub until: String,
    /// Why.
    pub reason: String,
}

/// Pauses automations for so long.
///
/// # Errors
/// The manifest does not have one of them, or the pauses cannot be written.
pub fn pause(context: &Context, ids: &[String], length: Duration, reason: &str) -> Result<NewPause, Error> {
    for id in ids {
        context.automation(id)?;
    }
    let now = context.host.now();
    let length = TimeDelta::from_std(length).unwrap_or(TimeDelta::days(366));
    let (until, reason) = (timestamp(now + length), text::fit(reason, 400));
    let entry = PauseEntry {
        until: Some(until.clone()),
        reason: reason.clone(),
        since: Some(timestamp(now)),
        ..PauseEntry::default()
    };
    context.store.prepare()?;
    for id in ids {
        context.store.pauses().change(|pauses| pauses.insert(id, &entry))??;
        warn_of_guard(context, id);
    }
    Ok(NewPause { until, reason })
}

/// Ends the pauses of automations; returns which were paused.
///
/// # Errors
/// One is not paused and not in the manifest either, or the pauses cannot be written.
pub fn resume<'a>(context: &Context, ids: &'a [String]) -> Result<Vec<&'a str>, Error> {
    let now = context.host.now();
    let mut resumed = Vec::new();
    for id in ids {
        // One that the manifest no longer has may still be paused.
        let was_paused = context.store.pauses().change(|pauses| {
            let was_paused = pauses.in_effect(id, now).is_some();
            pauses.remove(id);
            was_paused
        })?;
        if !was_paused {
            context.automation(id)?;
        }
        resumed.extend(was_paused.then_some(id.as_str()));
    }
    begin_now(context, &resumed);
    Ok(resumed)
}

/// A guard that is off does not stop the loop, which the person who switches it off must know.
pub(crate) fn warn_of_guard(context: &Context, id: &str) {
    if id == "loop_guard" {
        context
            .warn("a guard that is off reports work: the loop continues without it; to stop the loop, stop its script");
    }
}
