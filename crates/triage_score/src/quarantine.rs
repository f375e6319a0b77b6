//! Which issues are kept out of the queue because cycles keep failing on them.
//!
//! `quarantine.json` lists the quarantined ones; `quarantine_released.json` remembers which were released and when, so that
//! the failures before do not bring an issue straight back. Both are changed under the lock of `quarantine.json`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::Error;
use common::run::Run;
use host::files::FileError;
use records::{Quarantine, QuarantineEntry, Release};
use store::{Change, Cycles, Document, Found};

/// When issues are quarantined.
pub(crate) struct Policy<'h> {
    /// The log of cycles.
    pub cycles: Cycles<'h>,
    /// After how many failed cycles an issue is kept out.
    pub failures: u64,
    /// Among how many records at the end of the log.
    pub lookback: usize,
}

/// The quarantine after a decision.
#[derive(Debug)]
pub(crate) struct Decision {
    /// The issues in quarantine.
    pub quarantine: Quarantine,
    /// The issues that the decision put into it.
    pub newly: Vec<u64>,
}

/// The failures of one issue since its last success.
#[derive(Debug, Default)]
struct Streak {
    failures: u64,
    last_cycle: Option<u64>,
}

/// Brings `quarantine.json` up to date with the log: reads, decides and writes in one step under the lock, so that no release
/// in between is lost. A damaged file is kept next to it first.
pub(crate) fn update(run: &Run, policy: &Policy<'_>) -> Result<Decision, Error> {
    run.store.quarantine().update(|quarantine, found| {
        let decision = decide(run, policy, quarantine.clone())?;
        let is_changed = found != Found::Intact || *quarantine != decision.quarantine;
        quarantine.clone_from(&decision.quarantine);
        Ok(Change::write_if(is_changed, decision))
    })
}

/// Decides as [`update`] does, and writes nothing.
pub(crate) fn preview(run: &Run, policy: &Policy<'_>) -> Result<Decision, Error> {
    let stored = run.store.quarantine().read_intact("no issue counts as quarantined")?;
    decide(run, policy, stored.unwrap_or_default())
}

/// Returns whether an issue is in quarantine.
pub(crate) fn contains(quarantine: &Quarantine, issue: u64) -> bool {
    quarantine.contains(&issue.to_string())
}

/// Releases an issue from quarantine, and remembers when; returns whether it was in quarantine.
pub(crate) fn release(run: &Run, issue: u64) -> Result<bool, Error> {
    let key = issue.to_string();
    run.store.quarantine().update(|quarantine, _| {
        if !quarantine.remove(&key) {
            return Ok(Change::Keep(false));
        }
        // First that it was released, then that it is out: killed in between, it is still in and can be released again.
        let release = Release { released_at: Some(run.host.timestamp()), ..Release::default() };
        run.store.released().change(|released| released.insert(key.clone(), &release))??;
        Ok(Change::Write(true))
    })
}

/// Puts issues into quarantine that have at least so many failed cycles and no success after them, and takes those out that
/// have succeeded since.
fn decide(run: &Run, policy: &Policy<'_>, mut quarantine: Quarantine) -> Result<Decision, Error> {
    let mut newly = Vec::new();
    for (issue, streak) in streaks(run, policy, &release_times(run)?)? {
        let key = issue.to_string();
        if streak.failures >= policy.failures {
            if !quarantine.contains(&key) {
                newly.push(issue);
                quarantine.insert(key, &streak.entry(run.host.timestamp()))?;
            }
        } else if streak.failures == 0 {
            quarantine.swap_remove(&key);
        }
    }
    Ok(Decision { quarantine, newly })
}

/// When each issue was released. A damaged file counts as empty, with a warning.
fn release_times(run: &Run) -> Result<BTreeMap<u64, DateTime<Utc>>, FileError> {
    let released = run.store.released().read_intact("no issue counts as released")?.unwrap_or_default();
    Ok(released.iter().filter_map(|(number, release)| Some((number.parse().ok()?, release.time()?))).collect())
}

/// Returns the failures of each issue since its last success, without those before its release.
fn streaks(
    run: &Run,
    policy: &Policy<'_>,
    released: &BTreeMap<u64, DateTime<Utc>>,
) -> Result<BTreeMap<u64, Streak>, FileError> {
    let log = policy.cycles.tail(policy.lookback)?;
    if log.damaged > 0 {
        run.detail(&format!("{} line(s) of the log cannot be read", log.damaged));
    }
    let mut streaks: BTreeMap<u64, Streak> = BTreeMap::new();
    for cycle in &log.intact {
        let Some(issue) = cycle.issue else { continue };
        let before_release =
            released.get(&issue).is_some_and(|released| cycle.time().is_none_or(|time| time <= *released));
        if before_release {
            continue;
        }
        let streak = streaks.entry(issue).or_default();
        if cycle.success {
            *streak = Streak::default();
        } else {
            streak.failures += 1;
            streak.last_cycle = cycle.cycle;
        }
    }
    Ok(streaks)
}

impl Streak {
    fn entry(&self, quarantined_at: String) -> QuarantineEntry {
        QuarantineEntry {
            reason: format!("failed {0} of its last {0} cycles", self.failures),
            failures: Some(self.failures),
            quarantined_at: Some(quarantined_at),
            last_cycle: self.last_cycle,
            ..QuarantineEntry::default()
        }
    }
}
