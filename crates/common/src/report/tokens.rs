//! The token ledger: what a run earned and cost.

use std::path::Path;

use records::{Stored, TOKEN_ECONOMY, TokenLine, pyjson};

use super::Report;
use host::files::{self, FileError};
use store::log;

impl Report<'_> {
    /// Appends a line to the token ledger for each action, with the amounts of the manifest or the built-in ones. Returns
    /// how many damaged lines were met at its end.
    ///
    /// # Errors
    /// The ledger cannot be read or written.
    pub fn append_tokens(&self, actions: &[&str]) -> Result<usize, FileError> {
        let path = self.repo.path(&TokenLine::FILE);
        let lock = files::lock(&path)?;
        let (mut balance, damaged) = balance(&path)?;
        let mut lines = String::new();
        let timestamp = self.host.timestamp();
        for action in actions {
            let built_in = TOKEN_ECONOMY.iter().find(|(name, _)| name == action).map(|(_, amount)| amount);
            let amount = self.manifest.token_economy().get(*action).or(built_in).copied().unwrap_or(0);
            balance = balance.saturating_add(amount);
            let line = TokenLine {
                timestamp: timestamp.clone(),
                automation: self.id.to_owned(),
                action: (*action).to_owned(),
                tokens: amount,
                balance: Some(balance),
            };
            lines.push_str(&pyjson::to_line(&line).map_err(|error| FileError::writing(&path, error.into()))?);
            lines.push('\n');
        }
        lock.append_line(lines.trim_end().as_bytes(), TokenLine::FILE.durability)?;
        Ok(damaged)
    }
}

/// The balance of the ledger so far: what the last intact line says, or the sum of all tokens where old lines say none. And
/// how many damaged lines stand behind that line.
fn balance(path: &Path) -> Result<(i64, usize), FileError> {
    let log::Entries { mut intact, damaged } = log::tail::<TokenLine>(path, 1)?;
    let last = intact.pop();
    if let Some(TokenLine { balance: None, .. }) = last {
        let mut sum = 0_i64;
        log::scan(path, 0, |line| {
            if let Some(old) = line.and_then(log::parse::<TokenLine>) {
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

    use serde_json::Value;

    use super::super::tests::World;

    #[test]
    fn the_ledger_keeps_its_balance() {
        let world = World::new();
        let path = world.folder.path().join(".loop/tokens.jsonl");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "{\"tokens\": 3}\n{\"tokens\": 4}\n").unwrap();
        world.with(|report| report.append_tokens(&["run", "cycle_retro_success"])).unwrap();
        fs::write(&path, fs::read_to_string(&path).unwrap() + "{\"tokens\": 100, \"bal").unwrap();
        world.with(|report| report.append_tokens(&["failure"])).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let balances: Vec<i64> =
            text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?["balance"].as_i64()).collect();
        assert_eq!(balances, [6, 11, 9]);
        assert!(text.ends_with(
            "{\"timestamp\": \"2026-03-21T12:00:00+00:00\", \"automation\": \"loop_guard\", \"action\": \"failure\", \"tokens\": -2, \"balance\": 9}\n"
        ));
    }
}
