//! The day's summary: what happened in the last hours, from the forge and from the files.

use chrono::{DateTime, Utc};
use common::host::{parse_time, timestamp};
use common::journal;
use common::records::rate;
use common::report::TokenLine;
use common::run::Run;
use serde::Serialize;

use crate::sources::Sources;

/// How many lines of the ledger are looked at.
const LEDGER_LINES: usize = 50_000;

/// What happened since a time.
#[derive(Debug, Serialize)]
pub(crate) struct Review {
    /// From when on.
    pub since: String,
    /// Until when.
    pub until: String,
    /// What the forge says of issues; null when it could not be asked.
    pub issues: Option<Issues>,
    /// What the forge says of pull requests; null when it could not be asked.
    pub pulls: Option<Pulls>,
    /// The cycles.
    pub cycles: Cycles,
    /// The numbers of the issues in quarantine.
    pub quarantined: Vec<u64>,
    /// How many issues are ready.
    pub queue_depth: usize,
    /// What was earned and spent.
    pub tokens: Tokens,
}

/// Issues by number.
#[derive(Debug, Serialize)]
pub(crate) struct Issues {
    pub opened: Vec<u64>,
    pub closed: Vec<u64>,
    /// Everything that was changed or commented, those above among them.
    pub touched: Vec<u64>,
}

/// Pull requests by number.
#[derive(Debug, Serialize)]
pub(crate) struct Pulls {
    pub merged: Vec<u64>,
    pub opened: Vec<u64>,
}

/// The cycles that were seen to happen.
#[derive(Debug, Serialize)]
pub(crate) struct Cycles {
    pub count: usize,
    pub succeeded: usize,
    /// The share of successes with two decimals; null of nothing.
    pub success_rate: Option<f64>,
    pub failures: Vec<Failure>,
}

/// A failed cycle.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    pub cycle: Option<u64>,
    pub issue: Option<u64>,
    pub reason: String,
}

/// Movements of the ledger.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Tokens {
    pub earned: i64,
    pub spent: i64,
    pub balance: i64,
}

impl Review {
    /// Puts the time from `since` to `until` in numbers.
    pub fn make(run: &Run, sources: &Sources, since: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let happened = |time: Option<DateTime<Utc>>| time.is_some_and(|time| time >= since && time <= until);
        let touched = sources.forge.as_ref().and_then(|forge| forge.touched.as_ref());
        let pick = |want_pulls: bool, wanted: &dyn Fn(&gitea::Issue) -> bool| -> Vec<u64> {
            let list = touched.into_iter().flatten().filter(|issue| issue.pull_request.is_some() == want_pulls);
            list.filter(|issue| wanted(issue)).map(|issue| issue.number).collect()
        };
        let merged = |issue: &gitea::Issue| {
            issue.pull_request.as_ref().is_some_and(|mark| mark.merged && happened(parse_time(&mark.merged_at)))
        };
        let cycles: Vec<_> =
            sources.cycles.iter().filter(|cycle| cycle.was_observed() && happened(cycle.time())).collect();
        let succeeded = cycles.iter().filter(|cycle| cycle.succeeded()).count();
        Self {
            since: timestamp(since),
            until: timestamp(until),
            issues: touched.map(|_| Issues {
                opened: pick(false, &|issue| happened(issue.created())),
                closed: pick(false, &|issue| happened(issue.closed())),
                touched: pick(false, &|_| true),
            }),
            pulls: touched
                .map(|_| Pulls { merged: pick(true, &merged), opened: pick(true, &|issue| happened(issue.created())) }),
            cycles: Cycles {
                count: cycles.len(),
                succeeded,
                success_rate: rate(succeeded, cycles.len()),
                failures: cycles
                    .iter()
                    .filter(|cycle| !cycle.succeeded())
                    .map(|cycle| Failure { cycle: cycle.cycle, issue: cycle.issue, reason: cycle.reason().to_owned() })
                    .collect(),
            },
            quarantined: sources.quarantined.iter().copied().collect(),
            queue_depth: sources
                .queue
                .iter()
                .filter(|line| line.issue.is_some_and(|issue| !sources.quarantined.contains(&issue)))
                .count(),
            tokens: tokens(run, &happened),
        }
    }
}

/// Reads the ledger's movements; one that cannot be read counts as empty, with a warning.
fn tokens(run: &Run, happened: &dyn Fn(Option<DateTime<Utc>>) -> bool) -> Tokens {
    let lines = match journal::tail::<TokenLine>(&run.repo.tokens(), LEDGER_LINES) {
        Ok(entries) => entries.intact,
        Err(error) => {
            run.warn(&format!("{error}; no tokens are counted"));
            return Tokens::default();
        }
    };
    let mut tokens = Tokens { balance: lines.last().map_or(0, |line| line.balance), ..Tokens::default() };
    for line in lines.iter().filter(|line| happened(parse_time(&line.timestamp))) {
        let side = if line.tokens > 0 { &mut tokens.earned } else { &mut tokens.spent };
        *side = side.saturating_add(line.tokens);
    }
    tokens
}
