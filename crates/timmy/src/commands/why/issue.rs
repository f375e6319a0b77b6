//! The story of one issue, as it is shown.

use automations::Context;
use common::{Error, Outcome, Page};
use explain::issue::{AgendaPlace, CycleStory, IssueStory, QueuePlace, issue};
use host::text;
use records::{InWork, minute};

use super::score;
use crate::present::present;
use crate::table;

/// How many of an issue's cycles are shown, the last ones.
const SHOWN: usize = 8;

/// Shows the story of an issue.
pub(super) fn why(context: &Context, number: u64, all: bool) -> Result<Outcome, Error> {
    present(context, &issue(context, number)?, |story, page| render(story, all, page))?;
    Ok(Outcome::done(""))
}

fn render(story: &IssueStory, all: bool, page: &mut Page) {
    page.entry(&format!("#{} ", story.issue), &story.title);
    page.line(format!("  {} ({})", story.reason.meaning(), story.reason));
    if let Some(triage) = &story.triage {
        score::render(triage, all, page);
    }
    if let Some(QueuePlace { position, length }) = &story.queue {
        page.line(format!("  Queue: number {position} of {length}."));
    }
    if let Some(InWork { pull, since }) = &story.in_work {
        page.line(format!("  In work: the pull request #{pull} is open since {}.", minute(since)));
    }
    if let Some(until) = &story.waits_until {
        page.line(format!("  Waits: until {}.", minute(until)));
    }
    if let Some(entry) = &story.entry {
        let since = entry.quarantined_at.as_deref().map_or_else(|| "an unknown time".to_owned(), minute);
        page.line(format!("  Quarantine: since {since}: {}.", text::fit(&entry.reason, 200)));
    }
    render_cycles(&story.cycles, all, page);
    if let Some(AgendaPlace { reason, .. }) = &story.agenda {
        page.line(format!("  Agenda: {} ({reason})", reason.meaning()));
    }
    for change in &story.change {
        page.line(format!("  What would change it: {change}"));
    }
}

fn render_cycles(cycles: &[CycleStory], all: bool, page: &mut Page) {
    if cycles.is_empty() {
        page.line("  Cycles: none worked on it.");
        return;
    }
    let succeeded = cycles.iter().filter(|cycle| cycle.success).count();
    let of_others = cycles.iter().filter(|cycle| cycle.outcome.is_none()).count();
    let not_counted = match of_others {
        0 => String::new(),
        1 => "; 1 failure was not its fault, and does not count".to_owned(),
        count => format!("; {count} failures were not its fault, and do not count"),
    };
    page.line(format!("  Cycles: {} worked on it, {succeeded} succeeded{not_counted}.", cycles.len()));
    let shown = if all { cycles.len() } else { SHOWN };
    let rows: Vec<Vec<String>> = cycles.iter().rev().take(shown).map(cells).collect();
    table::add_rows(page, &rows);
    if cycles.len() > shown {
        page.line(format!("    … and {} (--all shows them)", text::counted(cycles.len() - shown, "older one")));
    }
}

fn cells(cycle: &CycleStory) -> Vec<String> {
    let outcome = match (cycle.outcome, cycle.failure_class) {
        (Some(true), _) => "succeeded".to_owned(),
        (Some(false), _) => "FAILED".to_owned(),
        (None, Some(class)) => format!("failed ({})", class.name()),
        (None, None) => "failed (claim_lost)".to_owned(),
    };
    // How long a pull request was open says nothing of how long a cycle took.
    let duration = cycle.duration.filter(|_| !cycle.is_backfilled);
    let length = duration.map_or("-".to_owned(), |seconds| format!("{seconds:.0} s"));
    let number = cycle.cycle.map_or("-".to_owned(), |number| format!("cycle {number}"));
    vec![format!("    {}", cycle.when), number, outcome, length, cycle.reason.clone()]
}
