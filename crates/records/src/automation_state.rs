//! `automation_state.json`: what each automation last did.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::lenient;
use crate::object::{Entries, OtherFields};
use crate::time::time_in;

/// The file's version.
const VERSION: u64 = 1;

/// The state of all automations, as the file has it: fields of other programs keep their places.
#[derive(Clone, Debug)]
pub struct AutomationState {
    fields: Map<String, Value>,
    automations: Entries<AutomationEntry>,
}

/// What one automation last did. Times are in the files' form.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct AutomationEntry {
    /// Whether the manifest has it on.
    #[serde(deserialize_with = "lenient::field")]
    pub enabled: Option<bool>,
    /// Whether its entry in the manifest can be used.
    #[serde(deserialize_with = "lenient::field")]
    pub valid: Option<bool>,
    /// What is wrong with its entry.
    #[serde(deserialize_with = "lenient::field")]
    pub problem: Option<String>,
    /// Its script, as the manifest has it.
    #[serde(deserialize_with = "lenient::field")]
    pub script: Option<String>,
    /// Its trigger, as the manifest has it.
    #[serde(deserialize_with = "lenient::field")]
    pub trigger: Option<String>,
    /// Where it is in its life.
    #[serde(deserialize_with = "lenient::or_default")]
    pub status: Status,
    /// When its last run began.
    #[serde(deserialize_with = "lenient::field")]
    pub last_run: Option<String>,
    /// When a run last ended well.
    #[serde(deserialize_with = "lenient::field")]
    pub last_success: Option<String>,
    /// When a run last failed.
    #[serde(deserialize_with = "lenient::field")]
    pub last_failure: Option<String>,
    /// Milliseconds of the last run.
    #[serde(deserialize_with = "lenient::field")]
    pub last_duration_ms: Option<u64>,
    /// The exit code of the last run.
    #[serde(deserialize_with = "lenient::field")]
    pub last_exit_code: Option<i64>,
    /// The answer of the last run in a few words; null after a failure.
    #[serde(deserialize_with = "lenient::field")]
    pub last_result: Option<String>,
    /// The error of the last run; null after a success.
    #[serde(deserialize_with = "lenient::field")]
    pub last_error: Option<String>,
    /// The reason code of the last run, or of its being skipped.
    #[serde(deserialize_with = "lenient::field")]
    pub last_reason: Option<String>,
    /// How many runs ended.
    #[serde(deserialize_with = "lenient::or_default")]
    pub runs: u64,
    /// How many of them ended well.
    #[serde(deserialize_with = "lenient::or_default")]
    pub successes: u64,
    /// How many of them failed.
    #[serde(deserialize_with = "lenient::or_default")]
    pub failures: u64,
    /// How many of the last ones failed in a row.
    #[serde(deserialize_with = "lenient::or_default")]
    pub consecutive_failures: u64,
    /// When the scheduler runs it next.
    #[serde(deserialize_with = "lenient::field")]
    pub next_run: Option<String>,
    /// The process of a run that has not ended.
    #[serde(deserialize_with = "lenient::field", skip_serializing_if = "Option::is_none")]
    pub pid: Option<i64>,
    /// The machine of a run that has not ended.
    #[serde(deserialize_with = "lenient::field", skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// Where an automation is in its life.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Status {
    /// It has not run yet.
    #[default]
    Never,
    /// A run has begun and has not ended.
    Running,
    /// Its last run ended well.
    Ok,
    /// Its last run could not do its work.
    Failed,
    /// It was called and did not run.
    Skipped,
    /// A word that only another program knows.
    Other(String),
}

impl Status {
    /// Returns its name in the file.
    pub fn name(&self) -> &str {
        match self {
            Self::Never => "never",
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Other(name) => name,
        }
    }
}

impl From<String> for Status {
    fn from(name: String) -> Self {
        let known = [Self::Never, Self::Running, Self::Ok, Self::Failed, Self::Skipped];
        known.into_iter().find(|status| status.name() == name).unwrap_or(Self::Other(name))
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        status.name().to_owned()
    }
}

impl JsonSchema for Status {
    fn schema_name() -> Cow<'static, str> {
        "Status".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

impl AutomationEntry {
    /// Returns when its last run began.
    pub fn last_run_at(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        time_in(self.last_run.as_deref())
    }

    /// Returns when a run last ended, well or not.
    pub fn last_end_at(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        time_in(self.last_success.as_deref()).max(time_in(self.last_failure.as_deref()))
    }

    /// Returns the answer or the error of the last run.
    pub fn last_words(&self) -> Option<&str> {
        self.last_result.as_deref().or(self.last_error.as_deref())
    }

    /// Counts one more run.
    pub fn count_run(&mut self, is_success: bool) {
        self.runs = self.runs.saturating_add(1);
        if is_success {
            self.successes = self.successes.saturating_add(1);
            self.consecutive_failures = 0;
        } else {
            self.failures = self.failures.saturating_add(1);
            self.consecutive_failures = self.consecutive_failures.saturating_add(1);
        }
    }
}

impl AutomationState {
    /// Returns the entry of an automation.
    pub fn entry(&self, id: &str) -> Option<AutomationEntry> {
        self.automations.get(id)
    }

    /// Returns the entry of an automation as the file has it.
    pub fn raw_entry(&self, id: &str) -> Option<&Value> {
        self.automations.raw(id)
    }

    /// Returns the entries, in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = (&str, AutomationEntry)> {
        self.automations.iter()
    }

    /// Changes the entry of an automation; where there is none, a new one is changed.
    pub fn update(&mut self, id: &str, change: impl FnOnce(&mut AutomationEntry)) {
        self.automations.update(id, change);
    }

    /// Returns when the file was last written.
    pub fn updated_at(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        time_in(self.fields.get("updated_at").and_then(Value::as_str))
    }

    /// Sets when the file was last written.
    pub fn set_updated_at(&mut self, timestamp: String) {
        self.fields.insert("updated_at".to_owned(), timestamp.into());
    }
}

impl Default for AutomationState {
    fn default() -> Self {
        Self { fields: Map::from_iter([("version".to_owned(), VERSION.into())]), automations: Entries::default() }
    }
}

impl Serialize for AutomationState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        let mut is_written = false;
        for (key, value) in &self.fields {
            if key == "automations" {
                is_written = true;
                map.serialize_entry(key, &self.automations)?;
            } else {
                map.serialize_entry(key, value)?;
            }
        }
        if !is_written {
            map.serialize_entry("automations", &self.automations)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for AutomationState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let automations = match fields.get_mut("automations").map(Value::take) {
            None => Entries::default(),
            Some(value @ Value::Object(_)) => Entries::deserialize(value).map_err(serde::de::Error::custom)?,
            Some(_) => return Err(serde::de::Error::custom("`automations` is not an object")),
        };
        Ok(Self { fields, automations })
    }
}

impl JsonSchema for AutomationState {
    fn schema_name() -> Cow<'static, str> {
        "AutomationState".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object",
            "properties": {
                "version": u64::json_schema(generator),
                "updated_at": String::json_schema(generator),
                "automations": Entries::<AutomationEntry>::json_schema(generator),
            },
            "required": ["automations"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updated(text: &str, id: &str, change: impl FnOnce(&mut AutomationEntry)) -> String {
        let mut state: AutomationState = serde_json::from_str(text).unwrap();
        state.update(id, change);
        state.set_updated_at("now".to_owned());
        serde_json::to_string(&state).unwrap()
    }

    #[test]
    fn a_new_state_has_the_fields_in_the_files_order() {
        let mut state = AutomationState::default();
        state.set_updated_at("now".to_owned());
        state.update("loop_guard", |entry| entry.count_run(true));
        let text = serde_json::to_string(&state).unwrap();
        assert!(
            text.starts_with(r#"{"version":1,"updated_at":"now","automations":{"loop_guard":{"enabled":null,"#),
            "{text}"
        );
        assert!(
            text.ends_with(r#""runs":1,"successes":1,"failures":0,"consecutive_failures":0,"next_run":null}}}"#),
            "{text}"
        );
    }

    #[test]
    fn what_other_programs_wrote_keeps_its_place() {
        let text = updated(
            r#"{"ours":1.10,"automations":{"theirs":{"x":123456789012345678901234567890},"a":{"y":1,"runs":2}},"z":0}"#,
            "a",
            |entry| {
                entry.count_run(false);
            },
        );
        assert!(
            text.starts_with(
                r#"{"ours":1.10,"automations":{"theirs":{"x":123456789012345678901234567890},"a":{"y":1,"runs":3,"#
            ),
            "{text}"
        );
        assert!(text.ends_with(r#""next_run":null}},"z":0,"updated_at":"now"}"#), "{text}");
    }

    #[test]
    fn a_list_in_the_place_of_the_automations_is_an_error() {
        for text in [r#"{"automations": []}"#, "[]", "null"] {
            assert!(serde_json::from_str::<AutomationState>(text).is_err(), "{text}");
        }
    }
}
