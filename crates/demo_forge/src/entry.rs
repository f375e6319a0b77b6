//! One issue or pull request as it is sent, and what all entries are made of.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// An issue or a pull request, ready to be sent, with what lists are filtered and ordered by.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub number: u64,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub closed: Option<DateTime<Utc>>,
    pub is_open: bool,
    pub is_pull: bool,
    pub labels: Vec<String>,
    pub user: String,
    pub assignees: Vec<String>,
    pub words: String,
    pub comments: u64,
    pub json: String,
}

/// A user as every caller but the user sees it.
pub(crate) fn user(root: &str, login: &str) -> Value {
    let id = login.bytes().fold(7_u64, |sum, byte| sum * 31 % 9973 + u64::from(byte));
    json!({
        "id": id, "login": login, "login_name": "", "source_id": 0, "full_name": "",
        "email": format!("{login}@noreply.localhost"), "avatar_url": format!("{root}/avatars/{id}"),
        "html_url": format!("{root}/{login}"), "language": "", "is_admin": false, "last_login": "0001-01-01T00:00:00Z",
        "created": "2025-01-02T03:04:05Z", "restricted": false, "active": false, "prohibit_login": false, "location": "",
        "pronouns": "", "website": "", "description": "", "visibility": "public", "followers_count": 0,
        "following_count": 0, "starred_repos_count": 0, "username": login
    })
}

/// JSON as Go writes it: no spaces, and `<`, `>`, `&` escaped.
pub(crate) fn text(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
