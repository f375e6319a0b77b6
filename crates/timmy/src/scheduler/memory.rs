//! `schedule.json`: what the scheduler has looked at and begun, so that one that was killed goes on where it was.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::document;
use common::files::{self, Durability};
use common::host::{parse_time, timestamp};
use common::layout::Repo;
use schedule::Memory;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Error;

/// How often a run is begun anew that was interrupted.
const ATTEMPTS: u32 = 2;

/// The file.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct ScheduleMemory {
    #[serde(default)]
    version: u32,
    /// By automation and trigger.
    #[serde(default)]
    automations: BTreeMap<String, BTreeMap<String, Slot>>,
    /// Fields that only others know.
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// What is remembered of one automation's trigger.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Slot {
    looked: Option<String>,
    seen_to: Option<String>,
    /// Whether the clock was set back far.
    #[serde(default)]
    replays: bool,
    /// How many cycles the log had.
    cycles: Option<u64>,
    /// The time of the run that has begun and is not known to have ended.
    begun: Option<String>,
    /// When it began.
    begun_at: Option<String>,
    /// How often it was begun.
    #[serde(default)]
    attempts: u32,
}

impl ScheduleMemory {
    /// Reads the memory; a damaged one is kept aside, and everything is seen for the first time.
    pub fn read(repo: &Repo, warn: impl FnOnce(&str)) -> Result<Self, Error> {
        let lock = files::lock(&repo.in_loop("schedule.json"))?;
        Ok(document::take(&lock, warn)?)
    }

    /// Writes the memory.
    pub fn write(&mut self, repo: &Repo) -> Result<(), Error> {
        self.version = 1;
        let lock = files::lock(&repo.in_loop("schedule.json"))?;
        Ok(document::replace(&lock, self, Durability::Flushed)?)
    }

    /// Returns what is remembered of an automation's trigger.
    pub fn slot(&mut self, id: &str, trigger: &str) -> &mut Slot {
        self.automations.entry(id.to_owned()).or_default().entry(trigger.to_owned()).or_default()
    }

    /// Returns the automations and triggers with a run that was begun and is not known to have ended, with when it was begun.
    pub fn begun(&self) -> Vec<(String, String, DateTime<Utc>)> {
        let slots =
            self.automations.iter().flat_map(|(id, slots)| slots.iter().map(move |(name, slot)| (id, name, slot)));
        slots
            .filter_map(|(id, trigger, slot)| {
                slot.begun.as_ref()?;
                Some((id.clone(), trigger.clone(), slot.begun_at.as_deref().and_then(parse_time)?))
            })
            .collect()
    }

    /// Notes that the run of an automation's trigger has ended, or is given up.
    pub fn end(&mut self, id: &str, trigger: &str) {
        let slot = self.slot(id, trigger);
        (slot.begun, slot.begun_at, slot.attempts) = (None, None, 0);
    }
}

impl Slot {
    /// Returns what the clock's plan is told.
    pub fn memory(&self) -> Memory {
        let time = |text: &Option<String>| text.as_deref().and_then(parse_time);
        Memory { looked: time(&self.looked), seen_to: time(&self.seen_to), replays: self.replays }
    }

    /// Remembers what the clock's plan has said.
    pub fn remember(&mut self, memory: Memory) {
        self.looked = memory.looked.map(timestamp);
        self.seen_to = memory.seen_to.map(timestamp);
        self.replays = memory.replays;
    }

    /// Remembers how many cycles the log has, and returns how many it had.
    pub fn count_cycles(&mut self, now: u64) -> Option<u64> {
        self.cycles.replace(now)
    }

    /// Notes that a run begins: of this time, now.
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
