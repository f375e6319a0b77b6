//! The text of a configuration file, and where in it something is, so that an error can name file, line and
//! column.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::de::DeserializeOwned;

use crate::text;

/// A configuration file's path and text.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    text: String,
    /// Where each line begins; made when a place is first asked for.
    line_starts: OnceLock<Vec<usize>>,
}

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// What is wrong in a configuration file, and where.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}{}: {message}", path.display(), position.map(|p| format!(":{p}")).unwrap_or_default())]
pub struct SourceError {
    /// The file.
    pub path: PathBuf,
    /// The place in it, where one is known.
    pub position: Option<Position>,
    /// What is wrong there.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

impl Source {
    /// Takes the text that was read from `path`.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), line_starts: OnceLock::new() }
    }

    /// Takes the bytes that were read from `path`.
    ///
    /// # Errors
    /// Bytes that are no text (NUL bytes, or not UTF-8), with the place of the first of them.
    pub fn from_bytes(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Result<Self, SourceError> {
        let path = path.into();
        let bytes = if bytes.starts_with(b"\xef\xbb\xbf") { bytes[3..].to_vec() } else { bytes };
        let bad = |offset: usize, valid: &[u8], what: &str| {
            let source = Self::new(path.clone(), String::from_utf8_lossy(&valid[..offset]).into_owned());
            source.error(source.text.len(), what)
        };
        if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
            return Err(bad(offset, &bytes, "a NUL byte: this is not a text file"));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(path, text)),
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                Err(bad(offset, error.as_bytes(), "bytes that are not UTF-8"))
            }
        }
    }

    /// Returns the file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads `T` from the text as JSON.
    ///
    /// # Errors
    /// What is wrong, with its line and column.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        serde_json::from_str(&self.text).map_err(|error| self.json_error(&error, 0))
    }

    /// Checks that the text is a JSON object at all: an array would fit a type by the order of its fields.
    ///
    /// # Errors
    /// It begins as something else.
    pub fn expect_object(&self) -> Result<(), SourceError> {
        let start = self.text.len() - self.text.trim_start().len();
        match self.text[start..].chars().next() {
            Some('{') => Ok(()),
            Some(other) => Err(self.error(start, &format!("expected a JSON object, found {other:?}"))),
            None => Err(self.error(0, "the file is empty")),
        }
    }

    /// Says where a JSON error is, for a piece of the text that begins at byte `start`.
    pub fn json_error(&self, error: &serde_json::Error, start: usize) -> SourceError {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        let message = if self.text.trim().is_empty() { "the file is empty".to_owned() } else { message };
        let offset = self.text[start..]
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum::<usize>()
            .saturating_add(error.column().saturating_sub(1));
        self.error(start.saturating_add(offset), &message)
    }

    /// Makes an error at byte `offset`.
    pub fn error(&self, offset: usize, message: &str) -> SourceError {
        SourceError {
            path: self.path.clone(),
            position: Some(self.position(offset)),
            message: text::fit(message, 400),
            hint: None,
        }
    }

    /// Makes an error about the file as a whole.
    pub fn error_without_place(&self, message: &str) -> SourceError {
        SourceError { path: self.path.clone(), position: None, message: text::fit(message, 400), hint: None }
    }

    /// Returns the line and column of byte `offset`; past the end it is the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let starts = self.line_starts.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
        });
        let line = starts.partition_point(|start| *start <= end);
        let start = starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        Position { line, column: self.text[start..end].chars().count() + 1 }
    }

    /// Returns where `piece`, a slice of this text, begins; 0 for any other text.
    pub fn offset_of(&self, piece: &str) -> usize {
        let offset = (piece.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        if offset <= self.text.len() { offset } else { 0 }
    }
}

impl SourceError {
    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("x", "äb\ncd");
        assert_eq!(source.position(0).to_string(), "1:1");
        assert_eq!(source.position(2).to_string(), "1:2");
        assert_eq!(source.position(4).to_string(), "2:1");
        assert_eq!(source.position(99).to_string(), "2:3");
        assert_eq!(source.offset_of(&source.text()[4..]), 4);
    }

    #[test]
    fn a_json_error_names_file_line_and_column() {
        let error = Source::new("config/a.json", "{\n  \"a\": nope\n}").json::<serde_json::Value>().unwrap_err();
        assert_eq!(error.to_string(), "config/a.json:2:9: expected ident");
        let error = Source::new("a.json", "").json::<serde_json::Value>().unwrap_err();
        assert_eq!(error.to_string(), "a.json:1:1: the file is empty");
    }

    #[test]
    fn bytes_that_are_no_text_are_placed() {
        let error = Source::from_bytes("a", b"ab\nc\0d".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "a:2:2: a NUL byte: this is not a text file");
        let error = Source::from_bytes("a", b"ab\xff".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "a:1:3: bytes that are not UTF-8");
    }
}
