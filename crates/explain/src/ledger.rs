//! The token ledger in sums: the balance, and what moved it.

use std::collections::BTreeMap;

use automations::Context;
use chrono::{NaiveDate, TimeDelta};
use common::Error;
use records::TokenLine;
use serde::{Serialize, Serializer};
use store::Log;

/// What moved the balance.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Movement {
    /// How many lines of the ledger.
    pub lines: u64,
    /// How many tokens were earned.
    pub earned: i64,
    /// How many were spent, below 0.
    pub spent: i64,
}

impl Movement {
    fn add(&mut self, tokens: i64) {
        self.lines += 1;
        if tokens > 0 {
            self.earned = self.earned.saturating_add(tokens);
        } else {
            self.spent = self.spent.saturating_add(tokens);
        }
    }
}

/// The balance and the movements.
#[derive(Debug, Default, Serialize)]
pub struct LedgerSums {
    /// The balance after the last line.
    pub balance: i64,
    /// How many lines cannot be read.
    pub damaged_lines: u64,
    /// How many days `by_day` covers; the other sums cover the whole ledger.
    #[serde(skip)]
    pub days: u16,
    /// By automation.
    pub by_automation: BTreeMap<String, Movement>,
    /// By action.
    pub by_action: BTreeMap<String, Movement>,
    /// By day.
    #[serde(serialize_with = "by_date")]
    pub by_day: BTreeMap<NaiveDate, Movement>,
}

fn by_date<S: Serializer>(days: &BTreeMap<NaiveDate, Movement>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(days.iter().map(|(day, movement)| (day.to_string(), movement)))
}

impl LedgerSums {
    fn add(&mut self, line: TokenLine) {
        self.balance = line.balance.unwrap_or_else(|| self.balance.saturating_add(line.tokens));
        if let Some(time) = line.time() {
            self.by_day.entry(time.date_naive()).or_default().add(line.tokens);
        }
        self.by_automation.entry(line.automation).or_default().add(line.tokens);
        self.by_action.entry(line.action).or_default().add(line.tokens);
    }
}

/// Returns the balance and the movements by automation and action, and by day those of the last `days` days.
///
/// # Errors
/// The ledger cannot be read.
pub fn tokens(context: &Context, days: u16) -> Result<LedgerSums, Error> {
    let mut sums = LedgerSums { days, ..LedgerSums::default() };
    context.store.tokens().lines().scan(0, |line| match line {
        Some(line) => sums.add(line),
        None => sums.damaged_lines += 1,
    })?;
    let first = context.host.now().date_naive() - TimeDelta::days(i64::from(days) - 1);
    sums.by_day.retain(|day, _| *day >= first);
    Ok(sums)
}
