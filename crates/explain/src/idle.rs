//! Why the loop is idle, or is not.

use automations::Context;
use common::Error;
use eligibility::{CoolDown, Holds, Sources};
use host::files::FileError;
use records::{AutomationState, Reason, ScoredIssue, TriageRun, timestamp};
use serde::Serialize;
use store::Log;
use store::queue::QueueRead;
use store::ready::ReadyIssues;

/// What asks for work before each cycle.
const GUARD: &str = "loop_guard";
/// After how many seconds a queue may have become wrong.
const OLD_TRIAGE: i64 = 2 * 3600;
/// What fills the queue.
pub const TRIAGE: &str = "triage_score";

/// Why the loop is idle, from the files as they are now.
#[derive(Debug, Serialize)]
pub struct IdleStory {
    /// Why there is work, or none.
    pub reason: Reason,
    /// What the queue holds.
    pub queue: QueueCounts,
    /// Why the guard does not look, where it does not.
    pub guard: Option<Reason>,
    /// How many calls in a row were idle.
    pub consecutive_idle: u64,
    /// How long the last wait was.
    pub backoff_seconds: u64,
    /// When the last idle call was, in seconds of Unix time.
    pub last_idle_at: Option<f64>,
    /// When the last triage was.
    pub last_triage: Option<String>,
    /// What would change it.
    pub change: String,
    /// When any automation last ran.
    pub state_updated_at: Option<String>,
    /// The issues that were in work at the last triage: an open pull request closes each.
    pub in_work: Vec<IssueInWork>,
    /// The issues in quarantine.
    #[serde(skip)]
    pub in_quarantine: Vec<u64>,
    /// How long ago the last triage was.
    #[serde(skip)]
    pub seconds_since_triage: Option<i64>,
    /// Why the triage does not run, where it does not.
    #[serde(skip)]
    pub triage: Option<Reason>,
    /// Why the last triage failed, if it did.
    #[serde(skip)]
    pub triage_error: Option<String>,
}

/// The items of the queue.
#[derive(Debug, Serialize)]
pub struct QueueCounts {
    /// How many it has.
    pub items: usize,
    /// How many of them are ready and not held back.
    pub ready: usize,
    /// The ready ones that are in quarantine.
    pub quarantined: Vec<u64>,
    /// The ready ones that wait because a cycle worked on them a short time ago.
    pub waiting: Vec<WaitingIssue>,
    /// When the first of them is given out again.
    pub next_ready_at: Option<String>,
}

/// An issue that waits because of its last cycle.
#[derive(Debug, Serialize)]
pub struct WaitingIssue {
    /// Its number.
    pub issue: u64,
    /// Why.
    pub reason: Reason,
    /// Until when.
    pub until: Option<String>,
}

/// An issue that an open pull request closes.
#[derive(Debug, Serialize)]
pub struct IssueInWork {
    /// Its number.
    pub issue: u64,
    /// The pull request's number.
    pub pull: u64,
}

/// Returns why the loop is idle.
///
/// # Errors
/// A file cannot be read.
pub fn idle(context: &Context) -> Result<IdleStory, Error> {
    let now = context.host.now();
    let holds = holds(context)?;
    let ready = ReadyIssues::read(&context.store, |issue, entry| holds.of_entry(issue, entry), |_| ())?;
    if let QueueRead::Damaged(error) = &ready.read {
        context.warn(&error.to_string());
    }
    let state = context.store.state().read_intact("")?;
    let entry = |id: &str| state.as_ref().and_then(|state| state.entry(id));
    // What the guard found on the forge is not in the queue any more; its report has it.
    let last_reason = entry(GUARD).and_then(|entry| Reason::from_code(&entry.last_reason?));
    let reason = match ready.reason() {
        Reason::QueueEmpty if last_reason == Some(Reason::AllClosed) => Reason::AllClosed,
        reason => reason,
    };
    let idle = context.store.idle().read_intact("")?.unwrap_or_default().read();
    let triage = context.store.triage_runs().tail(1)?.intact.pop();
    let triaged = triage.as_ref().and_then(TriageRun::time);
    let next_ready_at = ready.next_at().map(timestamp);
    let held = |is: fn(Reason) -> bool| ready.held_back.iter().filter(move |(_, hold)| is(hold.reason));
    let waiting = held(|reason| reason != Reason::Quarantined).map(|(issue, hold)| WaitingIssue {
        issue: *issue,
        reason: hold.reason,
        until: hold.until.map(timestamp),
    });
    let mut in_quarantine: Vec<u64> = holds.quarantine.numbers().collect();
    in_quarantine.sort_unstable();
    let in_work = in_work(context)?;
    let seconds_since_triage = triaged.map(|time| (now - time).num_seconds());
    Ok(IdleStory {
        reason,
        queue: QueueCounts {
            items: ready.items,
            ready: ready.numbers.len(),
            quarantined: held(|reason| reason == Reason::Quarantined).map(|(issue, _)| *issue).collect(),
            waiting: waiting.collect(),
            next_ready_at,
        },
        guard: switched_off(context, GUARD)?,
        consecutive_idle: idle.consecutive_idle,
        backoff_seconds: idle.backoff_seconds,
        last_idle_at: idle.last_idle_at,
        last_triage: triaged.map(timestamp),
        change: change(reason, &in_quarantine, &in_work, seconds_since_triage),
        state_updated_at: state.as_ref().and_then(AutomationState::updated_at).map(timestamp),
        in_work,
        in_quarantine,
        seconds_since_triage,
        triage: switched_off(context, TRIAGE)?,
        triage_error: entry(TRIAGE).and_then(|entry| entry.last_error),
    })
}

/// The issues that the last triage kept out of the queue because a pull request is open.
fn in_work(context: &Context) -> Result<Vec<IssueInWork>, FileError> {
    let scores = context.store.scores().read_intact("")?.unwrap_or_default();
    let is_in_work = |scored: &ScoredIssue<'_>| scored.reason == Reason::InWork.code();
    let pull = |(issue, scored): &(u64, ScoredIssue<'_>)| {
        let in_work = scored.in_work.as_ref().filter(|_| is_in_work(scored))?;
        Some(IssueInWork { issue: *issue, pull: in_work.pull })
    };
    Ok(scores.issues.0.iter().filter_map(pull).collect())
}

/// What would change it. An empty queue has more than one cause: the triage is old, or left out what is in work or in quarantine.
fn change(reason: Reason, in_quarantine: &[u64], in_work: &[IssueInWork], seconds_since_triage: Option<i64>) -> String {
    let causes = [
        (seconds_since_triage.is_none_or(|seconds| seconds > OLD_TRIAGE), Reason::AllClosed),
        (!in_work.is_empty(), Reason::InWork),
        (!in_quarantine.is_empty(), Reason::AllQuarantined),
    ];
    let found = causes.into_iter().filter(|(holds, _)| *holds && reason == Reason::QueueEmpty);
    let changes: Vec<&str> = found.map(|(_, cause)| cause.change()).collect();
    if changes.is_empty() { reason.change().to_owned() } else { changes.join(" ") }
}

/// The issues that are held back, as the guard decides it.
pub(crate) fn holds(context: &Context) -> Result<Holds, Error> {
    let sources = Sources { host: context.host, store: &context.store, manifest: &context.manifest };
    Holds::preview(sources, &CoolDown::of_guard(context.host, &context.manifest)?)
}

/// Why an automation does nothing when it is called, where that is so.
fn switched_off(context: &Context, id: &str) -> Result<Option<Reason>, FileError> {
    if context.manifest.entry(id).is_some_and(|entry| !entry.enabled) {
        return Ok(Some(Reason::Disabled));
    }
    Ok(context.pause(id)?.map(|_| Reason::Paused))
}
