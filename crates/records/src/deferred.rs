//! A large field of a record that is read only when it is asked for.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A field whose text is kept as it is until it is asked for.
#[derive(Clone, Debug)]
pub enum Deferred<T> {
    /// The value of a record that is to be written.
    Value(T),
    /// The text of a record that was read.
    Text(Box<RawValue>),
}

impl<T: DeserializeOwned + Default> Deferred<T> {
    /// Returns the value; a text that is none gives the default.
    pub fn into_value(self) -> T {
        match self {
            Self::Value(value) => value,
            Self::Text(text) => serde_json::from_str(text.get()).unwrap_or_default(),
        }
    }
}

impl<T: Default> Default for Deferred<T> {
    fn default() -> Self {
        Self::Value(T::default())
    }
}

impl<T: Serialize> Serialize for Deferred<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
        }
    }
}

impl<'de, T> Deserialize<'de> for Deferred<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::Text)
    }
}

impl<T: JsonSchema> JsonSchema for Deferred<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
