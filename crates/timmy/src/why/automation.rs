//! Why an automation ran, or did not.

use chrono::{DateTime, Utc};
use common::{Error, Outcome, Page, View};
use host::text;
use records::{AutomationEntry, Reason, Status, timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::automation::validate;
use crate::context::Context;
use crate::scheduler::{self, next_runs};
use crate::supervise::LastRuns;
use crate::table;

/// Why an automation runs or not: what holds it now, how its last run ended, when it runs next.
#[derive(Serialize)]
struct AutomationStory {
    id: String,
    reason: Reason,
    problem: Option<String>,
    paused_until: Option<String>,
    pause_reason: Option<String>,
    /// What it depends on and did not end well.
    lacks: Option<String>,
    last: Value,
    next: Vec<NextRun>,
    scheduler: bool,
    change: String,
    #[serde(skip)]
    entry: AutomationEntry,
    #[serde(skip)]
    now: DateTime<Utc>,
    #[serde(skip)]
    log: Option<String>,
}

/// A run that is to come.
#[derive(Serialize)]
struct NextRun {
    trigger: String,
    at: Option<String>,
    cycles: Option<u64>,
    #[serde(skip)]
    time: Option<DateTime<Utc>>,
}

impl View for AutomationStory {
    fn render(&self, page: &mut Page) {
        page.line(format!("{}: {} ({})", self.id, self.reason.meaning(), self.reason));
        if let Some(problem) = &self.problem {
            page.line(format!("  {problem}"));
        }
        if let (Some(until), Some(reason)) = (&self.paused_until, &self.pause_reason) {
            page.line(format!("  Paused until {until}: {}", text::fit(reason, 200)));
        }
        if let Some(other) = &self.lacks {
            page.line(format!("  It depends on {other}, which never ran or whose last run did not succeed."));
        }
        page.line(self.last_run());
        let failures = self.entry.consecutive_failures;
        if failures > 0 {
            let log = self.log.as_ref().map_or(String::new(), |log| format!("; its log: {log}"));
            page.line(format!("  Failed {failures} time(s) in a row{log}"));
        }
        for next in &self.next {
            page.line(next.line(self.now));
        }
        if !self.next.is_empty() && !self.scheduler {
            page.line("  But no scheduler is running: timmy schedule run.");
        }
        if !self.change.is_empty() {
            page.line(format!("  What would change it: {}", self.change));
        }
    }
}

impl AutomationStory {
    fn last_run(&self) -> String {
        let last = self.entry.last_reason.as_deref().and_then(Reason::from_code);
        match (self.entry.last_run_at(), last) {
            (Some(time), last) => {
                let ago = table::length((self.now - time).num_seconds());
                let code = last.map_or(String::new(), |last| format!(" ({last})"));
                let result = text::fit(self.entry.last_words().unwrap_or_default(), 200);
                format!("  Last run: {ago} ago, {}{code}: {result}", self.entry.status.name())
            }
            (None, Some(last)) => format!("  It never ran; last: {} ({last})", last.meaning()),
            (None, None) => "  It never ran.".to_owned(),
        }
    }
}

impl NextRun {
    fn line(&self, now: DateTime<Utc>) -> String {
        let trigger = &self.trigger;
        match (self.time, self.cycles) {
            (Some(at), _) => {
                let length = table::length((at - now).num_seconds());
                format!("  Next: {} for {trigger}, in {length}.", timestamp(at))
            }
            (None, Some(cycles)) => format!("  Next: after {cycles} more cycles ({trigger})."),
            (None, None) => format!("  Next: never ({trigger})."),
        }
    }
}

/// Explains why an automation runs or not.
pub(super) fn why(context: &Context, id: &str) -> Result<Outcome, Error> {
    let problems = validate(context);
    let problem = problems.iter().find(|problem| problem.id.as_deref() == Some(id));
    let listed = context.manifest.find(id);
    if listed.is_none() && problem.is_none() {
        context.automation(id)?;
    }
    let state = context.store.state().read_intact("")?.unwrap_or_default();
    let entry = state.entry(id).unwrap_or_default();
    let pause = context.pause(id);
    let next: Vec<NextRun> = next_runs(context)
        .into_iter()
        .filter(|next| next.id == id)
        .map(|next| NextRun { trigger: next.trigger, at: next.at.map(timestamp), cycles: next.cycles, time: next.at })
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
    context.present(&AutomationStory {
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
        log: log.exists().then(|| context.shown(&log)),
    })?;
    Ok(Outcome::done(""))
}
