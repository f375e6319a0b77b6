//! Why an issue is held back although it is ready, and until when.

use std::collections::BTreeMap;

use common::Error;
use records::{Quarantine, Reason};
use store::queue::QueueEntry;
use store::ready::Hold;

use crate::attempts::Attempts;
use crate::cool_down::{CoolDown, Wait};
use crate::quarantine::{self, Decision};
use crate::sources::Sources;

/// The issues that are held back.
#[derive(Debug)]
pub struct Holds {
    /// Those in quarantine.
    pub quarantine: Quarantine,
    /// Those that the decision put into quarantine.
    pub newly_quarantined: Vec<u64>,
    waits: BTreeMap<u64, Wait>,
}

impl Holds {
    /// Decides from the records as they are; writes nothing.
    ///
    /// # Errors
    /// The system refuses to read a file.
    pub fn preview(sources: Sources<'_, '_>, cool_down: &CoolDown) -> Result<Self, Error> {
        Self::decide(sources, cool_down).map(|(holds, _)| holds)
    }

    /// Decides from the records as they are, and brings `quarantine.json` up to date. Where it cannot be written, that is a
    /// warning: the decision holds all the same.
    ///
    /// # Errors
    /// The system refuses to read a file.
    pub fn update(sources: Sources<'_, '_>, cool_down: &CoolDown) -> Result<Self, Error> {
        let (mut holds, outdated) = Self::decide(sources, cool_down)?;
        if !outdated {
            return Ok(holds);
        }
        match quarantine::limits(sources).and_then(|limits| quarantine::update(sources, limits)) {
            Ok(Decision { quarantine, newly }) => (holds.quarantine, holds.newly_quarantined) = (quarantine, newly),
            Err(error) => sources.store.warn(&format!("{error}: the quarantine is not brought up to date in the file")),
        }
        Ok(holds)
    }

    /// Also returns whether `quarantine.json` is out of date.
    fn decide(sources: Sources<'_, '_>, cool_down: &CoolDown) -> Result<(Self, bool), Error> {
        let now = sources.host.now();
        let limits = quarantine::limits(sources);
        let lookback = limits.as_ref().map_or(0, |limits| limits.lookback);
        let attempts = Attempts::read(&sources.cycles()?, lookback, now - cool_down.longest())?;
        let (decision, outdated) = match limits {
            Ok(limits) => quarantine::preview_with(sources, limits, &attempts)?,
            // The triage ends with this error; the loop goes on with the quarantine that there is.
            Err(error) => {
                sources.store.warn(&format!("{error}: the quarantine is not brought up to date"));
                let stored = sources.store.quarantine().read_intact("no issue counts as quarantined")?;
                (Decision { quarantine: stored.unwrap_or_default(), newly: Vec::new() }, false)
            }
        };
        let waits = cool_down.waits(&attempts, &quarantine::release_times(sources)?, now);
        Ok((Self { quarantine: decision.quarantine, newly_quarantined: decision.newly, waits }, outdated))
    }

    /// Returns why an item of the queue is held back; none where it is not. An issue that changed after the cycle on it does
    /// not wait.
    pub fn of_entry(&self, issue: u64, entry: &QueueEntry<'_>) -> Option<Hold> {
        if quarantine::contains(&self.quarantine, issue) {
            return Some(Hold { reason: Reason::Quarantined, until: None });
        }
        let wait = self.waits.get(&issue)?;
        let changed_at = entry.item().and_then(|item| item.changed_at());
        let has_changed = changed_at.is_some_and(|changed| changed > wait.since);
        (!has_changed).then_some(Hold { reason: wait.reason, until: Some(wait.until) })
    }
}
