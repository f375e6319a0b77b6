//! Which issues are kept out of the queue because cycles keep failing on them.
//!
//! `quarantine.json` lists the quarantined ones; `quarantine_released.json` remembers which were released and when, so that
//! the failures before do not bring an issue straight back. Both are changed under the lock of `quarantine.json`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::Error;
use common::settings::{Layers, Setting, SettingsError};
use host::files::FileError;
use records::{Quarantine, QuarantineEntry, Release};
use store::{Change, Document, Found};
use triage_rules::{QuarantineLimits, RULES_FILE, RulesLocation};

use crate::attempts::{Attempt, Attempts};
use crate::sources::Sources;

/// The automation whose settings say when an issue is quarantined.
const OWNER: &str = "triage_score";

/// After how many failed cycles an issue is kept out.
pub const QUARANTINE_FAILURES: Setting<Option<u64>> = Setting {
    key: "quarantine_failures",
    aliases: &[],
    default: || None,
    valid: |count| count.is_none_or(|count| (1..=1000).contains(&count)),
    expected: "a whole number from 1 to 1000",
};

/// Among how many records at the end of the log.
pub const QUARANTINE_LOOKBACK: Setting<Option<u64>> = Setting {
    key: "quarantine_lookback",
    aliases: &["QUARANTINE_LOOKBACK"],
    default: || None,
    valid: |count| count.is_none_or(|count| (1..=100_000).contains(&count)),
    expected: "a whole number from 1 to 100000",
};

/// The settings that say when an issue is quarantined. What is none here is as the rules say.
#[derive(Clone, Copy, Debug)]
pub struct QuarantineSettings {
    /// After how many failed cycles an issue is kept out.
    pub failures: Option<u64>,
    /// Among how many records.
    pub lookback: Option<usize>,
}

/// The quarantine after a decision.
#[derive(Debug)]
pub struct Decision {
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

impl QuarantineSettings {
    /// Takes them from the layers of the triage.
    ///
    /// # Errors
    /// A value does not parse or is out of range.
    pub fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        let lookback = layers.get(&QUARANTINE_LOOKBACK, None)?;
        Ok(Self {
            failures: layers.get(&QUARANTINE_FAILURES, None)?,
            lookback: lookback.and_then(|count| usize::try_from(count).ok()),
        })
    }

    /// Returns the limits in force; `rules` are those of the rules.
    pub fn limits(self, rules: QuarantineLimits) -> QuarantineLimits {
        QuarantineLimits {
            failures: self.failures.unwrap_or(rules.failures),
            lookback: self.lookback.unwrap_or(rules.lookback),
        }
    }
}

/// Returns when the triage quarantines an issue, for another tool.
///
/// # Errors
/// A setting of the triage, or its file of rules, is broken.
pub fn limits(sources: Sources<'_, '_>) -> Result<QuarantineLimits, Error> {
    let objects = sources.manifest.config(OWNER).into_iter().collect();
    let mut layers = Layers::new(sources.host, OWNER, objects, Vec::new());
    let settings = QuarantineSettings::resolve(&mut layers)?;
    if let QuarantineSettings { failures: Some(failures), lookback: Some(lookback) } = settings {
        return Ok(QuarantineLimits { failures, lookback });
    }
    let named = layers.get(&RULES_FILE, None)?;
    let location = RulesLocation::find(sources.store.repo(), sources.manifest, named.as_deref());
    Ok(settings.limits(QuarantineLimits::load(&location)?))
}

/// Brings `quarantine.json` up to date with the log: reads, decides and writes in one step under the lock, so that no release
/// and no record in between is lost. A damaged file is kept next to it first.
///
/// # Errors
/// The system refuses to read or write a file.
pub fn update(sources: Sources<'_, '_>, limits: QuarantineLimits) -> Result<Decision, Error> {
    let cycles = sources.cycles()?;
    sources.store.quarantine().update(|quarantine, found| {
        let attempts = Attempts::read(&cycles, limits.lookback, sources.host.now())?;
        let decision = decide(sources, limits, &attempts, quarantine.clone())?;
        let is_changed = found != Found::Intact || *quarantine != decision.quarantine;
        quarantine.clone_from(&decision.quarantine);
        Ok(Change::write_if(is_changed, decision))
    })
}

/// Brings `quarantine.json` up to date as [`update`] does, but leaves a file that needs no change alone, and returns the
/// decision.
///
/// # Errors
/// The system refuses to read or write a file.
pub fn refresh(sources: Sources<'_, '_>, limits: QuarantineLimits) -> Result<Decision, Error> {
    let attempts = Attempts::read(&sources.cycles()?, limits.lookback, sources.host.now())?;
    let (decision, is_outdated) = preview_with(sources, limits, &attempts)?;
    if is_outdated { update(sources, limits) } else { Ok(decision) }
}

/// Returns the line that says that an issue was put into quarantine.
pub fn notice(issue: u64) -> String {
    format!("#{issue} is quarantined (triage_score --release {issue} releases it)")
}

/// Decides as [`update`] does, and writes nothing.
///
/// # Errors
/// The system refuses to read a file.
pub fn preview(sources: Sources<'_, '_>, limits: QuarantineLimits) -> Result<Decision, Error> {
    let attempts = Attempts::read(&sources.cycles()?, limits.lookback, sources.host.now())?;
    preview_with(sources, limits, &attempts).map(|(decision, _)| decision)
}

/// Decides from these attempts, and writes nothing; also returns whether `quarantine.json` has to be brought up to date.
pub(crate) fn preview_with(
    sources: Sources<'_, '_>,
    limits: QuarantineLimits,
    attempts: &Attempts,
) -> Result<(Decision, bool), Error> {
    let stored = sources.store.quarantine().read_intact("no issue counts as quarantined")?.unwrap_or_default();
    let decision = decide(sources, limits, attempts, stored.clone())?;
    let is_changed = decision.quarantine != stored;
    Ok((decision, is_changed))
}

/// Returns whether an issue is in quarantine.
pub fn contains(quarantine: &Quarantine, issue: u64) -> bool {
    quarantine.contains(&issue.to_string())
}

/// Releases an issue from quarantine, and remembers when; returns whether it was in quarantine.
///
/// # Errors
/// The system refuses to read or write a file.
pub fn release(sources: Sources<'_, '_>, issue: u64) -> Result<bool, Error> {
    let key = issue.to_string();
    sources.store.quarantine().update(|quarantine, _| {
        if !quarantine.remove(&key) {
            return Ok(Change::Keep(false));
        }
        // First that it was released, then that it is out: killed in between, it is still in and can be released again.
        let release = Release { released_at: Some(sources.host.timestamp()), ..Release::default() };
        sources.store.released().change(|released| released.insert(key.clone(), &release))??;
        Ok(Change::Write(true))
    })
}

/// Puts issues into quarantine that have at least so many failed cycles and no success after them, and takes those out that
/// have succeeded since.
fn decide(
    sources: Sources<'_, '_>,
    limits: QuarantineLimits,
    attempts: &Attempts,
    mut quarantine: Quarantine,
) -> Result<Decision, Error> {
    let mut newly = Vec::new();
    for (issue, streak) in streaks(attempts.last(limits.lookback), &release_times(sources)?) {
        let key = issue.to_string();
        if streak.failures >= limits.failures {
            if !quarantine.contains(&key) {
                newly.push(issue);
                quarantine.insert(key, &streak.entry(sources.host.timestamp()))?;
            }
        } else if streak.failures == 0 {
            quarantine.swap_remove(&key);
        }
    }
    Ok(Decision { quarantine, newly })
}

/// When each issue was released. A damaged file counts as empty, with a warning.
pub(crate) fn release_times(sources: Sources<'_, '_>) -> Result<BTreeMap<u64, DateTime<Utc>>, FileError> {
    let released = sources.store.released().read_intact("no issue counts as released")?.unwrap_or_default();
    Ok(released.iter().filter_map(|(number, release)| Some((number.parse().ok()?, release.time()?))).collect())
}

/// Returns the failures of each issue since its last success, without those before its release. A failure that was not the
/// issue's is none.
fn streaks(attempts: &[Attempt], released: &BTreeMap<u64, DateTime<Utc>>) -> BTreeMap<u64, Streak> {
    let mut streaks: BTreeMap<u64, Streak> = BTreeMap::new();
    for attempt in attempts {
        let (Some(issue), Some(success)) = (attempt.issue, attempt.outcome) else { continue };
        if is_before_release(attempt.time, released.get(&issue)) {
            continue;
        }
        let streak = streaks.entry(issue).or_default();
        if success {
            *streak = Streak::default();
        } else {
            streak.failures += 1;
            streak.last_cycle = attempt.cycle;
        }
    }
    streaks
}

/// Returns whether a record of this time is from before a release.
pub(crate) fn is_before_release(time: Option<DateTime<Utc>>, released: Option<&DateTime<Utc>>) -> bool {
    released.is_some_and(|released| time.is_none_or(|time| time <= *released))
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
