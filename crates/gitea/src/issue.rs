//! Issues as the API gives them. Lists of issues hold pull requests too, and anything may be null.

use std::path::Path;

use chrono::{DateTime, Utc};
use host::source::Source;
use records::parse_time;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::ForgeError;

/// An issue, or a pull request in a list of issues.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Issue {
    /// Its number in the repository; 0 in an entry that the server failed to load.
    pub number: u64,
    /// Its number on the server; that of a pull request is another one in the list of pull requests.
    pub id: u64,
    /// Its title.
    #[serde(deserialize_with = "or_default")]
    pub title: String,
    /// Its text, Markdown.
    #[serde(deserialize_with = "or_default")]
    pub body: String,
    /// Its labels.
    #[serde(deserialize_with = "or_default")]
    pub labels: Vec<Label>,
    /// `open` or `closed`; a merged pull request is closed.
    #[serde(deserialize_with = "or_default")]
    pub state: String,
    /// Who opened it.
    pub user: Option<User>,
    /// Who is on it.
    #[serde(deserialize_with = "or_default")]
    pub assignees: Vec<User>,
    /// Whether only those who may write to the repository can comment on it.
    #[serde(deserialize_with = "or_default")]
    pub is_locked: bool,
    /// How many comments it has.
    #[serde(deserialize_with = "or_default")]
    pub comments: u64,
    /// Its page.
    #[serde(deserialize_with = "or_default")]
    pub html_url: String,
    /// When it was opened, in the server's words.
    #[serde(deserialize_with = "or_default")]
    pub created_at: String,
    /// When it was last touched, in the server's words.
    #[serde(deserialize_with = "or_default")]
    pub updated_at: String,
    /// When it was closed, in the server's words; empty while it is open.
    #[serde(deserialize_with = "or_default")]
    pub closed_at: String,
    /// What makes it a pull request.
    pub pull_request: Option<PullMark>,
    /// Where it is: an issue may depend on one of another repository.
    pub repository: Option<IssueRepository>,
}

/// The repository of an issue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct IssueRepository {
    /// Its name, `owner/name`.
    #[serde(deserialize_with = "or_default")]
    pub full_name: String,
}

/// A label.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "LabelForm")]
pub struct Label {
    /// Its name.
    pub name: String,
}

/// A user.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct User {
    /// The login name.
    #[serde(deserialize_with = "or_default")]
    pub login: String,
}

/// What a list of issues says of a pull request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PullMark {
    /// Whether it was merged.
    #[serde(deserialize_with = "or_default")]
    pub merged: bool,
    /// When it was merged, in the server's words.
    #[serde(deserialize_with = "or_default")]
    pub merged_at: String,
    /// Whether it is a draft.
    #[serde(deserialize_with = "or_default")]
    pub draft: bool,
}

/// A label as the API gives it, or, in a file that a person wrote, its name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum LabelForm {
    Full {
        #[serde(default, deserialize_with = "or_default")]
        name: String,
    },
    Name(String),
}

/// What was read of a file of issues.
#[derive(Debug, Default)]
pub struct IssueFile {
    /// The issues, without pull requests and without those that are closed.
    pub open: Vec<Issue>,
    /// How many entries are no issues.
    pub unreadable: usize,
}

impl Issue {
    /// Returns when it was opened.
    pub fn created(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.created_at)
    }

    /// Returns when it was last touched.
    pub fn updated(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.updated_at)
    }

    /// Returns when it was closed.
    pub fn closed(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.closed_at)
    }

    /// Returns whether it is open.
    pub fn is_open(&self) -> bool {
        self.state != "closed"
    }

    /// Returns the names of its labels.
    pub fn label_names(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|label| label.name.as_str())
    }
}

impl From<LabelForm> for Label {
    fn from(form: LabelForm) -> Self {
        match form {
            LabelForm::Full { name } | LabelForm::Name(name) => Self { name },
        }
    }
}

/// Reads open issues from a file in the API's shape: a list of issues, or an object with such a list as `issues`.
///
/// # Errors
/// The file is missing, or is no such thing.
pub fn issues_from_file(path: &Path, bytes: Vec<u8>) -> Result<IssueFile, ForgeError> {
    #[derive(Deserialize)]
    struct Wrapped {
        issues: Vec<Value>,
    }
    let source = Source::from_bytes(path, bytes)?;
    let entries = match source.json()? {
        Value::Array(entries) => Some(entries),
        other => serde_json::from_value::<Wrapped>(other).ok().map(|wrapped| wrapped.issues),
    };
    let Some(entries) = entries else {
        let error = source.error(0, "expected a list of issues, or an object with such a list as `issues`");
        return Err(error.into());
    };
    let mut file = IssueFile::default();
    let mut seen = std::collections::BTreeSet::new();
    for entry in entries {
        match serde_json::from_value::<Issue>(entry) {
            Ok(issue) if issue.number > 0 => {
                let is_first = seen.insert(issue.number);
                if is_first && issue.is_open() && issue.pull_request.is_none() {
                    file.open.push(issue);
                }
            }
            _ => file.unreadable += 1,
        }
    }
    Ok(file)
}

/// Takes null for the type's default: Go sends null for what was never filled.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_are_read_as_nothing() {
        let issue: Issue = serde_json::from_str(
            r#"{"number": 3, "title": null, "body": null, "labels": null, "assignees": null, "user": null,
                "closed_at": null, "pull_request": null, "milestone": null, "state": ""}"#,
        )
        .unwrap();
        assert_eq!((issue.number, issue.title.as_str(), issue.labels.len()), (3, "", 0));
    }

    #[test]
    fn a_file_of_issues_is_read_in_both_forms() {
        let list = r#"[{"number": 1, "labels": ["bug"]}, {"number": 2, "labels": [{"name": "x"}], "pull_request": {}},
                       {"number": 3, "state": "closed"}, {"number": 1, "title": "again"}, {"number": 0}, 7, {"number": "x"}]"#;
        for text in [list.to_owned(), format!("{{\"issues\": {list}, \"pulls\": []}}")] {
            let file = issues_from_file(Path::new("x"), text.into_bytes()).unwrap();
            assert_eq!(file.open.iter().map(|issue| issue.number).collect::<Vec<_>>(), [1]);
            assert_eq!(file.open[0].label_names().collect::<Vec<_>>(), ["bug"]);
            assert_eq!(file.unreadable, 3);
        }
        assert!(issues_from_file(Path::new("x"), b"null".to_vec()).is_err());
    }
}
