//! What kind of work an issue asks for.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::written;

/// What kind of work an issue asks for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IssueType {
    /// Something is broken.
    Bug,
    /// Something new.
    Feature,
    /// A change of structure, without a change of behaviour.
    Refactor,
    /// A question of direction, without code.
    Philosophy,
    /// Not known.
    #[default]
    Unknown,
}

impl IssueType {
    /// All types, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Bug, Self::Feature, Self::Refactor, Self::Philosophy, Self::Unknown];

    /// Returns the type's name in the files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bug => "bug",
            Self::Feature => "feature",
            Self::Refactor => "refactor",
            Self::Philosophy => "philosophy",
            Self::Unknown => "unknown",
        }
    }

    /// Returns what it means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Bug => "Something is broken",
            Self::Feature => "Something new",
            Self::Refactor => "A change of structure, without a change of behaviour",
            Self::Philosophy => "A question of direction, without code",
            Self::Unknown => "Not known",
        }
    }

    /// Reads a type's name, or another word for it, in any form that a commit message has (`fixes`, `fixed`); none for any other
    /// word.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let stems = ["s", "es", "d", "ed", "ing"].into_iter().filter_map(|ending| name.strip_suffix(ending));
        let mut forms = std::iter::once(name.as_str()).chain(stems);
        forms.find_map(|form| Self::ALL.into_iter().find(|kind| kind.name() == form || kind.aliases().contains(&form)))
    }

    /// Returns other words for it: labels, and the types of conventional commits.
    pub fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Bug => &["fix", "bugfix", "hotfix", "defect", "regression"],
            Self::Feature => &["feat", "enhancement", "improvement"],
            Self::Refactor => &["refactoring", "cleanup", "perf", "style"],
            Self::Philosophy => &["discussion", "question"],
            Self::Unknown => &["build", "chore", "ci", "docs", "other", "revert", "test"],
        }
    }

    /// Reads a type as it is written in a file; any other word, or no text at all, is [`IssueType::Unknown`].
    pub fn written(raw: &[u8]) -> Self {
        match raw {
            b"\"bug\"" => Self::Bug,
            b"\"feature\"" => Self::Feature,
            b"\"refactor\"" => Self::Refactor,
            b"\"philosophy\"" => Self::Philosophy,
            b"\"unknown\"" => Self::Unknown,
            _ => written::string(raw).and_then(|name| Self::from_name(&name)).unwrap_or_default(),
        }
    }

    /// Reads a field as [`IssueType::written`] does.
    pub(crate) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::written(<&RawValue>::deserialize(deserializer)?.get().as_bytes()))
    }
}

impl fmt::Display for IssueType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
