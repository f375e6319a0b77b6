//! The rules of a file, or the built-in ones.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use common::Failure;
use common::manifest::Manifest;
use common::settings::Setting;
use host::files::FileError;
use host::source::{Source, SourceError};
use store::{ConfigFile, Repo};

use crate::compile::{compile, quarantine_limits};
use crate::limits::QuarantineLimits;
use crate::rules::Rules;

/// The rules as the suite ships them.
pub const SHIPPED: &str = include_str!("../../../config/triage_rules.yaml");

/// The largest file of rules that is read, in bytes.
const FILE_LIMIT: u64 = 1 << 20;

/// Why there are no rules.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is broken.
    #[error(transparent)]
    Content(#[from] SourceError),
}

impl Failure for RulesError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Content(error) => error.hint(),
        }
    }
}

/// The file of the rules, relative to the repository, where it is not in the configuration folder.
pub const RULES_FILE: Setting<Option<PathBuf>> =
    Setting { key: "rules_file", aliases: &[], default: || None, valid: |_| true, expected: "a path" };

/// Where the rules are.
#[derive(Debug)]
pub struct RulesLocation {
    path: Option<PathBuf>,
    is_named: bool,
}

impl RulesLocation {
    /// Returns the location: the file that the setting names, else the one in the configuration folder.
    pub fn find(repo: &Repo, manifest: &Manifest, named: Option<&Path>) -> Self {
        let path = named.map(|path| repo.resolve(path)).or_else(|| manifest.file("triage_rules.yaml"));
        Self { path, is_named: named.is_some() }
    }

    /// Returns the path of the file; none where the built-in rules are used.
    ///
    /// # Errors
    /// The file cannot be read, or a setting names one that is not there.
    pub fn source(&self) -> Result<Option<PathBuf>, RulesError> {
        Ok(self.read()?.map(|source| source.path().to_owned()))
    }

    /// Reads the file; none where the built-in rules are used.
    pub(crate) fn read(&self) -> Result<Option<Source>, RulesError> {
        let Some(path) = &self.path else { return Ok(None) };
        match ConfigFile::at(path).read_up_to(FILE_LIMIT)? {
            Some(bytes) => Ok(Some(Source::from_bytes(path, bytes)?)),
            None if self.is_named => Err(FileError::reading(path, ErrorKind::NotFound.into()).into()),
            None => Ok(None),
        }
    }
}

impl QuarantineLimits {
    /// Reads the limits of the rules at a location; the other rules are not compiled.
    ///
    /// # Errors
    /// The file cannot be read, or is broken (with line and column).
    pub fn load(location: &RulesLocation) -> Result<Self, RulesError> {
        match location.read()? {
            Some(source) if source.text() != SHIPPED => Ok(quarantine_limits(&source)?),
            // To read YAML takes longer than all the rest of a guard.
            _ => Ok(Self::BUILT_IN),
        }
    }
}

impl Rules {
    /// Reads the rules at a location; the built-in ones if there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or is broken (with line and column).
    pub fn load(location: &RulesLocation) -> Result<Self, RulesError> {
        let source = location.read()?.unwrap_or_else(|| Source::new("built-in triage_rules.yaml", SHIPPED));
        Ok(Self::parse(&source)?)
    }

    /// Makes rules of a file's text.
    ///
    /// # Errors
    /// What is wrong in it, with its place.
    pub fn parse(source: &Source) -> Result<Self, SourceError> {
        compile(source)
    }
}
