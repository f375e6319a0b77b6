//! Pull requests as the API's own list gives them.

use chrono::{DateTime, Utc};
use records::parse_time;
use serde::Deserialize;

use crate::issue::{Label, User, or_default};

/// A pull request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pull {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    #[serde(deserialize_with = "or_default")]
    pub title: String,
    /// Its text, Markdown.
    #[serde(deserialize_with = "or_default")]
    pub body: String,
    /// Its labels.
    #[serde(deserialize_with = "or_default")]
    pub labels: Vec<Label>,
    /// `open` or `closed`.
    #[serde(deserialize_with = "or_default")]
    pub state: String,
    /// Whether it is a draft.
    #[serde(deserialize_with = "or_default")]
    pub draft: bool,
    /// Whether it was merged.
    #[serde(deserialize_with = "or_default")]
    pub merged: bool,
    /// Whether it can be merged as it is; meaningless once it is closed.
    #[serde(deserialize_with = "or_default")]
    pub mergeable: bool,
    /// Who opened it.
    pub user: Option<User>,
    /// Who is on it.
    #[serde(deserialize_with = "or_default")]
    pub assignees: Vec<User>,
    /// Who was asked for a review.
    #[serde(deserialize_with = "or_default")]
    pub requested_reviewers: Vec<User>,
    /// Its page.
    #[serde(deserialize_with = "or_default")]
    pub html_url: String,
    /// When it was opened, in the server's words.
    #[serde(deserialize_with = "or_default")]
    pub created_at: String,
    /// When it was closed or merged, in the server's words; empty of an open one.
    #[serde(deserialize_with = "or_default")]
    pub closed_at: String,
    /// Lines added; absent where the server does not compute it, and 0 may mean the same.
    pub additions: Option<u64>,
    /// Lines removed, with the same reservation.
    pub deletions: Option<u64>,
    /// Files changed, with the same reservation.
    pub changed_files: Option<u64>,
    /// The branch that is to be merged.
    pub head: Option<Branch>,
    /// When it was merged, in the server's words.
    #[serde(deserialize_with = "or_default")]
    pub merged_at: String,
    /// The commit that merged it; the last one of a rebase or a fast-forward.
    #[serde(deserialize_with = "or_default")]
    pub merge_commit_sha: String,
    /// Where its branch left the other one.
    #[serde(deserialize_with = "or_default")]
    pub merge_base: String,
}

/// How much a change changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Size {
    /// Files.
    pub files: u64,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
}

/// One end of a pull request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Branch {
    /// The branch's name, also after it was deleted.
    #[serde(deserialize_with = "or_default")]
    pub label: String,
    /// Its last commit.
    #[serde(deserialize_with = "or_default")]
    pub sha: String,
}

impl Pull {
    /// Returns when it was opened.
    pub fn created(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.created_at)
    }

    /// Returns when it was closed or merged.
    pub fn closed_at(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.closed_at)
    }

    /// Returns when it was merged.
    pub fn merged_at(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.merged_at).filter(|_| self.merged)
    }

    /// Returns how much it changes, where the server tells: a server that has not computed it says nothing, or 0.
    pub fn size(&self) -> Option<Size> {
        let size = Size { files: self.changed_files?, added: self.additions?, removed: self.deletions? };
        (size.files > 0 || size.added > 0 || size.removed > 0).then_some(size)
    }

    /// Returns how many lines it changes, where the server tells.
    pub fn lines(&self) -> Option<u64> {
        self.size().map(|size| size.added.saturating_add(size.removed))
    }
}
