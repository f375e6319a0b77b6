//! What the tools of the suite share: the manifest, the settings in layers, the files they leave for one
//! another, the report of each run, and the one door to the world outside.
//!
//! The border: no network, no terminal handling beyond plain text, no async, and no module names a tool. A
//! module enters when two tools need it today and it has a noun of its own.
//!
//! | module | what it is |
//! |---|---|
//! | [`branch`] | what a branch's name says |
//! | [`child`] | another program, run with a time limit that ends all that it has started |
//! | [`cycle_log`] | the log of cycles: epochs, index, summary |
//! | [`document`] | a JSON file that is read and rewritten whole |
//! | [`exit`] | what a tool's caller sees when it ends |
//! | [`files`] | reading with the path in the error, replacing in one step, locking |
//! | [`fingerprint`] | whether a file is still the one that something was made of |
//! | [`host`] | the world as a tool sees it |
//! | [`journal`] | a log of JSON lines |
//! | [`layout`] | where the repository and each shared file are |
//! | [`manifest`] | the list of automations |
//! | [`pauses`] | automations that are put off for a while |
//! | [`pyjson`] | JSON text as Python writes it |
//! | [`reason`] | why something was decided: one closed list of codes |
//! | [`records`] | the files the tools leave for one another, as types |
//! | [`report`] | what a run leaves behind: state and tokens |
//! | [`run`] | one run of a tool, from its flags to its report |
//! | [`settings`] | the settings in layers, each value with its origin |
//! | [`source`] | the text of a configuration file, and where in it something stands |
//! | [`text`] | text from outside made safe to show |

pub mod branch;
pub mod child;
pub mod cycle_log;
pub mod document;
pub mod exit;
pub mod files;
pub mod fingerprint;
pub mod host;
pub mod journal;
pub mod layout;
pub mod manifest;
pub mod pauses;
pub mod pyjson;
pub mod reason;
pub mod records;
pub mod report;
pub mod run;
pub mod settings;
pub mod source;
pub mod text;
