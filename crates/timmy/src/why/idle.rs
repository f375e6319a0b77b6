//! Why the loop is idle, or is not.

use common::{Error, Outcome, Page, View};
use host::text;
use records::{AutomationState, Reason, TriageRun, timestamp};
use serde::Serialize;
use store::Log;
use store::queue::QueueRead;
use store::ready::ReadyIssues;

use crate::context::Context;
use crate::table;

/// How many issues in quarantine are named.
const NAMED: usize = 10;

/// Why the loop is idle, from the files as they are now.
#[derive(Serialize)]
struct IdleStory {
    reason: Reason,
    queue: QueueCounts,
    /// Why the guard does not look, where it does not.
    guard: Option<Reason>,
    consecutive_idle: u64,
    backoff_seconds: u64,
    last_idle_at: Option<f64>,
    last_triage: Option<String>,
    change: &'static str,
    state_updated_at: Option<String>,
    #[serde(skip)]
    in_quarantine: Vec<u64>,
    #[serde(skip)]
    seconds_since_triage: Option<i64>,
    #[serde(skip)]
    triage_error: Option<String>,
}

/// The items of the queue.
#[derive(Serialize)]
struct QueueCounts {
    items: usize,
    ready: usize,
    quarantined: Vec<u64>,
}

impl View for IdleStory {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} ({})", self.reason.meaning(), self.reason));
        if let Some(guard) = self.guard {
            page.line(format!("The guard is {guard}: it reports work, whatever is in the queue."));
        }
        let QueueCounts { items, ready, quarantined } = &self.queue;
        page.line(format!(
            "Queue: {items} items, {ready} ready, {} of the ready ones in quarantine.",
            quarantined.len()
        ));
        if !self.in_quarantine.is_empty() {
            let numbers: Vec<String> =
                self.in_quarantine.iter().take(NAMED).map(|number| format!("#{number}")).collect();
            page.line(format!(
                "In quarantine: {} (timmy why N shows the reason, triage_score --release N releases one).",
                numbers.join(", ")
            ));
        }
        if self.consecutive_idle > 0 {
            page.line(format!(
                "Idle calls in a row: {}; the last wait was {}.",
                self.consecutive_idle,
                table::length(i64::try_from(self.backoff_seconds).unwrap_or(0))
            ));
        }
        page.line(match self.seconds_since_triage {
            Some(seconds) => format!("Last triage: {} ago.", table::length(seconds)),
            None => "Last triage: none is recorded.".to_owned(),
        });
        if let Some(error) = &self.triage_error {
            page.line(format!("The last triage failed: {}", text::fit(error, 200)));
        }
        if !self.change.is_empty() {
            page.line(format!("What would change it: {}", self.change));
        }
    }
}

/// Explains why the loop is idle.
pub(super) fn why(context: &Context) -> Result<Outcome, Error> {
    let now = context.host.now();
    let quarantined: Vec<u64> = context.store.quarantine().read_intact("")?.unwrap_or_default().numbers().collect();
    let ready = ReadyIssues::read(&context.store, |issue| quarantined.contains(&issue), |_| ())?;
    if let QueueRead::Damaged(error) = &ready.read {
        context.warn(&error.to_string());
    }
    let state = context.store.state().read_intact("")?;
    let entry = |id: &str| state.as_ref().and_then(|state| state.entry(id));
    // What the guard found on the forge is not in the queue any more; its report has it.
    let last_reason = entry(loop_guard::TOOL.id).and_then(|entry| Reason::from_code(&entry.last_reason?));
    let reason = ready.reason(last_reason == Some(Reason::AllClosed));
    let idle = context.store.idle().read_intact("")?.unwrap_or_default().read();
    let triage = context.store.triage_runs().tail(1)?.intact.pop();
    let triaged = triage.as_ref().and_then(TriageRun::time);
    let mut in_quarantine = quarantined;
    in_quarantine.sort_unstable();
    context.present(&IdleStory {
        reason,
        queue: QueueCounts { items: ready.items, ready: ready.numbers.len(), quarantined: ready.held_back },
        guard: guard(context),
        consecutive_idle: idle.consecutive_idle,
        backoff_seconds: idle.backoff_seconds,
        last_idle_at: idle.last_idle_at,
        last_triage: triaged.map(timestamp),
        change: reason.change(),
        state_updated_at: state.as_ref().and_then(AutomationState::updated_at).map(timestamp),
        in_quarantine,
        seconds_since_triage: triaged.map(|time| (now - time).num_seconds()),
        triage_error: entry(triage_score::TOOL.id).and_then(|entry| entry.last_error),
    })?;
    Ok(Outcome::done(""))
}

/// Why the guard reports work without looking, where it does.
fn guard(context: &Context) -> Option<Reason> {
    let id = loop_guard::TOOL.id;
    let disabled = context.manifest.entry(id).filter(|entry| !entry.enabled).map(|_| Reason::Disabled);
    disabled.or_else(|| context.pause(id).map(|_| Reason::Paused))
}
