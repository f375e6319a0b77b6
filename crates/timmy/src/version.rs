//! The version of the program.

/// The version, with the commit that the program was built from.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("TIMMY_COMMIT"), ")");
