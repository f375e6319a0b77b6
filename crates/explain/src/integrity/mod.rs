//! Damage in the files under `.loop/`: found, and moved out of the way.

mod repair;
mod verify;

pub use repair::{Repair, Repairs, repair};
pub use verify::{Finding, damage, verify};
