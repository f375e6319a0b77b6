//! The token ledger: each line has the balance after it.

use records::TokenLine;

use crate::json_lines::JsonLines;
use crate::lines;
use crate::log::{Entries, Log};
use host::files::{self, FileError};

/// The token ledger.
pub struct Ledger(pub(crate) JsonLines<TokenLine>);

/// A change of the balance.
#[derive(Clone, Copy, Debug)]
pub struct TokenChange<'a> {
    /// What is rewarded or charged.
    pub action: &'a str,
    /// How many tokens: more than 0 for a reward, less for a cost.
    pub tokens: i64,
}

impl Ledger {
    /// Adds changes by an automation, each with the balance after it. Returns how many lines at the ledger's end are damaged;
    /// they are left as they are. The clock is read under the lock: the lines are in the order of time.
    ///
    /// # Errors
    /// The system refuses; then the ledger is as it was.
    pub fn append(
        &self,
        timestamp: impl FnOnce() -> String,
        automation: &str,
        changes: &[TokenChange<'_>],
    ) -> Result<usize, FileError> {
        let lock = files::lock(self.0.path())?;
        let timestamp = timestamp();
        let (mut balance, damaged) = self.balance()?;
        let lines: Vec<TokenLine> = changes
            .iter()
            .map(|change| {
                balance = balance.saturating_add(change.tokens);
                TokenLine {
                    timestamp: timestamp.clone(),
                    automation: automation.to_owned(),
                    action: change.action.to_owned(),
                    tokens: change.tokens,
                    balance: Some(balance),
                }
            })
            .collect();
        self.0.append_held(&lock, &lines)?;
        Ok(damaged)
    }

    /// Returns the lines.
    pub fn lines(&self) -> &JsonLines<TokenLine> {
        &self.0
    }

    /// Returns the balance after the last line, and how many damaged lines are at the end.
    ///
    /// A ledger that another program began without balances is added up; an intact line is never ignored.
    fn balance(&self) -> Result<(i64, usize), FileError> {
        let Entries { mut intact, damaged } = lines::tail(self.0.path(), 1, lines::parse::<TokenLine>)?;
        let last = intact.pop();
        if let Some(TokenLine { balance: None, .. }) = last {
            let mut sum = 0_i64;
            self.0.scan(0, |line| {
                if let Some(old) = line {
                    sum = old.balance.unwrap_or(sum.saturating_add(old.tokens));
                }
            })?;
            return Ok((sum, damaged));
        }
        Ok((last.and_then(|old| old.balance).unwrap_or(0), damaged))
    }
}
