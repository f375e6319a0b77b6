//! What Python would refuse to compile.

/// What Python would refuse to compile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SyntaxError {
    /// Where, in bytes of the text.
    pub offset: usize,
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
}
