//! The forge as a client sees it: its answers against the API's description, and against what real servers answer.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test sets its world up and fails by panicking"
)]

mod answers;
mod client;
mod connections;
mod discussions;
mod openapi;
mod projects;
mod servers;
mod statuses;
