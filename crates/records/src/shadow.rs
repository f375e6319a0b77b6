//! A line of `shadow.jsonl`: how an old script and our tool compared on the same input.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One comparison.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ShadowRun {
    /// When.
    pub timestamp: String,
    /// Our tool.
    pub tool: String,
    /// Its arguments, without secrets.
    #[serde(default)]
    pub args: Vec<String>,
    /// Whether both did the same.
    pub agree: bool,
    /// What the old script did.
    pub old: ShadowSide,
    /// What our tool did.
    pub new: ShadowSide,
    /// In what they differ.
    #[serde(default)]
    pub differences: Vec<Difference>,
}

/// One of the two runs.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ShadowSide {
    /// Its exit code; null after a signal or the time limit.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// Milliseconds.
    pub duration_ms: u64,
}

/// Something in which the two runs differ.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Difference {
    /// `exit_code`, `stdout`, or a file.
    pub what: String,
    /// The place in it: a key's path, or a line.
    pub place: String,
    /// What the old script has there.
    pub old: String,
    /// What our tool has there.
    pub new: String,
}
