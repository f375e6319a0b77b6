//! One scheduler at a time works on a repository.

use std::fs::File;
use std::thread;
use std::time::{Duration, Instant};

use common::Error;
use store::{Grant, Lease};

use crate::context::Context;

/// Returns whether a scheduler is running for the repository.
pub fn is_running(context: &Context) -> bool {
    context.store.scheduler_lease().is_held().unwrap_or_else(|error| {
        context.warn(&format!("{error}: a scheduler counts as running"));
        true
    })
}

/// Takes the right to schedule; fails if another scheduler has it for longer than `patience`.
pub(super) fn acquire_lease(context: &Context, patience: Duration) -> Result<Grant<File>, Error> {
    let (lease, begun) = (context.store.scheduler_lease(), Instant::now());
    loop {
        if let Some(granted) = lease.acquire()? {
            return Ok(granted);
        }
        if begun.elapsed() >= patience {
            return Err(another_scheduler(context));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The error of the one that was not quick enough.
pub(super) fn another_scheduler(context: &Context) -> Error {
    Error::failed(
        format!("another scheduler is running for {}", context.repo().root().display()),
        "use that one; timmy schedule next lists its next runs",
    )
}
