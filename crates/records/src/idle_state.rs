//! `idle_state.json`: how long the loop has been idle.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient;
use crate::object::OtherFields;

/// How many calls of the guard in a row found no work, and how long the last wait was.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct IdleState {
    /// How many calls in a row found no work.
    #[serde(deserialize_with = "lenient::or_default")]
    pub consecutive_idle: u64,
    /// When the last of them was, in Unix seconds.
    #[serde(deserialize_with = "lenient::field")]
    pub last_idle_at: Option<f64>,
    /// The seconds that it waited, before jitter.
    #[serde(deserialize_with = "lenient::or_default")]
    pub backoff_seconds: u64,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}
