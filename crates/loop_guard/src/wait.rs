//! The wait of an idle guard: it ends when its time is over, when work appears, or at a signal.

use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use common::Error;
use common::run::Run;
use records::Quarantine;
use store::Document;
use store::document::Version;
use store::json_file::JsonFile;
use store::queue::Queue;

use crate::settings::Settings;
use crate::work::Work;

/// How often the queue is looked at: work is seen within a second.
const GLANCE: Duration = Duration::from_millis(400);

/// How a wait ended.
pub(crate) enum WaitOutcome {
    /// There is work.
    Work(Box<Work>),
    /// Its time is over.
    Elapsed,
    /// This signal came.
    Interrupted(usize),
}

/// How the queue and the quarantine stood when they were last read. A look costs two calls of `stat`.
pub(crate) struct Watch<'h> {
    queue: Queue<'h>,
    quarantine: JsonFile<'h, Quarantine>,
    seen: [Option<Version>; 2],
}

impl<'h> Watch<'h> {
    /// Takes their versions. To be called before they are read, so that no change in between is missed.
    pub(crate) fn new(run: &Run<'h>) -> Self {
        let (queue, quarantine) = (run.store.queue(), run.store.quarantine());
        let mut watch = Self { queue, quarantine, seen: [None, None] };
        watch.has_changed();
        watch
    }

    /// Returns whether they have changed since the last look.
    fn has_changed(&mut self) -> bool {
        let now = [self.queue.version().ok(), self.quarantine.version().ok()];
        let has_changed = self.seen != now;
        self.seen = now;
        has_changed
    }
}

/// Waits for `length`; the queue is read again only when it or the quarantine has changed, and when the first of the issues that
/// wait is given out again.
pub(crate) fn wait_for_work(
    run: &Run,
    settings: &Settings,
    (length, next_at): (Duration, Option<DateTime<Utc>>),
    mut watch: Watch<'_>,
    (mut signals, signal): (UnixStream, Arc<AtomicUsize>),
) -> Result<WaitOutcome, Error> {
    let end = Instant::now() + length;
    let until = |at: DateTime<Utc>| Instant::now() + (at - run.host.now()).to_std().unwrap_or_default();
    let mut next = next_at.map(until).filter(|next| *next < end);
    loop {
        let now = Instant::now();
        let left = end.saturating_duration_since(now);
        if left.is_zero() {
            return Ok(WaitOutcome::Elapsed);
        }
        let is_next = next.is_some_and(|next| next <= now);
        let fail = Error::caused("cannot wait for signals");
        if let Err(error) = signals.set_read_timeout(Some(left.min(GLANCE))) {
            return Err(fail(error));
        }
        match signals.read(&mut [0]) {
            Ok(_) => return Ok(WaitOutcome::Interrupted(signal.load(Ordering::Relaxed))),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
            Err(error) => return Err(fail(error)),
        }
        if watch.has_changed() || is_next {
            let work = Work::find(run, settings)?;
            if work.ready() > 0 {
                return Ok(WaitOutcome::Work(Box::new(work)));
            }
            next = work.next_at.map(until).filter(|later| *later < end && *later > now);
        }
    }
}
