//! `cycle_result.json`: what the agent says it did. Agents wrap it in a Markdown fence, talk around it, write numbers as
//! texts, or break off in the middle.

use host::files::FileError;
use records::CycleResult;
use serde_json::{Map, Value};
use store::cycle_result::{CycleResultFile, ResultText};

/// What is at the result's path.
#[derive(Debug)]
pub(crate) enum ResultFile {
    /// Nothing.
    Missing,
    /// A result; what it does not report is none.
    Read(Box<CycleResult>),
    /// A result of another issue than the one that the record is of, which is not used.
    OfOther(Box<CycleResult>),
    /// A file that cannot be read as a result.
    Unreadable,
}

impl ResultFile {
    /// Reads the file. A content that is no result is an answer.
    pub(crate) fn read(file: &CycleResultFile<'_>) -> Result<Self, FileError> {
        Ok(match file.read()? {
            ResultText::Missing => Self::Missing,
            ResultText::TooLarge => Self::Unreadable,
            ResultText::Text(bytes) => {
                parse(&String::from_utf8_lossy(&bytes)).map_or(Self::Unreadable, |result| Self::Read(Box::new(result)))
            }
        })
    }

    /// Takes it as that of a cycle on this issue, if one is given.
    pub(crate) fn of_issue(self, issue: Option<u64>) -> Self {
        match self {
            Self::Read(result) if issue.is_some() && result.issue.is_some() && result.issue != issue => {
                Self::OfOther(result)
            }
            other => other,
        }
    }

    /// Returns what it reports.
    pub(crate) fn result(&self) -> CycleResult {
        match self {
            Self::Read(result) => CycleResult::clone(result),
            Self::Missing | Self::OfOther(_) | Self::Unreadable => CycleResult::default(),
        }
    }

    /// Removes the file once its content is on the record; one that could not be read, or in which an agent reports of another
    /// issue, is kept next to it as `.bad`. Returns a warning where there is one.
    pub(crate) fn consume(&self, file: &CycleResultFile<'_>) -> Result<Option<String>, FileError> {
        match self {
            Self::Missing => Ok(None),
            Self::Read(_) => file.remove().map(|()| None),
            Self::OfOther(result) => {
                let other = result.issue.unwrap_or_default();
                let what = format!("{} is of #{other}, so nothing is taken from it", file.path().display());
                if result.is_as_begun() {
                    return file.remove().map(|()| Some(what));
                }
                Ok(Some(format!("{what}; it is kept as {}", file.set_aside()?.display())))
            }
            Self::Unreadable => self.set_aside(file),
        }
    }

    /// Keeps a file that could not be read next to it as `.bad`, and returns a warning; leaves any other as it is.
    pub(crate) fn set_aside(&self, file: &CycleResultFile<'_>) -> Result<Option<String>, FileError> {
        let Self::Unreadable = self else { return Ok(None) };
        let kept = file.set_aside()?;
        Ok(Some(format!("{} could not be read; it is kept as {}", file.path().display(), kept.display())))
    }
}

/// Finds the result in an agent's text: the first object in it that has a field of a result, whatever is around it; finally
/// with the commas ignored that are before a closing bracket.
fn parse(text: &str) -> Option<CycleResult> {
    first_object(text).or_else(|| first_object(&without_trailing_commas(text)))
}

fn first_object(text: &str) -> Option<CycleResult> {
    let starts = text.match_indices('{').take(200);
    starts
        .filter_map(|(start, _)| serde_json::Deserializer::from_str(&text[start..]).into_iter().next()?.ok())
        .find_map(|object: Map<String, Value>| CycleResult::from_object(&object))
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
    use records::IssueType;

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
