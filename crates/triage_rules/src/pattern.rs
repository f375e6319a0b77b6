//! How a pattern is compiled.

use regex::bytes::{Regex, RegexBuilder};

/// The largest compiled set of patterns, in bytes.
pub(crate) const SET_LIMIT: usize = 8 << 20;

/// Compiles one pattern: no case, ASCII, `^` and `$` at every line.
pub(crate) fn regex(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).multi_line(true).unicode(false).size_limit(SET_LIMIT).build()
}
