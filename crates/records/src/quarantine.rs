//! `quarantine.json`: the issues that are kept out of the queue; and `quarantine_released.json`: when issues were released.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient;
use crate::object::{Entries, OtherFields};
use crate::time::time_in;

/// The issues in quarantine, by number.
pub type Quarantine = Entries<QuarantineEntry>;

/// When issues were released from quarantine, by number.
pub type ReleasedIssues = Entries<Release>;

/// Why an issue is in quarantine, and since when. Old entries have only `reason` and `quarantined_at`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct QuarantineEntry {
    /// Why, in a sentence.
    #[serde(deserialize_with = "lenient::or_default")]
    pub reason: String,
    /// How many of its cycles failed.
    #[serde(deserialize_with = "lenient::number_field")]
    pub failures: Option<u64>,
    /// Since when.
    #[serde(deserialize_with = "lenient::field")]
    pub quarantined_at: Option<String>,
    /// The number of its last cycle.
    #[serde(deserialize_with = "lenient::field")]
    pub last_cycle: Option<u64>,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// When an issue was released from quarantine: its failures before do not bring it back.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct Release {
    /// When.
    #[serde(deserialize_with = "lenient::field")]
    pub released_at: Option<String>,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}

impl Release {
    /// Returns when it was.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        time_in(self.released_at.as_deref())
    }
}
