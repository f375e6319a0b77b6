//! Every automation with its state, its last run and its next one.

use chrono::{DateTime, Utc};
use common::Error;
use common::manifest::Diagnostic;
use common::report::mark_interrupted;
use host::text;
use records::timestamp;
use serde::Serialize;

use crate::context::Context;
use crate::scheduler;
use crate::validate::{first_problems, validate};

/// One automation: what the manifest has of it, and what the loop knows of it.
#[derive(Clone, Debug, Serialize)]
pub struct AutomationOverview {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Whether the manifest enables it.
    pub enabled: bool,
    /// Until when it is paused.
    pub paused_until: Option<String>,
    /// When it runs, as the manifest says it.
    pub trigger: String,
    /// Its script.
    pub script: String,
    /// How it is: the name of a [`records::Status`], or `?`.
    pub status: String,
    /// When it last ran.
    pub last_run: Option<String>,
    /// The result that its last run reported.
    pub last_result: Option<String>,
    /// Why its last run ended as it did.
    pub last_reason: Option<String>,
    /// When it runs next.
    pub next_run: Option<String>,
    /// Whether nothing is wrong with it.
    pub valid: bool,
    /// The first thing that is wrong with it.
    pub problem: Option<String>,
}

impl AutomationOverview {
    /// An entry that cannot be read: only its id is known.
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
#[derive(Debug)]
pub struct Overview {
    /// The automations, in the order of the manifest.
    pub automations: Vec<AutomationOverview>,
    /// What is wrong, in the order of the files.
    pub problems: Vec<Diagnostic>,
    /// When it was made.
    pub now: DateTime<Utc>,
}

/// Lists the automations; writes nothing.
///
/// # Errors
/// The state file cannot be read.
pub fn overview(context: &Context) -> Result<Overview, Error> {
    let problems = validate(context);
    let next = scheduler::next_runs(context).unwrap_or_else(|error| {
        context.warn(&format!("the next runs are not known: {error}"));
        Vec::new()
    });
    let state = context.store.state().read_intact("")?.unwrap_or_default();
    let (pauses, now) = (context.pauses()?, context.host.now());
    let by_id = first_problems(&problems);
    let mut rows: Vec<AutomationOverview> = Vec::new();
    for listed in context.manifest.listed() {
        let entry = &listed.entry;
        let mut last = state.entry(&entry.id).unwrap_or_default();
        mark_interrupted(&mut last);
        let problem = by_id.get(entry.id.as_str()).map(|message| (*message).to_owned());
        rows.push(AutomationOverview {
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
            next_run: scheduler::first_run(&next, &entry.id).map(timestamp),
            valid: problem.is_none(),
            problem,
        });
    }
    for problem in &context.unreadable {
        let Some(id) = problem.id.clone().filter(|id| rows.iter().all(|row| row.id != *id)) else { continue };
        rows.push(AutomationOverview::unreadable(id, &problem.error.message));
    }
    Ok(Overview { automations: rows, problems, now })
}
