//! `timmy tokens`: the balance, and what moved it.

use std::collections::BTreeMap;

use automations::Context;
use common::{Error, Outcome, Page};
use explain::ledger::{LedgerSums, Movement, tokens};
use host::Host;
use host::text;

use crate::cli::TokensArgs;
use crate::present::present;
use crate::table;
use crate::tools::TOOLSET;

/// Shows the balance and the movements by automation and by day.
pub(crate) fn show(host: &Host, args: &TokensArgs) -> Result<Outcome, Error> {
    let context = Context::open_anyway(host, TOOLSET, &args.common)?;
    let sums = tokens(&context, args.days)?;
    present(&context, &sums, render)?;
    let damaged = sums.damaged_lines;
    if damaged > 0 {
        let ledger = context.store.tokens();
        let path = ledger.lines().path().display();
        context.warn(&format!(
            "{path}: {} cannot be read; timmy repair moves damaged lines out",
            text::counted(damaged, "line")
        ));
    }
    Ok(Outcome::done(""))
}

fn render(sums: &LedgerSums, page: &mut Page) {
    page.line(format!("Balance: {}", text::counted(sums.balance, "token")));
    page.line(
        "Each run costs tokens, and what a cycle achieves earns some: nothing stops when the balance is negative.",
    );
    let rows_of = |map: &BTreeMap<String, Movement>| -> Vec<Vec<String>> {
        map.iter().map(|(name, movement)| cells(*movement, name.clone())).collect()
    };
    for (title, rows) in [
        ("AUTOMATION", rows_of(&sums.by_automation)),
        ("ACTION", rows_of(&sums.by_action)),
        ("DAY", sums.by_day.iter().rev().map(|(day, movement)| cells(*movement, day.to_string())).collect()),
    ] {
        if rows.is_empty() {
            continue;
        }
        page.line("");
        if title == "DAY" {
            page.line(format!("The last {}:", text::counted(u64::from(sums.days), "day")));
        } else {
            page.line("Since the ledger began:");
        }
        table::add(page, &[title, "LINES", "EARNED", "SPENT", "NET"], &rows);
    }
}

fn cells(movement: Movement, name: String) -> Vec<String> {
    let net = movement.earned.saturating_add(movement.spent);
    vec![name, movement.lines.to_string(), movement.earned.to_string(), movement.spent.to_string(), format!("{net:+}")]
}
