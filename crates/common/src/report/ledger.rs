//! The token ledger: what a run earned and cost.

use records::TOKEN_ECONOMY;
use store::ledger::TokenChange;

use super::Report;
use host::files::FileError;

impl Report<'_> {
    /// Appends a line to the token ledger for each action, with the amounts of the manifest or the built-in ones. Returns
    /// how many damaged lines were met at its end.
    ///
    /// # Errors
    /// The ledger cannot be read or written.
    pub fn append_tokens(&self, actions: &[&'static str]) -> Result<usize, FileError> {
        let economy = self.manifest.token_economy();
        let change = |action: &&'static str| {
            let built_in = TOKEN_ECONOMY.iter().find(|(name, _)| name == action).map(|(_, amount)| amount);
            TokenChange { action, tokens: economy.get(*action).or(built_in).copied().unwrap_or(0) }
        };
        let changes: Vec<TokenChange<'_>> = actions.iter().map(change).collect();
        self.store.tokens().append(|| self.host.timestamp(), self.id, &changes)
    }
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
