//! What is fixed without judgement: line endings, trailing spaces, the final newline.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use crate::file::File;
use crate::significant_spaces::{keeps_trailing_spaces, strings};

/// Fixes a file's content: only what the checks named in `wanted` check. None where nothing is to fix.
pub(crate) fn mend(file: &File, wanted: &dyn Fn(&str) -> bool) -> Option<Vec<u8>> {
    if !file.is_utf8 {
        return None;
    }
    let mut bytes = Cow::Borrowed(file.bytes);
    // A carriage return that is alone becomes part of a line's end when the spaces behind it go.
    while let Some(mended) = step(file.name, &bytes, wanted) {
        bytes = Cow::Owned(mended);
    }
    match bytes {
        Cow::Owned(mended) => Some(mended),
        Cow::Borrowed(_) => None,
    }
}

/// Fixes one thing.
fn step(name: &str, bytes: &[u8], wanted: &dyn Fn(&str) -> bool) -> Option<Vec<u8>> {
    let is_open = !bytes.is_empty() && !bytes.ends_with(b"\n") && !bytes.ends_with(b"\r");
    if wanted("final-newline") && is_open {
        return Some([bytes, usual_end(bytes)].concat());
    }
    let trimmed = || {
        let strings = strings(&File::new(name, bytes));
        without_trailing_spaces(bytes, &strings)
    };
    let trims = wanted("trailing-spaces") && !keeps_trailing_spaces(&File::new(name, bytes));
    trims.then(trimmed).flatten().or_else(|| wanted("line-endings").then(|| one_line_ending(bytes)).flatten())
}

/// How many lines end as on Windows, and how many there are.
fn ends(bytes: &[u8]) -> (usize, usize) {
    let ends = memchr_iter(b'\n', bytes).map(|at| at > 0 && bytes[at - 1] == b'\r');
    ends.fold((0, 0), |(windows, all), is_windows| (windows + usize::from(is_windows), all + 1))
}

/// The end that most lines have.
fn usual_end(bytes: &[u8]) -> &'static [u8] {
    let (windows, all) = ends(bytes);
    if windows * 2 > all { b"\r\n" } else { b"\n" }
}

/// The text with the line ending that most lines have; none where all have the same.
fn one_line_ending(bytes: &[u8]) -> Option<Vec<u8>> {
    memchr(b'\r', bytes)?;
    let (windows, all) = ends(bytes);
    if windows == 0 || windows == all {
        return None;
    }
    let end = usual_end(bytes);
    let mut mended = Vec::with_capacity(bytes.len() + all);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => {
                mended.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
                mended.extend_from_slice(end);
            }
            None => mended.extend_from_slice(line),
        }
    }
    Some(mended)
}

/// The text without spaces before line ends, except inside `strings`; none where there are none.
fn without_trailing_spaces(bytes: &[u8], strings: &[std::ops::Range<usize>]) -> Option<Vec<u8>> {
    let mut mended = Vec::with_capacity(bytes.len());
    let mut start = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let (text, end) = match line.strip_suffix(b"\n") {
            Some(text) => {
                text.strip_suffix(b"\r").map_or((text, &line[line.len() - 1..]), |text| (text, &line[line.len() - 2..]))
            }
            None => (line, &line[line.len()..]),
        };
        let kept = text.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |at| at + 1);
        let line_end = start + text.len();
        let is_value = kept < text.len()
            && (text[..kept].ends_with(b"\\") || strings.iter().any(|string| string.contains(&line_end)));
        mended.extend_from_slice(if is_value { text } else { &text[..kept] });
        mended.extend_from_slice(end);
        start += line.len();
    }
    (mended.len() != bytes.len()).then_some(mended)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mended(name: &str, text: &[u8]) -> Option<Vec<u8>> {
        mend(&File::new(name, text), &|_| true)
    }

    #[test]
    fn what_needs_no_judgement_is_mended() {
        assert_eq!(mended("a", b"a \nb\t\r\nc").unwrap(), b"a\nb\nc\n");
        assert_eq!(mended("a", b"a\r\nb\r\nc").unwrap(), b"a\r\nb\r\nc\r\n");
        assert_eq!(mended("a", b"a\r\nb\r\nc\n").unwrap(), b"a\r\nb\r\nc\r\n");
        assert_eq!(mended("a.py", b"x = '''a \nb'''  \n").unwrap(), b"x = '''a \nb'''\n");
        assert_eq!(mended("a.md", b"a  \nb").unwrap(), b"a  \nb\n");
        for text in [&b"a\nb\n"[..], b"", b"a \0", b"a\r\n", b"a\rb\r", b"\x89PNG\r\n\x1a\nabc \n"] {
            assert_eq!(mended("a", text), None);
        }
    }

    #[test]
    fn values_keep_their_spaces() {
        let marked = b"\xef\xbb\xbfx = '''a \n'''\ny = 1 \n";
        assert_eq!(mended("a.py", marked).unwrap(), b"\xef\xbb\xbfx = '''a \n'''\ny = 1\n");
        for (name, text) in [
            ("a.py", &b"# coding: latin-1\nx = '''\xe9 \n'''\n"[..]),
            ("a.pyw", b"x = '''a \n'''\n"),
            ("run", b"#!/usr/bin/env python3\nx = '''a \n'''\n"),
            ("a.yml", b"a: |\n  x  \n"),
            ("a.toml", b"a = \"\"\"x  \ny\"\"\"\n"),
            ("a.js", b"x = `a \n`\n"),
            ("a.sh", b"cat <<E\na \nE\n"),
            ("Makefile", b"a:\n\techo a\\ \n"),
            ("a.MD", b"a  \nb\n"),
        ] {
            assert_eq!(mended(name, text), None, "{name}");
        }
        assert_eq!(mend(&File::new("a", b"a "), &|id| id == "line-endings"), None);
    }

    proptest! {
        #[test]
        fn mending_twice_is_mending_once(text in "[ab \t\r\n]{0,60}") {
            let once = mended("a", text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
            prop_assert_eq!(mended("a", &once), None);
            let letters = |bytes: &[u8]| bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
            prop_assert_eq!(letters(&once), letters(text.as_bytes()));
        }
    }
}
