//! Work that was merged, by whatever source.

use chrono::{DateTime, Utc};
use gitea::{Pull, Size};

/// A pull request that was merged.
#[derive(Clone, Debug)]
pub(crate) struct Merged {
    /// Its number.
    pub number: u64,
    pub title: String,
    /// Its text, or the rest of the commit's message.
    pub text: String,
    pub labels: Vec<String>,
    /// The branch that it came from.
    pub branch: Option<String>,
    /// When it was opened, where that is known.
    pub opened: Option<DateTime<Utc>>,
    pub at: DateTime<Utc>,
    /// Where in the local history its size may be seen.
    pub commits: Commits,
    /// How much it changes, where that is known.
    pub size: Option<Size>,
}

/// The commits of a pull request, as hexadecimal names; empty where they are not known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Commits {
    /// Where its branch left the other one.
    pub base: String,
    /// The last commit of its branch.
    pub head: String,
    /// The commit that merged it.
    pub merge: String,
}

impl Merged {
    /// Makes one of what the forge says; none where it says no time.
    pub(crate) fn of_pull(pull: Pull) -> Option<Self> {
        let head = pull.head.clone().unwrap_or_default();
        Some(Self {
            at: pull.merged_at()?,
            opened: pull.created(),
            size: pull.size(),
            number: pull.number,
            labels: pull.labels.into_iter().map(|label| label.name).collect(),
            branch: Some(head.label).filter(|label| !label.is_empty()),
            title: pull.title,
            text: pull.body,
            commits: Commits { base: pull.merge_base, head: head.sha, merge: pull.merge_commit_sha },
        })
    }
}
