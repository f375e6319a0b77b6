//! A line of `tokens.jsonl`: what a run earned or cost.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::lenient;
use crate::time::parse_time;

/// One line of the token ledger. A line without `tokens` is damaged; old lines have no `balance`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct TokenLine {
    /// When; empty where the line does not say.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub timestamp: String,
    /// Which automation.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub automation: String,
    /// For what.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub action: String,
    /// How many tokens, below 0 for costs.
    #[serde(deserialize_with = "whole_number")]
    pub tokens: i64,
    /// The sum of all lines up to this one.
    #[serde(default)]
    pub balance: Option<i64>,
}

impl TokenLine {
    /// Returns when it was.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.timestamp)
    }
}

/// Reads a whole number, also one that is written with a fraction of 0.
fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let whole = || value.as_str().map_or_else(|| value.to_string(), str::to_owned).strip_suffix(".0")?.parse().ok();
    value.as_i64().or_else(whole).ok_or_else(|| D::Error::custom("not a whole number"))
}
