//! Moving from the scripts of a repository to the tools of the suite, and back: install, uninstall, doctor, shadow.
//!
//! An installed tool is a copy of its program in `.loop/bin`, with a small zip archive at its end; the script's path is a
//! symbolic link to it, or a shim: a file that finds it, and can be committed. The original is kept under `.loop/originals/`, where `install.json` says what was there.
//!
//! The border: it alone changes files at the paths of scripts. What it did is returned as data; the text for a terminal is
//! `timmy`'s.

mod adoption;
mod callers;
pub mod doctor;
mod git_index;
mod hooks;
pub mod install;
mod plan;
mod program;
mod record;
pub mod shadow;
pub mod uninstall;

pub use callers::{CallKind, Caller, There};
pub use hooks::{HookFate, HookReport, HookState, OtherInstallation};
