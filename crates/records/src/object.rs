//! JSON objects that several programs write: a change to one of them keeps what it does not touch.
//!
//! A type keeps the fields that it does not know in `other` (`#[serde(flatten)]`). An [`Object`] adds what a type cannot say:
//! the order of the fields, and the values of known fields that have another type than expected. [`Entries`] is an object whose
//! keys are data, such as the numbers of issues; an entry that is not changed is written back as it was read. A [`Replacement`]
//! is a record that one program writes whole, with the fields that other programs added to the document.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Fields that only other programs know.
pub type OtherFields = Map<String, Value>;

/// A record that can be a part of an [`Object`] or of [`Entries`]. Reading it from an object never fails: its fields are read
/// leniently.
pub trait Record: Clone + Default + DeserializeOwned + PartialEq + Serialize {}

impl<T: Clone + Default + DeserializeOwned + PartialEq + Serialize> Record for T {}

/// A JSON object that is read and changed as `T`.
#[derive(Clone, Debug)]
pub struct Object<T> {
    fields: Map<String, Value>,
    record: PhantomData<T>,
}

/// A JSON object whose values are `T` and whose keys are data.
#[derive(Clone, Debug)]
pub struct Entries<T> {
    entries: Map<String, Value>,
    record: PhantomData<T>,
}

/// A record in the place of the known fields of a document, followed by the fields that only other programs know: as they were
/// written, in the order of their names.
#[derive(Debug, Serialize)]
pub struct Replacement<'a, T> {
    #[serde(flatten)]
    record: &'a T,
    #[serde(flatten)]
    other: BTreeMap<String, Box<RawValue>>,
}

impl<'a, T> Replacement<'a, T> {
    /// Makes it of the record, the names of its fields, and the fields of the document as it is now.
    pub fn new(record: &'a T, fields: &[&str], mut document: BTreeMap<String, Box<RawValue>>) -> Self {
        document.retain(|name, _| !fields.contains(&name.as_str()));
        Self { record, other: document }
    }
}

impl<T: Record> Object<T> {
    /// Returns the object as a record.
    pub fn read(&self) -> T {
        read(&self.fields)
    }

    /// Changes the object through its record.
    pub fn update<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        update(&mut self.fields, change)
    }

    /// Returns whether the object has no field at all.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl<T: Record> Entries<T> {
    /// Returns the entry of a key; an entry that is no object counts as one without fields.
    pub fn get(&self, key: &str) -> Option<T> {
        self.entries.get(key).map(as_record)
    }

    /// Returns the entry of a key as the file has it.
    pub fn raw(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }

    /// Returns whether there is an entry of a key.
    pub fn contains(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Changes the entry of a key; where there is none, or one that is no object, a new one is changed.
    pub fn update<R>(&mut self, key: &str, change: impl FnOnce(&mut T) -> R) -> R {
        let entry = self.entries.entry(key).or_insert(Value::Null);
        if !entry.is_object() {
            *entry = Value::Object(Map::new());
        }
        match entry {
            Value::Object(fields) => update(fields, change),
            // Made an object above.
            _ => change(&mut T::default()),
        }
    }

    /// Puts an entry in the place of the one that the key has.
    ///
    /// # Errors
    /// The record cannot be written as JSON.
    pub fn insert(&mut self, key: impl Into<String>, record: &T) -> serde_json::Result<()> {
        self.entries.insert(key.into(), serde_json::to_value(record)?);
        Ok(())
    }

    /// Removes the entry of a key; returns whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        self.entries.shift_remove(key).is_some()
    }

    /// Removes the entry of a key and moves the last entry to its place.
    pub fn swap_remove(&mut self, key: &str) {
        self.entries.swap_remove(key);
    }

    /// Returns the keys, in the order of the file.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Returns the keys that are numbers, in the order of the file.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.keys().filter_map(|key| key.trim().parse().ok())
    }

    /// Returns the entries, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, T)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), as_record(value)))
    }
}

fn as_record<T: Record>(value: &Value) -> T {
    match value {
        Value::Object(fields) => read(fields),
        _ => T::default(),
    }
}

/// Reads a record from the fields of an object; a field that cannot be read counts as absent.
pub(crate) fn read<T: Record>(fields: &Map<String, Value>) -> T {
    T::deserialize(fields).unwrap_or_else(|_| {
        // A number that no float can hold makes the whole unreadable: it is read without the fields that have one.
        let alone = |key: &str, value: &Value| Map::from_iter([(key.to_owned(), value.clone())]);
        let readable = fields.iter().filter(|(key, value)| T::deserialize(&alone(key, value)).is_ok());
        let readable: Map<String, Value> = readable.map(|(key, value)| (key.clone(), value.clone())).collect();
        T::deserialize(&readable).unwrap_or_default()
    })
}

/// Changes an object through its record: fields keep their places, new ones come last, and a field that the change does not
/// change keeps the value that the file has, whether it could be read or not.
fn update<T: Record, R>(fields: &mut Map<String, Value>, change: impl FnOnce(&mut T) -> R) -> R {
    let before: T = read(fields);
    let mut after = before.clone();
    let result = change(&mut after);
    if after == before {
        return result;
    }
    let (Ok(Value::Object(as_read)), Ok(Value::Object(mut changed))) =
        (serde_json::to_value(&before), serde_json::to_value(&after))
    else {
        return result;
    };
    fields.retain(|key, value| match (as_read.get(key), changed.get_mut(key)) {
        (Some(_), None) => false,
        (None, None) => true,
        (old, Some(new)) => {
            if old != Some(new) {
                *value = new.take();
            }
            true
        }
    });
    for (key, value) in changed {
        if !fields.contains_key(&key) {
            fields.insert(key, value);
        }
    }
    result
}

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self { fields: Map::new(), record: PhantomData }
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self { entries: Map::new(), record: PhantomData }
    }
}

impl<T> PartialEq for Entries<T> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<T> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

impl<T> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { fields: Map::deserialize(deserializer)?, record: PhantomData })
    }
}

impl<'de, T> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { entries: Map::deserialize(deserializer)?, record: PhantomData })
    }
}

impl<T: JsonSchema> JsonSchema for Object<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("EntriesOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lenient;

    #[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
    #[serde(default)]
    struct Sample {
        #[serde(deserialize_with = "lenient::field")]
        count: Option<u64>,
        #[serde(deserialize_with = "lenient::field")]
        name: Option<String>,
        #[serde(deserialize_with = "lenient::field", skip_serializing_if = "Option::is_none")]
        pid: Option<u64>,
        #[serde(flatten)]
        other: OtherFields,
    }

    fn changed(text: &str, change: impl FnOnce(&mut Sample)) -> String {
        let mut object: Object<Sample> = serde_json::from_str(text).unwrap();
        object.update(change);
        serde_json::to_string(&object).unwrap()
    }

    #[test]
    fn a_change_keeps_order_unknown_fields_and_numbers() {
        assert_eq!(
            changed(r#"{"theirs":1.10,"name":"a","pid":7,"count":1}"#, |sample| {
                sample.count = Some(2);
                sample.pid = None;
            }),
            r#"{"theirs":1.10,"name":"a","count":2}"#
        );
    }

    #[test]
    fn a_number_that_no_float_can_hold_costs_nothing_but_itself() {
        let text = r#"{"theirs":1e+400,"name":"a","count":1,"list":[1e+999],"more":1.10}"#;
        let object: Object<Sample> = serde_json::from_str(text).unwrap();
        assert_eq!((object.read().count, object.read().name.as_deref()), (Some(1), Some("a")));
        assert_eq!(changed(text, |sample| sample.count = Some(2)), text.replace("\"count\":1", "\"count\":2"));
    }

    #[test]
    fn missing_fields_are_added_last() {
        assert_eq!(
            changed(r#"{"x":[],"name":"a"}"#, |sample| sample.pid = Some(1)),
            r#"{"x":[],"name":"a","count":null,"pid":1}"#
        );
    }

    #[test]
    fn a_value_that_could_not_be_read_stays_unless_it_is_changed() {
        assert_eq!(changed(r#"{"count":"many","name":5}"#, |sample| sample.count = Some(1)), r#"{"count":1,"name":5}"#);
        let unreadable = r#"{"pid":"7","count":[1],"name":"a"}"#;
        assert_eq!(
            changed(unreadable, |sample| sample.name = Some("b".to_owned())),
            unreadable.replace("\"a\"", "\"b\"")
        );
        assert_eq!(changed(r#"{"count":3,"name":"a"}"#, |sample| sample.name = None), r#"{"count":3,"name":null}"#);
    }

    #[test]
    fn a_replacement_keeps_other_fields_as_they_were_written() {
        let document = r#"{"z": {"a":1.10,  "b":[1e400]}, "count": 5, "pid": 7, "a": "\ud800"}"#;
        let record = Sample { count: Some(1), ..Sample::default() };
        let replacement = Replacement::new(&record, &["count", "name", "pid"], serde_json::from_str(document).unwrap());
        assert_eq!(
            serde_json::to_string(&replacement).unwrap(),
            r#"{"count":1,"name":null,"a":"\ud800","z":{"a":1.10,  "b":[1e400]}}"#
        );
    }

    #[test]
    fn an_entry_that_is_not_changed_is_written_back_as_it_was() {
        let text = r#"{"85":{"name":"a"},"x":null,"90":{"count":1.0}}"#;
        let mut entries: Entries<Sample> = serde_json::from_str(text).unwrap();
        entries.update("x", |sample| sample.count = Some(1));
        assert!(entries.remove("none") == entries.contains("none"));
        assert_eq!(
            serde_json::to_string(&entries).unwrap(),
            r#"{"85":{"name":"a"},"x":{"count":1,"name":null},"90":{"count":1.0}}"#
        );
        assert_eq!(entries.numbers().collect::<Vec<_>>(), [85, 90]);
        assert_eq!(entries.get("85").unwrap().name.as_deref(), Some("a"));
    }
}
