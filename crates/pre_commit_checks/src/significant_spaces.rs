//! Where spaces at the end of a line may mean something.

use std::borrow::Cow;
use std::ops::Range;

use crate::file::File;

/// Whether trailing spaces may mean something in a file: in Markdown two of them break a line, and a text over several lines
/// inside a file of YAML, TOML, JavaScript or shell is a value.
pub(crate) fn keeps_trailing_spaces(file: &File) -> bool {
    let name = file.name.to_ascii_lowercase();
    let is = |extensions: &[&str]| extensions.iter().any(|extension| name.ends_with(extension));
    let has = |signs: &[&str]| signs.iter().any(|sign| memchr::memmem::find(file.bytes, sign.as_bytes()).is_some());
    // Python by another name is not read, so that its strings are not known.
    let is_other_python = || !file.is_python() && (has(&["python"]) && file.bytes.starts_with(b"#!"));
    let is_python_that_is_not_utf8 = file.is_python() && !matches!(file.decode(), Some(Ok(Cow::Borrowed(_))));
    is(&[
        ".md",
        ".markdown",
        ".diff",
        ".patch",
        ".snap",
        ".svg",
        ".tsv",
        ".pyw",
        ".pyx",
        "sconstruct",
        "sconscript",
        "wscript",
    ]) || is(&[".yaml", ".yml"]) && has(&["|", ">", "\"", "'"])
        || is(&[".toml"]) && has(&["\"\"\"", "\'\'\'"])
        || is(&[".js", ".jsx", ".mjs", ".ts", ".tsx", ".vue"]) && has(&["`"])
        || is(&[".sh", ".bash", ".zsh"]) && has(&["<<", "\"", "'"])
        || is_other_python()
        || is_python_that_is_not_utf8
}

/// Where strings over several lines are in a Python file.
pub(crate) fn strings(file: &File) -> Vec<Range<usize>> {
    match file.decode() {
        // Places are those of the bytes only where nothing was decoded.
        Some(Ok(Cow::Borrowed(text))) if file.is_python() => {
            // A byte order mark is before the text.
            let mark = file.bytes.len() - text.len();
            let strings = python_source::Module::parse(text, python_source::Dialect::default()).strings_over_lines();
            strings.into_iter().map(|string| string.start + mark..string.end + mark).collect()
        }
        _ => Vec::new(),
    }
}
