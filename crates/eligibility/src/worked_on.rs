//! The last cycle on each issue, as far back as an issue can wait because of one.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use common::Error;

use crate::attempts::Attempts;
use crate::cool_down::{CoolDown, LONGEST};
use crate::sources::Sources;

/// The last cycle on an issue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LastCycle {
    /// When it was recorded.
    pub time: DateTime<Utc>,
    /// The pull request that it made, if it succeeded.
    pub pull: Option<u64>,
}

/// Returns the last cycle on each issue.
///
/// # Errors
/// The log cannot be read, or a setting says wrongly where it is.
pub fn last_cycles(sources: Sources<'_, '_>) -> Result<BTreeMap<u64, LastCycle>, Error> {
    let now = sources.host.now();
    let longest = CoolDown::of_guard(sources.host, sources.manifest).map(|cool_down| cool_down.longest());
    // Where the guard's settings are wrong, the guard reports it.
    let longest = longest.unwrap_or_else(|_| TimeDelta::seconds(i64::try_from(LONGEST).unwrap_or(i64::MAX / 1000)));
    let horizon = now - longest;
    let attempts = Attempts::read(&sources.cycles()?, 0, horizon)?;
    let mut last = BTreeMap::new();
    for (attempt, time) in attempts.list.iter().zip(attempts.times(now)) {
        if let (Some(issue), Some(time), true) = (attempt.issue, time, attempt.was_observed)
            && time >= horizon
        {
            let pull = attempt.pull.filter(|_| attempt.outcome == Some(true));
            last.insert(issue, LastCycle { time, pull });
        }
    }
    Ok(last)
}
