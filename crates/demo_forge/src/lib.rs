//! A forge with a sample project, for demos and tests; only reachable from the same machine.
//!
//! It serves one project, read from a file or a folder ([`Project`]), for reading only: every other method is refused.
//! It pages, clamps limits, demands all labels of a filter, counts in `X-Total-Count`, mixes pull requests into issues,
//! sends null where Go does, and refuses with the servers' own shapes of 401, 403 and 404. What it was asked is in
//! [`DemoForge::requests`], and how many requests it answered at once in [`DemoForge::peak_requests`].

mod access;
mod answer;
mod api;
mod details;
mod entry;
mod fault;
mod paging;
mod program;
mod project;
mod server;

pub use access::Access;
pub use fault::{Fault, FaultError, Order};
pub use program::TOOL;
pub use project::{Flavour, Project, ProjectError, SAMPLE};
pub use server::{DemoForge, Options, Request};
