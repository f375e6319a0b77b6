//! Is there work: the ready items of the queue, less those that are held back, less those that were closed meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::Error;
use common::run::Run;
use eligibility::{Holds, Sources};
use gitea::{ForgeError, IssueQuery, State};
use host::text;
use records::{QueueItem, Reason};
use store::Log;
use store::queue::QueueRead;
use store::ready::{Hold, ReadyIssues};

use crate::settings::Settings;

/// The longest that the forge is waited for: the guard runs before every cycle.
const FORGE_PATIENCE: Duration = Duration::from_secs(3);

/// How far the forge's clock may be behind ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::hours(1);

/// How many issues a page of the forge holds.
const PAGE: u64 = 50;

/// What there is to do.
#[derive(Debug)]
pub(crate) struct Work {
    /// The best of the ready issues.
    pub first: Option<QueueItem>,
    /// Why there is work, or none.
    pub reason: Reason,
    /// The ready issues that are held back, best first.
    pub held_back: Vec<(u64, Hold)>,
    /// When the first of those that wait is given out again.
    pub next_at: Option<DateTime<Utc>>,
    /// The issues that were put into quarantine now.
    pub newly_quarantined: Vec<u64>,
    numbers: Vec<u64>,
    holds: Holds,
}

impl Work {
    /// Returns how many issues are ready.
    pub(crate) fn ready(&self) -> usize {
        self.numbers.len()
    }

    /// Returns whether an issue is ready.
    pub(crate) fn is_ready(&self, issue: u64) -> bool {
        self.numbers.contains(&issue)
    }

    /// Decides from the files, without asking the forge; writes nothing.
    pub(crate) fn in_files(run: &Run, settings: &Settings) -> Result<Self, Error> {
        let holds = Holds::preview(Sources::of_run(run), &settings.cool_down)?;
        Self::ready_items(run, holds, &BTreeSet::new())
    }

    /// Brings the quarantine up to date, decides from the files, and asks the forge, if the settings want it, which issues were
    /// closed; these are removed from the queue.
    pub(crate) fn find(run: &Run, settings: &Settings) -> Result<Self, Error> {
        let holds = Holds::update(Sources::of_run(run), &settings.cool_down)?;
        let work = Self::ready_items(run, holds, &BTreeSet::new())?;
        if !settings.verify_open || work.numbers.is_empty() {
            return Ok(work);
        }
        let closed = match closed(run, settings, &work.numbers) {
            Ok(closed) => closed,
            Err(error) => {
                run.warn(&format!(
                    "the forge did not report which issues are open ({error}); the queue is used as it is"
                ));
                return Ok(work);
            }
        };
        if closed.is_empty() {
            return Ok(work);
        }
        run.detail(&format!("closed on the forge, removed from the queue: {closed:?}"));
        run.store.queue().remove(&closed)?;
        Self::ready_items(run, work.holds, &closed)
    }

    fn ready_items(run: &Run, holds: Holds, closed: &BTreeSet<u64>) -> Result<Self, Error> {
        let ready = ReadyIssues::read(&run.store, |issue, entry| holds.of_entry(issue, entry), |_| ())?;
        match &ready.read {
            QueueRead::Intact { damaged: 0 } | QueueRead::Missing => {}
            QueueRead::Intact { damaged } => {
                let queue = run.store.queue();
                run.warn(&format!(
                    "{}: {} of the queue cannot be read",
                    queue.path().display(),
                    text::counted(*damaged, "item")
                ));
            }
            QueueRead::Damaged(error) => {
                run.warn(&format!("{error}; the queue counts as empty until the triage recreates it"));
            }
        }
        Ok(Self {
            reason: ready.reason(!closed.is_empty()),
            next_at: ready.next_at(),
            newly_quarantined: holds.newly_quarantined.clone(),
            first: ready.first,
            numbers: ready.numbers,
            held_back: ready.held_back,
            holds,
        })
    }
}

/// Asks the forge, with one request, which of these issues are closed.
///
/// A page holds 50 issues. Where no more are open, the list of open ones decides. Where there are more, those are asked
/// for that were closed since the queue was written: whatever is in it was open then.
fn closed(run: &Run, settings: &Settings, queued: &[u64]) -> Result<BTreeSet<u64>, ForgeError> {
    let Some(forge) = gitea::connect_once(run, &settings.forge, FORGE_PATIENCE)? else {
        // A repository without a forge has nothing to ask.
        return Ok(BTreeSet::new());
    };
    let written = run.store.queue().modified()?;
    let last_triage = run.store.triage_runs().tail(1)?.intact.pop();
    let many_are_open = last_triage.and_then(|triage| triage.total_open).is_some_and(|open| open > PAGE);
    if let (true, Some(written)) = (many_are_open, written) {
        let since = Some(written - CLOCK_SKEW);
        let page = forge.some_issues(IssueQuery { state: State::Closed, since, with_pulls: false })?;
        return Ok(page.items.iter().map(|issue| issue.number).filter(|number| queued.contains(number)).collect());
    }
    let page = forge.some_issues(IssueQuery::default())?;
    // An entry that the server failed to load has the number 0.
    let open: BTreeSet<u64> = page.items.iter().map(|issue| issue.number).filter(|number| *number > 0).collect();
    if open.len() < page.length {
        run.detail("the forge did not load every issue of its page, so none counts as closed");
        return Ok(BTreeSet::new());
    }
    let is_whole = page.total.is_some_and(|total| total <= page.length);
    // The latest opened come first: on a page that is not all, only numbers in its reach are known.
    let reach = if is_whole { 0 } else { open.first().copied().unwrap_or(u64::MAX) };
    Ok(queued.iter().copied().filter(|number| *number >= reach && !open.contains(number)).collect())
}
