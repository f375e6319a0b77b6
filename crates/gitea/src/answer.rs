//! Whether the forge was asked, and whether it answered: one field, in what every tool writes and shows.

use serde::{Deserialize, Serialize};

use crate::error::ForgeError;

/// Whether the forge was asked, and whether it answered.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct ForgeAnswer {
    /// Whether it was asked.
    pub asked: bool,
    /// Whether it answered all that was asked.
    pub answered: bool,
    /// Why not.
    pub error: Option<String>,
}

impl ForgeAnswer {
    /// Takes how the asking ended.
    pub fn of(ended: Result<(), &ForgeError>) -> Self {
        Self { asked: true, answered: ended.is_ok(), error: ended.err().map(ToString::to_string) }
    }
}
