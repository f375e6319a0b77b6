//! The forms of the output.

mod github;
mod json;
mod junit;
mod sarif;
mod text;

use crate::checks::Check;
use crate::cli::Format;
use crate::runner::Outcome;

/// What is to be shown.
pub(crate) struct Shown<'s> {
    /// What the checks said.
    pub outcome: &'s Outcome,
    /// The checks that ran.
    pub checks: &'s [&'static Check],
    /// How many findings the baseline left out.
    pub known: usize,
    /// Whether a person wants findings only.
    pub quiet: bool,
}

/// Puts what the checks said into a form; without the newline at its end.
pub(crate) fn format(form: Format, shown: &Shown) -> String {
    match form {
        Format::Text => text::format(shown),
        Format::Json => json::format(shown),
        Format::Sarif => sarif::format(shown),
        Format::Junit => junit::format(shown),
        Format::Github => github::format(shown),
    }
}
