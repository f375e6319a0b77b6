//! Puts our tools in the place of a repository's scripts, and the scripts back.
//!
//! An installed tool is a copy of its program in `.loop/bin`, with a small zip archive at its end; the script's path is a
//! symbolic link to it. The original is kept under `.loop/originals/`, where `install.json` says what was there.

mod program;
mod put;
mod record;
mod take_back;

pub(crate) use program::is_runnable_by_python;
pub(crate) use put::install;
pub(crate) use record::{is_in_place, read as read_record};
pub(crate) use take_back::uninstall;
