//! `idle_state.json`: how many calls in a row found no work.

use std::path::Path;

use common::document;
use common::files::{self, Durability, FileError, Lock};
use common::run::Run;
use serde_json::{Map, Value};

/// The state, and the right to change it.
pub(crate) struct IdleState {
    lock: Lock,
    fields: Map<String, Value>,
}

impl IdleState {
    /// Opens the state to change it. Damage means not idle; the damaged bytes are kept.
    pub fn open(run: &Run) -> Result<Self, FileError> {
        let path = run.repo.idle_state();
        let lock = files::lock(&path)?;
        let fields = document::take(&lock, |what| run.warn(what))?;
        Ok(Self { lock, fields })
    }

    /// Returns how many calls in a row were idle.
    pub fn count(&self) -> u64 {
        count(&self.fields)
    }

    /// Notes one more idle call, after which so many seconds are to be waited.
    pub fn idle(mut self, now: f64, backoff_seconds: u64) -> Result<u64, FileError> {
        let count = self.count().saturating_add(1);
        self.set(count, now, backoff_seconds)?;
        Ok(count)
    }

    /// Notes that there is work. Returns how many idle calls came before.
    pub fn reset(mut self) -> Result<u64, FileError> {
        let count = self.count();
        if count > 0 || self.fields.is_empty() && self.lock.path().exists() {
            let last = self.fields.get("last_idle_at").and_then(Value::as_f64).unwrap_or(0.0);
            self.set(0, last, 0)?;
        }
        Ok(count)
    }

    fn set(&mut self, count: u64, last_idle_at: f64, backoff_seconds: u64) -> Result<(), FileError> {
        for (key, value) in [
            ("consecutive_idle", Value::from(count)),
            ("last_idle_at", Value::from(last_idle_at)),
            ("backoff_seconds", Value::from(backoff_seconds)),
        ] {
            self.fields.insert(key.to_owned(), value);
        }
        document::replace(&self.lock, &self.fields, Durability::Derived)
    }
}

/// Reads how many calls in a row were idle; damaged or absent means none.
pub(crate) fn read_count(path: &Path) -> Result<u64, FileError> {
    Ok(document::read(path)?.intact_or(|_| ()).map_or(0, |fields| count(&fields)))
}

fn count(fields: &Map<String, Value>) -> u64 {
    fields.get("consecutive_idle").and_then(Value::as_u64).unwrap_or(0)
}
