//! Why the loop is idle, as it is shown.

use automations::Context;
use common::{Error, Outcome, Page};
use explain::idle::{IdleStory, IssueInWork, QueueCounts, TRIAGE, WaitingIssue, idle};
use host::text;
use records::minute;

use crate::present::present;
use crate::table;

/// How many issues in quarantine are named.
const NAMED: usize = 10;

/// Shows why the loop is idle.
pub(super) fn why(context: &Context) -> Result<Outcome, Error> {
    present(context, &idle(context)?, render)?;
    Ok(Outcome::done(""))
}

fn render(story: &IdleStory, page: &mut Page) {
    page.line(format!("{} ({})", story.reason.meaning(), story.reason));
    if let Some(guard) = story.guard {
        page.line(format!("The guard is {guard}: it reports work, whatever is in the queue."));
    }
    let QueueCounts { items, ready, quarantined, waiting, .. } = &story.queue;
    page.line(format!(
        "Queue: {}, {ready} ready; {} more in quarantine.",
        text::counted(*items, "item"),
        quarantined.len()
    ));
    for WaitingIssue { issue, reason, until } in waiting.iter().take(NAMED) {
        let until = until.as_deref().map_or_else(|| "an unknown time".to_owned(), minute);
        page.line(format!("#{issue} waits until {until} ({reason})."));
    }
    if waiting.len() > NAMED {
        page.line(format!("… and {} more wait.", waiting.len() - NAMED));
    }
    if !story.in_quarantine.is_empty() {
        let numbers: Vec<String> = story.in_quarantine.iter().take(NAMED).map(|number| format!("#{number}")).collect();
        page.line(format!(
            "In quarantine: {} (timmy why N shows the reason, triage_score --release N releases one).",
            numbers.join(", ")
        ));
    }
    if !story.in_work.is_empty() {
        let pulls = story.in_work.iter().take(NAMED);
        let issues: Vec<String> =
            pulls.map(|IssueInWork { issue, pull }| format!("#{issue} (pull request #{pull})")).collect();
        page.line(format!("In work at the last triage: {}.", issues.join(", ")));
    }
    if story.consecutive_idle > 0 {
        page.line(format!(
            "Idle calls in a row: {}; the wait after the last one is {} (only with --wait the guard waits itself).",
            story.consecutive_idle,
            table::length(i64::try_from(story.backoff_seconds).unwrap_or(0))
        ));
    }
    page.line(match story.seconds_since_triage {
        Some(seconds) => format!("Last triage: {} ago.", table::length(seconds)),
        None => "Last triage: none is recorded.".to_owned(),
    });
    if let Some(error) = &story.triage_error {
        page.line(format!("The last triage failed: {}", text::fit(error, 200)));
    }
    if let Some(triage) = story.triage {
        page.line(format!(
            "The triage is {triage}: it does not fill the queue ({}).",
            triage.change().replace("ID", TRIAGE)
        ));
    } else if !story.change.is_empty() {
        page.line(format!("What would change it: {}", story.change));
    }
}
