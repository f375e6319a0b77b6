//! What an output shows.

use crate::check::Check;
use crate::runner::Outcome;

/// What is to be shown.
pub(crate) struct Results<'s> {
    /// What the checks reported.
    pub outcome: &'s Outcome,
    /// The checks that ran.
    pub checks: &'s [&'static Check],
    /// How many findings the baseline left out.
    pub known: usize,
    /// Whether a person wants findings only.
    pub quiet: bool,
}
