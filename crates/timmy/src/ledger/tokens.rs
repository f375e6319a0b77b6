//! `timmy tokens`: the balance, and what moved it.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use common::host::{Host, parse_time};
use common::journal;
use common::report::PastTokenLine;
use serde::Serialize;
use serde_json::json;

use crate::cli::TokensArgs;
use crate::error::{Error, Verdict};
use crate::suite::Suite;
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

/// Shows the balance and the movements by automation and by day.
pub(crate) fn tokens(host: &Host, args: &TokensArgs) -> Result<Verdict, Error> {
    let suite = Suite::open_anyway(host, &args.common)?;
    let (mut by_automation, mut by_action, mut by_day) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (mut balance, mut damaged) = (0_i64, 0_u64);
    journal::scan(&suite.repo.tokens(), 0, |line| {
        let Some(line) = line.and_then(journal::parse::<PastTokenLine>) else {
            damaged += 1;
            return;
        };
        balance = line.balance.unwrap_or_else(|| balance.saturating_add(line.tokens));
        let day = parse_time(&line.timestamp).map(|time| time.date_naive());
        by_automation.entry(line.automation).or_insert_with(Movement::default).add(line.tokens);
        by_action.entry(line.action).or_insert_with(Movement::default).add(line.tokens);
        if let Some(day) = day {
            by_day.entry(day).or_insert_with(Movement::default).add(line.tokens);
        }
    })?;
    let first = suite.host.now().date_naive() - TimeDelta::days(i64::from(args.days) - 1);
    by_day.retain(|day: &NaiveDate, _| *day >= first);
    suite.say(&format!("Balance: {balance} tokens"));
    for (title, rows) in [
        ("AUTOMATION", by_automation.iter().map(|(name, movement)| movement.cells(name.clone())).collect::<Vec<_>>()),
        ("ACTION", by_action.iter().map(|(name, movement)| movement.cells(name.clone())).collect()),
        ("DAY", by_day.iter().rev().map(|(day, movement)| movement.cells(day.to_string())).collect()),
    ] {
        if rows.is_empty() {
            continue;
        }
        suite.say("");
        let header = [title, "LINES", "EARNED", "SPENT", "NET"].map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
        for line in table::lay_out(&rows, 30, suite.host.width()) {
            suite.say(&line);
        }
    }
    if damaged > 0 {
        suite.warn(&format!(
            "{}: {damaged} line(s) cannot be read; timmy repair moves them out",
            suite.repo.tokens().display()
        ));
    }
    let by_day: BTreeMap<String, Movement> =
        by_day.into_iter().map(|(day, movement)| (day.to_string(), movement)).collect();
    suite.json(&json!({"balance": balance, "damaged_lines": damaged, "by_automation": by_automation,
                       "by_action": by_action, "by_day": by_day}))?;
    Ok(Verdict::Yes)
}
