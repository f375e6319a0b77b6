//! JSON text as Python's `json.dumps` writes it, so that scripts, `grep` and `jq` pipelines over the files go on
//! working: `", "` and `": "` between items, everything outside ASCII as `\u` and four
//! hexadecimal digits, floats as `repr` prints them.
//!
//! Source of the rules: CPython's `Lib/json/encoder.py` and `float.__repr__`; checked against text that Python made
//! (`tests/pyjson.json`).

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

/// Writes `value` on one line: `json.dumps(value)`.
///
/// # Errors
/// Only what `value` itself refuses to serialize (a map with keys that are no strings).
pub fn to_line<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    write(value, None)
}

/// Writes `value` over several lines, indented by 2, with a newline at the end: `json.dumps(value, indent=2) + "\n"`.
///
/// # Errors
/// As [`to_line`].
pub fn to_document<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    let mut text = write(value, Some(2))?;
    text.push('\n');
    Ok(text)
}

fn write<T: Serialize + ?Sized>(value: &T, indent: Option<usize>) -> serde_json::Result<String> {
    let mut text = Text(Vec::with_capacity(256));
    let layout = Python { indent, depth: 0, filled: false };
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, layout))?;
    String::from_utf8(text.0).map_err(serde::ser::Error::custom)
}

/// The text that is written. Most pieces of it are one byte: a quote or a bracket.
struct Text(Vec<u8>);

impl io::Write for Text {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.write_all(piece).map(|()| piece.len())
    }

    #[expect(clippy::inline_always, reason = "measured: called for every quote, comma and indentation of a document")]
    #[inline(always)]
    fn write_all(&mut self, piece: &[u8]) -> io::Result<()> {
        match piece {
            [byte] => self.0.push(*byte),
            _ => self.0.extend_from_slice(piece),
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The layout: `indent` spaces a level, or all on one line.
struct Python {
    indent: Option<usize>,
    depth: usize,
    /// Whether the collection being written has an item yet.
    filled: bool,
}

impl Python {
    fn open<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.filled = false;
        writer.write_all(bracket)
    }

    fn close<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.filled {
            self.break_line(writer)?;
        }
        self.filled = true;
        writer.write_all(bracket)
    }

    fn next<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        match (self.indent, first) {
            (Some(_), true) => self.break_line(writer),
            (Some(spaces), false) => write_break(writer, BREAK, spaces * self.depth),
            (None, true) => Ok(()),
            (None, false) => writer.write_all(b", "),
        }
    }

    fn break_line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        match self.indent {
            Some(spaces) => write_break(writer, &BREAK[1..], spaces * self.depth),
            None => Ok(()),
        }
    }
}

/// How many spaces of indentation are written at once.
const DEEPEST: usize = 64;

/// A comma, a newline and that many spaces.
const BREAK: &[u8] = b",\n                                                                ";

/// Writes a new line and its indentation, with what `full` has before it, in one piece: a document has very many of them.
fn write_break<W: ?Sized + io::Write>(writer: &mut W, full: &[u8], spaces: usize) -> io::Result<()> {
    let before = full.len() - DEEPEST;
    writer.write_all(&full[..before + spaces.min(DEEPEST)])?;
    (DEEPEST..spaces).try_for_each(|_| writer.write_all(b" "))
}

impl Formatter for Python {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float(value).as_bytes())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, character) in fragment.char_indices().filter(|(_, c)| !matches!(c, ' '..='~')) {
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = at + character.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        let short = match escape {
            CharEscape::Quote => b'"',
            CharEscape::ReverseSolidus => b'\\',
            CharEscape::Solidus => b'/',
            CharEscape::Backspace => b'b',
            CharEscape::FormFeed => b'f',
            CharEscape::LineFeed => b'n',
            CharEscape::CarriageReturn => b'r',
            CharEscape::Tab => b't',
            CharEscape::AsciiControl(byte) => return write!(writer, "\\u{byte:04x}"),
        };
        writer.write_all(&[b'\\', short])
    }
}

/// Prints a float as Python's `repr` does: the shortest digits that read back the same, an exponent (of at least two
/// digits) below 1e-4 and from 1e16 on, and always a point or an exponent.
fn float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, power) = exponent.strip_prefix('-').map_or(('+', exponent), |power| ('-', power));
        return format!("{digits}e{sign}{power:0>2}");
    }
    format!("{value:?}")
}

/// Returns a JSON text in which each half of a surrogate pair that is alone is U+FFFD; none if there is no such half. Python
/// writes them, and reads them, where a name of a file was no text; serde_json refuses them.
pub fn without_lone_surrogates(text: &[u8]) -> Option<Vec<u8>> {
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(escape) = text.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += escape;
        match (unit(text, at), unit(text, at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => at += 12,
            (Some(0xd800..0xe000), _) => {
                mended.get_or_insert_with(|| text.to_vec())[at + 2..at + 6].copy_from_slice(b"fffd");
                at += 6;
            }
            _ => at += 2,
        }
    }
    mended
}

/// The unit of UTF-16 that an escape at a place is.
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Cases that Python itself wrote: `tests/pyjson.py` makes the file, no hand edits it.
    const RECORDED: &str = include_str!("../tests/pyjson.json");

    #[test]
    fn every_text_is_the_one_that_python_made() {
        let cases: Vec<(Value, String, String)> = serde_json::from_str(RECORDED).unwrap();
        assert!(cases.len() > 40, "the table is there");
        for (value, line, document) in cases {
            assert_eq!(to_line(&value).unwrap(), line);
            assert_eq!(to_document(&value).unwrap(), document);
        }
    }

    #[test]
    fn every_float_is_printed_as_python_prints_it() {
        let cases: Vec<(String, String)> = serde_json::from_str(include_str!("../tests/pyfloat.json")).unwrap();
        assert!(cases.len() > 100, "the table is there");
        for (bits, printed) in cases {
            let value = f64::from_bits(u64::from_str_radix(&bits, 16).unwrap());
            assert_eq!(to_line(&value).unwrap(), printed, "bits {bits}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back_as_it_was(text in ".*") {
            let line = to_line(&text).unwrap();
            prop_assert!(line.is_ascii());
            prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }

        #[test]
        fn any_finite_float_comes_back_as_it_was(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
            let line = to_line(&value).unwrap();
            prop_assert_eq!(line.parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }

    #[test]
    fn deep_documents_are_indented_at_every_level() {
        let mut value = serde_json::json!([1, 2]);
        for _ in 0..40 {
            value = serde_json::json!([value]);
        }
        let text = to_document(&value).unwrap();
        let depths: Vec<usize> = text.lines().map(|line| line.len() - line.trim_start().len()).collect();
        let down = (0..=40).map(|depth| 2 * depth);
        let expected: Vec<usize> = down.clone().chain([82, 82]).chain(down.rev()).collect();
        assert_eq!(depths, expected);
        assert_eq!(text.matches(',').count(), 1);
    }

    #[test]
    fn halves_of_surrogate_pairs_that_stand_alone_are_replaced() {
        let mended = |text: &str| without_lone_surrogates(text.as_bytes()).map(|text| String::from_utf8(text).unwrap());
        for (text, expected) in [
            (r#""a \udcff b""#, Some(r#""a \ufffd b""#)),
            (r#""\ud83d\ude00 \ud83d""#, Some(r#""\ud83d\ude00 \ufffd""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\\ud83d \n \u00e9""#, None),
            (r#""\ud8"#, None),
            ("\\", None),
        ] {
            assert_eq!(mended(text).as_deref(), expected, "{text}");
        }
    }
}
