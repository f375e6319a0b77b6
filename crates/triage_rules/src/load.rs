//! The rules of a file, or the built-in ones.

use std::path::Path;

use common::Failure;
use host::files::FileError;
use host::source::{Source, SourceError};
use store::ConfigFile;

use crate::compile::compile;
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

impl Rules {
    /// Reads the rules of a file; the built-in ones if there is none.
    ///
    /// # Errors
    /// The file cannot be read, or is broken (with line and column).
    pub fn load(path: Option<&Path>) -> Result<Self, RulesError> {
        let file = path
            .map(|path| ConfigFile::at(path).read_up_to(FILE_LIMIT).map(|bytes| bytes.map(|bytes| (path, bytes))))
            .transpose()?
            .flatten();
        let source = match file {
            Some((path, bytes)) => Source::from_bytes(path, bytes)?,
            None => Source::new("built-in triage_rules.yaml", SHIPPED),
        };
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
