//! Reading what old and foreign files hold: a field that is missing, or has a value of another type, is none; it never makes
//! the whole record unreadable.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::number::number_in;
use crate::written;

/// Reads a field of a document; a value of another type is none.
pub(crate) fn field<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(T::deserialize(Value::deserialize(deserializer)?).ok())
}

/// Reads a number in a document as [`number_in`] does.
pub(crate) fn number_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(number_in(&Value::deserialize(deserializer)?))
}

/// Reads a field of a document; a value of another type is the default.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(field(deserializer)?.unwrap_or_default())
}

/// Reads the items of a list that can be read; anything but a list has none.
pub(crate) fn items<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let Value::Array(items) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(items.into_iter().filter_map(|item| T::deserialize(item).ok()).collect())
}

// The fields of a line of a log are read from their text: a line has twenty fields, a window many lines, and only that text
// is looked at.

/// Reads a number as [`number_in`] does.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(written::number(<&RawValue>::deserialize(deserializer)?.get().as_bytes()))
}

/// Reads `true` or `false`.
pub(crate) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(written::boolean(<&RawValue>::deserialize(deserializer)?.get().as_bytes()))
}

/// Reads a text.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(written::string(<&RawValue>::deserialize(deserializer)?.get().as_bytes()).map(Cow::into_owned))
}
