//! A client of the HTTP API that Gitea and Forgejo share, for the few questions that the suite asks: issues and pull
//! requests, whole lists of them. It only reads.
//!
//! The forge may be slow, paged, flaky, absent or hostile: every request has time limits, a bounded number of tries
//! and a bounded body; a list that moves while it is fetched is fetched again, and what is still missing is said; the
//! token goes to the configured host and nowhere else, and never into a message.

mod client;
mod error;
mod issue;
mod listing;
mod pull;
mod reference;
mod remote;
mod settings;

pub use client::{Forge, IssueQuery, State};
pub use error::ForgeError;
pub use issue::{Issue, IssueFile, Label, PullMark, User, issues_from_file};
pub use listing::{Listing, Page};
pub use pull::{Branch, Pull, Size};
pub use reference::closes;
pub use settings::{Connection, ForgeSettings};
