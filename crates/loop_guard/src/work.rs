//! Is there work: the ready items of the queue, less those in quarantine, less those that were closed meanwhile.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use common::files::{self, Durability, FileError};
use common::journal;
use common::reason::Reason;
use common::records::{IssueType, PastTriageRun, QueueLine, QueueRead, quarantined_numbers, read_queue};
use common::run::Run;
use gitea::{Forge, ForgeError, IssueQuery, State};
use serde::Serialize;

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
    /// How many issues are ready.
    pub ready: usize,
    /// The best of them.
    pub first: Option<First>,
    /// Why there is work, or none.
    pub reason: Reason,
    numbers: BTreeSet<u64>,
}

impl Default for Work {
    fn default() -> Self {
        Self { ready: 0, first: None, reason: Reason::NoQueue, numbers: BTreeSet::new() }
    }
}

/// The issue to be worked on next, as the agent's result file is seeded with it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct First {
    /// Its number.
    pub issue: u64,
    /// What kind of work it asks for.
    #[serde(rename = "type")]
    pub kind: IssueType,
    /// Its title.
    #[serde(skip)]
    pub title: String,
}

impl Work {
    /// Reads the queue and the quarantine, without asking the forge.
    pub fn in_files(run: &Run) -> Result<Self, FileError> {
        Self::ready_items(run, &quarantine(run)?)
    }

    /// Reads the queue and the quarantine, and asks the forge, if the settings want it, which issues were closed; these
    /// are taken out of the queue.
    pub fn find(run: &Run, settings: &Settings) -> Result<Self, FileError> {
        let quarantined = quarantine(run)?;
        let work = Self::ready_items(run, &quarantined)?;
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
        drop_from_queue(&run.repo.queue(), &closed)?;
        let work = Self::ready_items(run, &(&quarantined | &closed))?;
        let reason = if work.reason == Reason::QueueEmpty { Reason::AllClosed } else { work.reason };
        Ok(Self { reason, ..work })
    }

    fn ready_items(run: &Run, left_out: &BTreeSet<u64>) -> Result<Self, FileError> {
        let (mut work, mut left) = (Self::default(), 0_usize);
        let read = read_queue(&run.repo.queue(), |_, line| {
            let Some((line, issue)) =
                line.filter(QueueLine::is_ready).and_then(|line| line.issue.map(|issue| (line, issue)))
            else {
                return;
            };
            left += usize::from(left_out.contains(&issue));
            if !left_out.contains(&issue) && work.numbers.insert(issue) && work.first.is_none() {
                work.first = Some(First { issue, kind: line.kind(), title: line.title().to_owned() });
            }
        })?;
        match read {
            QueueRead::Missing => return Ok(work),
            QueueRead::Intact { damaged: 0 } => {}
            QueueRead::Intact { damaged } => {
                run.warn(&format!("{}: {damaged} item(s) of the queue cannot be read", run.repo.queue().display()));
            }
            QueueRead::Damaged(error) => {
                run.warn(&format!("{error}; the queue counts as empty until the triage recreates it"));
                return Ok(Self { reason: Reason::QueueDamaged, ..Self::default() });
            }
        }
        work.ready = work.numbers.len();
        work.reason = match (work.ready, left) {
            (0, 0) => Reason::QueueEmpty,
            (0, _) => Reason::AllQuarantined,
            _ => Reason::Work,
        };
        Ok(work)
    }
}

fn quarantine(run: &Run) -> Result<BTreeSet<u64>, FileError> {
    let read = quarantined_numbers(&run.repo.quarantine())?;
    Ok(read.intact_or(|error| run.warn(&format!("{error}; no issue counts as quarantined"))).unwrap_or_default())
}

/// Asks the forge, with one request, which of these issues are closed.
///
/// A page holds 50 issues. Where no more are open, the list of open ones decides. Where there are more, those are asked
/// for that were closed since the queue was written: whatever is in it was open then.
fn closed(run: &Run, settings: &Settings, queued: &BTreeSet<u64>) -> Result<BTreeSet<u64>, ForgeError> {
    let connection = settings.forge.resolve(run.host, &run.repo).hasty(FORGE_PATIENCE);
    if connection.slug.is_err() {
        // A repository without a forge has nobody to ask.
        return Ok(BTreeSet::new());
    }
    for warning in &connection.warnings {
        run.warn(warning);
    }
    run.detail(&connection.in_words());
    let forge = Forge::connect(&connection)?;
    let written = modified(&run.repo.queue());
    let last_triage = journal::tail::<PastTriageRun>(&run.repo.triage_log(), 1)?.intact.pop();
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
    // The latest opened come first: of a page that is not all, only numbers in its reach are known.
    let reach = if is_whole { 0 } else { open.first().copied().unwrap_or(u64::MAX) };
    Ok(queued.iter().copied().filter(|number| *number >= reach && !open.contains(number)).collect())
}

/// Rewrites the queue without these issues; every other item stays as it is written.
fn drop_from_queue(path: &Path, closed: &BTreeSet<u64>) -> Result<(), FileError> {
    let lock = files::lock(path)?;
    let mut kept = Vec::new();
    read_queue(path, |raw, line| {
        if line.and_then(|line| line.issue).is_none_or(|issue| !closed.contains(&issue)) {
            kept.push(raw.get().to_owned());
        }
    })?;
    lock.replace_by(Durability::Flushed, |file| {
        if kept.is_empty() {
            return file.write_all(b"[]\n");
        }
        file.write_all(format!("[\n  {}\n]\n", kept.join(",\n  ")).as_bytes())
    })
}

/// When a file was last written.
pub(crate) fn modified(path: &Path) -> Option<DateTime<Utc>> {
    let time: SystemTime = std::fs::metadata(path).ok()?.modified().ok()?;
    Some(time.into())
}
