//! How far a long run has come: count, rate and time left, on stderr.

use std::time::{Duration, Instant};

use common::run::Run;

/// How often the line is drawn on a terminal, and written elsewhere.
const DRAW: Duration = Duration::from_millis(100);
const WRITE: Duration = Duration::from_secs(10);

/// A count towards a total.
pub(crate) struct Progress<'a> {
    run: &'a Run<'a>,
    what: &'static str,
    total: usize,
    done: usize,
    begun: Instant,
    drawn: Instant,
    written: Instant,
}

impl<'a> Progress<'a> {
    /// Begins to count.
    pub(crate) fn new(run: &'a Run<'a>, what: &'static str, total: usize) -> Self {
        let now = Instant::now();
        Self { run, what, total, done: 0, begun: now, drawn: now, written: now }
    }

    /// Counts one more.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        if self.run.args.quiet {
            return;
        }
        if self.drawn.elapsed() >= DRAW {
            self.drawn = Instant::now();
            self.run.host.progress(&self.line());
        }
        if self.written.elapsed() >= WRITE {
            self.written = Instant::now();
            self.run.host.note(&format!("[{}] {}", self.run.tool.prefix, self.line()));
        }
    }

    /// Takes the line away.
    pub(crate) fn end(self) {
        if !self.run.args.quiet {
            self.run.host.progress("");
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts for people")]
    fn line(&self) -> String {
        let seconds = self.begun.elapsed().as_secs_f64();
        let rate = self.done as f64 / seconds.max(1e-3);
        let left = (self.total - self.done.min(self.total)) as f64 / rate;
        format!("{} {} of {}, {rate:.0} a second, {left:.0} s left", self.what, self.done, self.total)
    }
}
