//! What can go wrong between us and the forge.

use std::error::Error as _;
use std::time::Duration;

use common::Failure;
use host::files::FileError;
use host::source::SourceError;
use host::text;
use reqwest::StatusCode;

/// What went wrong, at which URL. No variant ever holds the token.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// No setting and no remote names the repository.
    #[error("no repository on the forge is known{0}")]
    NoSlug(String),
    /// The client itself could not be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Setup(String),
    /// No answer: no connection, a broken one, or a time-out.
    #[error("GET {url}: {problem} ({})", text::counted(*tries, "try"))]
    Unreachable {
        /// The URL asked.
        url: String,
        /// What happened, as text.
        problem: String,
        /// How often it was tried.
        tries: u32,
    },
    /// An answer that is a refusal.
    #[error("GET {url}: {status}{}", if message.is_empty() { String::new() } else { format!(": {message}") })]
    Status {
        /// The URL asked.
        url: String,
        /// The HTTP status.
        status: StatusCode,
        /// What the server says, made safe to show.
        message: String,
    },
    /// The server asks for a longer wait than we are ready for.
    #[error("GET {url}: {status}, and the server asks to wait {} s", wait.as_secs())]
    Busy {
        /// The URL asked.
        url: String,
        /// The HTTP status.
        status: StatusCode,
        /// How long it asks to wait.
        wait: Duration,
    },
    /// An answer that is not what the API describes.
    #[error("GET {url}: {problem}")]
    Unreadable {
        /// The URL asked.
        url: String,
        /// What is wrong with the answer.
        problem: String,
    },
    /// A file of issues could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of issues holds something else.
    #[error(transparent)]
    Content(#[from] SourceError),
}

impl ForgeError {
    /// Returns whether the server says that there is no such thing, or none that the token may see.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { status, .. } if *status == StatusCode::NOT_FOUND)
    }
}

impl Failure for ForgeError {
    fn code(&self) -> u8 {
        match self {
            Self::NoSlug(_) | Self::File(_) | Self::Content(_) => 2,
            Self::Setup(_)
            | Self::Unreachable { .. }
            | Self::Status { .. }
            | Self::Busy { .. }
            | Self::Unreadable { .. } => 1,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoSlug(_) => "set repo_slug (REPO_SLUG=owner/name), or give the repository an `origin` remote",
            Self::Unreachable { .. } => {
                "check that the forge is running, and that gitea_api (GITEA_API) is its address with /api/v1"
            }
            Self::Status { status, .. } => match status.as_u16() {
                300..=399 => "set gitea_api (GITEA_API) to the address that the forge redirects to",
                401 => "the token is wrong or has expired: set GITEA_TOKEN, or renew the token file",
                403 => "use a token with the scopes read:issue and read:repository",
                404 => "check repo_slug (REPO_SLUG) and gitea_api; a private repository needs a token with read access",
                429 | 500..=599 => "try again later; the forge or the proxy in front of it is overloaded or broken",
                _ => return None,
            },
            Self::Busy { .. } => "try again later",
            Self::Unreadable { .. } => "check that gitea_api (GITEA_API) is the address of the API, ending in /api/v1",
            Self::File(error) => return error.hint(),
            Self::Content(error) => return error.hint(),
            Self::Setup(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// Describes why a request got no answer, without the URL (the caller names it).
pub(crate) fn problem(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no response in time".to_owned();
    }
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    if error.is_connect() {
        format!("cannot connect: {deepest}")
    } else if error.is_redirect() {
        format!("a redirect that is not followed: {deepest}")
    } else {
        format!("the connection broke: {deepest}")
    }
}

/// Returns whether another try may help.
pub(crate) fn is_transient(error: &reqwest::Error) -> bool {
    !error.is_redirect() && !error.is_builder() && error.source().is_some() || error.is_timeout()
}
