//! Why an automation ran or did not, as it is shown.

use automations::Context;
use automations::schedule::warn_of_unknown_zone;
use chrono::{DateTime, Utc};
use common::{Error, Outcome, Page};
use explain::automation::{AutomationStory, UpcomingRun, automation};
use host::text;
use records::{Reason, minute, timestamp};

use crate::present::present;
use crate::table;

/// Shows why an automation runs or not.
pub(super) fn why(context: &Context, id: &str) -> Result<Outcome, Error> {
    warn_of_unknown_zone(context.host);
    present(context, &automation(context, id)?, render)?;
    Ok(Outcome::done(""))
}

fn render(story: &AutomationStory, page: &mut Page) {
    page.line(format!("{}: {} ({})", story.id, story.reason.meaning(), story.reason));
    if let Some(problem) = &story.problem {
        page.line(format!("  {problem}"));
    }
    if let (Some(until), Some(reason)) = (&story.paused_until, &story.pause_reason) {
        page.line(format!("  Paused until {}: {}", minute(until), text::fit(reason, 200)));
    }
    if let Some(other) = &story.lacks {
        page.line(format!("  It depends on {other}, which never ran or whose last run did not succeed."));
    }
    page.line(last_run(story));
    let failures = story.entry.consecutive_failures;
    if failures > 0 {
        let log = story.log.as_ref().map_or(String::new(), |log| format!("; its log: {log}"));
        page.line(format!("  Failed {} in a row{log}", text::counted(failures, "time")));
    }
    for next in &story.next {
        page.line(next_run(next, story.now));
    }
    if !story.next.is_empty() && !story.scheduler {
        page.line("  But no scheduler is running: timmy schedule run.");
    }
    if !story.change.is_empty() {
        page.line(format!("  What would change it: {}", story.change));
    }
}

fn last_run(story: &AutomationStory) -> String {
    let last = story.entry.last_reason.as_deref().and_then(Reason::from_code);
    match (story.entry.last_run_at(), last) {
        (Some(time), last) => {
            let ago = table::length((story.now - time).num_seconds());
            let code = last.map_or(String::new(), |last| format!(" ({last})"));
            let result = text::fit(story.entry.last_words().unwrap_or_default(), 200);
            format!("  Last run: {ago} ago, {}{code}: {result}", story.entry.status.name())
        }
        (None, Some(last)) => format!("  It never ran; last: {} ({last})", last.meaning()),
        (None, None) => "  It never ran.".to_owned(),
    }
}

fn next_run(next: &UpcomingRun, now: DateTime<Utc>) -> String {
    let trigger = &next.trigger;
    match (next.time, next.cycles) {
        (Some(at), _) if at <= now => format!("  Next: now, for a {trigger} run that is due."),
        (None, Some(0)) => format!("  Next: now ({trigger} is due)."),
        (Some(at), _) => {
            let length = table::length((at - now).num_seconds());
            format!("  Next: {} for {trigger}, in {length}.", minute(&timestamp(at)))
        }
        (None, Some(cycles)) => format!("  Next: after {} ({trigger}).", text::counted(cycles, "more cycle")),
        (None, None) => format!("  Next: never ({trigger})."),
    }
}
