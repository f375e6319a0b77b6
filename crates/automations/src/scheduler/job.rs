//! A run that is due: its order among others, its running, and whether it is running or has ended already.

use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use host::child;
use host::files::{self, FileError};
use records::{Reason, Status};

use crate::context::Context;
use crate::supervise::{self, RunRequest, RunResult, label};

/// A run that is due.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub id: String,
    pub trigger: String,
}

/// Puts jobs in the order in which the manifest runs them.
pub(super) fn in_order(context: &Context, jobs: &[Job]) -> Vec<Job> {
    let listed = context.manifest.listed().iter().filter(|listed| jobs.iter().any(|job| job.id == listed.entry.id));
    let batch = supervise::Batch::ordered(listed.collect());
    batch.members().iter().filter_map(|listed| jobs.iter().find(|job| job.id == listed.entry.id).cloned()).collect()
}

/// Runs an automation; `lacking` is one that it depends on and that has not succeeded.
pub(super) fn perform(context: &Context, job: &Job, lacking: Option<String>, kill: &AtomicBool) -> RunResult {
    // Between the look and now the manifest may have been read again.
    let Some(listed) = context.manifest.find(&job.id) else {
        return RunResult {
            id: job.id.clone(),
            reason: Reason::Invalid,
            exit_code: None,
            duration_ms: 0,
            detail: None,
        };
    };
    if let Some(other) = lacking {
        return RunResult::not(listed, Reason::DependencyNotOk, Some(other));
    }
    let request = RunRequest {
        listed,
        trigger: &job.trigger,
        args: &[],
        stdin: false,
        forward_output: false,
        force: false,
        stop: kill,
    };
    supervise::run(context, &request)
}

/// Whether an automation is running: a process holds its lease, or something that such a run has started is still there (it may
/// have closed it).
///
/// # Errors
/// The lease cannot be looked at.
pub(super) fn is_held(context: &Context, id: &str) -> Result<bool, FileError> {
    let lease = context.store.run_lease(id);
    Ok(files::is_there(lease.path())? && (lease.is_held()? || child::is_running(&label(context, id))))
}

/// Whether a run of an automation is recorded as ended at or after that moment.
pub(super) fn has_ended_since(context: &Context, id: &str, moment: DateTime<Utc>) -> bool {
    let Some(entry) = context.automation_state().entry(id) else { return false };
    // One that a scheduler ended before its time has not ended by itself, and one that was not started has not run.
    let reason = entry.last_reason.as_deref().and_then(Reason::from_code);
    let is_over = entry.status != Status::Running && !matches!(reason, Some(Reason::Stopped | Reason::NotStarted));
    is_over && entry.last_end_at().is_some_and(|end| end >= moment)
}
