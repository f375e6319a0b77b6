//! One request: its address, its token, its time limits, its tries.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use common::settings::Secret;
use host::redact;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::{ForgeError, is_transient, problem};
use crate::listing::{Listing, Numbered, fetch_list};
use crate::page::RawPage;
use crate::refusal::{refusal_message, retry_after, without_status};
use crate::settings::{Connection, api_url};

/// The largest body that is read, in bytes: a page of 50 pull requests is some hundred KiB.
const BODY_LIMIT: u64 = 64 << 20;

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// The first pause between two tries; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest wait that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// A connection to one repository of one forge.
pub struct Forge {
    base: String,
    slug: String,
    http: Client,
    token: Secret,
    /// Where the last redirect led, without its query: the library's errors do not tell.
    redirected: Arc<Mutex<Option<String>>>,
    deadline: Duration,
    /// When the answers must be there, however many are asked for.
    end: Option<Instant>,
    retries: u32,
    concurrency: usize,
}

/// An answer with its body read.
struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
}

/// How one try ended when it did not end well.
enum AttemptError {
    /// Another try may help, after this pause where the server names one.
    Transient(ForgeError, Option<Duration>),
    /// No try will help.
    Permanent(ForgeError),
}

impl Forge {
    /// Sets up a connection. Nothing is asked yet.
    ///
    /// # Errors
    /// The repository's name is not known, or the HTTP client cannot be set up (no root certificates for https).
    pub fn connect(connection: &Connection) -> Result<Self, ForgeError> {
        let slug = connection.slug.clone().map_err(ForgeError::NoSlug)?;
        let address = api_url(&connection.api)
            .ok_or_else(|| ForgeError::Setup(format!("{} is not an HTTP address", connection.api)))?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if !connection.token.0.is_empty() {
            let value = HeaderValue::from_str(&format!("token {}", connection.token.0));
            let mut value = value.map_err(|error| ForgeError::Setup(error.to_string()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        // Already set by an earlier connection of the same process: the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let redirected = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&redirected);
        let mut builder = Client::builder()
            .user_agent(concat!("timmy-automations/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(connection.timeout)
            // For the answer's head and for each read of its body; the whole body has a limit of its own.
            .timeout(connection.timeout)
            .pool_max_idle_per_host(connection.concurrency)
            .referer(false)
            .redirect(Policy::custom(move |attempt| {
                let target = format!("{}{}", attempt.url().origin().ascii_serialization(), attempt.url().path());
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(target);
                let downgrade = attempt.previous().last().is_some_and(|previous| previous.scheme() == "https")
                    && attempt.url().scheme() != "https";
                if attempt.previous().len() > REDIRECTS {
                    attempt.error("too many redirects")
                } else if downgrade {
                    attempt.error("it goes from https to http")
                } else {
                    // The library takes the token off as soon as scheme, host or port change.
                    attempt.follow()
                }
            }));
        if address.scheme() == "http" {
            builder = builder.tls_certs_only([]);
        }
        if is_loopback(&address) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| ForgeError::Setup(problem(&error)))?;
        Ok(Self {
            base: format!("{}/repos/{slug}", connection.api),
            slug,
            http,
            token: connection.token.clone(),
            redirected,
            deadline: connection.deadline,
            end: connection.end,
            retries: connection.retries,
            concurrency: connection.concurrency,
        })
    }

    /// Returns the repository's name on the forge, `owner/name`.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Returns the repository's address in the API.
    pub fn address(&self) -> &str {
        &self.base
    }

    /// Fetches the whole list at `path`.
    pub(crate) fn list<T: DeserializeOwned + Numbered, U>(
        &self,
        path: &str,
        convert: impl FnMut(T) -> U,
    ) -> Result<Listing<U>, ForgeError> {
        fetch_list(self.concurrency, |number| self.page(path, number), convert)
    }

    /// Fetches one page of a list, still to be parsed; pages count from 1.
    pub(crate) fn page(&self, path: &str, page: usize) -> Result<RawPage, ForgeError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}/{path}{joint}limit=50&page={page}", self.base);
        let Answer { headers, body } = self.get(&url)?;
        Ok(RawPage { url, headers, body })
    }

    /// Fetches one thing at `path`, relative to the repository; `what` it is, for the error.
    pub(crate) fn one<T: DeserializeOwned>(&self, path: &str, what: &str) -> Result<T, ForgeError> {
        self.read(format!("{}{path}", self.base), what)
    }

    /// Fetches one thing at an address.
    pub(crate) fn read<T: DeserializeOwned>(&self, url: String, what: &str) -> Result<T, ForgeError> {
        let answer = self.get(&url)?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| ForgeError::Unreadable { url, problem: format!("the response is not {what} ({error})") })
    }

    /// Returns the address of the API, before that of the repository.
    pub(crate) fn api(&self) -> &str {
        self.base.strip_suffix(&format!("/repos/{}", self.slug)).unwrap_or(&self.base)
    }

    /// Returns how many requests are made at once.
    pub(crate) fn concurrency(&self) -> usize {
        self.concurrency
    }

    /// Asks, as often as the settings allow.
    fn get(&self, url: &str) -> Result<Answer, ForgeError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let trouble = match self.try_once(url, tries) {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            let (error, asked) = match trouble {
                AttemptError::Transient(error, asked) if tries <= self.retries => (error, asked),
                AttemptError::Transient(error, _) | AttemptError::Permanent(error) => return Err(error),
            };
            let pause = match (asked, &error) {
                (Some(wait), ForgeError::Status { url, status, .. }) if wait > LONGEST_PAUSE => {
                    return Err(ForgeError::Busy { url: url.clone(), status: *status, wait });
                }
                (Some(wait), _) => wait,
                (None, _) => jittered(FIRST_PAUSE * 2_u32.pow((tries - 1).min(8))),
            };
            std::thread::sleep(pause);
        }
    }

    fn try_once(&self, url: &str, tries: u32) -> Result<Answer, AttemptError> {
        let begun = Instant::now();
        let unreachable =
            |problem: String| ForgeError::Unreachable { url: url.to_owned(), problem: self.redact(&problem), tries };
        let mut request = self.http.get(url);
        if let Some(end) = self.end {
            let left = end.saturating_duration_since(begun);
            if left.is_zero() {
                return Err(AttemptError::Permanent(unreachable("there was no time left to ask".to_owned())));
            }
            request = request.timeout(left);
        }
        let sent = request.send();
        let response = sent.map_err(|error| {
            let elsewhere = self.redirected.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let redirected = elsewhere.map_or(String::new(), |target| format!("redirected to {target}: "));
            let trouble = unreachable(redirected + &problem(&error));
            if is_transient(&error) { AttemptError::Transient(trouble, None) } else { AttemptError::Permanent(trouble) }
        })?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = self.read_body(response, begun);
        if status.is_success() {
            return match body {
                Ok(body) if body.len() as u64 > BODY_LIMIT => Err(AttemptError::Permanent(ForgeError::Unreadable {
                    url: url.to_owned(),
                    problem: format!("the response is longer than {} MiB", BODY_LIMIT >> 20),
                })),
                Ok(body) if ends_early(&body) => {
                    let problem = "the response was cut off: its JSON ends early".to_owned();
                    Err(AttemptError::Transient(unreachable(problem), None))
                }
                Ok(body) => Ok(Answer { headers, body }),
                Err(problem) => Err(AttemptError::Transient(unreachable(problem), None)),
            };
        }
        let message = refusal_message(&headers, &body.unwrap_or_default());
        let message = self.redact(without_status(&message, status));
        let error = ForgeError::Status { url: url.to_owned(), status, message };
        match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err(AttemptError::Transient(error, retry_after(&headers))),
            _ => Err(AttemptError::Permanent(error)),
        }
    }

    /// Reads a body, up to one byte more than the limit, until its deadline.
    fn read_body(&self, mut response: Response, begun: Instant) -> Result<Vec<u8>, String> {
        let expected = response.content_length().unwrap_or(0).min(BODY_LIMIT);
        let mut body = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
        let mut block = vec![0; 64 << 10];
        loop {
            match response.read(&mut block) {
                Ok(0) => return Ok(body),
                Ok(count) => body.extend_from_slice(&block[..count]),
                Err(error) => return Err(format!("the response was cut off: {error}")),
            }
            if body.len() as u64 > BODY_LIMIT {
                return Ok(body);
            }
            if begun.elapsed() > self.deadline {
                return Err(format!("the response was not complete after {} s", self.deadline.as_secs_f64()));
            }
        }
    }

    /// Cuts the token out of a text: some servers repeat it in their refusal.
    fn redact(&self, text: &str) -> String {
        redact::message(text, &self.token.0)
    }
}

/// Returns whether a body is the beginning of JSON, as a server or a proxy leaves it that gave up in the middle.
fn ends_early(body: &[u8]) -> bool {
    let parsed = serde_json::from_slice::<IgnoredAny>(body);
    !body.trim_ascii().is_empty() && parsed.is_err_and(|error| error.is_eof())
}

/// Shortens a pause by a random part of up to a quarter, so that several agents do not come back together.
fn jittered(pause: Duration) -> Duration {
    let drawn = u32::try_from(RandomState::new().build_hasher().finish() % 256).unwrap_or(0);
    pause * (1024 - drawn) / 1024
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known_in_every_form() {
        for (url, expected) in [
            ("http://localhost:3000/api/v1", true),
            ("http://127.0.0.1:1/", true),
            ("http://[::1]/", true),
            ("http://localhost.example/", false),
            ("https://10.0.0.1/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
