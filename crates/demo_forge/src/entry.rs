//! One issue or pull request as it is sent, with what lists are filtered and ordered by.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::fixture::{EntryFile, State};

/// An issue or a pull request, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub number: u64,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub closed: Option<DateTime<Utc>>,
    pub is_open: bool,
    pub is_pull: bool,
    pub labels: Vec<String>,
    pub milestone: Option<String>,
    pub user: String,
    pub assignees: Vec<String>,
    pub words: String,
    pub comments: u64,
    pub json: String,
}

impl Entry {
    /// Takes what a file says and what is sent for it.
    pub(crate) fn new(file: &EntryFile, sent: &Value, is_pull: bool) -> Self {
        let words = [file.title.as_deref(), file.body.as_deref()].map(Option::unwrap_or_default).join(" ");
        Self {
            number: file.number,
            created: file.created_at.as_ref().map(|time| time.at).unwrap_or_default(),
            updated: file.updated_at.as_ref().map(|time| time.at).unwrap_or_default(),
            closed: file.closed_at.as_ref().map(|time| time.at),
            is_open: file.state == State::Open,
            is_pull,
            labels: file.label_names().map(str::to_owned).collect(),
            milestone: file.milestone.as_ref().map(|milestone| milestone.0.clone()),
            user: file.login().to_owned(),
            assignees: file.assigned().map(str::to_owned).collect(),
            words: words.to_lowercase(),
            comments: file.comment_count(),
            json: text(sent),
        }
    }
}

/// JSON as Go writes it: no spaces, and `<`, `>`, `&` escaped.
pub(crate) fn text(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
