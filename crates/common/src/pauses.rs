//! `pauses.json`: automations that are put off for a while, until when and why.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::document::{self, Document};
use crate::files::{self, Durability, FileError};
use crate::host::{parse_time, timestamp};
use crate::layout::Repo;

/// A pause that is in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pause {
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why, in the words of whoever asked for it.
    pub reason: String,
}

/// The pauses of a repository.
#[derive(Debug, Default)]
pub struct Pauses {
    entries: Map<String, Value>,
}

impl Pauses {
    /// Reads the pauses; a damaged file counts as none, and is handed to `warn` in words.
    ///
    /// # Errors
    /// The system refuses to read the file.
    pub fn read(repo: &Repo, warn: impl FnOnce(&str)) -> Result<Self, FileError> {
        let entries = match document::read(&repo.pauses())? {
            Document::Missing => Map::new(),
            Document::Intact(entries) => entries,
            Document::Damaged(error) => {
                warn(&format!("{error}; nothing counts as paused"));
                Map::new()
            }
        };
        Ok(Self { entries })
    }

    /// Returns the pause of an automation that is in force at `now`.
    pub fn of(&self, id: &str, now: DateTime<Utc>) -> Option<Pause> {
        let entry = self.entries.get(id)?;
        let until = parse_time(entry["until"].as_str()?)?;
        let reason = entry["reason"].as_str().unwrap_or_default().to_owned();
        (now < until).then_some(Pause { until, reason })
    }
}

/// Changes the pause of an automation: a new one, or none any more. Returns whether there was one in force.
///
/// # Errors
/// The file cannot be read or written.
pub fn set(
    repo: &Repo,
    id: &str,
    pause: Option<&Pause>,
    now: DateTime<Utc>,
    warn: impl FnOnce(&str),
) -> Result<bool, FileError> {
    let lock = files::lock(&repo.pauses())?;
    let entries: Map<String, Value> = document::take(&lock, warn)?;
    let mut pauses = Pauses { entries };
    let was = pauses.of(id, now).is_some();
    match pause {
        Some(Pause { until, reason }) => {
            let entry = json!({"until": timestamp(*until), "reason": reason, "since": timestamp(now)});
            pauses.entries.insert(id.to_owned(), entry);
        }
        None => drop(pauses.entries.shift_remove(id)),
    }
    document::replace(&lock, &pauses.entries, Durability::Flushed)?;
    Ok(was)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_holds_until_its_time_and_can_be_lifted() {
        let folder = tempfile::tempdir().unwrap();
        let repo = Repo::at(folder.path());
        let at = |text: &str| parse_time(text).unwrap();
        let pause = Pause { until: at("2026-03-21T14:00:00Z"), reason: "forge moves".to_owned() };
        let now = at("2026-03-21T12:00:00Z");
        assert!(!set(&repo, "triage", Some(&pause), now, |_| ()).unwrap());
        let pauses = Pauses::read(&repo, |_| ()).unwrap();
        assert_eq!(pauses.of("triage", now), Some(pause.clone()));
        assert_eq!(pauses.of("triage", pause.until), None);
        assert_eq!(pauses.of("other", now), None);
        assert!(set(&repo, "triage", None, now, |_| ()).unwrap());
        assert_eq!(Pauses::read(&repo, |_| ()).unwrap().of("triage", now), None);
    }
}
