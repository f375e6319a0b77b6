//! The token ledger, and damage in the files under `.loop/`.

mod repair;
mod tokens;
mod verify;

pub(crate) use repair::repair;
pub(crate) use tokens::tokens;
pub(crate) use verify::{damage, verify};

use std::path::PathBuf;

use crate::scheduler::cycles_log;
use crate::suite::Suite;

/// The logs of JSON lines.
fn logs(suite: &Suite) -> Vec<PathBuf> {
    let repo = &suite.repo;
    let mut logs = vec![
        cycles_log(suite).unwrap_or_else(|| repo.cycles()),
        repo.triage_log(),
        repo.deep_triage_log(),
        repo.tokens(),
        repo.in_loop("shadow.jsonl"),
    ];
    logs.retain(|path| path.exists());
    logs
}

/// The documents, each with whether it is a list.
fn documents(suite: &Suite) -> Vec<(PathBuf, bool)> {
    let repo = &suite.repo;
    let mut documents = vec![
        (repo.automation_state(), false),
        (repo.queue(), true),
        (repo.quarantine(), false),
        (repo.idle_state(), false),
        (repo.agenda(), false),
        (repo.scores(), false),
        (repo.pauses(), false),
        (repo.in_loop("schedule.json"), false),
        (repo.in_loop("quarantine_released.json"), false),
        (repo.summary(), false),
        (repo.insights(), false),
    ];
    documents.retain(|(path, _)| path.exists());
    documents
}
