//! Is there work: the ready items of the queue, less those that are held back, less those that were closed meanwhile.

use chrono::{DateTime, Utc};
use common::Error;
use common::run::Run;
use eligibility::{Holds, Sources};
use gitea::{ForgeAnswer, ForgeError};
use host::text;
use records::{QueueItem, Reason, parse_time};
use store::queue::QueueRead;
use store::ready::{Hold, ReadyIssues};

use crate::asked_last::{Candidate, Questions, Refusals};
use crate::settings::Settings;
use crate::under_way::under_way;

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
    /// What the forge was asked.
    pub forge: ForgeAnswer,
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
        Self::ready_items(run, holds, &Refusals::default())
    }

    /// Brings the quarantine up to date, decides from the files, and asks the forge, if the settings want it, about the issue that is
    /// about to be given out: where it may not be, about the next one, until the time for that is over. Closed ones leave the queue.
    pub(crate) fn find(run: &Run, settings: &Settings) -> Result<Self, Error> {
        let holds = Holds::update(Sources::of_run(run), &settings.cool_down)?;
        let mut refusals = Refusals::default();
        let mut work = Self::ready_items(run, holds, &refusals)?;
        if !settings.verify_open || work.numbers.is_empty() {
            return Ok(work);
        }
        let ask = |work: Self, refusals: &mut Refusals| Self::ask_last(run, settings, work, refusals);
        work = ask(work, &mut refusals)?;
        if !refusals.closed.is_empty() {
            run.store.queue().remove(&refusals.closed)?;
        }
        Ok(work)
    }

    /// Asks the forge about one issue after the other, until one may be given out, or it does not answer.
    fn ask_last(run: &Run, settings: &Settings, mut work: Self, refusals: &mut Refusals) -> Result<Self, Error> {
        let mut questions = match Questions::begin(run, settings) {
            Ok(Some(questions)) => questions,
            Ok(None) => return Ok(work),
            Err(error) => return Ok(work.unverified(run, &error)),
        };
        while let Some(candidate) = candidate(run, settings, &work)? {
            match questions.may_be_given_out(run, &candidate, refusals) {
                Ok(true) => {
                    work.forge = ForgeAnswer::of(Ok(()));
                    return Ok(work);
                }
                Ok(false) => work = Self::ready_items(run, work.holds, refusals)?,
                Err(error) => return Ok(work.unverified(run, &error)),
            }
        }
        work.forge = ForgeAnswer::of(Ok(()));
        Ok(work)
    }

    /// Notes that the forge did not answer: what the queue says holds.
    fn unverified(mut self, run: &Run, error: &ForgeError) -> Self {
        run.warn(&format!(
            "the forge did not say whether the issue may be given out ({error}); the queue is used as it is"
        ));
        self.forge = ForgeAnswer::of(Err(error));
        self
    }

    fn ready_items(run: &Run, holds: Holds, refusals: &Refusals) -> Result<Self, Error> {
        let ready = ReadyIssues::read(
            &run.store,
            |issue, entry| refusals.hold(issue).or_else(|| holds.of_entry(issue, entry)),
            |_| (),
        )?;
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
        let reason = ready.reason();
        // Closed ones leave the queue: they wait for nothing.
        let held_back = ready.held_back.iter().filter(|(_, hold)| hold.reason != Reason::AllClosed);
        Ok(Self {
            held_back: held_back.copied().collect(),
            reason,
            next_at: ready.next_at(),
            newly_quarantined: holds.newly_quarantined.clone(),
            first: ready.first,
            numbers: ready.numbers,
            forge: ForgeAnswer::default(),
            holds,
        })
    }
}

/// The issue that is about to be given out: that of a fresh result file, else the first of the queue.
fn candidate(run: &Run, settings: &Settings, work: &Work) -> Result<Option<Candidate>, Error> {
    let stored = run.store.cycle_result().read()?;
    if let Some((issue, _)) = under_way(run, settings, |issue| work.is_ready(issue), stored.as_ref())? {
        return Ok(Some(Candidate { issue, updated: None, queue_written: None, is_under_way: true }));
    }
    let Some(first) = &work.first else { return Ok(None) };
    let queue_written = run.store.queue().modified()?;
    let updated = parse_time(&first.updated);
    Ok(Some(Candidate { issue: first.issue, updated, queue_written, is_under_way: false }))
}
