//! `queue.json`: the ready issues, best first.

use std::fmt;
use std::io::BufReader;
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::de::{IoRead, Read, SliceRead};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{IssueType, boolean, number, words};
use crate::document;
use crate::files::{self, FileError};
use crate::journal;
use crate::source::SourceError;

/// An item of the queue, as triage writes it. Fields that others added to the same issue are in `other`.
#[derive(Clone, Debug, Serialize)]
pub struct QueueItem {
    /// The issue's number.
    pub issue: u64,
    /// Its title.
    pub title: String,
    /// What kind of work it asks for.
    #[serde(rename = "type")]
    pub kind: IssueType,
    /// The sum of the three dimensions.
    pub score: i64,
    /// How well it says where the work is.
    pub scope: i64,
    /// How well it says when the work is done.
    pub acceptance: i64,
    /// How well the work fits what the loop is for.
    pub alignment: i64,
    /// Its labels, and the tags of its title.
    pub tags: Vec<String>,
    /// The files that it names.
    pub files: Vec<String>,
    /// When it was opened.
    pub created: String,
    /// When it was last touched.
    pub updated: String,
    /// Its page.
    pub url: String,
    /// Whether the agent may take it.
    pub ready: bool,
    /// Fields that only other writers know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a reader needs of an item of the queue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueueLine {
    /// The issue's number.
    #[serde(deserialize_with = "number")]
    pub issue: Option<u64>,
    #[serde(rename = "type", deserialize_with = "words")]
    kind: Option<String>,
    #[serde(deserialize_with = "words")]
    title: Option<String>,
    #[serde(deserialize_with = "boolean")]
    ready: Option<bool>,
    /// The sum of its scores.
    #[serde(deserialize_with = "number")]
    pub score: Option<u64>,
    /// When it was opened.
    #[serde(deserialize_with = "words")]
    pub created: Option<String>,
    /// Its page.
    #[serde(deserialize_with = "words")]
    pub url: Option<String>,
}

/// How the reading of a queue went.
#[derive(Debug)]
pub enum QueueRead {
    /// There is no queue.
    Missing,
    /// It was read to its end; so many items were none.
    Intact {
        /// How many items are no objects with an issue's number.
        damaged: usize,
    },
    /// The file is no list; what was given of it before that was found out does not count.
    Damaged(SourceError),
}

impl QueueLine {
    /// Returns what kind of work it asks for.
    pub fn kind(&self) -> IssueType {
        self.kind.as_deref().and_then(IssueType::from_name).unwrap_or_default()
    }

    /// Returns its title.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or_default()
    }

    /// Returns whether the agent may take it.
    pub fn is_ready(&self) -> bool {
        self.ready == Some(true) && self.issue.is_some()
    }
}

/// Reads a queue item by item, so that memory does not grow with it: `visit` gets each item's text as it stands in the
/// file, and what is known of it (nothing, where it is no item).
///
/// # Errors
/// The system refuses to read the file.
pub fn read_queue(path: &Path, mut visit: impl FnMut(&RawValue, Option<QueueLine>)) -> Result<QueueRead, FileError> {
    let Some(file) = files::open(path)? else { return Ok(QueueRead::Missing) };
    let input = IoRead::new(BufReader::with_capacity(32 << 10, file));
    let items = |raw: Box<RawValue>| {
        let line = journal::parse::<QueueLine>(raw.get().as_bytes()).filter(|line| line.issue.is_some());
        let is_item = line.is_some();
        visit(&raw, line);
        is_item
    };
    judge(path, read_items(input, items))
}

/// Reads a queue as [`read_queue`] does, but from memory: faster, for whoever holds all of it anyhow. `visit` gets each
/// item's text, and returns whether it is one.
///
/// # Errors
/// The system refuses to read the file.
pub fn read_whole_queue(path: &Path, visit: impl FnMut(&RawValue) -> bool) -> Result<QueueRead, FileError> {
    match files::read(path, document::LIMIT)? {
        None => Ok(QueueRead::Missing),
        Some(bytes) => judge(path, read_items::<_, &RawValue>(SliceRead::new(&bytes), visit)),
    }
}

/// Reads the items of one array and nothing after it; returns how many are none.
fn read_items<'de, R: Read<'de>, T: Deserialize<'de>>(
    input: R,
    visit: impl FnMut(T) -> bool,
) -> Result<usize, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::new(input);
    let damaged = Items(visit, PhantomData).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(damaged)
}

fn judge(path: &Path, result: Result<usize, serde_json::Error>) -> Result<QueueRead, FileError> {
    match result {
        Ok(damaged) => Ok(QueueRead::Intact { damaged }),
        Err(error) if error.is_io() => Err(FileError::reading(path, error.into())),
        Err(error) => {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
            let position = crate::source::Position { line: error.line(), column: error.column() };
            Ok(QueueRead::Damaged(SourceError { path: path.to_owned(), position: Some(position), message, hint: None }))
        }
    }
}

/// Visits the items of an array one after the other.
struct Items<T, F>(F, PhantomData<T>);

impl<'de, T: Deserialize<'de>, F: FnMut(T) -> bool> DeserializeSeed<'de> for Items<T, F> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T) -> bool> Visitor<'de> for Items<T, F> {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of issues")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<usize, A::Error> {
        let mut damaged = 0;
        while let Some(item) = items.next_element::<T>()? {
            damaged += usize::from(!(self.0)(item));
        }
        Ok(damaged)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be read")]

    use super::*;

    fn read(text: &str) -> (QueueRead, Vec<(String, Option<u64>)>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut items = Vec::new();
        let read = read_queue(file.path(), |raw, line| {
            items.push((raw.get().to_owned(), line.filter(QueueLine::is_ready).and_then(|line| line.issue)));
        });
        (read.unwrap(), items)
    }

    #[test]
    fn items_are_given_as_they_stand() {
        let (read, items) = read(
            "[ {\"issue\": 1, \"ready\":true, \"x\": 1.10},\n {\"issue\": \"2\", \"ready\": true}, {\"issue\": 3}, 7, null, [4], {\"ready\": true} ]",
        );
        assert!(matches!(read, QueueRead::Intact { damaged: 4 }), "{read:?}");
        assert_eq!(items[0], ("{\"issue\": 1, \"ready\":true, \"x\": 1.10}".to_owned(), Some(1)));
        assert_eq!((items[1].1, items[2].1, items.len()), (Some(2), None, 7));
    }

    #[test]
    fn what_is_no_list_is_damage() {
        for text in ["null", "", "{}", "[{\"issue\": 1}", "[] []", "[1, 2", "\0\0", "[{\"issue\": 1}]x"] {
            assert!(matches!(read(text).0, QueueRead::Damaged(_)), "{text:?}");
        }
        assert!(matches!(read_queue(Path::new("/nowhere"), |_, _| ()).unwrap(), QueueRead::Missing));
    }
}
