//! `cycle_result.json`: what the agent reports of its cycle.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::issue_type::IssueType;
use crate::lenient;
use crate::object::{self, OtherFields};

/// What the agent reports. Agents write numbers as texts and leave fields out; what cannot be read is none.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct CycleResult {
    /// The issue that it worked on.
    #[serde(deserialize_with = "positive", skip_serializing_if = "Option::is_none")]
    pub issue: Option<u64>,
    /// What kind of work it was.
    #[serde(rename = "type", deserialize_with = "kind", skip_serializing_if = "Option::is_none")]
    pub kind: Option<IssueType>,
    /// The files that it changed.
    #[serde(deserialize_with = "lenient::items", skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// How many tests passed.
    #[serde(deserialize_with = "lenient::number_field", skip_serializing_if = "Option::is_none")]
    pub tests_passed: Option<u64>,
    /// How many tests are new.
    #[serde(deserialize_with = "lenient::number_field", skip_serializing_if = "Option::is_none")]
    pub tests_added: Option<u64>,
    /// How many files changed.
    #[serde(deserialize_with = "lenient::number_field", skip_serializing_if = "Option::is_none")]
    pub files_changed: Option<u64>,
    /// Lines added.
    #[serde(deserialize_with = "lenient::number_field", skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<u64>,
    /// Lines removed.
    #[serde(deserialize_with = "lenient::number_field", skip_serializing_if = "Option::is_none")]
    pub lines_removed: Option<u64>,
    /// The pull request.
    #[serde(deserialize_with = "positive", skip_serializing_if = "Option::is_none")]
    pub pr: Option<u64>,
    /// Anything else worth keeping.
    #[serde(deserialize_with = "lenient::field", skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}

impl CycleResult {
    /// The names of the fields; an object with none of them is no result.
    pub const FIELDS: [&str; 10] = [
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

    /// Finds the result in an agent's text: agents wrap it in a Markdown fence, talk around it, write numbers as texts, or break
    /// off in the middle. It is the first object that has a field of a result, whatever is around it; finally with the commas
    /// ignored that are before a closing bracket.
    pub fn from_text(text: &str) -> Option<Self> {
        first_object(text).or_else(|| first_object(&without_trailing_commas(text)))
    }

    /// Reads a result from an object that has a field of one.
    pub fn from_object(object: &serde_json::Map<String, Value>) -> Option<Self> {
        let is_result = Self::FIELDS.iter().any(|field| object.contains_key(*field));
        is_result.then(|| object::read(object))
    }

    /// Returns whether it reports that the cycle succeeded; none where it does not report it. A record does not rest on it.
    pub fn reported_success(&self) -> Option<bool> {
        match self.other.get("success")? {
            Value::Bool(success) => Some(*success),
            Value::Number(number) => number.as_u64().and_then(|number| success_in(&number.to_string())),
            Value::String(word) => success_in(&word.trim().to_ascii_lowercase()),
            _ => None,
        }
    }

    /// Returns the JSON of the field that [`CycleResult::reported_success`] reads, for messages.
    pub fn success_as_written(&self) -> String {
        self.other.get("success").map(ToString::to_string).unwrap_or_default()
    }

    /// Returns whether it says no more than what the guard began it with.
    pub fn is_as_begun(&self) -> bool {
        *self == Self { issue: self.issue, kind: self.kind, ..Self::default() }
    }
}

/// Returns whether a word says success or failure.
fn success_in(word: &str) -> Option<bool> {
    match word {
        "true" | "yes" | "1" | "ok" | "success" | "succeeded" | "passed" => Some(true),
        "false" | "no" | "0" | "fail" | "failed" | "failure" | "error" => Some(false),
        _ => None,
    }
}

fn first_object(text: &str) -> Option<CycleResult> {
    let starts = text.match_indices('{').take(200);
    starts
        .filter_map(|(start, _)| serde_json::Deserializer::from_str(&text[start..]).into_iter().next()?.ok())
        .find_map(|object: serde_json::Map<String, Value>| CycleResult::from_object(&object))
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

fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(lenient::number_field(deserializer)?.filter(|number| *number > 0))
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IssueType>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().and_then(IssueType::from_name))
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
            let told = CycleResult::from_text(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((told.issue, told.kind, told.tests_passed), (Some(85), Some(IssueType::Bug), Some(1450)));
            assert_eq!((told.lines_added, told.pr, told.notes.as_deref()), (Some(1203), None, Some("ok")));
        }
    }

    #[test]
    fn what_makes_no_sense_is_said_to() {
        for text in ["", "{", "```json\n{\"issue\": 8", "[1]", "null", "}{", "\u{0}"] {
            assert!(CycleResult::from_text(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn any_number_in_another_field_costs_nothing_but_itself() {
        for number in ["123456789012345678901234567890", "1e400", "-1", "[1e400]"] {
            let text = format!("{{\"issue\": 5, \"reason\": {number}, \"files_changed\": \"#7\"}}");
            let result = CycleResult::from_object(&serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!((result.issue, result.files_changed), (Some(5), Some(7)), "{text}");
        }
    }

    #[test]
    fn the_names_of_the_fields_are_those_of_a_result() {
        let full = CycleResult {
            issue: Some(1),
            kind: Some(IssueType::Bug),
            files: vec!["a".to_owned()],
            tests_passed: Some(1),
            tests_added: Some(1),
            files_changed: Some(1),
            lines_added: Some(1),
            lines_removed: Some(1),
            pr: Some(1),
            notes: Some(String::new()),
            other: OtherFields::new(),
        };
        let value = serde_json::to_value(full).unwrap();
        assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), CycleResult::FIELDS);
    }
}
