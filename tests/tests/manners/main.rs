//! What all tools have in common towards their users, tried with every tool and every command.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail, and looks at the files as they are"
)]

mod errors;
mod forge;
mod narrow;
mod programs;
mod reading;
