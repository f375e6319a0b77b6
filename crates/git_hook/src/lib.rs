//! The hook with which Git calls `pre_commit_checks` before each commit: its text, its place, its record, its removal.
//!
//! A hook may hold lines of several programs, and of several installations that share it. Ours are known by their form, so that
//! they can be renewed and taken back while every other byte stays.

mod line;
mod owner;
mod place;
mod record;

pub use line::{HookFile, HookLine, call};
pub use owner::{Owner, Viewpoint, is_for_another};
pub use place::{Removal, create, folder, make_runnable, place, read, remove};
pub use record::{known_places, record, unrecord};
