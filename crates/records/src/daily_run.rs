//! `daily_run.json`: what else runs when, and further settings of automations.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The file `daily_run.json`: what else runs when, and further settings of automations.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(title = "daily_run.json")]
pub struct DailyRunFile {
    /// What else runs on a trigger, by trigger.
    #[serde(default)]
    pub schedules: BTreeMap<String, Schedule>,
    /// Under an automation's id, settings for it, below those of the manifest.
    #[serde(flatten)]
    pub settings: BTreeMap<String, Value>,
}

/// The automations that run on one trigger besides those that name it themselves.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct Schedule {
    /// What the schedule is for.
    #[serde(default)]
    pub description: String,
    /// Ids, in running order.
    pub automations: Vec<String>,
}
