//! The repository itself, and its branches.

use chrono::{DateTime, Utc};
use records::parse_time;
use serde::Deserialize;

use crate::issue::or_default;

/// A repository.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Repository {
    /// Its name today, `owner/name`.
    #[serde(deserialize_with = "or_default")]
    pub full_name: String,
    /// Whether it has no commit yet.
    #[serde(deserialize_with = "or_default")]
    pub empty: bool,
    /// Whether nothing can be changed in it.
    #[serde(deserialize_with = "or_default")]
    pub archived: bool,
    /// The branch that pull requests are merged into.
    #[serde(deserialize_with = "or_default")]
    pub default_branch: String,
    /// Whether it has issues; none where the server does not tell.
    pub has_issues: Option<bool>,
    /// Whether it has pull requests; none where the server does not tell.
    pub has_pull_requests: Option<bool>,
    /// What the token may do; none where the server does not tell.
    pub permissions: Option<Permissions>,
}

/// What an account may do.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
pub struct Permissions {
    /// Read. Without it the repository is seen, and nothing in it.
    pub pull: bool,
    /// Write.
    pub push: bool,
}

/// A branch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PushedBranch {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Its newest commit.
    pub commit: Option<BranchCommit>,
}

/// The newest commit of a branch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BranchCommit {
    /// Its hash.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// When it was made, in the server's words; the forge tells no time of a push.
    #[serde(deserialize_with = "or_default")]
    pub timestamp: String,
}

impl Repository {
    /// Returns whether the token can see what is in it: a server may show the repository and nothing more.
    pub fn is_readable(&self) -> bool {
        self.permissions.is_none_or(|permissions| permissions.pull)
    }
}

impl PushedBranch {
    /// Returns when its newest commit was made.
    pub fn committed(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.commit.as_ref()?.timestamp)
    }
}
