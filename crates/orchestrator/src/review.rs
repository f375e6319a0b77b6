//! The day's summary: what happened in the last hours, from the forge and from the files.

use chrono::{DateTime, Utc};
use common::run::Run;
use records::{
    Cycle, Review, ReviewCycles, ReviewFailure, ReviewIssues, ReviewPulls, ReviewTokens, parse_time, rate, timestamp,
};
use store::Log;

use crate::sources::Sources;

/// How many lines of the ledger are looked at.
const LEDGER_LINES: usize = 50_000;

/// Puts the time from `since` to `until` in numbers.
pub(crate) fn make(run: &Run, sources: &Sources, since: DateTime<Utc>, until: DateTime<Utc>) -> Review {
    let happened = |time: Option<DateTime<Utc>>| time.is_some_and(|time| time >= since && time <= until);
    let touched = sources.forge.as_ref().and_then(|forge| forge.touched.as_ref());
    let pick = |want_pulls: bool, wanted: &dyn Fn(&gitea::Issue) -> bool| -> Vec<u64> {
        let list = touched.into_iter().flatten().filter(|issue| issue.pull_request.is_some() == want_pulls);
        list.filter(|issue| wanted(issue)).map(|issue| issue.number).collect()
    };
    let merged = |issue: &gitea::Issue| {
        issue.pull_request.as_ref().is_some_and(|mark| mark.merged && happened(parse_time(&mark.merged_at)))
    };
    Review {
        since: timestamp(since),
        until: timestamp(until),
        issues: touched.map(|_| ReviewIssues {
            opened: pick(false, &|issue| happened(issue.created())),
            closed: pick(false, &|issue| happened(issue.closed())),
            touched: pick(false, &|_| true),
        }),
        pulls: touched.map(|_| ReviewPulls {
            merged: pick(true, &merged),
            opened: pick(true, &|issue| happened(issue.created())),
        }),
        cycles: cycles(&sources.cycles, &happened),
        quarantined: sources.quarantined.iter().copied().collect(),
        queue_depth: sources.ready.len(),
        tokens: tokens(run, &happened),
    }
}

fn cycles(cycles: &[Cycle], happened: &dyn Fn(Option<DateTime<Utc>>) -> bool) -> ReviewCycles {
    let rated = cycles.iter().filter(|cycle| cycle.is_rated() && happened(cycle.time()));
    let (succeeded, failed): (Vec<&Cycle>, Vec<&Cycle>) = rated.partition(|cycle| cycle.success);
    let failure = |cycle: &&Cycle| ReviewFailure {
        cycle: cycle.cycle,
        issue: cycle.issue,
        reason: cycle.reason.clone(),
        failure_class: cycle.failure_class,
    };
    let count = succeeded.len() + failed.len();
    ReviewCycles {
        count,
        succeeded: succeeded.len(),
        success_rate: rate(succeeded.len(), count),
        failures: failed.iter().map(failure).collect(),
    }
}

/// Reads the ledger's movements; one that cannot be read counts as empty, with a warning. Lines without a balance do not count.
fn tokens(run: &Run, happened: &dyn Fn(Option<DateTime<Utc>>) -> bool) -> ReviewTokens {
    let lines = match run.store.tokens().lines().tail(LEDGER_LINES) {
        Ok(entries) => entries.intact,
        Err(error) => {
            run.warn(&format!("{error}; no tokens are counted"));
            return ReviewTokens::default();
        }
    };
    let mut tokens = ReviewTokens::default();
    for (line, balance) in lines.iter().filter_map(|line| Some((line, line.balance?))) {
        tokens.balance = balance;
        if happened(line.time()) {
            let side = if line.tokens > 0 { &mut tokens.earned } else { &mut tokens.spent };
            *side = side.saturating_add(line.tokens);
        }
    }
    tokens
}
