//! Why an automation ran, or did not.

use automations::Context;
use automations::scheduler::{self, next_runs};
use automations::supervise::LastRuns;
use automations::validate::validate;
use chrono::{DateTime, Utc};
use common::Error;
use common::report::mark_interrupted;
use host::files;
use records::{AutomationEntry, Reason, Status, timestamp};
use serde::Serialize;
use serde_json::Value;

/// Why an automation runs or not: what holds it now, how its last run ended, when it runs next.
#[derive(Debug, Serialize)]
pub struct AutomationStory {
    /// The automation.
    pub id: String,
    /// Why it runs or not.
    pub reason: Reason,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// Until when it is paused.
    pub paused_until: Option<String>,
    /// Why it is paused.
    pub pause_reason: Option<String>,
    /// What it depends on and did not end well.
    pub lacks: Option<String>,
    /// Its entry in the state file, as it is stored.
    pub last: Value,
    /// Its next runs, soonest first.
    pub next: Vec<UpcomingRun>,
    /// Whether a scheduler is running.
    pub scheduler: bool,
    /// What would change it.
    pub change: String,
    /// Its entry in the state file.
    #[serde(skip)]
    pub entry: AutomationEntry,
    /// When this was found out.
    #[serde(skip)]
    pub now: DateTime<Utc>,
    /// Where the log of its runs is, if there is one.
    #[serde(skip)]
    pub log: Option<String>,
}

/// A run that is to come.
#[derive(Debug, Serialize)]
pub struct UpcomingRun {
    /// The trigger.
    pub trigger: String,
    /// When; none where cycles decide.
    pub at: Option<String>,
    /// After how many more cycles.
    pub cycles: Option<u64>,
    /// When; none where cycles decide.
    #[serde(skip)]
    pub time: Option<DateTime<Utc>>,
}

/// Returns why an automation runs or not.
///
/// # Errors
/// There is no such automation, or a file cannot be read.
pub fn automation(context: &Context, id: &str) -> Result<AutomationStory, Error> {
    let problems = validate(context);
    let problem = problems.iter().find(|problem| problem.id.as_deref() == Some(id));
    let listed = context.manifest.find(id);
    if listed.is_none() && problem.is_none() {
        context.automation(id)?;
    }
    let state = context.store.state().read_intact("")?.unwrap_or_default();
    let mut entry = state.entry(id).unwrap_or_default();
    mark_interrupted(&mut entry);
    let pause = context.pause(id)?;
    let next: Vec<UpcomingRun> = next_runs(context)?
        .into_iter()
        .filter(|next| next.id == id)
        .map(|next| UpcomingRun {
            trigger: next.trigger,
            at: next.at.map(timestamp),
            cycles: next.cycles,
            time: next.at,
        })
        .collect();
    let before = LastRuns::read(context);
    let lacks = listed.and_then(|listed| listed.entry.depends_on.iter().find(|other| !before.ended_well(other)));
    let trigger = listed.and_then(|listed| listed.entry.trigger.trigger());
    let is_scheduled = trigger.is_some_and(records::Trigger::is_scheduled) || !next.is_empty();

    // What holds it now, the strongest first.
    let reason = if problem.is_some() {
        Reason::Invalid
    } else if !listed.is_some_and(|listed| listed.entry.enabled) {
        Reason::Disabled
    } else if pause.is_some() {
        Reason::Paused
    } else if entry.status == Status::Running {
        Reason::AlreadyRunning
    } else if lacks.is_some() {
        Reason::DependencyNotOk
    } else if is_scheduled {
        Reason::NotDue
    } else {
        Reason::NotScheduled
    };
    // What nothing holds back, and failed the last time, is explained by that.
    let has_failed = entry.status == Status::Failed && matches!(reason, Reason::NotDue | Reason::NotScheduled);
    let last = entry.last_reason.as_deref().and_then(Reason::from_code);
    let reason = last.filter(|_| has_failed).unwrap_or(reason);
    let log = context.store.run_log_path(id);
    Ok(AutomationStory {
        id: id.to_owned(),
        reason,
        problem: problem.map(|problem| problem.error.to_string()),
        paused_until: pause.as_ref().map(|pause| timestamp(pause.until)),
        pause_reason: pause.map(|pause| pause.reason),
        lacks: lacks.cloned(),
        last: state.raw_entry(id).cloned().unwrap_or_default(),
        next,
        scheduler: scheduler::is_running(context),
        change: reason.change().replace("ID", id),
        entry,
        now: context.host.now(),
        log: files::is_there(&log)?.then(|| context.shown(&log)),
    })
}
