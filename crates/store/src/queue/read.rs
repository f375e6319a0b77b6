//! Reads a queue item by item, in a stream or from memory.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Seek};
use std::marker::PhantomData;
use std::path::Path;

use json_fields::slot;
use records::{QueueItem, written};
use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::de::{IoRead, Read, SliceRead};
use serde_json::value::RawValue;

use super::list::{Item, ListReader};
use crate::document::LIMIT;
use crate::lines;
use host::files::{self, FileError};
use host::source::{Position, SourceError};

/// How much of a queue is read at once, in bytes.
const BLOCK: usize = 64 << 10;

/// The places of fields among those of an item.
const ISSUE: usize = slot(QueueItem::FIELDS, "issue");
const READY: usize = slot(QueueItem::FIELDS, "ready");

/// How the reading of a queue went.
#[derive(Debug)]
pub enum QueueRead {
    /// There is no queue.
    Missing,
    /// It was read to its end; with the number of items that are none.
    Intact {
        /// How many items are no objects with an issue's number.
        damaged: usize,
    },
    /// The file is no list; what was given of it before that was found out does not count.
    Damaged(SourceError),
}

/// An item of a queue that is being read.
#[derive(Debug)]
pub struct QueueEntry<'a> {
    /// Its text as it is in the file.
    pub text: &'a [u8],
    /// Its issue's number; none where it is no item.
    pub issue: Option<u64>,
    is_ready: bool,
}

impl QueueEntry<'_> {
    /// Returns the issue, if the agent may take it.
    pub fn ready_issue(&self) -> Option<u64> {
        self.issue.filter(|_| self.is_ready)
    }

    /// Returns all of it; none where it is no item.
    pub fn item(&self) -> Option<QueueItem> {
        lines::parse(self.text)
    }
}

impl<'a> From<Item<'a>> for QueueEntry<'a> {
    fn from(Item { text, fields }: Item<'a>) -> Self {
        let Some(fields) = fields else { return Self::general(text) };
        // serde rejects an item that has a field twice.
        let issue = fields.get(ISSUE).and_then(written::number).filter(|_| !fields.has_duplicates);
        Self { text, issue, is_ready: fields.get(READY).and_then(written::boolean) == Some(true) }
    }
}

impl<'a> QueueEntry<'a> {
    fn general(text: &'a [u8]) -> Self {
        let item = lines::parse::<QueueItem>(text);
        Self { text, issue: item.as_ref().map(|item| item.issue), is_ready: item.is_some_and(|item| item.ready) }
    }
}

/// Reads a queue item by item, so that memory does not grow with it.
///
/// # Errors
/// The system refuses to read the file.
pub(crate) fn read(path: &Path, visit: impl FnMut(&QueueEntry<'_>)) -> Result<QueueRead, FileError> {
    read_in_blocks(path, BLOCK, visit)
}

fn read_in_blocks(path: &Path, block: usize, mut visit: impl FnMut(&QueueEntry<'_>)) -> Result<QueueRead, FileError> {
    let Some(file) = files::open(path)? else { return Ok(QueueRead::Missing) };
    let (mut given, mut damaged) = (0_usize, 0_usize);
    let is_whole = ListReader::new(&file, QueueItem::FIELDS, block).read(&mut |item| {
        let entry = QueueEntry::from(item);
        given += 1;
        damaged += usize::from(entry.issue.is_none());
        visit(&entry);
    });
    if is_whole.map_err(|error| FileError::reading(path, error))? {
        return Ok(QueueRead::Intact { damaged });
    }
    // serde_json decides, and describes the error. The items that were visited already are only counted.
    let mut met = 0_usize;
    read_generally(path, &file, |entry| {
        met += 1;
        if met > given {
            visit(entry);
        }
    })
}

/// Reads a queue from its beginning as serde_json does.
fn read_generally(
    path: &Path,
    mut file: &File,
    mut visit: impl FnMut(&QueueEntry<'_>),
) -> Result<QueueRead, FileError> {
    file.rewind().map_err(|error| FileError::reading(path, error))?;
    let input = IoRead::new(BufReader::with_capacity(BLOCK, file));
    let items = |raw: Box<RawValue>| {
        let entry = QueueEntry::general(raw.get().as_bytes());
        visit(&entry);
        entry.issue.is_some()
    };
    judge(path, read_items(input, items))
}

/// Reads a queue as [`read`] does, but from memory: faster, for a caller that holds all of it anyhow. `visit` gets each
/// item's text, and returns whether it is one.
///
/// # Errors
/// The system refuses to read the file.
pub(crate) fn read_whole(path: &Path, visit: impl FnMut(&RawValue) -> bool) -> Result<QueueRead, FileError> {
    match files::read(path, LIMIT)? {
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
            let position = Position { line: error.line(), column: error.column() };
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

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (QueueRead, Vec<(String, Option<u64>)>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut items = Vec::new();
        let read = super::read(file.path(), |entry| {
            items.push((String::from_utf8(entry.text.to_vec()).unwrap(), entry.ready_issue()));
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

    /// What the general reader says of the same file.
    fn read_generally(path: &Path) -> (String, Vec<Given>) {
        let mut given = Vec::new();
        let file = File::open(path).unwrap();
        let read = super::read_generally(path, &file, |entry| given.push(Given::of(entry))).unwrap();
        (format!("{read:?}"), given)
    }

    /// Of an item: its text, its issue, and whether that is ready.
    #[derive(Debug, PartialEq)]
    struct Given(Vec<u8>, Option<u64>, Option<u64>);

    impl Given {
        fn of(entry: &QueueEntry<'_>) -> Self {
            Self(entry.text.to_vec(), entry.issue, entry.ready_issue())
        }
    }

    fn item() -> impl Strategy<Value = String> {
        let issue = prop_oneof![
            6 => (1_u64..2000).prop_map(|issue| issue.to_string()),
            1 => Just("\"#12\"".to_owned()),
            1 => Just("7.0".to_owned()),
            1 => prop_oneof![Just("null"), Just("-1"), Just("[1]"), Just("\"many\"")].prop_map(str::to_owned),
        ];
        let ready = prop_oneof![4 => Just("true"), 1 => Just("false"), 1 => Just("\"true\"")];
        let rest = prop_oneof![
            Just(""),
            Just(", \"type\": \"bug\", \"title\": \"A \\u2014 \\\"title\\\"\", \"score\": 8"),
            Just(",\"files\":[\"a.py\",{\"issue\":[]}],\"url\":null"),
            Just(", \"issue\": 5"),
            Just(", \"iss\\u0075e\": 5"),
            Just(", \"note\": \"caf\u{e9}\""),
        ];
        let object = (issue, ready, rest, any::<bool>()).prop_map(|(issue, ready, rest, is_late)| {
            if is_late {
                format!("{{\"ready\": {ready}{rest}, \"issue\": {issue}}}")
            } else {
                format!("{{\n  \"issue\": {issue},\n  \"ready\": {ready}{rest}\n}}")
            }
        });
        prop_oneof![9 => object, 1 => prop_oneof![Just("7"), Just("null"), Just("[4, []]"), Just("{}"), Just("\"x\"")].prop_map(str::to_owned)]
    }

    proptest! {
        #[test]
        fn any_queue_is_read_as_the_general_reader_reads_it(
            items in proptest::collection::vec(item(), 0..12),
            gap in prop_oneof![Just(""), Just(" "), Just("\n  ")],
            end in prop_oneof![4 => Just(""), 1 => Just("\n \n"), 1 => Just("x"), 1 => Just(",")],
            block in 1_usize..200,
            damage in proptest::option::of((any::<prop::sample::Index>(), any::<u8>(), 0..4)),
        ) {
            let mut text = format!("{gap}[{gap}{}{gap}]{end}", items.join(&format!(",{gap}"))).into_bytes();
            if let Some((place, byte, edit)) = damage {
                let place = place.index(text.len());
                match edit {
                    0 => text[place] = byte,
                    1 => drop(text.remove(place)),
                    2 => text.insert(place, byte),
                    _ => text.truncate(place),
                }
            }
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &text).unwrap();
            let mut given = Vec::new();
            let read = read_in_blocks(file.path(), block, |entry| given.push(Given::of(entry))).unwrap();
            prop_assert_eq!((format!("{read:?}"), given), read_generally(file.path()), "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn what_is_no_list_is_damage() {
        for text in ["null", "", "{}", "[{\"issue\": 1}", "[] []", "[1, 2", "\0\0", "[{\"issue\": 1}]x"] {
            assert!(matches!(read(text).0, QueueRead::Damaged(_)), "{text:?}");
        }
        assert!(matches!(super::read(Path::new("/nowhere"), |_| ()).unwrap(), QueueRead::Missing));
    }
}
