//! How long an issue that was worked on is not given out again: a shell loop would otherwise give it out all night.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use common::manifest::Manifest;
use common::settings::{Layers, Setting, SettingsError};
use host::Host;
use records::Reason;

use crate::attempts::Attempts;
use crate::quarantine::is_before_release;

/// The automation whose settings say how long.
const OWNER: &str = "loop_guard";

/// The longest time that may be set, in seconds.
pub(crate) const LONGEST: u64 = 30 * 86_400;

/// How long after a success, in seconds.
pub const COOLDOWN: Setting<u64> = Setting {
    key: "cooldown",
    aliases: &[],
    default: || 86_400,
    valid: |seconds| *seconds <= LONGEST,
    expected: "whole seconds from 0 to 2592000",
};

/// How long after the first, the second and each further failure in a row, in seconds.
pub const RETRY_AFTER: Setting<Vec<u64>> = Setting {
    key: "retry_after",
    aliases: &[],
    default: || vec![0, 3600, 14_400],
    valid: |seconds| seconds.len() <= 100 && seconds.iter().all(|seconds| *seconds <= LONGEST),
    expected: "a list of whole seconds from 0 to 2592000, the first for the first failure",
};

/// How long an issue waits after a cycle on it.
#[derive(Clone, Debug)]
pub struct CoolDown {
    after_success: TimeDelta,
    after_failures: Vec<TimeDelta>,
}

/// That an issue waits because of its last cycle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Wait {
    /// Whether after a success or a failure.
    pub reason: Reason,
    /// When the cycle was.
    pub since: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

impl CoolDown {
    /// Takes the times from the layers of the guard.
    ///
    /// # Errors
    /// A value does not parse or is out of range.
    pub fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        let seconds = |seconds: u64| TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000));
        Ok(Self {
            after_success: seconds(layers.get(&COOLDOWN, None)?),
            after_failures: layers.get(&RETRY_AFTER, None)?.into_iter().map(seconds).collect(),
        })
    }

    /// Returns the times that the guard is set to, for another tool.
    ///
    /// # Errors
    /// As [`CoolDown::resolve`].
    pub fn of_guard(host: &Host, manifest: &Manifest) -> Result<Self, SettingsError> {
        Self::resolve(&mut Layers::new(host, OWNER, manifest.config(OWNER).into_iter().collect(), Vec::new()))
    }

    /// Returns the longest of the times.
    pub(crate) fn longest(&self) -> TimeDelta {
        self.after_failures.iter().copied().max().unwrap_or_default().max(self.after_success)
    }

    fn after_failure(&self, failures: usize) -> TimeDelta {
        let at = failures.min(self.after_failures.len());
        at.checked_sub(1).map_or_else(TimeDelta::zero, |at| self.after_failures[at])
    }

    /// Returns the issues that wait at `now`. Only cycles that were observed count, and no failure that was not the issue's or
    /// that was before its release from quarantine.
    pub(crate) fn waits(
        &self,
        attempts: &Attempts,
        released: &BTreeMap<u64, DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BTreeMap<u64, Wait> {
        let mut waits: BTreeMap<u64, (usize, Wait)> = BTreeMap::new();
        for (attempt, since) in attempts.list.iter().zip(attempts.times(now)) {
            let (Some(issue), Some(success), Some(since), true) =
                (attempt.issue, attempt.outcome, since, attempt.was_observed)
            else {
                continue;
            };
            if !success && is_before_release(attempt.time, released.get(&issue)) {
                continue;
            }
            let failures = if success { 0 } else { waits.get(&issue).map_or(0, |(failures, _)| *failures) + 1 };
            let (reason, length) = if success {
                (Reason::CoolDown, self.after_success)
            } else {
                (Reason::RetryLater, self.after_failure(failures))
            };
            waits.insert(issue, (failures, Wait { reason, since, until: since + length }));
        }
        waits.into_iter().map(|(issue, (_, wait))| (issue, wait)).filter(|(_, wait)| wait.until > now).collect()
    }
}
