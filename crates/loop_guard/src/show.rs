//! What the tool shows: that there is work, that there is none, and the state of the loop.

use common::run::Run;
use common::{Page, View};
use gitea::ForgeAnswer;
use host::{files, text};
use records::{IssueType, Reason, minute, timestamp};
use serde::Serialize;

use crate::work::Work;

/// How many issues that are held back are named.
const NAMED: usize = 3;

/// What creates the queue, where the manifest has no script for it.
const TRIAGE: &str = "triage_score";

/// What `--status` shows.
#[derive(Serialize)]
pub(crate) struct Status {
    pub queue_ready: usize,
    pub consecutive_idle: u64,
    pub next_backoff_seconds: u64,
    #[serde(flatten)]
    pub waiting: Option<Waiting>,
}

/// That there is work.
#[derive(Serialize)]
pub(crate) struct WorkFound {
    pub status: &'static str,
    pub reason: Reason,
    pub ready: usize,
    pub issue: Option<u64>,
    #[serde(rename = "type")]
    pub kind: Option<IssueType>,
    pub idle_cycles_before: u64,
    pub forge: ForgeAnswer,
}

/// That there is none.
#[derive(Serialize)]
pub(crate) struct NoWork {
    pub status: &'static str,
    pub reason: Reason,
    pub consecutive_idle: u64,
    pub backoff_seconds: u64,
    pub forge: ForgeAnswer,
    #[serde(flatten)]
    pub waiting: Option<Waiting>,
}

/// The ready issues that are held back.
#[derive(Serialize)]
pub(crate) struct Waiting {
    held_back: Vec<HeldBack>,
    /// When the first of them is given out again; none where time does not end any hold.
    next_ready_at: Option<String>,
}

/// An issue that is held back.
#[derive(Serialize)]
struct HeldBack {
    issue: u64,
    reason: Reason,
    until: Option<String>,
}

impl Waiting {
    /// Takes those of a look for work; none where no issue is held back.
    pub(crate) fn of(work: &Work) -> Option<Self> {
        let held_back = work.held_back.iter();
        let held_back = held_back.map(|(issue, hold)| HeldBack {
            issue: *issue,
            reason: hold.reason,
            until: hold.until.map(timestamp),
        });
        let waiting = Self { held_back: held_back.collect(), next_ready_at: work.next_at.map(timestamp) };
        (!waiting.held_back.is_empty()).then_some(waiting)
    }
}

impl HeldBack {
    fn line(&self) -> String {
        let Self { issue, reason, until } = self;
        match until {
            Some(until) => format!("#{issue} waits until {} ({reason})", minute(until)),
            None if *reason == Reason::Quarantined => {
                format!("#{issue} is in quarantine (triage_score --release {issue} releases it)")
            }
            None => format!("#{issue} waits ({reason}): {}", reason.meaning()),
        }
    }
}

impl NoWork {
    /// Prints that there is no work, why, and what to do about it.
    pub(crate) fn say(&self, run: &Run) {
        run.say(&format!("Queue empty — idle #{}, backoff {}s", self.consecutive_idle, self.backoff_seconds));
        if self.reason == Reason::NoQueue {
            run.say(&format!("There is no queue yet: run {}", triage_command(run)));
        }
        let held_back = self.waiting.iter().flat_map(|waiting| &waiting.held_back);
        held_back.clone().take(NAMED).for_each(|held_back| run.say(&held_back.line()));
        let count = held_back.count();
        if count > NAMED {
            run.say(&format!("… and {} more (timmy why idle lists them)", count - NAMED));
        }
    }
}

/// Returns how the triage is called in this repository: by the script of the manifest, where it is there.
fn triage_command(run: &Run) -> String {
    let script = run.manifest.entry(TRIAGE).map_or("scripts/triage_score.py", |entry| entry.script.as_str());
    let is_there = files::is_file(&run.repo().resolve(script.as_ref()));
    if is_there.unwrap_or(false) { script.to_owned() } else { TRIAGE.to_owned() }
}

impl View for WorkFound {
    fn render(&self, page: &mut Page) {
        let Self { ready, idle_cycles_before: idle, .. } = self;
        if *idle > 0 {
            page.say(format!("Queue active ({ready} ready) — resuming after {}", text::counted(*idle, "idle cycle")));
        }
    }
}
