//! `schedule.json`: what the scheduler has checked and begun, so that one that was killed continues where it was.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::object::OtherFields;
use crate::time::{time_in, timestamp};

/// How often a run that was interrupted is begun.
const ATTEMPTS: u32 = 2;

/// The file's version.
const VERSION: u32 = 1;

/// The state of the scheduler.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ScheduleState {
    /// The version of this format.
    #[serde(default)]
    pub version: u32,
    /// By automation and trigger.
    #[serde(default)]
    pub automations: BTreeMap<String, BTreeMap<String, ScheduleSlot>>,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// The state of one automation's trigger.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ScheduleSlot {
    /// When it was last checked.
    pub looked: Option<String>,
    /// The latest time of the plan that was handled.
    pub seen_to: Option<String>,
    /// Whether the clock was set back far.
    #[serde(default)]
    pub replays: bool,
    /// How many cycles the log had.
    pub cycles: Option<u64>,
    /// What the run that has begun, and is not known to have ended, is of.
    pub begun: Option<String>,
    /// When it began.
    pub begun_at: Option<String>,
    /// How often it was begun.
    #[serde(default)]
    pub attempts: u32,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}

impl Default for ScheduleState {
    fn default() -> Self {
        Self { version: VERSION, automations: BTreeMap::new(), other: OtherFields::new() }
    }
}

impl ScheduleState {
    /// Returns the state of an automation's trigger.
    pub fn slot(&mut self, id: &str, trigger: &str) -> &mut ScheduleSlot {
        self.automations.entry(id.to_owned()).or_default().entry(trigger.to_owned()).or_default()
    }

    /// Returns the automations and triggers with a run that was begun and is not known to have ended, with when it was begun.
    pub fn begun(&self) -> Vec<(String, String, DateTime<Utc>)> {
        let slots =
            self.automations.iter().flat_map(|(id, slots)| slots.iter().map(move |(name, slot)| (id, name, slot)));
        slots
            .filter_map(|(id, trigger, slot)| {
                slot.begun.as_ref()?;
                Some((id.clone(), trigger.clone(), time_in(slot.begun_at.as_deref())?))
            })
            .collect()
    }

    /// Notes that the run of an automation's trigger has ended, or is given up.
    pub fn end(&mut self, id: &str, trigger: &str) {
        let slot = self.slot(id, trigger);
        (slot.begun, slot.begun_at, slot.attempts) = (None, None, 0);
    }
}

impl ScheduleSlot {
    /// Returns when it was last checked.
    pub fn last_checked(&self) -> Option<DateTime<Utc>> {
        time_in(self.looked.as_deref())
    }

    /// Returns the latest time of the plan that was handled.
    pub fn handled_until(&self) -> Option<DateTime<Utc>> {
        time_in(self.seen_to.as_deref())
    }

    /// Sets how many cycles the log has; returns how many it had.
    pub fn count_cycles(&mut self, now: u64) -> Option<u64> {
        self.cycles.replace(now)
    }

    /// Notes that a run begins: what it is of, and when.
    pub fn begin(&mut self, of: &str, now: DateTime<Utc>) {
        self.begun = Some(of.to_owned());
        self.begun_at = Some(timestamp(now));
        self.attempts += 1;
    }

    /// Returns what the interrupted run was of, if it is to be begun once more.
    pub fn to_be_repeated(&self) -> Option<String> {
        self.begun.clone().filter(|_| self.attempts < ATTEMPTS)
    }
}
