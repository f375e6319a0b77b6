//! Damage in the files under `.loop/`: found, and moved out of the way.

mod foreign;
mod leftover;
mod repair;
mod verify;

pub use foreign::{Foreign, HandOver, foreign};
pub use leftover::{UnusedFile, unused_files};
pub use repair::{Repair, Repairs, repair};
pub use verify::{Finding, damage, verify};
