//! `.loop/originals/install.json`: what was installed, and what was there before.

use std::path::{Path, PathBuf};

use common::document;
use common::files::{self, Durability};
use common::layout::Repo;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Error;

/// The file.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Record {
    pub version: u32,
    pub installed_at: String,
    /// Which program installed it.
    pub program_version: String,
    /// The folder of the programs: relative to the repository, or absolute.
    pub bin: String,
    pub installed: Vec<Installed>,
    /// Folders that had to be made, the innermost last.
    #[serde(default)]
    pub folders: Vec<String>,
    /// Fields that only others know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One path.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Installed {
    /// The path, relative to the repository.
    pub path: String,
    /// Our tool in its place.
    pub tool: String,
    /// What the link there says.
    pub link: String,
    /// What was there before; none if nothing was.
    pub original: Option<Original>,
}

/// What was at a path before.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Original {
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
        /// What it said.
        target: String,
    },
}

impl Record {
    /// The folder of the originals.
    pub fn folder(repo: &Repo) -> PathBuf {
        repo.in_loop("originals")
    }

    fn path(repo: &Repo) -> PathBuf {
        Self::folder(repo).join("install.json")
    }

    /// Reads the record; none if nothing is installed.
    pub fn read(repo: &Repo) -> Result<Option<Self>, Error> {
        match document::read(&Self::path(repo))? {
            document::Document::Missing => Ok(None),
            document::Document::Intact(record) => Ok(Some(record)),
            document::Document::Damaged(error) => Err(Error::failed(
                format!("{error}"),
                "fix it by hand: only this file holds the places of the originals, which are next to it",
            )),
        }
    }

    /// Writes the record, before anything that it says is done.
    pub fn write(&self, repo: &Repo) -> Result<(), Error> {
        let lock = files::lock(&Self::path(repo))?;
        Ok(document::replace(&lock, self, Durability::Flushed)?)
    }

    /// Returns what is recorded of a path.
    pub fn of(&self, path: &str) -> Option<&Installed> {
        self.installed.iter().find(|installed| installed.path == path)
    }

    /// The folder of the programs.
    pub fn bin(&self, repo: &Repo) -> PathBuf {
        repo.root().join(&self.bin)
    }
}

impl Installed {
    /// Whether our link is at its path.
    pub fn is_in_place(&self, root: &Path) -> bool {
        std::fs::read_link(root.join(&self.path)).is_ok_and(|target| target == Path::new(&self.link))
    }
}
