//! Signals that ask a command to end: handled by the code that runs children, which are ended first.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::Host;
use crate::threads;

/// SIGINT, SIGTERM and SIGHUP, watched for.
pub struct Signals {
    stop: Arc<AtomicBool>,
    number: Arc<AtomicUsize>,
    count: Arc<AtomicUsize>,
}

impl Signals {
    /// Watches from now on: a signal no longer ends the process by itself.
    ///
    /// # Errors
    /// The system has no more file descriptors or threads.
    pub fn watch() -> io::Result<Self> {
        Self::watch_and(|| ())
    }

    /// Watches from now on, and calls `wake` at each signal.
    ///
    /// # Errors
    /// As [`Signals::watch`].
    pub fn watch_and(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (mut stream, number) = Host::wake_on_signal()?;
        let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (set, counted) = (Arc::clone(&stop), Arc::clone(&count));
        threads::start(move || {
            while stream.read(&mut [0]).is_ok_and(|read| read > 0) {
                set.store(true, Ordering::Relaxed);
                counted.fetch_add(1, Ordering::Relaxed);
                wake();
            }
        })?;
        Ok(Self { stop, number, count })
    }

    /// Watches from now on, and calls `wake` at the first signal; the second one ends the process.
    ///
    /// # Errors
    /// As [`Signals::watch`].
    pub fn watch_first(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let is_repeated = AtomicBool::new(false);
        Self::watch_and(move || {
            if is_repeated.swap(true, Ordering::Relaxed) {
                signal_hook::low_level::exit(128 + signal_hook::consts::SIGINT);
            }
            wake();
        })
    }

    /// Returns how many signals have come.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Set once a signal has come.
    pub fn stop(&self) -> &AtomicBool {
        &self.stop
    }

    /// Returns whether a signal has come.
    pub fn have_come(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Returns the last signal that has come.
    pub fn number(&self) -> Option<usize> {
        Some(self.number.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }
}

/// Ends the process with `code` where it would abort, as it does when the system refuses memory: a caller sees an exit code and
/// no signal, and no core is dumped.
///
/// # Errors
/// The system does not let the signal be handled.
pub fn end_at_abort(code: u8) -> io::Result<()> {
    let always = Arc::new(AtomicBool::new(true));
    signal_hook::flag::register_conditional_shutdown(signal_hook::consts::SIGABRT, i32::from(code), always).map(drop)
}
