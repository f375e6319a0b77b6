//! `retro/cycles.index.json`: counts over the whole log of cycles, so that a record's cost does not grow with the log.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fingerprint::FileIdentity;

/// The counts over the whole log, and the part of the log that they cover.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct CycleIndex {
    /// The version of this format.
    pub version: u32,
    /// How many bytes of the log are counted.
    pub covered: u64,
    /// A checksum of the end of that part.
    pub ending: String,
    /// The file that it is of: device and number. A rewritten log is another file.
    pub file: (u64, u64),
    /// When the log was last changed: seconds and nanoseconds of Unix time.
    pub changed: (i64, i64),
    /// How many lines can be read.
    pub lines: u64,
    /// How many of them were observed cycles.
    pub observed: u64,
    /// How many lines cannot be read.
    pub damaged: u64,
    /// The lines by ISO week (`2026-W12`).
    pub by_week: BTreeMap<String, u64>,
    /// The lines by ISO weekday (`1` is Monday).
    pub by_weekday: BTreeMap<String, u64>,
    /// The highest count of each `WW.D`: at most 371 entries, since epochs have no year.
    pub epochs: BTreeMap<String, u64>,
}

impl CycleIndex {
    /// Returns how far the epochs of `WW.D` have come.
    pub fn cycles_on(&self, day: &str) -> u64 {
        self.epochs.get(day).copied().unwrap_or(0)
    }

    /// Returns the lines by ISO weekday, all seven of them.
    pub fn all_weekdays(&self) -> BTreeMap<String, u64> {
        (1..=7)
            .map(|weekday| weekday.to_string())
            .map(|weekday| (weekday.clone(), self.by_weekday.get(&weekday).copied().unwrap_or(0)))
            .collect()
    }

    /// Sets which state of the log is counted.
    pub fn set_identity(&mut self, identity: &FileIdentity) {
        (self.file, self.changed) = (identity.file, identity.changed);
    }
}
