//! Threads whose start may fail: the system has no more, or no memory for their stacks.

use std::io;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

/// Starts a thread.
///
/// # Errors
/// The system has no more threads.
pub fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    Builder::new().spawn(work).map_err(|error| no_more(&error))
}

/// Starts a thread that ends before `scope` does.
///
/// # Errors
/// As [`start`].
pub fn start_in<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    Builder::new().spawn_scoped(scope, work).map_err(|error| no_more(&error))
}

fn no_more(error: &io::Error) -> io::Error {
    let text =
        format!("the system starts no more threads ({error}); raise the limit of processes (ulimit -u) or of memory");
    io::Error::new(error.kind(), text)
}
