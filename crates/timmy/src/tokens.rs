//! `timmy tokens`: the balance, and what moved it.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use common::{Error, Outcome, Page, View};
use host::Host;
use records::TokenLine;
use serde::{Serialize, Serializer};
use store::Log;

use crate::cli::TokensArgs;
use crate::context::Context;
use crate::table;

/// What moved the balance.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Movement {
    lines: u64,
    earned: i64,
    spent: i64,
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

    fn cells(self, name: String) -> Vec<String> {
        let net = self.earned.saturating_add(self.spent);
        vec![name, self.lines.to_string(), self.earned.to_string(), self.spent.to_string(), format!("{net:+}")]
    }
}

/// The balance and the movements.
#[derive(Default, Serialize)]
struct Ledger {
    balance: i64,
    damaged_lines: u64,
    by_automation: BTreeMap<String, Movement>,
    by_action: BTreeMap<String, Movement>,
    #[serde(serialize_with = "by_date")]
    by_day: BTreeMap<NaiveDate, Movement>,
}

fn by_date<S: Serializer>(days: &BTreeMap<NaiveDate, Movement>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(days.iter().map(|(day, movement)| (day.to_string(), movement)))
}

impl Ledger {
    fn add(&mut self, line: TokenLine) {
        self.balance = line.balance.unwrap_or_else(|| self.balance.saturating_add(line.tokens));
        if let Some(time) = line.time() {
            self.by_day.entry(time.date_naive()).or_default().add(line.tokens);
        }
        self.by_automation.entry(line.automation).or_default().add(line.tokens);
        self.by_action.entry(line.action).or_default().add(line.tokens);
    }
}

impl View for Ledger {
    fn render(&self, page: &mut Page) {
        page.line(format!("Balance: {} tokens", self.balance));
        let cells = |map: &BTreeMap<String, Movement>| -> Vec<Vec<String>> {
            map.iter().map(|(name, movement)| movement.cells(name.clone())).collect()
        };
        for (title, rows) in [
            ("AUTOMATION", cells(&self.by_automation)),
            ("ACTION", cells(&self.by_action)),
            ("DAY", self.by_day.iter().rev().map(|(day, movement)| movement.cells(day.to_string())).collect()),
        ] {
            if rows.is_empty() {
                continue;
            }
            page.line("");
            let header = [title, "LINES", "EARNED", "SPENT", "NET"].map(str::to_owned).to_vec();
            let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
            let lines = table::lay_out(&rows, 30, page.width());
            page.lines(lines);
        }
    }
}

/// Shows the balance and the movements by automation and by day.
pub(crate) fn tokens(host: &Host, args: &TokensArgs) -> Result<Outcome, Error> {
    let context = Context::open_anyway(host, &args.common)?;
    let lines = context.store.tokens();
    let mut ledger = Ledger::default();
    lines.lines().scan(0, |line| match line {
        Some(line) => ledger.add(line),
        None => ledger.damaged_lines += 1,
    })?;
    let first = context.host.now().date_naive() - TimeDelta::days(i64::from(args.days) - 1);
    ledger.by_day.retain(|day, _| *day >= first);
    let damaged = ledger.damaged_lines;
    context.present(&ledger)?;
    if damaged > 0 {
        context.warn(&format!(
            "{}: {damaged} line(s) cannot be read; timmy repair moves them out",
            lines.lines().path().display()
        ));
    }
    Ok(Outcome::done(""))
}
