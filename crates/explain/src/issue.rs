//! The story of one issue.

use automations::Context;
use common::Error;
use eligibility::Holds;
use records::{Agenda, AgendaItem, Cycle, FailureClass, InWork, QuarantineEntry, Reason, timestamp};
use serde::Serialize;
use serde_json::Value;
use store::ready::{Hold, ReadyIssues};

use crate::idle::holds;
use crate::score::{ScoreStory, what_would_change};

/// The story of an issue, from the files of the loop.
#[derive(Debug, Serialize)]
pub struct IssueStory {
    /// Its number.
    pub issue: u64,
    /// Its title, as triage or the queue has it.
    pub title: String,
    /// Why it is given out, or is not.
    pub reason: Reason,
    /// Its score at the last triage.
    pub triage: Option<ScoreStory>,
    /// Its place in the queue.
    pub queue: Option<QueuePlace>,
    /// Until when it waits although it is ready, because of its last cycle.
    pub waits_until: Option<String>,
    /// The pull request in which it was in work at the last triage.
    pub in_work: Option<InWork>,
    /// Its entry in the quarantine, as it is stored.
    pub quarantine: Option<Value>,
    /// The cycles that worked on it, oldest first.
    pub cycles: Vec<CycleStory>,
    /// Its place on the last agenda, if there is one.
    pub agenda: Option<AgendaPlace>,
    /// What would change it.
    pub change: Vec<String>,
    /// Its entry in the quarantine.
    #[serde(skip)]
    pub entry: Option<QuarantineEntry>,
}

/// Its place among the ready issues that are not in quarantine.
#[derive(Debug, Serialize)]
pub struct QueuePlace {
    /// Its place, from 1.
    pub position: usize,
    /// How many there are.
    pub length: usize,
}

/// A cycle that worked on it.
#[derive(Debug, Serialize)]
pub struct CycleStory {
    /// Its number.
    pub cycle: Option<u64>,
    /// Its epoch.
    pub epoch: Option<String>,
    /// When it was.
    pub timestamp: Option<String>,
    /// Whether it succeeded.
    pub success: bool,
    /// How long it took, in seconds. Where the record was added for a merged pull request: how long that was open, at most a day.
    pub duration: Option<f64>,
    /// Whether the record was added for a merged pull request.
    #[serde(skip)]
    pub is_backfilled: bool,
    /// Why it failed.
    pub reason: String,
    /// Whose fault a failure was, where it was not the issue's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_class: Option<FailureClass>,
    /// What it says of the issue: whether it succeeded; none where the failure was not the issue's.
    #[serde(skip)]
    pub outcome: Option<bool>,
    /// Its pull request.
    pub pr: Option<u64>,
    /// When it was, for people.
    #[serde(skip)]
    pub when: String,
}

/// Whether it is on the last agenda.
#[derive(Debug, Serialize)]
pub struct AgendaPlace {
    /// Why it is given out, or is not.
    pub reason: Reason,
    /// Its item.
    pub item: Option<AgendaItem>,
}

impl CycleStory {
    fn of(cycle: Cycle) -> Self {
        let time = cycle.time();
        Self {
            timestamp: time.map(timestamp),
            success: cycle.success,
            duration: cycle.seconds(),
            is_backfilled: cycle.backfilled,
            when: time.map_or("unknown time".to_owned(), |time| time.format("%Y-%m-%d %H:%M").to_string()),
            outcome: cycle.outcome_for_issue(),
            failure_class: cycle.failure_class,
            cycle: cycle.cycle,
            epoch: cycle.epoch,
            reason: cycle.reason,
            pr: cycle.pr,
        }
    }
}

/// Returns the story of an issue.
///
/// # Errors
/// A file cannot be read.
pub fn issue(context: &Context, number: u64) -> Result<IssueStory, Error> {
    let scores = context.store.scores().read_intact("")?;
    let verdict = scores.as_ref().and_then(|scores| scores.issues.get(number));
    let holds = holds(context)?;
    let quarantine = &holds.quarantine;
    let InQueue { place: queue, hold, title: queued_title } = in_queue(context, &holds, number)?;
    let key = number.to_string();
    let reason = match (quarantine.contains(&key), hold, &queue, verdict) {
        (true, ..) => Reason::Quarantined,
        (false, Some(hold), ..) => hold.reason,
        (false, None, Some(_), _) => Reason::Ready,
        (false, None, None, Some(verdict)) => match Reason::from_code(&verdict.reason) {
            Some(Reason::Quarantined) => Reason::Released,
            reason => reason.unwrap_or(Reason::NotReady),
        },
        (false, None, None, None) => Reason::NotTriaged,
    };
    let title = verdict.map(|verdict| verdict.title.clone().into_owned()).or(queued_title).unwrap_or_default();
    let agenda = context.store.agenda().read_intact("")?.map(|agenda| on_agenda(&agenda, number));
    let mut change = Vec::new();
    if let (Reason::NotReady, Some(scores), Some(verdict)) = (reason, &scores, verdict) {
        change.push(what_would_change(scores, verdict));
    }
    let general = reason.change().replace("--release N", &format!("--release {number}"));
    // What is known of this issue says more than what holds for every one.
    change.extend(Some(general).filter(|general| !general.is_empty() && change.is_empty()));
    Ok(IssueStory {
        issue: number,
        title,
        reason,
        triage: scores.as_ref().zip(verdict).map(|(scores, verdict)| ScoreStory::of(scores, verdict)),
        queue,
        in_work: verdict.and_then(|verdict| verdict.in_work.clone()),
        waits_until: hold.and_then(|hold| hold.until).map(timestamp),
        quarantine: quarantine.raw(&key).cloned(),
        cycles: cycles_of(context, number)?,
        agenda,
        change,
        entry: quarantine.get(&key),
    })
}

/// An issue in the queue.
struct InQueue {
    place: Option<QueuePlace>,
    /// Why it is held back although it is ready.
    hold: Option<Hold>,
    title: Option<String>,
}

fn in_queue(context: &Context, holds: &Holds, number: u64) -> Result<InQueue, Error> {
    let mut title = None;
    let ready = ReadyIssues::read(
        &context.store,
        |issue, entry| holds.of_entry(issue, entry),
        |entry| {
            if entry.ready_issue() == Some(number) && title.is_none() {
                title = entry.item().map(|item| item.title);
            }
        },
    )?;
    let length = ready.numbers.len();
    Ok(InQueue {
        place: ready.position(number).map(|position| QueuePlace { position, length }),
        hold: ready.held_back.iter().find(|(issue, _)| *issue == number).map(|(_, hold)| *hold),
        title,
    })
}

fn cycles_of(context: &Context, number: u64) -> Result<Vec<CycleStory>, Error> {
    let mut cycles = Vec::new();
    context.cycles().scan(|cycle| {
        let cycle = cycle.filter(|cycle| cycle.issue == Some(number));
        cycles.extend(cycle.map(CycleStory::of));
    })?;
    Ok(cycles)
}

fn on_agenda(agenda: &Agenda, number: u64) -> AgendaPlace {
    if let Some(item) = agenda.item(number) {
        return AgendaPlace { reason: Reason::OnAgenda, item: Some(item.clone()) };
    }
    let left_out = agenda.left_out.iter().find(|left_out| left_out.number == number);
    let reason = left_out.and_then(|left_out| Reason::from_code(&left_out.reason));
    AgendaPlace { reason: reason.unwrap_or(Reason::NoCandidate), item: None }
}
