//! `timmy automation list`: every automation at a glance.

use std::collections::BTreeMap;

use common::manifest::Diagnostic;
use common::report::{AutomationStatus, Report};
use common::{Error, Outcome, Page, View};
use host::text;
use records::{Reason, Status, parse_time, timestamp};
use serde::Serialize;

use super::{ProblemView, validate};
use crate::context::Context;
use crate::scheduler;
use crate::table;

/// How many problems are shown.
const SHOWN: usize = 10;

/// One automation, as it is listed.
#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    description: String,
    enabled: bool,
    paused_until: Option<String>,
    trigger: String,
    script: String,
    status: String,
    last_run: Option<String>,
    last_result: Option<String>,
    last_reason: Option<String>,
    next_run: Option<String>,
    valid: bool,
    problem: Option<String>,
}

impl Row {
    /// An entry that cannot be read: of it nothing is known but its id.
    fn unreadable(id: String, problem: &str) -> Self {
        let unknown = || "?".to_owned();
        Self {
            id,
            name: String::new(),
            description: String::new(),
            enabled: false,
            paused_until: None,
            trigger: unknown(),
            script: unknown(),
            status: unknown(),
            last_run: None,
            last_result: None,
            last_reason: None,
            next_run: None,
            valid: false,
            problem: Some(problem.to_owned()),
        }
    }
}

/// The automations and what is wrong with them.
#[derive(Serialize)]
struct Listing {
    automations: Vec<Row>,
    problems: Vec<ProblemView>,
    #[serde(skip)]
    is_built_in: bool,
    #[serde(skip)]
    now: chrono::DateTime<chrono::Utc>,
}

/// Lists the automations; what was found is written to the state file too.
pub(crate) fn list(context: &Context) -> Result<Outcome, Error> {
    let problems = validate(context);
    let next = record_in_state(context, &problems);
    let state = context.store.state().read_intact("")?.unwrap_or_default();
    let (pauses, now) = (context.pauses(), context.host.now());
    let by_id = first_problems(&problems);
    let mut rows: Vec<Row> = Vec::new();
    for listed in context.manifest.listed() {
        let entry = &listed.entry;
        let last = state.entry(&entry.id).unwrap_or_default();
        let problem = by_id.get(entry.id.as_str()).map(|message| (*message).to_owned());
        rows.push(Row {
            id: entry.id.clone(),
            name: text::line(&entry.name),
            description: text::line(&entry.description),
            enabled: entry.enabled,
            paused_until: pauses.in_effect(&entry.id, now).map(|pause| timestamp(pause.until)),
            trigger: entry.trigger.text().to_owned(),
            script: entry.script.clone(),
            last_result: last.last_words().map(str::to_owned),
            status: last.status.into(),
            last_run: last.last_run,
            last_reason: last.last_reason,
            next_run: next.get(&entry.id).cloned(),
            valid: problem.is_none(),
            problem,
        });
    }
    for problem in &context.unreadable {
        let Some(id) = problem.id.clone().filter(|id| rows.iter().all(|row| row.id != *id)) else { continue };
        rows.push(Row::unreadable(id, &problem.error.message));
    }
    let problems = problems.iter().map(ProblemView::of).collect();
    context.present(&Listing { automations: rows, problems, is_built_in: context.is_built_in, now })?;
    Ok(Outcome::done(""))
}

/// Writes what is known of every automation into the state file: problems and next runs, which are returned. A failure to is a
/// warning.
pub(crate) fn record_in_state(context: &Context, problems: &[Diagnostic]) -> BTreeMap<String, String> {
    let next: BTreeMap<String, String> = scheduler::next_runs(context)
        .into_iter()
        .rev()
        .filter_map(|next| Some((next.id, timestamp(next.at?))))
        .collect();
    let by_id = first_problems(problems);
    let statuses: Vec<(Report, AutomationStatus)> = context
        .manifest
        .listed()
        .iter()
        .map(|listed| {
            let id = listed.entry.id.as_str();
            let report = Report::new(context.host, &context.store, &context.manifest, id);
            let problem = by_id.get(id).map(|message| text::fit(message, 400));
            (report, AutomationStatus { problem, next_run: next.get(id).cloned() })
        })
        .collect();
    let unreadable = context.unreadable.iter().filter_map(|problem| Some((problem.id.as_deref()?, problem)));
    let statuses: Vec<(Report, AutomationStatus)> = statuses
        .into_iter()
        .chain(unreadable.filter(|(id, _)| context.manifest.find(id).is_none()).map(|(id, problem)| {
            let report = Report::new(context.host, &context.store, &context.manifest, id);
            (report, AutomationStatus { problem: Some(text::fit(&problem.error.message, 400)), next_run: None })
        }))
        .collect();
    let written = context.repo().prepare().map_err(Into::into).and_then(|()| Report::record_status(&statuses));
    if let Err(error) = written {
        context.warn(&format!("the results could not be recorded: {error}"));
    }
    next
}

/// The first problem of each automation.
fn first_problems(problems: &[Diagnostic]) -> BTreeMap<&str, &str> {
    let with_id = problems.iter().rev().filter_map(|problem| Some((problem.id.as_deref()?, problem)));
    with_id.map(|(id, problem)| (id, problem.error.message.as_str())).collect()
}

impl Row {
    fn cells(&self, now: chrono::DateTime<chrono::Utc>) -> Vec<String> {
        let state = match (&self.problem, self.enabled, &self.paused_until) {
            (Some(_), ..) => "problem",
            (_, false, _) => "off",
            (_, _, Some(_)) => "paused",
            _ => "on",
        };
        let since = |time: &Option<String>| time.as_deref().and_then(parse_time).map(|time| (now - time).num_seconds());
        let last = match (self.status.as_str(), since(&self.last_run)) {
            ("running", _) => "running".to_owned(),
            (_, Some(seconds)) => format!("{} ago", table::length(seconds)),
            _ => "never".to_owned(),
        };
        let next = since(&self.next_run).map_or("-".to_owned(), |seconds| format!("in {}", table::length(-seconds)));
        let mark = if self.status == Status::Failed.name() { "FAILED: " } else { "" };
        let result = self.last_result.as_deref().unwrap_or_default();
        let result = if Reason::from_code(result).is_some() { "" } else { result };
        vec![self.id.clone(), state.to_owned(), self.trigger.clone(), last, next, format!("{mark}{result}")]
    }
}

impl View for Listing {
    fn render(&self, page: &mut Page) {
        if self.is_built_in {
            page.line("There is no manifest; these are the defaults. The first change creates it.");
            page.line("");
        }
        let header = ["AUTOMATION", "STATE", "TRIGGER", "LAST RUN", "NEXT", "RESULT"].map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> =
            std::iter::once(header).chain(self.automations.iter().map(|row| row.cells(self.now))).collect();
        let lines = table::lay_out(&rows, 18, page.width().min(200));
        page.lines(lines);
        if self.problems.is_empty() {
            return;
        }
        page.line("");
        for problem in self.problems.iter().take(SHOWN) {
            page.line(problem.to_string());
        }
        if self.problems.len() > SHOWN {
            page.line(format!("… and {} more: timmy automation validate", self.problems.len() - SHOWN));
        }
    }
}
