//! Why an automation ran, or did not.

use common::document;
use common::host::{parse_time, timestamp};
use common::reason::Reason;
use common::text;
use schedule::Trigger;
use serde_json::{Value, json};

use crate::automation::survey;
use crate::error::{Error, Verdict};
use crate::scheduler::{is_running, next_runs};
use crate::suite::Suite;
use crate::supervise::Before;
use crate::table;

/// Tells why an automation ran or not: what holds it now, how its last run ended, when it runs next.
pub(super) fn why(suite: &Suite, id: &str) -> Result<Verdict, Error> {
    let problems = survey(suite);
    let problem = problems.iter().find(|problem| problem.id.as_deref() == Some(id));
    let listed = suite.manifest.find(id);
    if listed.is_none() && problem.is_none() {
        suite.automation(id)?;
    }
    let now = suite.host.now();
    let state: Option<Value> =
        document::read(&suite.repo.automation_state())?.intact_or(|error| suite.warn(&error.to_string()));
    let entry = state.map(|state| state["automations"][id].clone()).unwrap_or_default();
    let pause = suite.pause(id);
    let next = next_runs(suite).into_iter().filter(|next| next.id == id).collect::<Vec<_>>();
    let before = Before::read(suite);
    let lacking = listed.and_then(|listed| listed.entry.depends_on.iter().find(|other| !before.ended_well(other)));
    let is_scheduled =
        listed.is_some_and(|listed| listed.entry.trigger.parse().is_ok_and(|trigger: Trigger| trigger.is_scheduled()));
    let is_on = listed.is_some_and(|listed| listed.entry.enabled);

    // What holds it now, the strongest first.
    let reason = if problem.is_some() {
        Reason::Invalid
    } else if !is_on {
        Reason::Disabled
    } else if pause.is_some() {
        Reason::Paused
    } else if entry["status"] == "running" {
        Reason::AlreadyRunning
    } else if lacking.is_some() {
        Reason::DependencyNotOk
    } else if !is_scheduled && next.is_empty() {
        Reason::NotScheduled
    } else {
        Reason::NotDue
    };
    // What nothing holds back, and failed the last time, is asked about for that.
    let last = entry["last_reason"].as_str().and_then(Reason::from_code);
    let has_failed = entry["status"] == "failed" && matches!(reason, Reason::NotDue | Reason::NotScheduled);
    let reason = last.filter(|_| has_failed).unwrap_or(reason);
    suite.say(&format!("{id}: {} ({reason})", reason.meaning()));
    if let Some(problem) = problem {
        suite.say(&format!("  {}", problem.error));
    }
    if let Some(pause) = &pause {
        suite.say(&format!("  Paused until {}: {}", timestamp(pause.until), text::fit(&pause.reason, 200)));
    }
    if let Some(other) = lacking {
        suite.say(&format!("  It depends on {other}, which never ran or whose last run did not succeed."));
    }
    match (entry["last_run"].as_str().and_then(parse_time), last) {
        (Some(time), last) => {
            let ago = table::length((now - time).num_seconds());
            let words = entry["last_result"].as_str().or(entry["last_error"].as_str()).unwrap_or_default();
            let code = last.map_or(String::new(), |last| format!(" ({last})"));
            suite.say(&format!(
                "  Last run: {ago} ago, {}{code}: {}",
                entry["status"].as_str().unwrap_or("?"),
                text::fit(words, 200)
            ));
        }
        (None, Some(last)) => suite.say(&format!("  It never ran; last: {} ({last})", last.meaning())),
        (None, None) => suite.say("  It never ran."),
    }
    let failures = entry["consecutive_failures"].as_u64().unwrap_or(0);
    if failures > 0 {
        let log = suite.log(id);
        let log = if log.exists() { format!("; its log: {}", suite.shown(&log)) } else { String::new() };
        suite.say(&format!("  Failed {failures} time(s) in a row{log}"));
    }
    for next in &next {
        suite.say(&match (next.at, next.cycles) {
            (Some(at), _) => format!(
                "  Next: {} for {}, in {}.",
                timestamp(at),
                next.trigger,
                table::length((at - now).num_seconds())
            ),
            (None, Some(cycles)) => format!("  Next: after {cycles} more cycles ({}).", next.trigger),
            (None, None) => format!("  Next: never ({}).", next.trigger),
        });
    }
    if !next.is_empty() && !is_running(suite) {
        suite.say("  But no scheduler is running: timmy schedule run.");
    }
    if !reason.change().is_empty() {
        suite.say(&format!("  What would change it: {}", reason.change().replace("ID", id)));
    }
    let next: Vec<Value> = next
        .iter()
        .map(|next| json!({"trigger": next.trigger, "at": next.at.map(timestamp), "cycles": next.cycles}))
        .collect();
    suite.json(&json!({
        "id": id, "reason": reason, "problem": problem.map(|problem| problem.error.to_string()),
        "paused_until": pause.as_ref().map(|pause| timestamp(pause.until)), "pause_reason": pause.map(|pause| pause.reason),
        "lacks": lacking, "last": entry, "next": next, "scheduler": is_running(suite), "change": reason.change().replace("ID", id),
    }))?;
    Ok(Verdict::Yes)
}
