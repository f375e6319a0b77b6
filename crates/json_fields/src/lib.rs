//! Finds the top-level fields of a JSON object in one pass, whatever their order, without building a tree.
//!
//! Every object that is accepted here is accepted by serde_json, and the values found are those that serde_json finds. It is
//! meant for logs and lists of very many objects. Where it is not sure (a key whose escapes may spell a name that is looked
//! for, text that is not UTF-8, deep nesting) it returns a [`Doubt`], and the caller falls back to serde_json.
//!
//! The objects of a file mostly have the same keys in the same order. The finder remembers which key followed which, with
//! the punctuation and white space around it, and compares the next 32 bytes with that key before it parses them.

mod doubt;
mod keys;
mod scan;

pub use crate::doubt::Doubt;
use crate::keys::{BEGINNING, END, Keys, Step};
pub use crate::scan::space;
use crate::scan::{Ascii, byte, string, value};

/// Finds the values of some fields.
#[derive(Debug)]
pub struct Finder {
    names: &'static [&'static str],
    spans: Vec<(usize, usize)>,
    keys: Keys,
}

/// An object whose fields were found.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    text: &'a [u8],
    spans: &'a [(usize, usize)],
    /// A bit for each field that is there.
    seen: u64,
    /// Whether a field that was looked for occurs more than once; the last value is the one found.
    pub has_duplicates: bool,
}

/// The slot of a field that is not looked for.
const UNWANTED: usize = usize::MAX;

impl Finder {
    /// Returns a finder of the fields with these names: at most 64, of ASCII letters, digits and underscores.
    pub fn new(names: &'static [&'static str]) -> Self {
        Self { names, spans: vec![(0, 0); names.len().min(64)], keys: Keys::new() }
    }

    /// Finds the fields of the object that `text` begins with. What follows the object is not checked; with 32 more bytes of
    /// any kind the last keys are compared faster.
    ///
    /// # Errors
    /// The text ends within the object, or the object is left to a general parser.
    pub fn find<'a>(&'a mut self, text: &'a [u8]) -> Result<Object<'a>, Doubt> {
        let (mut at, mut key, mut ascii) = (0, BEGINNING, Ascii::default());
        let (mut seen, mut has_duplicates) = (0_u64, false);
        loop {
            let step = match self.keys.expected(text, at, key) {
                Some(step) => step,
                None => self.learn(text, at, key, &mut ascii)?,
            };
            let (slot, begin) = match step {
                Step::Field { key: next, slot, at: begin } => {
                    key = next;
                    (slot, begin)
                }
                Step::End(length) => {
                    let text = &text[..length];
                    if ascii.is_broken() && std::str::from_utf8(text).is_err() {
                        return Err(Doubt::Undecided);
                    }
                    return Ok(Object { text, spans: &self.spans, seen, has_duplicates });
                }
            };
            // A key that was remembered without space before its value may have some here.
            let begin = if byte(text, begin)? > b' ' { begin } else { space(text, begin) };
            at = value(text, begin, &mut ascii)?;
            if let Some(span) = self.spans.get_mut(slot) {
                *span = (begin, at);
                has_duplicates |= seen & 1 << slot != 0;
                seen |= 1 << slot;
            }
        }
    }

    /// Reads what is next, and remembers it as what follows this key.
    #[inline(never)]
    fn learn(&mut self, text: &[u8], begin: usize, key: usize, ascii: &mut Ascii) -> Result<Step, Doubt> {
        let mut at = space(text, begin);
        let opens = if key == BEGINNING { b'{' } else { b',' };
        if byte(text, at)? == opens {
            at = space(text, at + 1);
            if key == BEGINNING && byte(text, at)? == b'}' {
                return Ok(Step::End(at + 1));
            }
        } else if text[at] == b'}' && key != BEGINNING {
            if at == begin {
                self.keys.follow(key, END);
            }
            return Ok(Step::End(at + 1));
        } else {
            return Err(Doubt::Undecided);
        }
        if byte(text, at)? != b'"' {
            return Err(Doubt::Undecided);
        }
        let name = at + 1;
        at = string(text, name, ascii)?;
        let name = &text[name..at - 1];
        at = space(text, at);
        if byte(text, at)? != b':' {
            return Err(Doubt::Undecided);
        }
        at = space(text, at + 1);
        let slot = || match self.names.iter().position(|wanted| wanted.as_bytes() == name) {
            None if may_be_another(name) => Err(Doubt::Undecided),
            wanted => Ok(wanted.unwrap_or(UNWANTED)),
        };
        let (next, slot) = self.keys.remember(&text[begin..], at - begin, slot)?;
        self.keys.follow(key, next);
        Ok(Step::Field { key: next, slot, at })
    }
}

/// Whether a key's escapes may spell a name that is looked for (those of ASCII), or nothing valid (half of a surrogate pair).
fn may_be_another(name: &[u8]) -> bool {
    let mut rest = name;
    while let Some(place) = rest.iter().position(|byte| *byte == b'\\') {
        match rest.get(place + 1..place + 5) {
            Some([b'u', b'0', b'0', b'0'..=b'7'] | [b'u', b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', _]) => {
                return true;
            }
            _ => rest = rest.get(place + 2..).unwrap_or_default(),
        }
    }
    false
}

impl<'a> Object<'a> {
    /// Returns the object's own text.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Returns a field's value as it is written; none where the object has no such field.
    #[inline]
    pub fn get(&self, slot: usize) -> Option<&'a [u8]> {
        let (begin, end) = *self.spans.get(slot)?;
        (self.seen & 1 << slot != 0).then(|| self.text.get(begin..end)).flatten()
    }
}

/// Returns the place of a name among `names`.
///
/// # Panics
/// It is none of them: in a constant, an error of the compiler.
pub const fn slot(names: &[&str], name: &str) -> usize {
    let mut slot = 0;
    while !is_same(names[slot].as_bytes(), name.as_bytes()) {
        slot += 1;
    }
    slot
}

const fn is_same(left: &[u8], right: &[u8]) -> bool {
    let mut at = 0;
    while at < left.len() && at < right.len() && left[at] == right[at] {
        at += 1;
    }
    at == left.len() && at == right.len()
}

/// Passes over the value that `text` begins with; returns how many bytes it has.
///
/// # Errors
/// The text ends within the value (a number at its end may continue), or the value is left to a general parser.
pub fn skip(text: &[u8]) -> Result<usize, Doubt> {
    let mut ascii = Ascii::default();
    let length = value(text, 0, &mut ascii)?;
    if ascii.is_broken() && std::str::from_utf8(&text[..length]).is_err() {
        return Err(Doubt::Undecided);
    }
    Ok(length)
}
