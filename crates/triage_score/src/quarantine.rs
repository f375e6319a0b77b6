//! Which issues are kept out of the queue because cycles keep failing on them.
//!
//! `quarantine.json` says who is in; `quarantine_released.json` remembers who was let out and when, so that the failures
//! before do not bring an issue straight back.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use common::document::{self, Document};
use common::files::{self, Durability, FileError};
use common::host::parse_time;
use common::journal;
use common::layout::Repo;
use common::records::{PastCycle, Quarantined};
use common::run::Run;
use serde_json::{Map, Value, json};

/// Who is in quarantine, and who was let out.
#[derive(Debug)]
pub(crate) struct Quarantine {
    /// The file's entries, by number in text, as they stand.
    entries: Map<String, Value>,
    /// When each issue was let out.
    released: BTreeMap<u64, DateTime<Utc>>,
    damaged: bool,
}

/// The failures of one issue at the end of the log.
#[derive(Debug, Default)]
struct Streak {
    cycles: u64,
    failures: u64,
    last_cycle: Option<u64>,
}

/// Whether an issue was in quarantine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Release {
    /// It was, and is out now.
    Released,
    /// It was not.
    NotThere,
}

impl Quarantine {
    /// Reads both files. A damaged one counts as empty, with a warning.
    pub fn read(run: &Run) -> Result<Self, FileError> {
        let mut damaged = false;
        let entries = document::read(&run.repo.quarantine())?.intact_or(|error| {
            damaged = true;
            run.warn(&format!("{error}; no issue counts as quarantined"));
        });
        let released: Option<Map<String, Value>> = document::read(&released_path(&run.repo))?
            .intact_or(|error| run.warn(&format!("{error}; no issue counts as released")));
        let released = released.unwrap_or_default();
        let time = |value: &Value| parse_time(value["released_at"].as_str()?);
        Ok(Self {
            entries: entries.unwrap_or_default(),
            released: released
                .iter()
                .filter_map(|(number, value)| Some((number.parse().ok()?, time(value)?)))
                .collect(),
            damaged,
        })
    }

    /// Brings the list up to date with the last `lookback` records of the log at `path`: issues with at least `failures` failed
    /// cycles and no success after them come in, those with a success after their failures go out. Returns the numbers
    /// of those that came in.
    pub fn update(&mut self, run: &Run, path: &Path, failures: u64, lookback: usize) -> Result<Vec<u64>, FileError> {
        let log = journal::tail::<PastCycle>(path, lookback)?;
        if log.damaged > 0 {
            run.detail(&format!("{} line(s) of the log cannot be read", log.damaged));
        }
        let mut streaks: BTreeMap<u64, Streak> = BTreeMap::new();
        let mut succeeded = Vec::new();
        for cycle in &log.intact {
            let Some(issue) = cycle.issue else { continue };
            let before_release =
                self.released.get(&issue).is_some_and(|released| cycle.time().is_none_or(|time| time <= *released));
            if before_release {
                continue;
            }
            let streak = streaks.entry(issue).or_default();
            streak.cycles += 1;
            if cycle.succeeded() {
                *streak = Streak::default();
                succeeded.push(issue);
            } else {
                streak.failures += 1;
                streak.last_cycle = cycle.cycle;
            }
        }
        let mut newly = Vec::new();
        for (issue, streak) in streaks {
            let key = issue.to_string();
            if streak.failures >= failures {
                if !self.entries.contains_key(&key) {
                    newly.push(issue);
                    self.entries.insert(key, streak.entry(run.host.timestamp()));
                }
            } else if streak.failures == 0 && succeeded.contains(&issue) {
                self.entries.remove(&key);
            }
        }
        Ok(newly)
    }

    /// Returns whether an issue is in quarantine.
    pub fn holds(&self, issue: u64) -> bool {
        self.entries.contains_key(&issue.to_string())
    }

    /// Writes `quarantine.json`, if anything changed or there is none yet. A damaged file is kept beside it first.
    pub fn save(&self, run: &Run) -> Result<(), FileError> {
        let path = run.repo.quarantine();
        let lock = files::lock(&path)?;
        if self.damaged {
            let kept = document::keep_damaged(&lock)?;
            run.warn(&format!("{} is recreated, and the damaged file is kept as {}", path.display(), kept.display()));
        } else if let Document::Intact(present) = document::read::<Map<String, Value>>(&path)?
            && present == self.entries
        {
            return Ok(());
        }
        document::replace(&lock, &self.entries, Durability::Flushed)
    }
}

impl Streak {
    fn entry(&self, quarantined_at: String) -> Value {
        let entry = Quarantined {
            reason: format!("failed {} of its last {} cycles", self.failures, self.cycles),
            failures: self.failures,
            quarantined_at,
            last_cycle: self.last_cycle,
        };
        serde_json::to_value(entry).unwrap_or_default()
    }
}

/// Takes an issue out of quarantine, and remembers when.
pub(crate) fn release(run: &Run, issue: u64) -> Result<Release, FileError> {
    let (path, key) = (run.repo.quarantine(), issue.to_string());
    let lock = files::lock(&path)?;
    let mut entries: Map<String, Value> = document::take(&lock, |what| run.warn(what))?;
    if entries.shift_remove(&key).is_none() {
        return Ok(Release::NotThere);
    }
    // First that it was let out, then that it is out: killed in between, it is still in and can be let out again.
    let released = files::lock(&released_path(&run.repo))?;
    let mut memory: Map<String, Value> = document::take(&released, |what| run.warn(what))?;
    memory.insert(key, json!({"released_at": run.host.timestamp()}));
    document::replace(&released, &memory, Durability::Flushed)?;
    document::replace(&lock, &entries, Durability::Flushed)?;
    Ok(Release::Released)
}

fn released_path(repo: &Repo) -> PathBuf {
    repo.in_loop("quarantine_released.json")
}
