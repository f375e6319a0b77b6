//! The hook with which Git calls `pre_commit_checks` before each commit: its text, its place, its record, its removal.
//!
//! A hook may hold lines of several programs. Ours are known by their form, so that they can be renewed and taken back while
//! every other byte stays.

mod line;
mod place;
mod record;

pub use line::{HookFile, HookLine, call};
pub use place::{Removal, folder, place, read, remove, write_whole};
pub use record::{known_places, record, unrecord};
