//! Why an object is left to a general parser.

/// Why an object was neither accepted nor rejected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Doubt {
    /// The text ends before the value does.
    Incomplete,
    /// It is no JSON, or JSON that only a general parser can judge.
    Undecided,
}
