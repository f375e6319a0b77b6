//! A client of the HTTP API of Gitea and Forgejo, for the few requests that the tools need; it only reads.
//!
//! The forge may be slow, paged, flaky, absent or hostile: every request has time limits, a bounded number of tries
//! and a bounded body; a list that moves while it is fetched is fetched again, and what is still missing is reported; the
//! token goes to the configured host and nowhere else, and never into a message.

mod answer;
mod client;
mod connect;
mod discussion;
mod error;
mod in_work;
mod issue;
mod listing;
mod page;
mod people;
mod pull;
mod query;
mod reference;
mod refusal;
mod remote;
mod repository;
mod requests;
mod settings;

pub use answer::ForgeAnswer;
pub use client::Forge;
pub use connect::{connect, connect_within};
pub use discussion::{Comment, Review, TimelineEntry, Verdict};
pub use error::ForgeError;
pub use in_work::in_work;
pub use issue::{Issue, IssueFile, IssueRepository, Label, PullMark, User, issues_from_file};
pub use listing::Listing;
pub use page::Page;
pub use people::{Logins, People};
pub use pull::{Branch, Pull, Size};
pub use query::{IssueQuery, State};
pub use reference::{closed_issue, closed_issues};
pub use repository::{BranchCommit, Permissions, PushedBranch, Repository};
pub use settings::{Connection, ForgeSettings};
