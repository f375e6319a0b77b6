//! The forms of the output.

mod github;
mod json;
mod junit;
mod results;
mod sarif;
mod text;

use crate::cli::Format;

pub(crate) use results::Results;

/// Renders what the checks reported; without the newline at its end.
pub(crate) fn format(form: Format, shown: &Results) -> String {
    match form {
        Format::Text => text::format(shown),
        Format::Json => json::format(shown),
        Format::Sarif => sarif::format(shown),
        Format::Junit => junit::format(shown),
        Format::Github => github::format(shown),
    }
}
