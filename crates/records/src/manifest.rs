//! `automations.json`, the manifest: which automations there are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::object::OtherFields;
use crate::trigger::DeclaredTrigger;

/// The file `automations.json`.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(title = "automations.json")]
pub struct ManifestFile {
    /// The version of the list, in whatever form its keeper likes.
    #[serde(default)]
    pub version: Value,
    /// What the list is for.
    #[serde(default)]
    pub description: String,
    /// The automations, in the order in which a trigger runs them.
    pub automations: Vec<ManifestEntry>,
    /// Tokens an action earns (above 0) or costs (below 0), where they differ from the built-in amounts.
    #[serde(default)]
    pub token_economy: BTreeMap<String, i64>,
}

/// One automation of the manifest.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Entry")]
pub struct ManifestEntry {
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
    #[serde(default)]
    pub trigger: DeclaredTrigger,
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
    pub other: OtherFields,
}

impl ManifestEntry {
    /// The names of the fields, for finding misspelt ones.
    pub const FIELDS: [&str; 10] = [
        "id",
        "name",
        "description",
        "script",
        "category",
        "enabled",
        "trigger",
        "config",
        "depends_on",
        "allow_outside",
    ];
}

fn yes() -> bool {
    true
}
