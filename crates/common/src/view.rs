//! A result as a value: the text for a terminal and the JSON document are two renderings of it.

use records::pyjson;
use serde::Serialize;

/// A result that can be shown. What `--json` prints is its serialization.
pub trait View: Serialize {
    /// Writes the text for a terminal.
    fn render(&self, page: &mut Page);

    /// Returns the line that `--json` prints.
    ///
    /// # Errors
    /// The result cannot be written as JSON.
    fn json(&self) -> Result<String, serde_json::Error>
    where
        Self: Sized,
    {
        pyjson::to_line(self)
    }
}

/// The text for a terminal, line by line.
#[derive(Debug)]
pub struct Page {
    lines: Vec<String>,
    prefix: &'static str,
    width: usize,
}

impl Page {
    /// Makes an empty page for a terminal of so many columns; `prefix` is what the lines of a log are searched for.
    pub fn new(prefix: &'static str, width: usize) -> Self {
        Self { lines: Vec::new(), prefix, width }
    }

    /// Adds a line that begins with the tool's prefix in brackets.
    pub fn say(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        self.lines.push(format!("[{}] {line}", self.prefix));
    }

    /// Adds a line as it is.
    pub fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Adds lines as they are.
    pub fn lines(&mut self, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines);
    }

    /// Returns how many columns a line may have.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the lines.
    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }
}
