//! The queue as a whole: replaced by a triage, and without the issues that were closed since.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use records::stored_files::QUEUE;
use records::{OtherFields, QueueItem, QueueItemAdditions, pyjson};
use serde::Serialize;

use super::read::{QueueEntry, QueueRead, read, read_whole};
use crate::damage::{Warnings, keep_damaged};
use crate::document::Version;
use crate::fingerprint::{identity_at, modified};
use host::files::{self, FileError};

/// The queue: ready issues, best first.
pub struct Queue<'h> {
    pub(crate) path: PathBuf,
    pub(crate) backup: PathBuf,
    pub(crate) warnings: Warnings<'h>,
}

/// An item as it is written: with what other programs added to the old one.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    item: &'a QueueItem,
    #[serde(flatten)]
    added: Option<&'a OtherFields>,
}

impl Queue<'_> {
    /// Returns its path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the queue item by item, so that memory does not grow with it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn read(&self, visit: impl FnMut(&QueueEntry<'_>)) -> Result<QueueRead, FileError> {
        read(&self.path, visit)
    }

    /// Returns the version, which every change replaces by another.
    ///
    /// # Errors
    /// The system refuses.
    pub fn version(&self) -> Result<Version, FileError> {
        identity_at(&self.path).map(Version)
    }

    /// Returns when it was last written; none if there is none.
    ///
    /// # Errors
    /// The system refuses to look.
    pub fn modified(&self) -> Result<Option<DateTime<Utc>>, FileError> {
        modified(&self.path)
    }

    /// Replaces the queue. What other programs added to an item that stays is kept; the old queue goes to `queue.json.bak` when
    /// it was one, and to `queue.json.bad` when it was not.
    ///
    /// # Errors
    /// The system refuses; the old queue stays.
    pub fn replace<'a>(&self, items: impl Iterator<Item = &'a QueueItem>) -> Result<(), FileError> {
        let lock = files::lock(&self.path)?;
        let mut added: BTreeMap<u64, OtherFields> = BTreeMap::new();
        let read = read_whole(&self.path, |raw| {
            let Ok(QueueItemAdditions { issue: Some(issue), other }) = serde_json::from_str(raw.get()) else {
                return false;
            };
            if !other.is_empty() {
                added.insert(issue, other);
            }
            true
        })?;
        match read {
            QueueRead::Missing => {}
            QueueRead::Damaged(error) => {
                let kept = keep_damaged(&lock)?;
                let kept = kept.display();
                self.warnings.warn(&format!("{error}; the queue is recreated, and the damaged file is kept as {kept}"));
                added.clear();
            }
            QueueRead::Intact { .. } => files::lock(&self.backup)?.replace_by_link(&lock)?,
        }
        let rows: Vec<Row<'_>> = items.map(|item| Row { item, added: added.get(&item.issue) }).collect();
        let text = pyjson::to_document(&rows).map_err(|error| FileError::writing(&self.path, error.into()))?;
        lock.replace(text.as_bytes(), QUEUE.durability)
    }

    /// Removes issues from the queue; every other item stays as it is written.
    ///
    /// # Errors
    /// The system refuses; the old queue stays.
    pub fn remove(&self, issues: &BTreeSet<u64>) -> Result<(), FileError> {
        let lock = files::lock(&self.path)?;
        let mut kept = Vec::new();
        read(&self.path, |entry| {
            if entry.issue.is_none_or(|issue| !issues.contains(&issue)) {
                kept.push(entry.text.to_vec());
            }
        })?;
        lock.replace_by(QUEUE.durability, |file| {
            if kept.is_empty() {
                return file.write_all(b"[]\n");
            }
            file.write_all(&[b"[\n  ", kept.join(&b",\n  "[..]).as_slice(), b"\n]\n"].concat())
        })
    }
}
