//! The token ledger: what a run earned and cost.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Report;
use crate::files::{self, Durability, FileError};
use crate::journal;
use crate::pyjson;

/// The actions of the token economy, with what each earns (above 0) or costs (below 0).
pub const TOKEN_ECONOMY: [(&str, i64); 5] = [
    ("run", -1),
    ("cycle_retro_success", 5),
    ("quarantine_candidate", 10),
    ("deep_triage_refinement", 20),
    ("failure", -2),
];

/// One line of the token ledger.
#[derive(Debug, Deserialize, Serialize)]
pub struct TokenLine {
    /// When.
    pub timestamp: String,
    /// Which automation.
    pub automation: String,
    /// For what.
    pub action: String,
    /// How many tokens, below 0 for costs.
    pub tokens: i64,
    /// The sum of all lines up to this one.
    pub balance: i64,
}

/// A line of the token ledger as old ones may be too.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PastTokenLine {
    /// When; empty where it is not told.
    #[serde(default, deserialize_with = "lenient_text")]
    pub timestamp: String,
    /// Which automation.
    #[serde(default, deserialize_with = "lenient_text")]
    pub automation: String,
    /// For what.
    #[serde(default, deserialize_with = "lenient_text")]
    pub action: String,
    /// How many tokens.
    #[serde(deserialize_with = "whole_number")]
    pub tokens: i64,
    /// The sum of all lines up to this one, where it is told.
    #[serde(default)]
    pub balance: Option<i64>,
}

fn lenient_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().unwrap_or_default().to_owned())
}

/// A whole number, also one that is written with a fraction of nothing.
fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let whole = || value.as_str().map_or_else(|| value.to_string(), str::to_owned).strip_suffix(".0")?.parse().ok();
    value.as_i64().or_else(whole).ok_or_else(|| D::Error::custom("not a whole number"))
}

impl Report<'_> {
    /// Appends a line to the token ledger for each action, with the amounts of the manifest or the built-in ones. Returns
    /// how many damaged lines were met at its end.
    ///
    /// # Errors
    /// The ledger cannot be read or written.
    pub fn book(&self, actions: &[&str]) -> Result<usize, FileError> {
        let path = self.repo.tokens();
        let lock = files::lock(&path)?;
        let (mut balance, damaged) = balance(&path)?;
        let mut lines = String::new();
        let timestamp = self.host.timestamp();
        for action in actions {
            let built_in: BTreeMap<&str, i64> = TOKEN_ECONOMY.into_iter().collect();
            let amount = self.manifest.token_economy().get(*action).or(built_in.get(action)).copied().unwrap_or(0);
            balance = balance.saturating_add(amount);
            let line = TokenLine {
                timestamp: timestamp.clone(),
                automation: self.id.to_owned(),
                action: (*action).to_owned(),
                tokens: amount,
                balance,
            };
            lines.push_str(&pyjson::to_line(&line).map_err(|error| FileError::writing(&path, error.into()))?);
            lines.push('\n');
        }
        lock.append_line(lines.trim_end().as_bytes(), Durability::Derived)?;
        Ok(damaged)
    }
}

/// The balance of the ledger so far: what the last intact line says, or the sum of all tokens where old lines say none. And
/// how many damaged lines stand behind that line.
fn balance(path: &std::path::Path) -> Result<(i64, usize), FileError> {
    let journal::Entries { mut intact, damaged } = journal::tail::<PastTokenLine>(path, 1)?;
    let last = intact.pop();
    if let Some(PastTokenLine { balance: None, .. }) = last {
        let mut sum = 0_i64;
        journal::scan(path, 0, |line| {
            if let Some(old) = line.and_then(journal::parse::<PastTokenLine>) {
                sum = old.balance.unwrap_or(sum.saturating_add(old.tokens));
            }
        })?;
        return Ok((sum, damaged));
    }
    Ok((last.and_then(|old| old.balance).unwrap_or(0), damaged))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be read")]

    use std::fs;

    use super::super::tests::World;
    use super::*;

    #[test]
    fn the_ledger_keeps_its_balance() {
        let world = World::new();
        let path = world.folder.path().join(".loop/tokens.jsonl");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "{\"tokens\": 3}\n{\"tokens\": 4}\n").unwrap();
        world.with(|report| report.book(&["run", "cycle_retro_success"])).unwrap();
        fs::write(&path, fs::read_to_string(&path).unwrap() + "{\"tokens\": 100, \"bal").unwrap();
        world.with(|report| report.book(&["failure"])).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let balances: Vec<i64> =
            text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?["balance"].as_i64()).collect();
        assert_eq!(balances, [6, 11, 9]);
        assert!(text.ends_with(
            "{\"timestamp\": \"2026-03-21T12:00:00+00:00\", \"automation\": \"loop_guard\", \"action\": \"failure\", \"tokens\": -2, \"balance\": 9}\n"
        ));
    }
}
