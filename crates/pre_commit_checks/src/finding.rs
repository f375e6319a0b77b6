//! What a check finds.

use host::text;
use memchr::memchr_iter;

use crate::secret_tokens::without_tokens;

/// One thing to fix.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Finding {
    /// The file, relative to the repository, with `/`.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 for the line as a whole.
    pub column: usize,
    /// The check's id.
    pub check: &'static str,
    /// What is wrong, in lower case, without a full stop.
    pub what: String,
    /// What to do about it.
    pub mend: String,
    /// The text of the line, trimmed: what keeps a finding the same when lines move.
    pub context: String,
}

/// What the checks of one file say.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// The findings, in no order.
    pub found: Vec<Finding>,
}

/// A place in a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// The file as a whole.
    File,
    /// A line, from 1.
    Line(usize),
    /// A byte of the text.
    Offset(usize),
}

impl Findings {
    /// Adds a finding in the file `name` with these bytes.
    pub(crate) fn add(&mut self, check: &'static str, name: &str, bytes: &[u8], place: Place, what: &str, mend: &str) {
        let (line, column) = match place {
            Place::File => (0, 0),
            Place::Line(line) => (line, 0),
            Place::Offset(offset) => position(bytes, offset),
        };
        let context =
            line_of(bytes, line).map_or(String::new(), |line| String::from_utf8_lossy(line).trim().to_owned());
        // What a file says may be a secret, whichever check repeats it.
        let (what, mend) = (without_tokens(&text::fit(what, 300)), without_tokens(mend));
        self.found.push(Finding { file: name.to_owned(), line, column, check, what, mend, context });
    }
}

/// The line and the column of a byte, both from 1; columns count characters.
pub(crate) fn position(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = &bytes[..offset.min(bytes.len())];
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    (memchr_iter(b'\n', before).count() + 1, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
}

/// The bytes of a line (from 1), without its end.
pub(crate) fn line_of(bytes: &[u8], line: usize) -> Option<&[u8]> {
    let start = match line.checked_sub(1)? {
        0 => 0,
        before => memchr_iter(b'\n', bytes).nth(before - 1)? + 1,
    };
    Some(&bytes[start..memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length)])
}
