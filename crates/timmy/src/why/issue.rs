//! The story of one issue.

use common::{Error, Outcome, Page, View};
use host::text;
use records::{Agenda, AgendaItem, Cycle, Quarantine, QuarantineEntry, Reason, timestamp};
use serde::Serialize;
use serde_json::Value;
use store::ready::ReadyIssues;

use super::score::{ScoreStory, what_would_change};
use crate::context::Context;
use crate::table;

/// How many of an issue's cycles are shown, the last ones.
const SHOWN: usize = 8;

/// The story of an issue, from the files of the loop.
#[derive(Serialize)]
struct IssueStory {
    issue: u64,
    title: String,
    reason: Reason,
    triage: Option<ScoreStory>,
    queue: Option<QueuePlace>,
    quarantine: Option<Value>,
    cycles: Vec<CycleStory>,
    agenda: Option<AgendaPlace>,
    change: Vec<String>,
    #[serde(skip)]
    entry: Option<QuarantineEntry>,
}

/// Its place among the ready issues that are not in quarantine.
#[derive(Serialize)]
struct QueuePlace {
    position: usize,
    length: usize,
}

/// A cycle that worked on it.
#[derive(Serialize)]
struct CycleStory {
    cycle: Option<u64>,
    epoch: Option<String>,
    timestamp: Option<String>,
    success: bool,
    duration: Option<f64>,
    reason: String,
    pr: Option<u64>,
    #[serde(skip)]
    when: String,
}

/// Whether it is on the last agenda.
#[derive(Serialize)]
struct AgendaPlace {
    reason: Reason,
    item: Option<AgendaItem>,
}

impl CycleStory {
    fn of(cycle: Cycle) -> Self {
        let time = cycle.time();
        Self {
            timestamp: time.map(timestamp),
            success: cycle.success,
            duration: cycle.seconds(),
            when: time.map_or("unknown time".to_owned(), |time| time.format("%Y-%m-%d %H:%M").to_string()),
            cycle: cycle.cycle,
            epoch: cycle.epoch,
            reason: cycle.reason,
            pr: cycle.pr,
        }
    }

    fn cells(&self) -> Vec<String> {
        let outcome = if self.success { "well" } else { "FAILED" };
        let length = self.duration.map_or("-".to_owned(), |seconds| format!("{seconds:.0} s"));
        let number = self.cycle.map_or("-".to_owned(), |number| format!("cycle {number}"));
        vec![format!("    {}", self.when), number, outcome.to_owned(), length, self.reason.clone()]
    }
}

impl View for IssueStory {
    fn render(&self, page: &mut Page) {
        page.line(format!("#{} {}", self.issue, text::fit(&self.title, 70)).trim_end());
        page.line(format!("  {} ({})", self.reason.meaning(), self.reason));
        if let Some(triage) = &self.triage {
            page.lines(triage.lines());
        }
        if let Some(QueuePlace { position, length }) = &self.queue {
            page.line(format!("  Queue: number {position} of {length}."));
        }
        if let Some(entry) = &self.entry {
            let since = entry.quarantined_at.as_deref().unwrap_or("an unknown time");
            page.line(format!("  Quarantine: since {since}: {}.", text::fit(&entry.reason, 100)));
        }
        self.render_cycles(page);
        if let Some(AgendaPlace { reason, .. }) = &self.agenda {
            page.line(format!("  Agenda: {} ({reason})", reason.meaning()));
        }
        for change in &self.change {
            let lines = text::wrap(&format!("What would change it: {change}"), 76);
            let indent = |(at, line): (usize, String)| format!("  {}{line}", if at == 0 { "" } else { "  " });
            page.lines(lines.into_iter().enumerate().map(indent));
        }
    }
}

impl IssueStory {
    fn render_cycles(&self, page: &mut Page) {
        let cycles = &self.cycles;
        if cycles.is_empty() {
            page.line("  Cycles: none worked on it.");
            return;
        }
        let succeeded = cycles.iter().filter(|cycle| cycle.success).count();
        page.line(format!("  Cycles: {} worked on it, {succeeded} succeeded.", cycles.len()));
        let rows: Vec<Vec<String>> = cycles.iter().rev().take(SHOWN).map(CycleStory::cells).collect();
        page.lines(table::lay_out(&rows, 22, 80));
    }
}

/// Tells the story of an issue.
pub(super) fn why(context: &Context, number: u64) -> Result<Outcome, Error> {
    let scores = context.store.scores().read_intact("")?;
    let verdict = scores.as_ref().and_then(|scores| scores.issues.get(number));
    let quarantine = context.store.quarantine().read_intact("")?.unwrap_or_default();
    let (queue, queued_title) = in_queue(context, &quarantine, number)?;
    let key = number.to_string();
    let reason = match (quarantine.contains(&key), &queue, verdict) {
        (true, ..) => Reason::Quarantined,
        (false, Some(_), _) => Reason::Ready,
        (false, None, Some(verdict)) => Reason::from_code(&verdict.reason).unwrap_or(Reason::NotReady),
        (false, None, None) => Reason::NotTriaged,
    };
    let title = verdict.map(|verdict| verdict.title.clone().into_owned()).or(queued_title).unwrap_or_default();
    let agenda = context.store.agenda().read_intact("")?.map(|agenda| on_agenda(&agenda, number));
    let mut change = Vec::new();
    if let (Reason::NotReady, Some(scores), Some(verdict)) = (reason, &scores, verdict) {
        change.push(what_would_change(scores, verdict));
    }
    let general = reason.change().replace("--release N", &format!("--release {number}"));
    change.extend(Some(general).filter(|general| !general.is_empty()));
    context.present(&IssueStory {
        issue: number,
        title,
        reason,
        triage: scores.as_ref().zip(verdict).map(|(scores, verdict)| ScoreStory::of(scores, verdict)),
        queue,
        quarantine: quarantine.raw(&key).cloned(),
        cycles: cycles_of(context, number)?,
        agenda,
        change,
        entry: quarantine.get(&key),
    })?;
    Ok(Outcome::done(""))
}

/// The place of an issue in the queue, and its title there.
fn in_queue(
    context: &Context,
    quarantine: &Quarantine,
    number: u64,
) -> Result<(Option<QueuePlace>, Option<String>), Error> {
    let quarantined: Vec<u64> = quarantine.numbers().collect();
    let mut title = None;
    let ready = ReadyIssues::read(
        &context.store,
        |issue| quarantined.contains(&issue),
        |entry| {
            if entry.ready_issue() == Some(number) && title.is_none() {
                title = entry.item().map(|item| item.title);
            }
        },
    )?;
    let length = ready.numbers.len();
    Ok((ready.position(number).map(|position| QueuePlace { position, length }), title))
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
