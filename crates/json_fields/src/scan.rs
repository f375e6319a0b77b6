//! The grammar of JSON values, checked to the last byte without building anything.
//!
//! Each function takes the text and the place where something begins, and returns the place after it.

use crate::doubt::Doubt;

/// How deep arrays and objects may nest here; serde_json has no limit in what it skips.
const DEPTH: u32 = 64;

const ONES: u64 = u64::MAX / 255;
const HIGH_BITS: u64 = ONES << 7;

/// Whether every byte read so far was ASCII: the union of their high bits.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ascii(u64);

impl Ascii {
    /// Whether some byte was not. It may have been a byte after the end of a string, or of the object.
    pub(crate) fn is_broken(self) -> bool {
        self.0 & HIGH_BITS != 0
    }
}

pub(crate) fn byte(text: &[u8], at: usize) -> Result<u8, Doubt> {
    text.get(at).copied().ok_or(Doubt::Incomplete)
}

/// Returns the place after the white space that begins at `at`.
pub fn space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\t' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

fn eight(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// The place of the first byte of a word whose high bit is set in `marks`.
fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// Passes over a value.
#[inline]
pub(crate) fn value(text: &[u8], at: usize, ascii: &mut Ascii) -> Result<usize, Doubt> {
    match byte(text, at)? {
        b'"' => string(text, at + 1, ascii),
        b'0'..=b'9' => number(text, at),
        b'[' | b'{' => nested(text, at, ascii),
        _ => other(text, at),
    }
}

fn other(text: &[u8], at: usize) -> Result<usize, Doubt> {
    match byte(text, at)? {
        b'-' => number(text, at + 1),
        b't' => literal(text, at, b"true"),
        b'f' => literal(text, at, b"false"),
        b'n' => literal(text, at, b"null"),
        _ => Err(Doubt::Undecided),
    }
}

fn literal(text: &[u8], at: usize, expected: &[u8]) -> Result<usize, Doubt> {
    let end = at + expected.len();
    match text.get(at..end) {
        Some(found) if found == expected => Ok(end),
        Some(_) => Err(Doubt::Undecided),
        None => Err(Doubt::Incomplete),
    }
}

/// Passes over the rest of a string, whose opening quote is behind. Escapes are checked, not resolved.
#[inline]
pub(crate) fn string(text: &[u8], mut at: usize, ascii: &mut Ascii) -> Result<usize, Doubt> {
    loop {
        // The first quote, backslash or control character of eight bytes (Mycroft's test, exact for the lowest byte).
        while let Some(word) = eight(text, at) {
            ascii.0 |= word;
            let (quote, backslash) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5c));
            let marks = (quote.wrapping_sub(ONES) & !quote)
                | (backslash.wrapping_sub(ONES) & !backslash)
                | (word.wrapping_sub(ONES * 0x20) & !word);
            let marks = marks & HIGH_BITS;
            if marks != 0 {
                at += first(marks);
                break;
            }
            at += 8;
        }
        match byte(text, at)? {
            b'"' => return Ok(at + 1),
            b'\\' => at = escape(text, at + 1)?,
            0..0x20 => return Err(Doubt::Undecided),
            plain => {
                ascii.0 |= u64::from(plain);
                at += 1;
            }
        }
    }
}

/// Passes over an escape, whose backslash is behind. Halves of surrogate pairs pass, as they do where serde_json skips a
/// string.
fn escape(text: &[u8], at: usize) -> Result<usize, Doubt> {
    match byte(text, at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
        b'u' => match text.get(at + 1..at + 5) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(at + 5),
            Some(_) => Err(Doubt::Undecided),
            None => Err(Doubt::Incomplete),
        },
        _ => Err(Doubt::Undecided),
    }
}

/// Passes over a number without its sign. A number at the end of the text may continue.
#[inline]
fn number(text: &[u8], at: usize) -> Result<usize, Doubt> {
    let end = digits(text, at)?;
    if end == at || (end > at + 1 && text[at] == b'0') {
        return Err(Doubt::Undecided);
    }
    match byte(text, end)? {
        b'.' | b'e' | b'E' => fraction(text, end),
        _ => Ok(end),
    }
}

#[inline(never)]
fn fraction(text: &[u8], mut at: usize) -> Result<usize, Doubt> {
    let whole =
        |from: usize| digits(text, from).and_then(|end| if end > from { Ok(end) } else { Err(Doubt::Undecided) });
    if byte(text, at)? == b'.' {
        at = whole(at + 1)?;
    }
    if let b'e' | b'E' = byte(text, at)? {
        at += 1;
        at = whole(at + usize::from(matches!(byte(text, at)?, b'+' | b'-')))?;
    }
    Ok(at)
}

/// Passes over decimal digits, up to a byte that is none.
#[inline]
fn digits(text: &[u8], mut at: usize) -> Result<usize, Doubt> {
    while let Some(word) = eight(text, at) {
        let word = word ^ (ONES * 0x30);
        // From 10 on the high bit comes up; a carry only reaches bytes above the first that is no digit.
        let marks = (word.wrapping_add(ONES * 0x76) | word) & HIGH_BITS;
        if marks != 0 {
            return Ok(at + first(marks));
        }
        at += 8;
    }
    while byte(text, at)?.is_ascii_digit() {
        at += 1;
    }
    Ok(at)
}

/// Passes over an array or object.
#[inline(never)]
fn nested(text: &[u8], mut at: usize, ascii: &mut Ascii) -> Result<usize, Doubt> {
    // A bit a level: whether it is an object.
    let (mut objects, mut depth) = (0_u64, 0_u32);
    loop {
        // At the beginning of a value.
        let begun = byte(text, at)?;
        if let b'[' | b'{' = begun {
            if depth == DEPTH {
                return Err(Doubt::Undecided);
            }
            depth += 1;
            objects = objects << 1 | u64::from(begun == b'{');
            at = space(text, at + 1);
            if byte(text, at)? != if begun == b'{' { b'}' } else { b']' } {
                if begun == b'{' {
                    at = key(text, at, ascii)?;
                }
                continue;
            }
        } else {
            at = match begun {
                b'"' => string(text, at + 1, ascii)?,
                b'0'..=b'9' => number(text, at)?,
                _ => other(text, at)?,
            };
            at = space(text, at);
        }
        // Before a comma or the end of what is open.
        loop {
            let is_object = objects & 1 == 1;
            match byte(text, at)? {
                b',' => {
                    at = space(text, at + 1);
                    if is_object {
                        at = key(text, at, ascii)?;
                    }
                    break;
                }
                end if end == if is_object { b'}' } else { b']' } => {
                    (objects, depth) = (objects >> 1, depth - 1);
                    at += 1;
                    if depth == 0 {
                        return Ok(at);
                    }
                    at = space(text, at);
                }
                _ => return Err(Doubt::Undecided),
            }
        }
    }
}

/// Passes over a key, its colon and the space around that.
fn key(text: &[u8], at: usize, ascii: &mut Ascii) -> Result<usize, Doubt> {
    if byte(text, at)? != b'"' {
        return Err(Doubt::Undecided);
    }
    let at = space(text, string(text, at + 1, ascii)?);
    if byte(text, at)? != b':' {
        return Err(Doubt::Undecided);
    }
    Ok(space(text, at + 1))
}
