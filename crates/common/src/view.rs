//! A result as a value: the text for a terminal and the JSON document are two renderings of it.

use host::{layout, text};
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

/// How many columns a text has where nothing says how wide a line may be.
const USUAL: usize = 80;

/// How many columns of a title or another text from outside are shown at most.
pub const LONGEST: usize = 1000;

/// How many columns of a text have to be left of a terminal's width for it to be next to its head.
const ROOM: usize = 16;

/// By how many columns a text is indented that has no room next to its head.
const INDENT: usize = 8;

/// The text for a terminal, line by line.
#[derive(Debug)]
pub struct Page {
    lines: Vec<Line>,
    prefix: &'static str,
    columns: Option<usize>,
}

/// A line, however wide.
#[derive(Debug)]
struct Line {
    text: String,
    /// By how many columns its continuation is indented, where that is decided.
    hang: Option<usize>,
}

impl Page {
    /// Makes an empty page for a terminal of so many columns, or for lines of any width; `prefix` is what the lines of a log are
    /// searched for.
    pub fn new(prefix: &'static str, columns: Option<usize>) -> Self {
        Self { lines: Vec::new(), prefix, columns }
    }

    /// Adds a line that begins with the tool's prefix in brackets.
    pub fn say(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        self.line(format!("[{}] {line}", self.prefix));
    }

    /// Adds a line as it is.
    pub fn line(&mut self, line: impl Into<String>) {
        self.lines.push(Line { text: line.into(), hang: None });
    }

    /// Adds lines as they are.
    pub fn lines(&mut self, lines: impl IntoIterator<Item = String>) {
        lines.into_iter().for_each(|line| self.line(line));
    }

    /// Adds a line of a head and a text from outside, which is continued below its beginning.
    pub fn entry(&mut self, head: &str, text: &str) {
        let hang = text::width(head);
        let hang = if hang + ROOM <= self.width() { hang } else { INDENT };
        let text = format!("{head}{}", text::fit(text, LONGEST));
        self.lines.push(Line { text: text.trim_end().to_owned(), hang: Some(hang) });
    }

    /// Adds an entry that begins with the tool's prefix in brackets.
    pub fn say_entry(&mut self, head: &str, text: &str) {
        self.entry(&format!("[{}] {head}", self.prefix), text);
    }

    /// Returns how many columns a text should have.
    pub fn width(&self) -> usize {
        self.columns.unwrap_or(USUAL)
    }

    /// Returns how many columns a line may have; none if it may have any number.
    pub fn columns(&self) -> Option<usize> {
        self.columns
    }

    /// Returns the lines; those that are too wide are broken at spaces. Without a terminal only entries are, so that what
    /// programs look for is on one line.
    pub fn into_lines(self) -> Vec<String> {
        let width = self.width();
        let broken = |line: Line| match (line.hang, self.columns) {
            (None, None) => vec![line.text],
            (None, Some(_)) => layout::broken(&line.text, width, layout::natural_hang(&line.text, width, 2)),
            (Some(hang), _) => layout::broken(&line.text, width, hang),
        };
        self.lines.into_iter().flat_map(broken).collect()
    }
}
