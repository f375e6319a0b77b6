//! The engine of the automations: the entries of the manifest are listed, validated, switched, paused, triggered, scheduled,
//! supervised.
//!
//! The border: it decides, runs and records, and returns what became of it as data; flags and the text for a terminal are
//! `timmy`'s. It runs any script, and knows the tools of the suite only as a [`common::tool::Toolset`] that it is given.
//!
//! | module | what it is |
//! |---|---|
//! | [`context`] | the repository with its automations |
//! | [`overview`], [`validate`], [`effective`], [`declared`] | what there is: automations, problems, settings |
//! | [`switch`], [`pause`], [`create`] | what changes it |
//! | [`schedule`] | when a trigger is due, as a pure function |
//! | [`schedule_settings`] | when timed automations run, as far as settings say |
//! | [`scheduler`], [`service`] | what runs what is due, and the units that keep it running |
//! | [`shim`] | files at the paths of scripts that become a tool |
//! | [`supervise`] | a run as a child process |

pub mod context;
pub mod create;
pub mod declared;
pub mod effective;
pub mod overview;
pub mod paths;
pub mod pause;
pub mod schedule;
pub mod schedule_settings;
pub mod scheduler;
pub mod service;
pub mod shim;
pub mod supervise;
pub mod switch;
pub mod validate;

pub use context::Context;
