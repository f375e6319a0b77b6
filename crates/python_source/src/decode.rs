//! From a file's bytes to its text, as Python finds its encoding (PEP 263).

use std::borrow::Cow;

use encoding_rs::Encoding;

/// Why a file is no Python source whatever its text would be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Undecodable {
    /// A NUL byte, at this offset.
    Nul(usize),
    /// A byte that is not of the encoding, at this offset; the encoding's name.
    Bytes(usize, String),
    /// A byte order mark of UTF-8, and a declaration of another encoding.
    Contradiction(String),
    /// An encoding that at most Python knows: nothing can be concluded about the file.
    Unknown(String),
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Returns the text of a source file. A byte order mark is left out.
///
/// # Errors
/// The bytes are not what the file declares them to be, or the encoding is unknown here.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Undecodable> {
    let (marked, bytes) = bytes.strip_prefix(BOM).map_or((false, bytes), |rest| (true, rest));
    if let Some(at) = memchr::memchr(0, bytes) {
        return Err(Undecodable::Nul(at));
    }
    let declared = declared(bytes).map(|name| normal(&name));
    match declared.as_deref() {
        None | Some("utf-8") => match utf8(bytes, "utf-8") {
            // Python reads past what is in a comment.
            Err(_) if are_in_comments(bytes) => Ok(Cow::Owned(String::from_utf8_lossy(bytes).into_owned())),
            read => read,
        },
        Some(name) if marked => Err(Undecodable::Contradiction(name.to_owned())),
        Some("ascii") => match bytes.iter().position(|byte| !byte.is_ascii()) {
            Some(at) => Err(Undecodable::Bytes(at, "ascii".to_owned())),
            None => utf8(bytes, "ascii"),
        },
        Some(name) => {
            let unknown = || Undecodable::Unknown(name.to_owned());
            let encoding = Encoding::for_label(name.as_bytes()).filter(|known| !is_wide(known)).ok_or_else(unknown)?;
            let (text, damaged) = encoding.decode_without_bom_handling(bytes);
            // The tables of Python and of the Web differ in rare characters.
            if damaged { Err(unknown()) } else { Ok(text) }
        }
    }
}

fn utf8<'b>(bytes: &'b [u8], name: &str) -> Result<Cow<'b, str>, Undecodable> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => Err(Undecodable::Bytes(error.valid_up_to(), name.to_owned())),
    }
}

/// Whether all bytes that are not UTF-8 are behind a `#` that no quote precedes.
fn are_in_comments(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').all(|line| match std::str::from_utf8(line) {
        Ok(_) => true,
        Err(error) => {
            let before = &line[..error.valid_up_to()];
            let comment = memchr::memchr(b'#', before);
            comment.is_some_and(|at| memchr::memchr2(b'\'', b'"', &before[..at]).is_none())
        }
    })
}

/// Encodings of which Python's own reader takes no source.
fn is_wide(encoding: &'static Encoding) -> bool {
    [encoding_rs::UTF_16BE, encoding_rs::UTF_16LE, encoding_rs::REPLACEMENT].contains(&encoding)
}

/// The encoding that a comment of the first two lines declares; the second counts only after a line without code.
fn declared(bytes: &[u8]) -> Option<String> {
    // A carriage return alone ends a line as well.
    let mut rest = bytes;
    for _ in 0..2 {
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        let ends = rest[end..].strip_prefix(b"\r\n").or_else(|| rest.get(end + 1..));
        rest = ends.unwrap_or_default();
        let code = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c' | b'\r'));
        match code.map(|at| line[at]) {
            None => {}
            Some(b'#') => {
                if let Some(name) = in_comment(line) {
                    return Some(name);
                }
            }
            Some(_) => return None,
        }
    }
    None
}

/// The name after `coding:` or `coding=` in a comment.
fn in_comment(line: &[u8]) -> Option<String> {
    for at in memchr::memmem::find_iter(line, b"coding") {
        let rest = &line[at + 6..];
        if !matches!(rest.first(), Some(b':' | b'=')) {
            continue;
        }
        let name = rest[1..].iter().skip_while(|byte| matches!(byte, b' ' | b'\t'));
        let name: String = name
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
            .map(|byte| char::from(*byte))
            .collect();
        if !name.is_empty() {
            return Some(name);
        }
    }
    None
}

/// A name as Python compares it, with the commonest aliases made one.
fn normal(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    match name.as_str() {
        "utf-8" | "utf8" | "u8" | "utf" | "utf8-ucs2" | "utf8-ucs4" | "cp65001" => "utf-8".to_owned(),
        name if name.starts_with("utf-8-") => "utf-8".to_owned(),
        "ascii" | "us-ascii" | "646" => "ascii".to_owned(),
        "latin-1" | "latin1" | "iso-latin-1" | "iso8859-1" | "l1" | "cp819" | "8859" => "iso-8859-1".to_owned(),
        name if name.starts_with("latin-1-") || name.starts_with("iso-8859-1-") => "iso-8859-1".to_owned(),
        "cp932" | "ms932" | "mskanji" | "ms-kanji" => "shift-jis".to_owned(),
        "cp936" | "ms936" => "gbk".to_owned(),
        "cp949" | "uhc" | "ms949" => "euc-kr".to_owned(),
        name => match name.strip_prefix("cp125").or_else(|| name.strip_prefix("windows125")) {
            Some(digit) => format!("windows-125{digit}"),
            None => name.strip_prefix("iso8859-").map_or(name.to_owned(), |part| format!("iso-8859-{part}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_encoding_is_used() {
        assert_eq!(
            decode(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n").unwrap(),
            "# -*- coding: latin-1 -*-\nx = '\u{e9}'\n"
        );
        assert_eq!(
            decode(b"#!/bin/python\n# vim: set fileencoding=cp1252 :\n'\x80'").unwrap().chars().last(),
            Some('\'')
        );
        assert_eq!(decode("# coding: utf8\n'é'".as_bytes()).unwrap(), "# coding: utf8\n'é'");
        assert_eq!(decode(b"\xef\xbb\xbfx = 1\n").unwrap(), "x = 1\n");
        assert!(decode("# coding=euc-jp\n# \u{65e5}".as_bytes()).is_err(), "bytes of another encoding");
    }

    #[test]
    fn a_declaration_after_code_or_past_the_second_line_counts_for_nothing() {
        assert_eq!(decode(b"x = 1\n# coding: latin-1\n'\xe9'"), Err(Undecodable::Bytes(25, "utf-8".to_owned())));
        assert_eq!(decode(b"\n\n# coding: latin-1\n'\xe9'"), Err(Undecodable::Bytes(21, "utf-8".to_owned())));
    }

    #[test]
    fn what_is_no_source_is_told() {
        assert_eq!(decode(b"x = 1\0"), Err(Undecodable::Nul(5)));
        assert_eq!(decode(b"# coding: ascii\n\xc3"), Err(Undecodable::Bytes(16, "ascii".to_owned())));
        assert_eq!(
            decode(b"\xef\xbb\xbf# coding: latin-1\n"),
            Err(Undecodable::Contradiction("iso-8859-1".to_owned()))
        );
        assert_eq!(decode(b"# coding: klingon\n"), Err(Undecodable::Unknown("klingon".to_owned())));
    }
}
