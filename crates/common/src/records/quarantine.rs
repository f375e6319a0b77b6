//! `quarantine.json`: the issues that are kept out of the queue.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde::de::IgnoredAny;

use crate::document::{self, Document};
use crate::files::FileError;

/// Why and since when an issue is kept out; under the number in the file.
#[derive(Clone, Debug, Serialize)]
pub struct Quarantined {
    /// Why, in a sentence.
    pub reason: String,
    /// How many of its cycles failed.
    pub failures: u64,
    /// Since when.
    pub quarantined_at: String,
    /// The number of its last cycle.
    pub last_cycle: Option<u64>,
}

/// Reads which issues are in quarantine; damage is an answer.
///
/// # Errors
/// The system refuses to read the file.
#[expect(clippy::zero_sized_map_values, reason = "serde reads an object into a map, whatever its values")]
pub fn quarantined_numbers(path: &Path) -> Result<Document<BTreeSet<u64>>, FileError> {
    Ok(match document::read::<BTreeMap<String, IgnoredAny>>(path)? {
        Document::Missing => Document::Missing,
        Document::Damaged(error) => Document::Damaged(error),
        Document::Intact(entries) => {
            Document::Intact(entries.keys().filter_map(|key| key.trim().parse().ok()).collect())
        }
    })
}
