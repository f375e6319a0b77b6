//! Numbers as text.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// A finding's numbers.
pub(super) fn numbers(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

pub(super) fn points(share: f64) -> String {
    format!("{:.0}", 100.0 * share)
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
pub(super) fn rounded(count: f64) -> usize {
    count.round() as usize
}

/// A large number with its thousands apart.
pub(super) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    if digits.len() > 15 {
        return format!("{number:.0e}");
    }
    let from_end = digits.bytes().rev().enumerate();
    let text: Vec<char> = from_end
        .flat_map(|(at, digit)| (at > 0 && at % 3 == 0).then_some(' ').into_iter().chain([char::from(digit)]))
        .collect();
    text.into_iter().rev().collect()
}

/// The day of a moment, for people.
pub(super) fn date(micros: i64) -> String {
    DateTime::<Utc>::from_timestamp_micros(micros).map_or_else(String::new, |time| time.format("%b %-d").to_string())
}

/// A short name of a text (FNV-1a, 32 bits).
pub(super) fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
