//! Why the loop is idle, or is not.

use common::document;
use common::host::parse_time;
use common::journal;
use common::reason::Reason;
use common::records::{PastTriageRun, QueueLine, QueueRead, quarantined_numbers, read_queue};
use serde_json::{Value, json};

use crate::error::{Error, Verdict};
use crate::suite::Suite;
use crate::table;

/// Tells why the loop is idle, from the files as they are now.
pub(super) fn why(suite: &Suite) -> Result<Verdict, Error> {
    let (repo, now) = (&suite.repo, suite.host.now());
    let quarantined =
        quarantined_numbers(&repo.quarantine())?.intact_or(|error| suite.warn(&error.to_string())).unwrap_or_default();
    let (mut items, mut ready, mut held) = (0_usize, 0_usize, Vec::new());
    let read = read_queue(&repo.queue(), |_, line| {
        items += 1;
        let Some(issue) = line.filter(QueueLine::is_ready).and_then(|line| line.issue) else { return };
        if quarantined.contains(&issue) {
            held.push(issue);
        } else {
            ready += 1;
        }
    })?;
    let state: Option<Value> =
        document::read(&repo.automation_state())?.intact_or(|error| suite.warn(&error.to_string()));
    // What the guard found on the forge is not in the queue any more; it said so.
    let said =
        state.as_ref().and_then(|state| Reason::from_code(state["automations"]["loop_guard"]["last_reason"].as_str()?));
    let reason = match (&read, ready, held.len()) {
        (QueueRead::Missing, ..) => Reason::NoQueue,
        (QueueRead::Damaged(_), ..) => Reason::QueueDamaged,
        (_, 1.., _) => Reason::Work,
        (_, 0, 1..) => Reason::AllQuarantined,
        (_, 0, 0) if said == Some(Reason::AllClosed) => Reason::AllClosed,
        (_, 0, 0) => Reason::QueueEmpty,
    };
    let idle: Option<Value> = document::read(&repo.idle_state())?.intact_or(|error| suite.warn(&error.to_string()));
    let idle = idle.unwrap_or_default();
    let (count, backoff) =
        (idle["consecutive_idle"].as_u64().unwrap_or(0), idle["backoff_seconds"].as_u64().unwrap_or(0));
    let guard = suite.manifest.entry("loop_guard").filter(|entry| !entry.enabled).map(|_| Reason::Disabled);
    let guard = guard.or_else(|| suite.pause("loop_guard").map(|_| Reason::Paused));
    let triage = journal::tail::<PastTriageRun>(&repo.triage_log(), 1)?.intact.pop();

    suite.say(&format!("{} ({reason})", reason.meaning()));
    if let Some(guard) = guard {
        suite.say(&format!("The guard is {guard}: it reports work, whatever is in the queue."));
    }
    suite.say(&format!("Queue: {items} items, {ready} ready, {} of the ready ones in quarantine.", held.len()));
    if !quarantined.is_empty() {
        let numbers: Vec<String> = quarantined.iter().take(10).map(|number| format!("#{number}")).collect();
        suite.say(&format!(
            "In quarantine: {} (timmy why N shows the reason, triage_score --release N releases one).",
            numbers.join(", ")
        ));
    }
    if count > 0 {
        suite.say(&format!(
            "Idle calls in a row: {count}; the last wait was {}.",
            table::length(i64::try_from(backoff).unwrap_or(0))
        ));
    }
    let triaged = triage.as_ref().and_then(PastTriageRun::time);
    suite.say(&match triaged {
        Some(time) => format!("Last triage: {} ago.", table::length((now - time).num_seconds())),
        None => "Last triage: none is recorded.".to_owned(),
    });
    let triage_state = state.as_ref().map(|state| &state["automations"]["triage_score"]);
    if let Some(error) = triage_state.and_then(|entry| entry["last_error"].as_str()) {
        suite.say(&format!("The last triage failed: {}", common::text::fit(error, 200)));
    }
    if !reason.change().is_empty() {
        suite.say(&format!("What would change it: {}", reason.change()));
    }
    let last_idle = idle["last_idle_at"].as_f64();
    suite.json(&json!({
        "reason": reason, "queue": {"items": items, "ready": ready, "quarantined": held}, "guard": guard,
        "consecutive_idle": count, "backoff_seconds": backoff, "last_idle_at": last_idle,
        "last_triage": triaged.map(common::host::timestamp), "change": reason.change(),
        "state_updated_at": state.and_then(|state| parse_time(state["updated_at"].as_str()?)).map(common::host::timestamp),
    }))?;
    Ok(Verdict::Yes)
}
