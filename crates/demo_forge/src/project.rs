//! The project that the forge serves.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use common::Failure;
use host::files::{self, FileError};
use host::source::{Source, SourceError};
use records::parse_time;
use serde_json::{Value, json};

use crate::fixture::Content;
use crate::flavour::Flavour;
use crate::lists::Lists;

/// The project that ships with the suite: about 40 issues and 30 merged pull requests.
pub const SAMPLE: &str = include_str!("../sample/weatherbox.json");

/// The largest file that is served, in bytes.
const LIMIT: u64 = 1 << 30;

/// A project as a file describes it. Of each issue and pull request only what matters need be there; the rest of what
/// the API sends is filled in. What is wrong in it is refused: an unknown key, a value of another type, a number that
/// two entries have, a merged pull request that is open.
#[derive(Clone, Debug)]
pub struct Project {
    /// The owner's login.
    pub owner: String,
    /// The repository's name.
    pub name: String,
    /// The time that the data was made for.
    pub now: Option<DateTime<Utc>>,
    data: Data,
    /// What [`Project::with_repository`] says.
    repository: Value,
}

/// What is served: read already, or as a test gives it.
#[derive(Clone, Debug)]
enum Data {
    Read(Box<Content>),
    Given { issues: Vec<Value>, pulls: Vec<Value> },
}

/// Why a project cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file's content is wrong.
    #[error(transparent)]
    Content(#[from] SourceError),
    /// There is nothing to serve.
    #[error("{} contains neither issues.json nor pulls.json", .0.display())]
    Empty(PathBuf),
}

impl Failure for ProjectError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Content(error) => error.hint(),
            Self::Empty(_) => None,
        }
    }
}

impl Project {
    /// Makes a project of entries in the file's form. What is wrong in them is found when the forge starts.
    pub fn new(owner: &str, name: &str, issues: Vec<Value>, pulls: Vec<Value>) -> Self {
        let data = Data::Given { issues, pulls };
        Self { owner: owner.to_owned(), name: name.to_owned(), now: None, data, repository: Value::Null }
    }

    /// Says more of the repository, in the form of the file's `repository`: `branches`, `statuses`, `collaborators`, `labels`,
    /// `milestones`, `former_names`, `archived` and the like.
    #[must_use]
    pub fn with_repository(mut self, repository: Value) -> Self {
        self.repository = repository;
        self
    }

    /// Reads the project that ships with the suite.
    ///
    /// # Errors
    /// None that a test would not have found.
    pub fn sample() -> Result<Self, ProjectError> {
        Ok(Self::read(Content::read(&Source::new("weatherbox.json", SAMPLE))?))
    }

    /// Reads a project from a JSON file (an object with `issues` and `pulls`, or a plain list of issues), or from a folder
    /// that holds `issues.json` and `pulls.json`, each a list.
    ///
    /// # Errors
    /// A file cannot be read, or is wrong: with the line, and the key.
    pub fn load(path: &Path) -> Result<Self, ProjectError> {
        let source = |path: &Path| -> Result<Option<Source>, ProjectError> {
            files::read(path, LIMIT)?.map(|bytes| Ok(Source::from_bytes(path, bytes)?)).transpose()
        };
        if !files::is_folder(path)? {
            let file = source(path)?.ok_or_else(|| FileError::reading(path, std::io::ErrorKind::NotFound.into()))?;
            return Ok(Self::read(Content::read(&file)?));
        }
        match (source(&path.join("issues.json"))?, source(&path.join("pulls.json"))?) {
            (None, None) => Err(ProjectError::Empty(path.to_owned())),
            (issues, pulls) => Ok(Self::read(Content::read_lists(issues.as_ref(), pulls.as_ref())?)),
        }
    }

    fn read(content: Content) -> Self {
        Self {
            owner: content.owner.clone().unwrap_or_else(|| "acme".to_owned()),
            name: content.name.clone().unwrap_or_else(|| "project".to_owned()),
            now: content.now.as_deref().and_then(parse_time),
            data: Data::Read(Box::new(content)),
            repository: Value::Null,
        }
    }

    /// Returns `owner/name`.
    pub fn slug(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Makes what the API serves; `root` is the server's own idea of its address.
    pub(crate) fn lists(&self, root: &str, flavour: Flavour) -> Result<Lists, ProjectError> {
        // As a file, so that there is one way to read a project.
        let read = |file: &Value| {
            let text = serde_json::to_string_pretty(file).unwrap_or_default();
            Content::read(&Source::new("the project", text))
        };
        let mut content = match &self.data {
            Data::Read(content) => Content::clone(content),
            Data::Given { issues, pulls } => read(&json!({"issues": issues, "pulls": pulls}))?,
        };
        if !self.repository.is_null() {
            content.repository = read(&json!({"repository": self.repository}))?.repository;
        }
        Ok(Lists::new(&content, &self.owner, &self.name, root, flavour))
    }
}
