//! What can go wrong in a command of `timmy`, and how a command ends otherwise.

use std::io;
use std::path::PathBuf;

use common::exit::{Answer, Failure};
use common::files::FileError;
use common::layout::NoRepo;
use common::manifest::ManifestError;
use common::report::ReportError;
use common::settings::SettingsError;

/// An unexpected ending.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Repo(#[from] NoRepo),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error(transparent)]
    Git(#[from] git2::Error),
    #[error("the result cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    #[error("{what}")]
    Usage { what: String, hint: String },
    #[error("{what}")]
    Failed { what: String, hint: String },
}

/// An expected ending.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Done, and all is well.
    Yes,
    /// Done, and the answer is no.
    No,
    /// As another program has ended.
    Code(u8),
}

impl Error {
    /// Wrong usage.
    pub fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), hint: hint.into() }
    }

    /// Something that could not be done at run time.
    pub fn failed(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), hint: hint.into() }
    }

    /// Returns what makes an error of the system's one of ours.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

impl Failure for Error {
    fn code(&self) -> u8 {
        match self {
            Self::Failed { .. } | Self::Git(_) => 1,
            Self::Repo(_)
            | Self::Manifest(_)
            | Self::Settings(_)
            | Self::File(_)
            | Self::Report(_)
            | Self::Io { .. }
            | Self::Json(_)
            | Self::Usage { .. } => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Repo(error) => Some(error.hint()),
            Self::Manifest(error) => error.hint(),
            Self::Settings(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Usage { hint, .. } | Self::Failed { hint, .. } => Some(hint.clone()).filter(|hint| !hint.is_empty()),
            Self::Report(_) | Self::Io { .. } | Self::Git(_) | Self::Json(_) => None,
        }
    }
}

impl Answer for Verdict {
    fn code(&self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Code(code) => *code,
        }
    }

    fn in_words(&self) -> String {
        String::new()
    }
}

impl Verdict {
    /// Yes where nothing is wrong.
    pub fn of(is_well: bool) -> Self {
        if is_well { Self::Yes } else { Self::No }
    }
}
