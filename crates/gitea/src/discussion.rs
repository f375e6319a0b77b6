//! What happened to an issue or a pull request: comments, reviews, the timeline.

use chrono::{DateTime, Utc};
use records::parse_time;
use serde::Deserialize;

use crate::issue::{Issue, User, or_default};

/// A comment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Comment {
    /// Its number on the server.
    pub id: u64,
    /// Who wrote it; the name stays when another account edits it.
    pub user: Option<User>,
    /// Its text, Markdown.
    #[serde(deserialize_with = "or_default")]
    pub body: String,
    /// When it was written, in the server's words.
    #[serde(deserialize_with = "or_default")]
    pub created_at: String,
    /// When it was written or edited, in the server's words.
    #[serde(deserialize_with = "or_default")]
    pub updated_at: String,
}

/// A review of a pull request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Review {
    /// Its number on the server.
    pub id: u64,
    /// Who wrote it.
    pub user: Option<User>,
    /// `APPROVED`, `REQUEST_CHANGES`, `COMMENT`, `PENDING` or `REQUEST_REVIEW`.
    #[serde(deserialize_with = "or_default")]
    pub state: String,
    /// Its text, Markdown.
    #[serde(deserialize_with = "or_default")]
    pub body: String,
    /// Whether something was pushed since: the state outlives a push.
    #[serde(deserialize_with = "or_default")]
    pub stale: bool,
    /// Whether it was taken back.
    #[serde(deserialize_with = "or_default")]
    pub dismissed: bool,
    /// When it was written, in the server's words.
    #[serde(deserialize_with = "or_default")]
    pub submitted_at: String,
}

/// Who approves a pull request and who asks for changes, as it is now.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Who approves it.
    pub approved_by: Vec<String>,
    /// The reviews that ask for changes, the newest of each reviewer.
    pub changes_requested: Vec<Review>,
}

/// Something that happened to an issue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TimelineEntry {
    /// Its number on the server.
    pub id: u64,
    /// What: `comment`, `close`, `reopen`, `pull_ref`, `add_dependency` and others.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// Who did it.
    pub user: Option<User>,
    /// What a reference does to the issue: `none`, `closes`, `reopens`, or `neutered` when it was edited away.
    #[serde(deserialize_with = "or_default")]
    pub ref_action: String,
    /// The issue or pull request that refers to it, as it is now.
    pub ref_issue: Option<Issue>,
    /// When, in the server's words.
    #[serde(deserialize_with = "or_default")]
    pub created_at: String,
}

impl Comment {
    /// Returns when it was written or edited.
    pub fn updated(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.updated_at).or_else(|| parse_time(&self.created_at))
    }
}

impl Review {
    /// Returns when it was written.
    pub fn submitted(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.submitted_at)
    }

    fn login(&self) -> &str {
        self.user.as_ref().map_or("", |user| &user.login)
    }
}

impl Verdict {
    /// Takes of each reviewer the newest review that approves or asks for changes; a comment takes nothing back, a dismissal does.
    /// A review from before the last push does not count.
    pub fn of(reviews: &[Review]) -> Self {
        let mut newest: Vec<&Review> = Vec::new();
        let mut reviews: Vec<&Review> =
            reviews.iter().filter(|review| matches!(review.state.as_str(), "APPROVED" | "REQUEST_CHANGES")).collect();
        reviews.sort_by_key(|review| (review.submitted(), review.id));
        for review in reviews {
            newest.retain(|earlier| earlier.login() != review.login());
            newest.push(review);
        }
        let in_force = newest.into_iter().filter(|review| !review.dismissed && !review.stale);
        let (approving, asking): (Vec<&Review>, Vec<&Review>) = in_force.partition(|review| review.state == "APPROVED");
        Self {
            approved_by: approving.into_iter().map(|review| review.login().to_owned()).collect(),
            changes_requested: asking.into_iter().cloned().collect(),
        }
    }
}

impl TimelineEntry {
    /// Returns the open pull request that closes the issue when it is merged, where the entry tells of one.
    pub fn closing_pull(&self) -> Option<&Issue> {
        let closes = self.kind == "pull_ref" && self.ref_action == "closes";
        let pull = self.ref_issue.as_ref().filter(|_| closes)?;
        (pull.is_open() && pull.pull_request.is_some()).then_some(pull)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_review_of_each_reviewer_counts_until_it_is_stale_or_dismissed() {
        let review = |login: &str, state: &str, hour: u32, stale: bool, dismissed: bool| Review {
            user: Some(User { login: login.to_owned() }),
            state: state.to_owned(),
            submitted_at: format!("2026-03-21T{hour:02}:00:00Z"),
            stale,
            dismissed,
            ..Review::default()
        };
        let verdict = |reviews: &[Review]| {
            let verdict = Verdict::of(reviews);
            (
                verdict.approved_by.join(","),
                verdict.changes_requested.iter().map(Review::login).collect::<Vec<_>>().join(","),
            )
        };
        let (approved, changes) = ("APPROVED", "REQUEST_CHANGES");
        for (reviews, expected) in [
            (vec![review("a", changes, 1, false, false)], ("", "a")),
            (vec![review("a", changes, 1, true, false)], ("", "")),
            (vec![review("a", changes, 1, false, true)], ("", "")),
            (vec![review("a", changes, 1, false, false), review("a", "COMMENT", 2, false, false)], ("", "a")),
            (vec![review("a", changes, 1, false, false), review("a", approved, 2, false, false)], ("a", "")),
            (vec![review("a", approved, 2, false, false), review("a", changes, 1, false, false)], ("a", "")),
            (vec![review("a", changes, 1, false, false), review("b", approved, 2, false, false)], ("b", "a")),
            (vec![review("a", changes, 1, false, false), review("a", approved, 2, true, false)], ("", "")),
            (vec![review("a", "REQUEST_REVIEW", 1, false, false), review("a", "PENDING", 2, false, false)], ("", "")),
        ] {
            assert_eq!(verdict(&reviews), (expected.0.to_owned(), expected.1.to_owned()), "{reviews:?}");
        }
    }
}
