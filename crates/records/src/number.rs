//! Numbers that are written as people write them.

use serde::Serializer;

/// Writes a number; a whole one without a fraction.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(crate) fn serialize<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    let is_whole = number.abs() < 9e15 && number.fract() == 0.0;
    if is_whole { serializer.serialize_i64(number as i64) } else { serializer.serialize_f64(number) }
}
