//! A forge with a sample project, for demos and tests; only reachable from the same machine.
//!
//! It serves one project, read from a file or a folder ([`Project`]), for reading only: every other method is refused.
//! It answers as one of four servers does ([`Flavour`]): it pages, clamps limits, demands all labels of a filter, counts in
//! `X-Total-Count`, mixes pull requests into issues, sends null where Go does, combines commit statuses, leads from former
//! names to the present one, and refuses with the server's own shapes of 401, 403 and 404. What it was asked is in
//! [`DemoForge::requests`], and how many requests it answered at once in [`DemoForge::peak_requests`].
//!
//! A project file is an object with `owner`, `name`, `now` (the server's clock), `issues`, `pulls` and `repository`. An issue or
//! pull request has the API's own keys, of which only `number` is needed; users, labels and branches are names or the API's
//! objects. Next to the API's keys, `comments` may be a list of comments, and there are `timeline` (events, whose `ref_issue`
//! and `dependent_issue` are numbers), `dependencies` (numbers, or objects with `number` and `repository`), `reviews`, `files`,
//! `commits` and `head_sha`. `repository` has fields of the API's object (`archived`, `empty`, `has_issues`, `permissions`, …) and the lists
//! `branches`, `collaborators`, `labels`, `milestones`, `statuses` (`context`, `status`, `ref`) and `former_names`.

mod access;
mod answer;
mod api;
mod branch;
mod change;
mod discussion;
mod entry;
mod fault;
mod fixture;
mod flavour;
mod issue;
mod listing;
mod lists;
mod paging;
mod place;
mod program;
mod project;
mod pull;
mod query;
mod repository;
mod request;
mod server;
mod status;

pub use access::Access;
pub use fault::{Fault, FaultError, Order};
pub use flavour::{Flavour, FlavourError};
pub use program::TOOL;
pub use project::{Project, ProjectError, SAMPLE};
pub use request::Request;
pub use server::{DemoForge, Options};
