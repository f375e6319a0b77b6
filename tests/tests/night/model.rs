//! What the rules of the loop say of an issue, decided a second time and in the simplest way, from everything that happened.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

/// After so many failures without a success between them an issue is in quarantine,
const QUARANTINE_FAILURES: usize = 2;
/// if they are among so many records.
const QUARANTINE_LOOKBACK: usize = 20;
/// How long an issue waits after a success.
const COOLDOWN: TimeDelta = TimeDelta::hours(24);
/// How long it waits after the first, the second and any further failure.
const RETRY_AFTER: [TimeDelta; 3] = [TimeDelta::zero(), TimeDelta::hours(1), TimeDelta::hours(4)];

/// A recorded cycle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub issue: u64,
    pub success: bool,
    pub time: DateTime<Utc>,
}

/// Everything that was recorded, and what follows from it.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub attempts: Vec<Attempt>,
    pub quarantined: BTreeSet<u64>,
    released: BTreeMap<u64, DateTime<Utc>>,
}

impl Model {
    /// Adds a recorded cycle.
    pub(crate) fn record(&mut self, attempt: Attempt) {
        self.attempts.push(attempt);
        let issue = attempt.issue;
        if attempt.success {
            self.quarantined.remove(&issue);
        } else if self.failures(issue, QUARANTINE_LOOKBACK) >= QUARANTINE_FAILURES {
            self.quarantined.insert(issue);
        }
    }

    /// Releases an issue from quarantine.
    pub(crate) fn release(&mut self, issue: u64, now: DateTime<Utc>) {
        self.quarantined.remove(&issue);
        self.released.insert(issue, now);
    }

    /// The failures on an issue among the last `lookback` records, since its last success and its release.
    fn failures(&self, issue: u64, lookback: usize) -> usize {
        let last = self.attempts.iter().rev().take(lookback).filter(|attempt| attempt.issue == issue);
        let released = self.released.get(&issue).copied();
        last.take_while(|attempt| !attempt.success && released.is_none_or(|released| attempt.time > released)).count()
    }

    /// The last recorded cycle on an issue.
    pub(crate) fn last(&self, issue: u64) -> Option<Attempt> {
        self.attempts.iter().rev().find(|attempt| attempt.issue == issue).copied()
    }

    /// Until when an issue waits because of its last cycle.
    pub(crate) fn waits_until(&self, issue: u64) -> Option<DateTime<Utc>> {
        let last = self.last(issue)?;
        let wait = match self.failures(issue, usize::MAX) {
            _ if last.success => COOLDOWN,
            0 => return None,
            failures => RETRY_AFTER[(failures - 1).min(RETRY_AFTER.len() - 1)],
        };
        Some(last.time + wait)
    }
}
