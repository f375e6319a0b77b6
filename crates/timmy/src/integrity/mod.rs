//! Damage in the files under `.loop/`: found by `timmy verify`, moved out of the way by `timmy repair`.

mod repair;
mod verify;

pub(crate) use repair::repair;
pub(crate) use verify::{damage, verify};
