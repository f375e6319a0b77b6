//! What a run did.

use std::time::Duration;

use super::repo_copy::FileChange;

/// What one of the two did.
pub(super) struct RunOutput {
    pub code: Option<i32>,
    pub out: Vec<u8>,
    pub err: Vec<u8>,
    pub duration: Duration,
    pub written: Vec<FileChange>,
}
