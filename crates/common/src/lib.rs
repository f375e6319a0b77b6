//! What the tools share: settings, the manifest, a run and its report, files, safe text.
//!
//! The border: no network, no terminal handling beyond plain text, no async, and no module names a tool. A
//! module enters when two tools need it today and it has a noun of its own.
//!
//! | module | what it is |
//! |---|---|
//! | [`branch`] | what a branch's name says |
//! | [`cycle_log`] | the log of cycles: its place, index, summary |
//! | [`document`] | a JSON file that is read and rewritten whole |
//! | [`error`] | what ends a program otherwise than expected |
//! | [`exit`] | what a program's caller sees when it ends |
//! | [`fingerprint`] | whether a file is still the one that something was computed from |
//! | [`journal`] | a log of JSON lines |
//! | [`layout`] | where the repository and each stored file are |
//! | [`manifest`] | the list of automations |
//! | [`outcome`] | how a program ends as expected |
//! | [`queue`] | the file of the queue, read item by item |
//! | [`ready`] | what is ready and not in quarantine, and why the loop is idle |
//! | [`report`] | what a run leaves behind: state and tokens |
//! | [`run`] | one run of a tool, from its flags to its report |
//! | [`settings`] | the settings in layers, each value with its origin |
//! | [`tool`] | the descriptor of a tool, and its common flags |
//! | [`view`] | a result as a value, rendered as text or as JSON |

pub mod branch;
pub mod cycle_log;
pub mod document;
pub mod error;
pub mod exit;
pub mod fingerprint;
pub mod journal;
pub mod layout;
pub mod manifest;
pub mod outcome;
pub mod queue;
pub mod ready;
pub mod report;
pub mod run;
pub mod settings;
pub mod tool;
pub mod view;

pub use error::{Error, Failure};
pub use outcome::Outcome;
pub use tool::{CommonArgs, Tool};
pub use view::{Page, View};
