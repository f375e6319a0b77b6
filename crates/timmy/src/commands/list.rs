//! `timmy automation list`: every automation at a glance.

use automations::Context;
use automations::overview::{AutomationOverview, Overview, overview};
use automations::schedule::warn_of_unknown_zone;
use chrono::{DateTime, Utc};
use common::{Error, Outcome, Page};
use records::{Reason, Status, parse_time};
use serde::Serialize;

use crate::diagnostic::DiagnosticView;
use crate::present::present;
use crate::table;

/// How many problems are shown.
const SHOWN: usize = 10;

/// The automations and what is wrong with them, as JSON.
#[derive(Serialize)]
struct Listing {
    automations: Vec<AutomationOverview>,
    problems: Vec<DiagnosticView>,
    #[serde(skip)]
    is_built_in: bool,
    #[serde(skip)]
    now: DateTime<Utc>,
}

/// Lists the automations.
pub(super) fn list(context: &Context) -> Result<Outcome, Error> {
    warn_of_unknown_zone(context.host);
    let Overview { automations, problems, now } = overview(context)?;
    let problems = problems.iter().map(DiagnosticView::of).collect();
    present(context, &Listing { automations, problems, is_built_in: context.is_built_in, now }, render)?;
    Ok(Outcome::done(""))
}

fn render(listing: &Listing, page: &mut Page) {
    if listing.is_built_in {
        page.line("There is no manifest; these are the defaults. The first change creates it.");
        page.line("");
    }
    let rows: Vec<Vec<String>> = listing.automations.iter().map(|one| cells(one, listing.now)).collect();
    table::add(page, &["AUTOMATION", "STATE", "TRIGGER", "LAST RUN", "NEXT", "RESULT"], &rows);
    if listing.problems.is_empty() {
        return;
    }
    page.line("");
    for problem in listing.problems.iter().take(SHOWN) {
        page.line(problem.to_string());
    }
    if listing.problems.len() > SHOWN {
        page.line(format!("… and {} more: timmy automation validate", listing.problems.len() - SHOWN));
    }
}

fn cells(one: &AutomationOverview, now: DateTime<Utc>) -> Vec<String> {
    let state = match (&one.problem, one.enabled, &one.paused_until) {
        (Some(_), ..) => "problem",
        (_, false, _) => "off",
        (_, _, Some(_)) => "paused",
        _ => "on",
    };
    let since = |time: &Option<String>| time.as_deref().and_then(parse_time).map(|time| (now - time).num_seconds());
    let last = match (one.status.as_str(), since(&one.last_run)) {
        ("running", _) => "running".to_owned(),
        (_, Some(seconds)) => format!("{} ago", table::length(seconds)),
        _ => "never".to_owned(),
    };
    let next = match since(&one.next_run) {
        None => "-".to_owned(),
        Some(0) => "now".to_owned(),
        Some(seconds) => format!("in {}", table::length(-seconds)),
    };
    let mark = if one.status == Status::Failed.name() { "FAILED: " } else { "" };
    let result = one.last_result.as_deref().unwrap_or_default();
    let result = if Reason::from_code(result).is_some() { "" } else { result };
    vec![one.id.clone(), state.to_owned(), one.trigger.clone(), last, next, format!("{mark}{result}")]
}
