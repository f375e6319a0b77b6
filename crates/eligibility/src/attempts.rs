//! The cycles at the end of the log, as far as decisions need them.

use chrono::{DateTime, TimeDelta, Utc};
use host::files::FileError;
use json_fields::{Object, slot};
use records::{Cycle, FailureClass, parse_time, written};
use store::{Cycles, LineReader};

/// The most records that are looked at, whatever the times in them: the cost of a decision does not grow with the log.
const MOST: usize = 5_000;

/// After how many records in a row from before the horizon no later one is expected: the order of the log decides, and a clock
/// may have been wrong for some of them.
const ENOUGH_BEFORE: usize = 100;

/// How far the time of a record may be ahead and still be near: clocks are set by hours or days, rarely by more.
const NEAR: TimeDelta = TimeDelta::days(7);

/// A cycle.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// Its number.
    pub cycle: Option<u64>,
    /// The issue that it worked on.
    pub issue: Option<u64>,
    /// When it was recorded, in its own words.
    pub time: Option<DateTime<Utc>>,
    /// Whether it succeeded, as far as the issue is concerned; none where the failure was not the issue's.
    pub outcome: Option<bool>,
    /// Whether it was observed, and not made from a merged pull request.
    pub was_observed: bool,
    /// The pull request that it made.
    pub pull: Option<u64>,
}

/// The cycles at the end of the log.
#[derive(Debug, Default)]
pub struct Attempts {
    /// Oldest first.
    pub list: Vec<Attempt>,
    /// How many lines between them cannot be read.
    pub damaged: usize,
}

const TIMESTAMP: usize = slot(Cycle::FIELDS, "timestamp");
const CYCLE: usize = slot(Cycle::FIELDS, "cycle");
const ISSUE: usize = slot(Cycle::FIELDS, "issue");
const SUCCESS: usize = slot(Cycle::FIELDS, "success");
const FAILURE_CLASS: usize = slot(Cycle::FIELDS, "failure_class");
const CLAIM_LOST: usize = slot(Cycle::FIELDS, "claim_lost");
const PULL: usize = slot(Cycle::FIELDS, "pr");
const BACKFILLED: usize = slot(Cycle::FIELDS, "backfilled");

impl Attempt {
    fn from_fields(fields: &Object<'_>) -> Self {
        let number = |slot| fields.get(slot).and_then(written::number);
        let success = fields.get(SUCCESS).and_then(written::boolean) == Some(true);
        let is_others_fault = fields.get(FAILURE_CLASS).and_then(FailureClass::written).is_some()
            || fields.get(CLAIM_LOST) == Some(b"true");
        Self {
            cycle: number(CYCLE),
            issue: number(ISSUE),
            time: fields.get(TIMESTAMP).and_then(written::string).and_then(|time| parse_time(&time)),
            outcome: (success || !is_others_fault).then_some(success),
            was_observed: fields.get(BACKFILLED) != Some(b"true"),
            pull: number(PULL),
        }
    }
}

impl From<Cycle> for Attempt {
    fn from(cycle: Cycle) -> Self {
        Self {
            cycle: cycle.cycle,
            issue: cycle.issue,
            time: cycle.time(),
            outcome: cycle.outcome_for_issue(),
            was_observed: cycle.was_observed(),
            pull: cycle.pr,
        }
    }
}

impl Attempts {
    /// Reads at least the last `lookback` records, and those since `horizon`.
    ///
    /// # Errors
    /// The system refuses to read the log.
    pub fn read(cycles: &Cycles<'_>, lookback: usize, horizon: DateTime<Utc>) -> Result<Self, FileError> {
        let mut attempts = Self::default();
        let mut reader = LineReader::default();
        let mut before = 0;
        cycles.walk_back(|line| {
            let attempt = line.and_then(|line| reader.read(line, Attempt::from_fields, Attempt::from));
            let Some(attempt) = attempt else {
                attempts.damaged += 1;
                return true;
            };
            before = if attempt.time.is_some_and(|time| time < horizon) { before + 1 } else { 0 };
            attempts.list.push(attempt);
            attempts.list.len() < lookback || before < ENOUGH_BEFORE && attempts.list.len() < MOST
        })?;
        attempts.list.reverse();
        Ok(attempts)
    }

    /// Returns the last `count` of them, oldest first.
    pub fn last(&self, count: usize) -> &[Attempt] {
        &self.list[self.list.len().saturating_sub(count)..]
    }

    /// Returns when each of them was, as far as that can be known. The order of the log decides where a clock was wrong: no
    /// cycle was before an earlier one, and none is still to come. One whose time is ahead was no later than the next one whose
    /// time is not; where there is none, it counts as of now, unless its time is so far ahead that the wait would have no end.
    pub(crate) fn times(&self, now: DateTime<Utc>) -> Vec<Option<DateTime<Utc>>> {
        let mut times = Vec::with_capacity(self.list.len());
        let mut latest = None;
        for attempt in &self.list {
            let past = attempt.time.filter(|time| *time <= now);
            latest = latest.max(past);
            times.push(if past.is_some() { latest } else { None });
        }
        let (mut next, mut before) = (None, latest);
        for (time, attempt) in times.iter_mut().zip(&self.list).rev() {
            match *time {
                Some(known) => (next, before) = (Some(known), Some(known)),
                None if next.is_some() => *time = next,
                None => *time = attempt.time.filter(|ahead| *ahead <= now + NEAR).map(|_| now).or(before),
            }
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_decides_where_a_clock_was_wrong() {
        let hour = |hour: i64| DateTime::from_timestamp(1_774_000_000 + hour * 3600, 0).unwrap();
        let now = hour(100);
        let times = |hours: &[Option<i64>]| {
            let attempt = |time: &Option<i64>| Attempt {
                cycle: None,
                issue: None,
                time: time.map(hour),
                outcome: None,
                was_observed: true,
                pull: None,
            };
            let attempts = Attempts { list: hours.iter().map(attempt).collect(), damaged: 0 };
            attempts.times(now).iter().map(|time| time.map(|time| (time - hour(0)).num_hours())).collect::<Vec<_>>()
        };
        assert_eq!(times(&[Some(1), Some(2), Some(100)]), [Some(1), Some(2), Some(100)]);
        // Set back by five hours between the second and the third.
        assert_eq!(times(&[Some(1), Some(9), Some(4)]), [Some(1), Some(9), Some(9)]);
        // Ahead, then set right.
        assert_eq!(times(&[Some(1), Some(150), Some(99)]), [Some(1), Some(99), Some(99)]);
        // Ahead, and still the last.
        assert_eq!(times(&[Some(1), Some(150)]), [Some(1), Some(100)]);
        // Far ahead, or without a time: of the time of the one before.
        assert_eq!(times(&[Some(1), Some(90_000), None]), [Some(1), Some(1), Some(1)]);
        assert_eq!(times(&[None, Some(90_000)]), [None, None]);
    }
}
