//! Reading with the path in the error, replacing in one step, locking.
//!
//! A process that replaces or appends to a shared file holds its [`Lock`]: an advisory lock on a neighbour `.NAME.lock`, which
//! stays where it is when the file itself is replaced. A replacement is written to the neighbour `.NAME.tmp` and renamed
//! over the file, so that a reader sees the old text or the new, and a killed writer leaves at most that one neighbour.

#![expect(clippy::disallowed_methods, reason = "this is the place where files are made and moved")]

mod access;
mod error;
mod flock;
mod lock;
mod ownership;
mod replacement;
mod retry;
mod sweep;
mod temporary;
mod unchanged;

pub use access::{
    check_writable_place, create, create_program, entry, is_file, is_folder, is_open_to_others, is_runnable, is_there,
    is_writable, list, make_folder, make_link, metadata, nearest_folder, open, open_to_append, read, read_existing,
    read_stream, remove, rename,
};
pub use error::FileError;
pub use lock::{Lock, PATIENCE, lock, lock_from, lock_within, try_lock};
pub use ownership::{give, is_root, is_user};
pub use records::Durability;
pub use replacement::{Replacement, neighbour};
pub use retry::retry;
pub use sweep::{is_abandoned, remove_abandoned, sweep, target_of};
pub use temporary::{TemporaryFolder, temporary_directory};
pub use unchanged::{remove_left_replacement, replace_if, set_aside};
