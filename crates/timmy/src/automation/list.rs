//! `timmy automation list`: every automation at a glance.

use std::collections::BTreeMap;

use common::document;
use common::host::{parse_time, timestamp};
use common::manifest::Problem;
use common::reason::Reason;
use common::report::{Judged, Report};
use common::text;
use serde::Serialize;
use serde_json::Value;

use super::survey;
use crate::error::{Error, Verdict};
use crate::scheduler;
use crate::suite::Suite;
use crate::table;

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

/// Lists the automations; what was found is written to the state file too.
pub(crate) fn list(suite: &Suite) -> Result<Verdict, Error> {
    let problems = survey(suite);
    let next = record_in_state(suite, &problems);
    let state = document::read::<Value>(&suite.repo.automation_state())?;
    let state = state.intact_or(|error| suite.warn(&format!("{error}"))).unwrap_or_default();
    let (pauses, now) = (suite.pauses(), suite.host.now());
    let by_id = first_problems(&problems);
    let mut rows: Vec<Row> = Vec::new();
    for listed in suite.manifest.listed() {
        let entry = &listed.entry;
        let kept = &state["automations"][&entry.id];
        let text = |key: &str| kept[key].as_str().map(str::to_owned);
        let problem = by_id.get(entry.id.as_str()).map(|message| (*message).to_owned());
        rows.push(Row {
            id: entry.id.clone(),
            name: text::line(&entry.name),
            description: text::line(&entry.description),
            enabled: entry.enabled,
            paused_until: pauses.of(&entry.id, now).map(|pause| timestamp(pause.until)),
            trigger: entry.trigger.clone(),
            script: entry.script.clone(),
            status: text("status").unwrap_or_else(|| "never".to_owned()),
            last_run: text("last_run"),
            last_result: text("last_result").or_else(|| text("last_error")),
            last_reason: text("last_reason"),
            next_run: next.get(&entry.id).cloned(),
            valid: problem.is_none(),
            problem,
        });
    }
    for problem in &suite.unreadable {
        let Some(id) = problem.id.clone().filter(|id| rows.iter().all(|row| row.id != *id)) else { continue };
        rows.push(Row::unreadable(id, &problem.error.message));
    }
    show(suite, &rows, &problems);
    suite.json(&serde_json::json!({
        "automations": rows,
        "problems": problems.iter().map(super::problem_json).collect::<Vec<_>>(),
    }))?;
    Ok(Verdict::Yes)
}

/// Writes what is known of every automation into the state file: problems and next runs, which are returned. A failure to is a
/// warning.
pub(crate) fn record_in_state(suite: &Suite, problems: &[Problem]) -> BTreeMap<String, String> {
    let next: BTreeMap<String, String> =
        scheduler::next_runs(suite).into_iter().rev().filter_map(|next| Some((next.id, timestamp(next.at?)))).collect();
    let by_id = first_problems(problems);
    let judged: Vec<(Report, Judged)> = suite
        .manifest
        .listed()
        .iter()
        .map(|listed| {
            let id = listed.entry.id.as_str();
            let report = Report::new(suite.host, &suite.repo, &suite.manifest, id);
            let problem = by_id.get(id).map(|message| text::fit(message, 400));
            (report, Judged { problem, next_run: next.get(id).cloned() })
        })
        .collect();
    let unreadable = suite.unreadable.iter().filter_map(|problem| Some((problem.id.as_deref()?, problem)));
    let judged: Vec<(Report, Judged)> = judged
        .into_iter()
        .chain(unreadable.filter(|(id, _)| suite.manifest.find(id).is_none()).map(|(id, problem)| {
            let report = Report::new(suite.host, &suite.repo, &suite.manifest, id);
            (report, Judged { problem: Some(text::fit(&problem.error.message, 400)), next_run: None })
        }))
        .collect();
    let written = suite.repo.prepare().map_err(Into::into).and_then(|()| Report::judged(&judged));
    if let Err(error) = written {
        suite.warn(&format!("the results could not be recorded: {error}"));
    }
    next
}

/// The first problem of each automation.
fn first_problems(problems: &[Problem]) -> BTreeMap<&str, &str> {
    let with_id = problems.iter().rev().filter_map(|problem| Some((problem.id.as_deref()?, problem)));
    with_id.map(|(id, problem)| (id, problem.error.message.as_str())).collect()
}

fn show(suite: &Suite, rows: &[Row], problems: &[Problem]) {
    if suite.is_built_in {
        suite.say("There is no manifest; these are the defaults. The first change creates it.");
        suite.say("");
    }
    let now = suite.host.now();
    let mut cells = vec![["AUTOMATION", "STATE", "TRIGGER", "LAST RUN", "NEXT", "RESULT"].map(str::to_owned).to_vec()];
    for row in rows {
        let state = match (&row.problem, row.enabled, &row.paused_until) {
            (Some(_), ..) => "problem",
            (_, false, _) => "off",
            (_, _, Some(_)) => "paused",
            _ => "on",
        };
        let since = |time: &Option<String>| time.as_deref().and_then(parse_time).map(|time| (now - time).num_seconds());
        let last = match (row.status.as_str(), since(&row.last_run)) {
            ("running", _) => "running".to_owned(),
            (_, Some(seconds)) => format!("{} ago", table::length(seconds)),
            _ => "never".to_owned(),
        };
        let next = since(&row.next_run).map_or("-".to_owned(), |seconds| format!("in {}", table::length(-seconds)));
        let mark = if row.status == "failed" { "FAILED: " } else { "" };
        let result = row.last_result.as_deref().unwrap_or_default();
        let result = if Reason::from_code(result).is_some() { "" } else { result };
        cells.push(vec![row.id.clone(), state.to_owned(), row.trigger.clone(), last, next, format!("{mark}{result}")]);
    }
    for line in table::lay_out(&cells, 18, suite.host.width().min(200)) {
        suite.say(&line);
    }
    if !problems.is_empty() {
        suite.say("");
        for problem in problems.iter().take(10) {
            suite.say(&format!("{}", problem.error));
        }
        if problems.len() > 10 {
            suite.say(&format!("… and {} more: timmy automation validate", problems.len() - 10));
        }
    }
}
