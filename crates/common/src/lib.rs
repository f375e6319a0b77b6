//! What makes a program a tool of this suite: settings in layers, the manifest, a run with its report, errors and exit codes.
//!
//! The border: no network, no terminal handling beyond plain text, no async, and no decision of a tool. A module enters when two
//! tools need it today and it has a noun of its own.
//!
//! | module | what it is |
//! |---|---|
//! | [`branch`] | what a branch's name says |
//! | [`cycle_log_settings`] | where the log of cycles is, and what is made of it |
//! | [`error`] | what ends a program otherwise than expected |
//! | [`exit`] | what a program's caller sees when it ends |
//! | [`manifest`] | the list of automations |
//! | [`outcome`] | how a program ends as expected |
//! | [`report`] | what a run leaves behind: state and tokens |
//! | [`run`] | one run of a tool, from its flags to its report |
//! | [`settings`] | the settings in layers, each value with its origin |
//! | [`tool`] | the descriptor of a tool, and its common flags |
//! | [`view`] | a result as a value, rendered as text or as JSON |

pub mod branch;
pub mod cycle_log_settings;
mod disabled;
pub mod error;
pub mod exit;
pub mod manifest;
pub mod outcome;
pub mod report;
pub mod run;
pub mod settings;
pub mod tool;
pub mod view;

pub use error::{Error, Failure};
pub use outcome::Outcome;
pub use tool::{CommonArgs, Tool};
pub use view::{Page, View};
