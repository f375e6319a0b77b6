//! The settings of the tools that talk to the forge, and what becomes of them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::settings::{Layers, Secret, Setting, SettingsError};
use host::Host;
use host::files;
use reqwest::Url;
use store::Repo;

use crate::remote::{self, is_slug};

const DEFAULT_API: &str = "http://localhost:3000/api/v1";

const GITEA_API: Setting<String> = Setting {
    key: "gitea_api",
    aliases: &["GITEA_API", "TIMMY_GITEA_API"],
    default: String::new,
    valid: |url| url.is_empty() || api_url(url).is_some(),
    expected: "an http or https address without user name or query, like http://localhost:3000/api/v1",
};
const REPO_SLUG: Setting<String> = Setting {
    key: "repo_slug",
    aliases: &["REPO_SLUG", "TIMMY_REPO_SLUG"],
    default: String::new,
    valid: |slug| slug.is_empty() || is_slug(slug),
    expected: "owner/name",
};
const GITEA_TOKEN: Setting<Secret> = Setting {
    key: "gitea_token",
    aliases: &["GITEA_TOKEN", "TIMMY_GITEA_TOKEN"],
    default: Secret::default,
    valid: |token| token.0.chars().all(|c| c.is_ascii_graphic()),
    expected: "a token without spaces or control characters",
};
const TOKEN_FILE: Setting<PathBuf> = Setting {
    key: "token_file",
    aliases: &["GITEA_TOKEN_FILE"],
    default: PathBuf::new,
    valid: |_| true,
    expected: "a path",
};
const HTTP_TIMEOUT: Setting<f64> = Setting {
    key: "http_timeout",
    aliases: &[],
    default: || 10.0,
    valid: |seconds| (0.01..=600.0).contains(seconds),
    expected: "seconds from 0.01 to 600",
};
const HTTP_RETRIES: Setting<u64> = Setting {
    key: "http_retries",
    aliases: &[],
    default: || 3,
    valid: |count| *count <= 10,
    expected: "a whole number from 0 to 10",
};
const HTTP_CONCURRENCY: Setting<u64> = Setting {
    key: "http_concurrency",
    aliases: &[],
    default: || 8,
    valid: |count| (1..=32).contains(count),
    expected: "a whole number from 1 to 32",
};

/// The settings as they are in the layers.
#[derive(Clone, Debug)]
pub struct ForgeSettings {
    api: String,
    slug: String,
    token: Secret,
    token_file: PathBuf,
    /// The time limit of one request.
    pub timeout: Duration,
    /// How often a request is tried again.
    pub retries: u32,
    /// How many requests are under way at once.
    pub concurrency: usize,
}

/// Everything that a connection needs: the settings with what the `origin` remote and the token file add to them.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The API's address, without a slash at its end.
    pub api: String,
    /// `owner/name`; or why it is not known.
    pub slug: Result<String, String>,
    /// The token; empty for an anonymous caller.
    pub token: Secret,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// For the answer's head, and for each read of its body.
    pub(crate) timeout: Duration,
    /// For the whole answer.
    pub(crate) deadline: Duration,
    /// When all answers must be there; none where only the limits of a request count.
    pub(crate) end: Option<Instant>,
    pub(crate) retries: u32,
    pub(crate) concurrency: usize,
}

impl ForgeSettings {
    /// Takes the settings from the layers.
    ///
    /// # Errors
    /// A value does not parse or is out of range.
    pub fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        Ok(Self {
            api: layers.get(&GITEA_API, None)?,
            slug: layers.get(&REPO_SLUG, None)?,
            token: layers.get(&GITEA_TOKEN, None)?,
            token_file: layers.get(&TOKEN_FILE, None)?,
            timeout: Duration::from_secs_f64(layers.get(&HTTP_TIMEOUT, None)?),
            retries: u32::try_from(layers.get(&HTTP_RETRIES, None)?).unwrap_or(u32::MAX),
            concurrency: usize::try_from(layers.get(&HTTP_CONCURRENCY, None)?).unwrap_or(1),
        })
    }

    /// Fills what is not set from the `origin` remote and the token file.
    pub fn connection(&self, host: &Host, repo: &Repo) -> Connection {
        let mut warnings = Vec::new();
        let origin = if self.api.is_empty() || self.slug.is_empty() {
            remote::origin(repo)
        } else {
            Ok(remote::Origin::default())
        };
        let (from_origin, trouble) = match origin {
            Ok(origin) => (origin, String::new()),
            Err(trouble) => (remote::Origin::default(), format!(": {trouble}")),
        };
        let slug = if self.slug.is_empty() { from_origin.slug.ok_or(trouble) } else { Ok(self.slug.clone()) };
        let api =
            if self.api.is_empty() { from_origin.api.unwrap_or(DEFAULT_API.to_owned()) } else { self.api.clone() };
        let token = self.read_token(host, repo, &mut warnings);
        Connection {
            api: api.trim_end_matches('/').to_owned(),
            slug,
            token,
            warnings,
            timeout: self.timeout,
            deadline: self.timeout * 6,
            end: None,
            retries: self.retries,
            concurrency: self.concurrency,
        }
    }

    fn read_token(&self, host: &Host, repo: &Repo, warnings: &mut Vec<String>) -> Secret {
        if !self.token.0.is_empty() {
            return self.token.clone();
        }
        let named = !self.token_file.as_os_str().is_empty();
        let home = host.var("HOME").map(PathBuf::from);
        let path = match (named, self.token_file.strip_prefix("~"), home) {
            (true, Ok(rest), Some(home)) => home.join(rest),
            (true, _, _) => repo.resolve(&self.token_file),
            (false, _, Some(home)) => home.join(".hermes/gitea_token"),
            (false, _, None) => PathBuf::new(),
        };
        let text = match files::read(&path, 4096) {
            Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).trim().to_owned(),
            Ok(None) if named => {
                warnings.push(format!("the token file {} does not exist", path.display()));
                String::new()
            }
            Ok(None) => String::new(),
            Err(error) => {
                warnings.push(format!("{error}; the token in it is not used"));
                String::new()
            }
        };
        if !text.is_empty() && files::is_open_to_others(&path) {
            warnings.push(format!("other users can read the token file: chmod 600 {}", path.display()));
        }
        if text.is_empty() || !(GITEA_TOKEN.valid)(&Secret(text.clone())) {
            if !text.is_empty() {
                warnings.push(format!("the token file {} does not hold a token", path.display()));
            }
            warnings.push("no token (GITEA_TOKEN or a token file): requests to the forge are anonymous".to_owned());
            return Secret::default();
        }
        Secret(text)
    }
}

impl Connection {
    /// Limits the requests further: one attempt each, and all of them together, from now, no longer than `time`.
    #[must_use]
    pub fn single_attempts_within(mut self, time: Duration) -> Self {
        self.timeout = self.timeout.min(time);
        self.deadline = self.timeout;
        self.end = Some(Instant::now() + time);
        self.retries = 0;
        self
    }

    /// Says who is asked for what, and whether with a token.
    pub fn describe(&self) -> String {
        let slug = self.slug.as_deref().unwrap_or("unknown");
        let token = if self.token.0.is_empty() { "without a token" } else { "with a token" };
        format!("the forge is {}, the repository {slug}, requests are made {token}", self.api)
    }
}

/// Reads an API address: http or https, with a host and without credentials, query or fragment.
pub(crate) fn api_url(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim_end_matches('/')).ok()?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && plain).then_some(url)
}
