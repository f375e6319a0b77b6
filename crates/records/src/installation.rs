//! `originals/install.json`: what was installed, and what was there before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::object::OtherFields;

/// An installation.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Installation {
    /// The version of this format.
    pub version: u32,
    /// When it was installed.
    pub installed_at: String,
    /// The version of the program that installed it.
    pub program_version: String,
    /// The directory of the programs: relative to the repository, or absolute.
    pub bin: String,
    /// The paths.
    pub installed: Vec<InstalledPath>,
    /// Directories that had to be made, the innermost last.
    #[serde(default)]
    pub folders: Vec<String>,
    /// Hooks of Git with a line that calls the checks: relative to the repository, or absolute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<String>,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// One path.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct InstalledPath {
    /// The path, relative to the repository.
    pub path: String,
    /// Our tool in its place.
    pub tool: String,
    /// The target of the link there; empty where a shim is.
    pub link: String,
    /// The SHA-256 of the shim there; none where a link is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shim: Option<String>,
    /// What was there before; null if nothing was.
    pub original: Option<Original>,
    /// Whether Git has the link or the shim itself, as in a clone: taken back, the path has what is committed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_git: bool,
}

/// What was at a path before.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Original {
    /// A file, which is kept.
    File {
        /// Where, relative to `.loop/originals`.
        kept: String,
        /// Its permissions, in octal.
        mode: String,
        /// Its SHA-256.
        sha256: String,
        /// When it was last changed, in seconds and nanoseconds since 1970.
        modified: (i64, u32),
        /// Its user and group.
        #[serde(default)]
        owner: Option<(u32, u32)>,
    },
    /// A symbolic link.
    Link {
        /// Its target.
        target: String,
    },
}

impl Installation {
    /// Whether nothing is installed.
    pub fn is_empty(&self) -> bool {
        self.installed.is_empty() && self.hooks.is_empty()
    }

    /// Returns what is recorded of a path.
    pub fn of(&self, path: &str) -> Option<&InstalledPath> {
        self.installed.iter().find(|installed| installed.path == path)
    }
}
