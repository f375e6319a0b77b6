//! Reads Rust source just as far as needed to find its texts: string literals and comments, outside tests.

/// The kind of a text in Rust source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TextKind {
    /// A string literal with at least one space: one without is a key, a name or a path.
    Message,
    /// A doc comment of a type that `clap` turns into a command line.
    Help,
    /// Any other comment.
    Comment,
}

/// A text of a source file.
#[derive(Debug)]
pub(crate) struct SourceText {
    pub kind: TextKind,
    /// The line that it begins in, from 1.
    pub line: usize,
    pub text: String,
}

/// The derives by which doc comments become help.
const COMMAND_LINE: [&str; 4] = ["Parser", "Args", "Subcommand", "ValueEnum"];

/// Attributes whose texts no user of a program reads.
const SILENT: [&str; 6] = ["allow", "expect", "warn", "deny", "cfg", "serde"];

/// Returns the texts of a source file, except those of items under `#[cfg(test)]`.
pub(crate) fn rust_texts(source: &str) -> Vec<SourceText> {
    let mut reader = Reader { rest: source, line: 1, ..Reader::default() };
    while reader.step() {}
    reader.flush_comment();
    reader.texts
}

#[derive(Default)]
struct Reader<'s> {
    rest: &'s str,
    line: usize,
    texts: Vec<SourceText>,
    /// How many braces are open.
    depth: usize,
    /// The lines of a comment that is being read, with the first line's number and whether they are documentation.
    comment: Option<(usize, String, bool)>,
    /// How many texts there were before the comments and attributes of the next item.
    item_start: Option<usize>,
    /// The next item is compiled for tests only.
    next_is_test: bool,
    /// The next item is a command line.
    next_is_command_line: bool,
    /// The depth outside the test, and outside the command line, that is being read.
    test: Option<usize>,
    command_line: Option<usize>,
}

impl<'s> Reader<'s> {
    /// Reads the next piece; false at the end.
    fn step(&mut self) -> bool {
        let Some(next) = self.rest.chars().next() else { return false };
        if next.is_whitespace() {
            self.take(next.len_utf8());
        } else if self.rest.starts_with("//") {
            self.line_comment();
        } else {
            self.flush_comment();
            self.code(next);
        }
        true
    }

    fn code(&mut self, next: char) {
        if self.rest.starts_with("/*") {
            self.block_comment();
        } else if self.rest.starts_with("#[") || self.rest.starts_with("#![") {
            self.attribute();
        } else if next == '"' {
            self.string();
        } else if next == '\'' {
            self.character_or_lifetime();
        } else if next.is_alphanumeric() || next == '_' {
            self.word();
        } else {
            self.punctuation(next);
        }
    }

    /// Moves on, and returns what was passed.
    fn take(&mut self, length: usize) -> &'s str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn add(&mut self, kind: TextKind, line: usize, text: String) {
        if self.test.is_none() {
            self.texts.push(SourceText { kind, line, text });
        }
    }

    fn line_comment(&mut self) {
        let length = self.rest.find('\n').unwrap_or(self.rest.len());
        let line = self.line;
        let text = self.take(length);
        let is_doc = text.starts_with("///") || text.starts_with("//!");
        let content = text.trim_start_matches(['/', '!']).trim();
        match &mut self.comment {
            Some((_, lines, was_doc)) if *was_doc == is_doc => {
                lines.push('\n');
                lines.push_str(content);
            }
            _ => {
                self.flush_comment();
                self.comment = Some((line, content.to_owned(), is_doc));
            }
        }
    }

    fn flush_comment(&mut self) {
        let Some((line, text, is_doc)) = self.comment.take() else { return };
        if is_doc {
            self.item_start.get_or_insert(self.texts.len());
        }
        let kind = if is_doc && self.command_line.is_some() { TextKind::Help } else { TextKind::Comment };
        self.add(kind, line, text);
    }

    fn block_comment(&mut self) {
        let length = self.rest.find("*/").map_or(self.rest.len(), |end| end + 2);
        let line = self.line;
        let text = self.take(length).to_owned();
        self.add(TextKind::Comment, line, text);
    }

    fn attribute(&mut self) {
        let start = self.rest.find('[').unwrap_or(0);
        self.take(start + 1);
        let name_length = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(0);
        let name = &self.rest[..name_length];
        let is_silent = SILENT.contains(&name);
        let kept = self.texts.len();
        self.item_start.get_or_insert(kept);
        let whole = self.rest;
        let mut open = 1;
        while open > 0 {
            let Some(next) = self.rest.chars().next() else { break };
            match next {
                '"' => self.string(),
                '[' | ']' => {
                    open = if next == '[' { open + 1 } else { open - 1 };
                    self.take(1);
                }
                _ => drop(self.take(next.len_utf8())),
            }
        }
        let content = &whole[..whole.len() - self.rest.len()];
        if is_silent {
            self.texts.truncate(kept);
        }
        self.next_is_test |= content.starts_with("cfg(test)");
        let derives = content.strip_prefix("derive(").unwrap_or_default();
        self.next_is_command_line |=
            derives.split(|c: char| !c.is_alphanumeric()).any(|derived| COMMAND_LINE.contains(&derived));
    }

    fn word(&mut self) {
        let length = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, after) = self.rest.split_at(length);
        let hashes = after.len() - after.trim_start_matches('#').len();
        let is_string = after[hashes..].starts_with('"');
        match word {
            "r" | "br" | "cr" if is_string => {
                self.take(length);
                self.raw_string(hashes);
            }
            "b" | "c" if hashes == 0 && is_string => {
                self.take(length);
                self.string();
            }
            _ => drop(self.take(length)),
        }
    }

    fn punctuation(&mut self, next: char) {
        self.take(next.len_utf8());
        match next {
            '{' => {
                if self.next_is_test {
                    self.test.get_or_insert(self.depth);
                } else if self.next_is_command_line {
                    self.command_line.get_or_insert(self.depth);
                    let start = self.item_start.unwrap_or(self.texts.len());
                    for text in self.texts[start..].iter_mut().filter(|text| text.kind == TextKind::Comment) {
                        text.kind = TextKind::Help;
                    }
                }
                self.end_of_heading();
                self.depth += 1;
            }
            '}' => {
                self.depth = self.depth.saturating_sub(1);
                self.test = self.test.filter(|outside| *outside != self.depth);
                self.command_line = self.command_line.filter(|outside| *outside != self.depth);
                self.end_of_heading();
            }
            ';' => self.end_of_heading(),
            _ => {}
        }
    }

    /// The comments and attributes so far belonged to an item whose body begins, or which has none.
    fn end_of_heading(&mut self) {
        if let (true, Some(start)) = (self.next_is_test, self.item_start) {
            self.texts.truncate(start);
        }
        (self.item_start, self.next_is_test, self.next_is_command_line) = (None, false, false);
    }

    /// Reads a literal with escapes, from its quote on.
    fn string(&mut self) {
        let line = self.line;
        self.take(1);
        let mut text = String::new();
        while let Some(next) = self.rest.chars().next() {
            self.take(next.len_utf8());
            match next {
                '"' => break,
                '\\' => {
                    let Some(escaped) = self.rest.chars().next() else { break };
                    self.take(escaped.len_utf8());
                    match escaped {
                        'n' | 't' => text.push(if escaped == 'n' { '\n' } else { ' ' }),
                        // The line goes on behind the spaces of the next one; its number is kept by a newline.
                        '\n' => text.push('\n'),
                        other => text.push(other),
                    }
                }
                other => text.push(other),
            }
        }
        self.literal(line, &text);
    }

    fn raw_string(&mut self, hashes: usize) {
        let line = self.line;
        self.take(hashes + 1);
        let end = format!("\"{}", "#".repeat(hashes));
        let length = self.rest.find(&end).unwrap_or(self.rest.len());
        let text = self.take(length);
        self.take(end.len().min(self.rest.len()));
        self.literal(line, text);
    }

    fn literal(&mut self, line: usize, text: &str) {
        if text.trim().contains(char::is_whitespace) {
            self.add(TextKind::Message, line, without_placeholders(text));
        }
    }

    fn character_or_lifetime(&mut self) {
        let mut characters = self.rest.char_indices().skip(1);
        let (first, second) = (characters.next(), characters.next());
        let length = match (first, second) {
            (Some((_, '\\')), Some((at, _))) => {
                let after = at + self.rest[at..].chars().next().map_or(0, char::len_utf8);
                after + self.rest[after..].find('\'').map_or(0, |end| end + 1)
            }
            (Some(_), Some((at, '\''))) => at + 1,
            _ => 1,
        };
        self.take(length);
    }
}

/// A format string with a comma in the place of each `{…}`: what is put there is a name of the code.
fn without_placeholders(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        plain.push_str(&rest[..start]);
        let length = rest[start..].find('}').map_or(rest.len() - start, |end| end + 1);
        plain.push_str(if rest[start..].starts_with("{{") { " " } else { "," });
        rest = &rest[start + length..];
    }
    plain + rest
}

#[test]
fn literals_help_and_comments_are_found_outside_tests() {
    let source = r##"//! The crate,
//! in two lines.
use x::y; // a remark
/// The flags.
#[derive(Debug, clap::Parser)]
#[command(about = "Does it")]
struct Cli {
    /// Shows all
    all: bool, // not help
}
/// A tool.
#[expect(clippy::exit, reason = "no message")]
fn f<'a>(c: char) -> &'a str {
    if c == '"' || c == '\'' || c == '\u{1b}' { return "key"; }
    let raw = r#"a "raw" text"#;
    format!("there is no {name}; \"quoted\" \
             text")
}
/// Only for tests.
#[cfg(test)]
mod tests {
    /// In a test.
    fn g() { let s = "a test's message"; }
}
#[cfg(test)]
const TEXT: &str = "of a test";
const LAST: &str = "the last message";
"##;
    let texts: Vec<(TextKind, usize, String)> =
        rust_texts(source).into_iter().map(|source| (source.kind, source.line, source.text)).collect();
    let expected = [
        (TextKind::Comment, 1, "The crate,\nin two lines."),
        (TextKind::Comment, 3, "a remark"),
        (TextKind::Help, 4, "The flags."),
        (TextKind::Message, 6, "Does it"),
        (TextKind::Help, 8, "Shows all"),
        (TextKind::Comment, 9, "not help"),
        (TextKind::Comment, 11, "A tool."),
        (TextKind::Message, 15, "a \"raw\" text"),
        (TextKind::Message, 16, "there is no ,; \"quoted\" \n             text"),
        (TextKind::Message, 27, "the last message"),
    ];
    assert_eq!(texts, expected.map(|(kind, line, text)| (kind, line, text.to_owned())));
}
