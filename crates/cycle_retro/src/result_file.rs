//! `cycle_result.json`: what the agent says it did. Agents wrap it in a Markdown fence, talk around it, write numbers as
//! texts, or break off in the middle.

use std::path::Path;

use common::document;
use common::files::{self, FileError};
use common::records::{IssueType, lenient_number};
use serde_json::{Map, Value};

/// The largest result that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// What stands at the result's path.
#[derive(Debug)]
pub(crate) enum ResultFile {
    /// Nothing.
    Missing,
    /// Something readable; what it does not say is not there.
    Told(Box<Told>),
    /// A file that cannot be made sense of.
    Unreadable,
}

/// What the agent says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub issue: Option<u64>,
    pub kind: Option<IssueType>,
    pub tests_passed: Option<u64>,
    pub tests_added: Option<u64>,
    pub files_changed: Option<u64>,
    pub lines_added: Option<u64>,
    pub lines_removed: Option<u64>,
    pub pr: Option<u64>,
    pub notes: Option<String>,
}

impl ResultFile {
    /// Reads the file. A content that makes no sense is an answer.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        files::check_writable_place(path)?;
        let bytes = match files::read(path, LIMIT) {
            Ok(None) => return Ok(Self::Missing),
            Ok(Some(bytes)) => bytes,
            Err(error) if error.is_too_large() => return Ok(Self::Unreadable),
            Err(error) => return Err(error),
        };
        Ok(parse(&String::from_utf8_lossy(&bytes)).map_or(Self::Unreadable, |told| Self::Told(Box::new(told))))
    }

    /// Returns what it says.
    pub fn told(&self) -> Told {
        match self {
            Self::Told(told) => Told::clone(told),
            Self::Missing | Self::Unreadable => Told::default(),
        }
    }

    /// Takes the file away once its content is on the record; one that could not be read is kept beside it as `.bad`.
    /// Returns a warning where there is something to say.
    pub fn retire(&self, path: &Path) -> Result<Option<String>, FileError> {
        match self {
            Self::Missing => Ok(None),
            Self::Told(_) => files::remove(path).map(|()| None),
            Self::Unreadable => self.retire_unreadable(path),
        }
    }

    /// Keeps a file that could not be read beside it as `.bad`, and returns a warning; leaves any other alone.
    pub fn retire_unreadable(&self, path: &Path) -> Result<Option<String>, FileError> {
        let Self::Unreadable = self else { return Ok(None) };
        let kept = document::keep_damaged(&files::lock(path)?)?;
        files::remove(path)?;
        Ok(Some(format!("{} could not be read; it is kept as {}", path.display(), kept.display())))
    }
}

/// The fields that a result may have; an object with none of them is something else in the agent's text.
const FIELDS: [&str; 10] = [
    "issue",
    "type",
    "files",
    "tests_passed",
    "tests_added",
    "files_changed",
    "lines_added",
    "lines_removed",
    "pr",
    "notes",
];

/// Makes sense of an agent's text: the first object in it that has a field of a result, whatever stands around it; at last
/// with the commas forgiven that stand before a closing bracket.
fn parse(text: &str) -> Option<Told> {
    let object = first_object(text).or_else(|| first_object(&without_trailing_commas(text)))?;
    let number = |key: &str| object.get(key).and_then(lenient_number);
    let positive = |key: &str| number(key).filter(|number| *number > 0);
    let words = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Told {
        issue: positive("issue"),
        kind: words("type").and_then(|name| IssueType::from_name(&name)),
        tests_passed: number("tests_passed"),
        tests_added: number("tests_added"),
        files_changed: number("files_changed"),
        lines_added: number("lines_added"),
        lines_removed: number("lines_removed"),
        pr: positive("pr"),
        notes: words("notes"),
    })
}

fn first_object(text: &str) -> Option<Map<String, Value>> {
    let starts = text.match_indices('{').take(200);
    starts
        .filter_map(|(start, _)| serde_json::Deserializer::from_str(&text[start..]).into_iter().next()?.ok())
        .find(|object: &Map<String, Value>| FIELDS.iter().any(|field| object.contains_key(*field)))
}

fn without_trailing_commas(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        if character != ',' || !text[at + 1..].trim_start().starts_with(['}', ']']) {
            kept.push(character);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrapping_is_taken_off() {
        let object =
            r#"{"issue": "85", "type": "Bug", "tests_passed": 1450, "lines_added": "1,203", "pr": 0, "notes": "ok"}"#;
        for text in [
            object.to_owned(),
            format!("```json\n{object}\n```\n"),
            format!("```\n{object}\n```"),
            format!("Here is what I did:\n\n```json\n{object}\n```\nDone."),
            format!("Result: {object} - that is all"),
            format!("I ran ```bash\necho ${{HOME}} {{}}\n``` and then:\n```json\n{object}\n```\n}} done {{"),
            object.replace("\"ok\"}", "\"ok\",\n}"),
        ] {
            let told = parse(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((told.issue, told.kind, told.tests_passed), (Some(85), Some(IssueType::Bug), Some(1450)));
            assert_eq!((told.lines_added, told.pr, told.notes.as_deref()), (Some(1203), None, Some("ok")));
        }
    }

    #[test]
    fn what_makes_no_sense_is_said_to() {
        for text in ["", "{", "```json\n{\"issue\": 8", "[1]", "null", "}{", "\u{0}"] {
            assert!(parse(text).is_none(), "{text:?}");
        }
    }
}
