//! The wait of an idle guard: it ends when its time is over, when work appears, or at a signal.

use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::Error;
use common::run::Run;
use records::stored_files::{QUARANTINE, QUEUE};

use crate::settings::Settings;
use crate::work::Work;

/// How often the queue is looked at: work is seen within a second.
const GLANCE: Duration = Duration::from_millis(400);

/// How a wait ended.
pub(crate) enum Waited {
    /// There is work.
    Work(Box<Work>),
    /// Its time is over.
    Whole,
    /// This signal came.
    Interrupted(usize),
}

/// What tells one state of a file from another: its identity, its length, when it was written.
type Stamp = Option<(u64, u64, i64, i64)>;

/// How the queue and the quarantine stood when they were last read. A look costs two calls of `stat`.
pub(crate) struct Watch {
    paths: [PathBuf; 2],
    seen: [Stamp; 2],
}

impl Watch {
    /// Takes how they stand. To be called before they are read, lest a change in between is missed.
    pub(crate) fn new(run: &Run) -> Self {
        let mut watch = Self { paths: [QUEUE, QUARANTINE].map(|file| run.repo.path(&file)), seen: [None; 2] };
        watch.has_changed();
        watch
    }

    /// Returns whether they have changed since the last look.
    fn has_changed(&mut self) -> bool {
        let now = self.paths.each_ref().map(|path| stamp(path));
        std::mem::replace(&mut self.seen, now) != now
    }
}

/// Waits for `length`; the queue is read again only when it or the quarantine has changed.
pub(crate) fn wait_for_work(
    run: &Run,
    settings: &Settings,
    length: Duration,
    mut watch: Watch,
    (mut signals, signal): (UnixStream, Arc<AtomicUsize>),
) -> Result<Waited, Error> {
    let end = Instant::now() + length;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Waited::Whole);
        }
        let fail = Error::caused("cannot wait for signals");
        if let Err(error) = signals.set_read_timeout(Some(left.min(GLANCE))) {
            return Err(fail(error));
        }
        match signals.read(&mut [0]) {
            Ok(_) => return Ok(Waited::Interrupted(signal.load(Ordering::Relaxed))),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
            Err(error) => return Err(fail(error)),
        }
        if watch.has_changed() {
            let work = Work::find(run, settings)?;
            if work.ready() > 0 {
                return Ok(Waited::Work(Box::new(work)));
            }
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}
