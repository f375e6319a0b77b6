//! The configuration files as types: `automations.json` and `daily_run.json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The keys of an entry, for finding misspelt ones.
pub(super) const ENTRY_KEYS: [&str; 10] =
    ["id", "name", "description", "script", "category", "enabled", "trigger", "config", "depends_on", "allow_outside"];

/// The file `automations.json`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "automations.json")]
pub struct ManifestFile {
    /// The version of the list, in whatever form its keeper likes.
    #[serde(default)]
    pub version: Value,
    /// What the list is for.
    #[serde(default)]
    pub description: String,
    /// The automations, in the order in which a trigger runs them.
    pub automations: Vec<Entry>,
    /// Tokens an action earns (above 0) or costs (below 0), where they differ from the built-in amounts.
    #[serde(default)]
    pub token_economy: BTreeMap<String, i64>,
}

/// One automation of the manifest.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Entry {
    /// Its name for programs: lower-case letters, digits and underscores.
    pub id: String,
    /// The script or tool, relative to the folder that holds `config/`.
    pub script: String,
    /// Its name for people.
    #[serde(default)]
    pub name: String,
    /// What it does, in a sentence.
    #[serde(default)]
    pub description: String,
    /// The group that a listing shows it in.
    #[serde(default)]
    pub category: String,
    /// Whether it runs at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// When it runs: `pre_cycle`, `post_cycle`, `pre_commit`, `hourly`, `daily`, `every_N_cycles`, `cron:<expression>` or
    /// `manual`.
    #[serde(default = "manual")]
    pub trigger: String,
    /// Its settings.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// The automations that must have ended well before this one runs.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// Whether its script may lie outside the repository.
    #[serde(default)]
    pub allow_outside: bool,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The file `daily_run.json`: what else runs when, and further settings of automations.
#[derive(Debug, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Schedule {
    /// What the schedule is for.
    #[serde(default)]
    pub description: String,
    /// Ids, in running order.
    pub automations: Vec<String>,
}

fn yes() -> bool {
    true
}

fn manual() -> String {
    "manual".to_owned()
}
