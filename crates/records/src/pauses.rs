//! `pauses.json`: automations that do not run until a time.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient;
use crate::object::{Entries, OtherFields};
use crate::time::time_in;

/// The pauses, by automation.
pub type Pauses = Entries<PauseEntry>;

/// A pause as the file has it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct PauseEntry {
    /// Until when.
    #[serde(deserialize_with = "lenient::field")]
    pub until: Option<String>,
    /// Why, in the words of the person who asked for it.
    #[serde(deserialize_with = "lenient::or_default")]
    pub reason: String,
    /// Since when.
    #[serde(deserialize_with = "lenient::field")]
    pub since: Option<String>,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// A pause in effect.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pause {
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why, in the words of the person who asked for it.
    pub reason: String,
}

impl Pauses {
    /// Returns the pause of an automation that is in effect at `now`.
    pub fn in_effect(&self, id: &str, now: DateTime<Utc>) -> Option<Pause> {
        let entry = self.get(id)?;
        let until = time_in(entry.until.as_deref())?;
        (now < until).then_some(Pause { until, reason: entry.reason })
    }

    /// Returns when the last pause of an automation ended, if it is over at `now`.
    pub fn ended(&self, id: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        time_in(self.get(id)?.until.as_deref()).filter(|until| *until <= now)
    }
}
