//! JSON values as they are written in a file, read leniently. A value that is not understood counts as absent.

use std::borrow::Cow;

use crate::number::number_in;

/// Reads a whole number of at least 0, as [`number_in`] does.
pub fn number(raw: &[u8]) -> Option<u64> {
    digits(raw, 18).or_else(|| {
        let raw = std::str::from_utf8(raw).ok()?;
        raw.parse().ok().or_else(|| number_in(&serde_json::from_str(raw).ok()?))
    })
}

/// Reads a number, also one in quotes; infinite ones are none.
#[expect(clippy::cast_precision_loss, reason = "fifteen digits fit a float")]
pub fn float(raw: &[u8]) -> Option<f64> {
    digits(raw, 15).map(|number| number as f64).or_else(|| {
        let raw = std::str::from_utf8(raw).ok()?;
        raw.trim_matches('"').trim().parse().ok().filter(|value: &f64| value.is_finite())
    })
}

/// Reads `true` or `false`.
pub fn boolean(raw: &[u8]) -> Option<bool> {
    match raw {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// Reads a string; half of a surrogate pair makes it none.
pub fn string(raw: &[u8]) -> Option<Cow<'_, str>> {
    let content = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if content.contains(&b'\\') {
        return serde_json::from_slice(raw).ok().map(Cow::Owned);
    }
    std::str::from_utf8(content).ok().map(Cow::Borrowed)
}

/// Reads at most `most` decimal digits and nothing else.
fn digits(raw: &[u8], most: usize) -> Option<u64> {
    if raw.is_empty() || raw.len() > most {
        return None;
    }
    raw.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_written() {
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"999999999999999999"), Some(999_999_999_999_999_999));
        assert_eq!(
            [&b"\"#85\""[..], b"-1", b"null", b"[85]", b"1e2"].map(number),
            [Some(85), None, None, None, Some(100)]
        );
        assert_eq!(float(b"480"), Some(480.0));
        assert_eq!(float(b"9007199254740993"), "9007199254740993".parse().ok());
        assert_eq!([&b"\" 1.5 \""[..], b"1e999", b"null", b"true"].map(float), [Some(1.5), None, None, None]);
        assert_eq!(
            [&b"true"[..], b"false", b"null", b"\"true\"", b"1"].map(boolean),
            [Some(true), Some(false), None, None, None]
        );
        assert_eq!(string(br#""a \u2014 b""#).as_deref(), Some("a \u{2014} b"));
        assert_eq!(string("\"\u{e9}\"".as_bytes()).as_deref(), Some("\u{e9}"));
        assert_eq!([&br#""\ud800""#[..], b"null", b"7"].map(string), [None, None, None]);
    }
}
