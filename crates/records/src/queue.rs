//! An item of `queue.json`: a ready issue. The file is a list of them, best first.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::issue_type::IssueType;
use crate::lenient;
use crate::number::number_in;
use crate::object::OtherFields;
use crate::time::parse_time;

/// An item of the queue. One without the number of an issue is damaged; any other field may be missing.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct QueueItem {
    /// The issue's number.
    #[serde(deserialize_with = "required_number")]
    pub issue: u64,
    /// Its title.
    #[serde(default, deserialize_with = "text")]
    pub title: String,
    /// What kind of work it asks for.
    #[serde(default, rename = "type", deserialize_with = "IssueType::lenient")]
    pub kind: IssueType,
    /// The sum of the three dimensions.
    #[serde(default, deserialize_with = "points")]
    pub score: Option<i64>,
    /// How well it says where the work is.
    #[serde(default, deserialize_with = "points")]
    pub scope: Option<i64>,
    /// How well it says when the work is done.
    #[serde(default, deserialize_with = "points")]
    pub acceptance: Option<i64>,
    /// How well the work fits what the loop is for.
    #[serde(default, deserialize_with = "points")]
    pub alignment: Option<i64>,
    /// Its labels, and the tags of its title.
    #[serde(default, deserialize_with = "lenient::items")]
    pub tags: Vec<String>,
    /// The files that it names.
    #[serde(default, deserialize_with = "lenient::items")]
    pub files: Vec<String>,
    /// When it was opened.
    #[serde(default, deserialize_with = "text")]
    pub created: String,
    /// When it was last changed.
    #[serde(default, deserialize_with = "text")]
    pub updated: String,
    /// Its page.
    #[serde(default, deserialize_with = "text")]
    pub url: String,
    /// Whether the agent may take it.
    #[serde(default, deserialize_with = "flag")]
    pub ready: bool,
    /// When its text or labels changed, where a triage saw that.
    #[serde(default, deserialize_with = "lenient::field", skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<String>,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// What other programs added to an item, and the issue that it belongs to: all that a new queue keeps of an old one, read
/// without the rest of the item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueItemAdditions {
    /// The issue's number; none where it is no item.
    pub issue: Option<u64>,
    /// The fields that only other programs know.
    pub other: OtherFields,
}

impl QueueItem {
    /// The names of its own fields: an item that has one of them twice is none.
    pub const FIELDS: &[&str] = &[
        "issue",
        "title",
        "type",
        "score",
        "scope",
        "acceptance",
        "alignment",
        "tags",
        "files",
        "created",
        "updated",
        "url",
        "ready",
        "changed_at",
    ];

    /// Returns when the issue was opened.
    pub fn created_at(&self) -> Option<DateTime<Utc>> {
        parse_time(&self.created)
    }

    /// Returns when its text or labels changed, where a triage saw that.
    pub fn changed_at(&self) -> Option<DateTime<Utc>> {
        parse_time(self.changed_at.as_deref()?)
    }
}

impl<'de> Deserialize<'de> for QueueItemAdditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Item;

        impl<'de> Visitor<'de> for Item {
            type Value = QueueItemAdditions;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an item of the queue")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut additions = QueueItemAdditions::default();
                while let Some(key) = map.next_key::<Cow<'_, str>>()? {
                    match key.as_ref() {
                        "issue" => additions.issue = number_in(&map.next_value::<Value>()?),
                        known if QueueItem::FIELDS.contains(&known) => drop(map.next_value::<IgnoredAny>()?),
                        _ => drop(additions.other.insert(key.into_owned(), map.next_value()?)),
                    }
                }
                Ok(additions)
            }
        }

        deserializer.deserialize_map(Item)
    }
}

fn required_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    lenient::number(deserializer)?.ok_or_else(|| D::Error::custom("not the number of an issue"))
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(lenient::text(deserializer)?.unwrap_or_default())
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(lenient::boolean(deserializer)? == Some(true))
}

fn points<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(lenient::number(deserializer)?.and_then(|points| i64::try_from(points).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pyjson;

    #[test]
    fn an_item_is_written_as_it_was_read() {
        let line = "{\"issue\": 85, \"title\": \"Crash\", \"type\": \"bug\", \"score\": 8, \"scope\": 3, \"acceptance\": 2, \"alignment\": 3, \"tags\": [\"bug\"], \"files\": [], \"created\": \"2026-03-19T08:00:00+00:00\", \"updated\": \"\", \"url\": \"\", \"ready\": true, \"theirs\": 1.10}";
        let item: QueueItem = serde_json::from_str(line).unwrap();
        assert_eq!(pyjson::to_line(&item).unwrap(), line);
    }

    #[test]
    fn the_names_of_the_fields_are_those_of_an_item() {
        let item = serde_json::to_value(QueueItem { changed_at: Some(String::new()), ..QueueItem::default() }).unwrap();
        assert_eq!(item.as_object().unwrap().keys().collect::<Vec<_>>(), QueueItem::FIELDS);
    }

    #[test]
    fn what_others_added_is_what_an_item_keeps_as_other() {
        let line =
            "{\"theirs\": 1.10, \"issue\": \"#85\", \"title\": \"Crash\", \"type\": 7, \"ready\": true, \"x\": [null]}";
        let item: QueueItem = serde_json::from_str(line).unwrap();
        let additions: QueueItemAdditions = serde_json::from_str(line).unwrap();
        assert_eq!(additions, QueueItemAdditions { issue: Some(item.issue), other: item.other });
        assert_eq!(serde_json::to_string(&additions.other).unwrap(), r#"{"theirs":1.10,"x":[null]}"#);
        assert_eq!(serde_json::from_str::<QueueItemAdditions>("{}").unwrap().issue, None);
    }

    #[test]
    fn an_item_needs_nothing_but_its_number() {
        let item: QueueItem =
            serde_json::from_str(r##"{"issue": "#7", "ready": 1, "type": 3, "score": "x"}"##).unwrap();
        assert_eq!((item.issue, item.ready, item.kind, item.score), (7, false, IssueType::Unknown, None));
        assert!(serde_json::from_str::<QueueItem>(r#"{"title": "x"}"#).is_err());
    }
}
