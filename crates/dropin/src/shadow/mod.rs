//! An old script and the tool that replaces it, side by side, so that the results can be checked.

mod compare;
mod output;
mod repo_copy;
mod report;
mod run;

pub use report::{Comparisons, DifferenceKind, ToolComparison, comparisons};
pub use run::{ShadowOptions, shadow};
