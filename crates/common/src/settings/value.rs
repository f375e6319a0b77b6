//! What a setting may be: how each type is read from a variable and from a configuration file, and shown to a person.

use std::fmt;
use std::path::PathBuf;

use chrono::NaiveDate;
use serde_json::Value as Json;

/// A type that a setting may have.
pub trait Value: Sized {
    /// Whether its values are never shown.
    const IS_SECRET: bool = false;

    /// Reads it from a variable.
    fn from_text(text: &str) -> Option<Self>;
    /// Reads it from a configuration file.
    fn from_json(json: &Json) -> Option<Self>;
    /// Shows it to a person; a secret shows only whether it is set.
    fn show(&self) -> String;
}

/// A text that is never shown.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.show())
    }
}

impl Value for u64 {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn from_json(json: &Json) -> Option<Self> {
        json.as_u64()
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for f64 {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().filter(|value: &f64| value.is_finite())
    }
    fn from_json(json: &Json) -> Option<Self> {
        json.as_f64().filter(|value| value.is_finite())
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for bool {
    fn from_text(text: &str) -> Option<Self> {
        match text.to_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }
    fn from_json(json: &Json) -> Option<Self> {
        json.as_bool()
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn from_json(json: &Json) -> Option<Self> {
        json.as_str().map(str::to_owned)
    }
    fn show(&self) -> String {
        if self.is_empty() { "unset".to_owned() } else { self.clone() }
    }
}

impl Value for Vec<String> {
    fn from_text(text: &str) -> Option<Self> {
        Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }
    /// A list of texts; a single text counts as in a variable, which is how old manifests hold it.
    fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::Array(items) => items.iter().map(String::from_json).collect(),
            Json::String(text) => Self::from_text(text),
            _ => None,
        }
    }
    fn show(&self) -> String {
        self.join(",")
    }
}

impl Value for Vec<u64> {
    fn from_text(text: &str) -> Option<Self> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(u64::from_text).collect()
    }
    /// A list of numbers; a single one counts as a list.
    fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::Array(items) => items.iter().map(u64::from_json).collect(),
            Json::String(text) => Self::from_text(text),
            _ => u64::from_json(json).map(|number| vec![number]),
        }
    }
    fn show(&self) -> String {
        self.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
    }
}

impl Value for PathBuf {
    fn from_text(text: &str) -> Option<Self> {
        Some(Self::from(text))
    }
    fn from_json(json: &Json) -> Option<Self> {
        json.as_str().map(Self::from)
    }
    fn show(&self) -> String {
        if self.as_os_str().is_empty() { "unset".to_owned() } else { self.display().to_string() }
    }
}

impl Value for Secret {
    const IS_SECRET: bool = true;

    fn from_text(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
    fn from_json(json: &Json) -> Option<Self> {
        json.as_str().map(|text| Self(text.to_owned()))
    }
    fn show(&self) -> String {
        if self.0.is_empty() { "unset" } else { "set" }.to_owned()
    }
}

impl Value for NaiveDate {
    fn from_text(text: &str) -> Option<Self> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
    }
    fn from_json(json: &Json) -> Option<Self> {
        Self::from_text(json.as_str()?)
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl<T: Value> Value for Option<T> {
    fn from_text(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { T::from_text(text).map(Some) }
    }
    fn from_json(json: &Json) -> Option<Self> {
        if json.as_str() == Some("") { Some(None) } else { T::from_json(json).map(Some) }
    }
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "unset".to_owned(), Value::show)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_value_is_read_from_text_and_json() {
        assert_eq!(Vec::<String>::from_text("a, b,,c"), Some(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(Vec::<String>::from_json(&serde_json::json!(["a", "b"])), Some(vec!["a".into(), "b".into()]));
        assert_eq!(Vec::<String>::from_json(&serde_json::json!(["a", 1])), None);
        assert_eq!(bool::from_text("Yes"), Some(true));
        assert_eq!(bool::from_text("maybe"), None);
        assert_eq!(f64::from_text("nan"), None);
        assert_eq!(f64::from_json(&serde_json::json!(0.25)), Some(0.25));
        assert_eq!(Option::<NaiveDate>::from_text(""), Some(None));
        assert_eq!(Option::<NaiveDate>::from_text("2026-13-01"), None);
        assert_eq!(Secret("abc".into()).show(), "set");
        assert_eq!(format!("{:?}", Secret("abc".into())), "set");
    }
}
