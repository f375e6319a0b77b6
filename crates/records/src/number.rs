//! Numbers as people, agents and old files write them.

use serde::Serializer;
use serde_json::Value;

/// Writes a number; a whole one without a fraction.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(crate) fn serialize<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    let is_whole = number.abs() < 9e15 && number.fract() == 0.0;
    if is_whole { serializer.serialize_i64(number as i64) } else { serializer.serialize_f64(number) }
}

/// Reads a whole number of at least 0 as agents and old files write it: `85`, `85.0`, `"85"`, `"#85"`, `"1,450"`.
pub fn number_in(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| rounded(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim().trim_start_matches('#').replace([',', '_'], "");
            text.parse().ok().or_else(|| rounded(text.parse().ok()?))
        }
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn rounded(value: f64) -> Option<u64> {
    (0.0..9e15).contains(&value).then_some(value.round() as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_as_agents_write_them() {
        for (value, expected) in [
            (json!(85), Some(85)),
            (json!(85.0), Some(85)),
            (json!("85"), Some(85)),
            (json!(" #85 "), Some(85)),
            (json!("1,450"), Some(1450)),
            (json!("12.6"), Some(13)),
            (json!(-1), None),
            (json!("many"), None),
            (json!(null), None),
            (json!([85]), None),
            (json!(1e300), None),
        ] {
            assert_eq!(number_in(&value), expected, "{value}");
        }
    }
}
