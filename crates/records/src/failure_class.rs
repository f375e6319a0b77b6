//! Whose fault a failed cycle was, where it was not the issue's.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::written;

/// Whose fault a failure was. A failure with a class counts for no issue.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The forge could not be reached.
    Forge,
    /// The language model could not be reached, or its quota was used up.
    Model,
    /// The disk was full.
    Disk,
    /// The main branch's checks failed, or were required and not reported.
    RedMain,
    /// The cycle was cut short from outside. It counts in no rate either.
    Interrupted,
    /// A class of another writer.
    #[serde(other)]
    Other,
}

impl FailureClass {
    /// The classes that can be given to a cycle.
    pub const ALL: [Self; 5] = [Self::Forge, Self::Model, Self::Disk, Self::RedMain, Self::Interrupted];

    /// Returns its name in the files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forge => "forge",
            Self::Model => "model",
            Self::Disk => "disk",
            Self::RedMain => "red_main",
            Self::Interrupted => "interrupted",
            Self::Other => "other",
        }
    }

    /// Returns what it means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Forge => "The forge could not be reached",
            Self::Model => "The language model could not be reached, or its quota was used up",
            Self::Disk => "The disk was full",
            Self::RedMain => "The main branch's checks failed, or were required and not reported",
            Self::Interrupted => "The cycle was cut short from outside",
            Self::Other => "A class of another program",
        }
    }

    /// Reads the name of a class that can be given to a cycle.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Reads a class as it is written in a file: an unknown word is [`FailureClass::Other`], anything but a word none.
    pub fn written(raw: &[u8]) -> Option<Self> {
        let name = written::string(raw).filter(|name| !name.is_empty())?;
        Some(Self::from_name(&name).unwrap_or(Self::Other))
    }

    /// Reads a field as [`FailureClass::written`] does.
    pub(crate) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(Self::written(<&RawValue>::deserialize(deserializer)?.get().as_bytes()))
    }
}
