//! What a server says when it refuses, and when to ask again.

use std::time::Duration;

use chrono::DateTime;
use host::text;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};

/// What a server says in a refusal, on one line: the message of a JSON body, the title of an HTML page, or the text.
pub(crate) fn refusal_message(headers: &HeaderMap, body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Refusal {
        #[serde(default)]
        message: Option<String>,
        #[serde(default)]
        errors: Option<Vec<String>>,
    }
    let body = &body[..body.len().min(16 << 10)];
    if let Ok(refusal) = serde_json::from_slice::<Refusal>(body) {
        let mut parts: Vec<String> = refusal.message.into_iter().filter(|message| !message.is_empty()).collect();
        parts.extend(refusal.errors.unwrap_or_default());
        return text::fit(&parts.join("; "), 300);
    }
    let all = String::from_utf8_lossy(body);
    let is_html =
        headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.contains("html"));
    if is_html || all.trim_start().starts_with('<') {
        let title = all.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title);
        return title.map_or_else(|| "an HTML page".to_owned(), |title| text::fit(title, 200));
    }
    text::fit(&all, 200)
}

/// Returns what a message says beyond the status that it may begin with: the page of a proxy is called `502 Bad Gateway`.
pub(crate) fn without_status(message: &str, status: StatusCode) -> &str {
    let Some(rest) = message.strip_prefix(status.as_str()) else { return message };
    let rest = rest.trim_start_matches([' ', '-', ':', '.']);
    if status.canonical_reason().is_some_and(|reason| rest.eq_ignore_ascii_case(reason)) { "" } else { rest }
}

/// Reads `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    let sent = headers.get("date").and_then(|sent| DateTime::parse_from_rfc2822(sent.to_str().ok()?).ok())?;
    (date - sent).to_std().ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn said(kind: &'static str, body: &str) -> String {
        refusal_message(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]), body.as_bytes())
    }

    #[test]
    fn a_refusal_is_put_in_words() {
        assert_eq!(
            said("application/json", r#"{"message": "not found", "url": "x", "errors": ["a", "b"]}"#),
            "not found; a; b"
        );
        assert_eq!(said("application/json", r#"{"message": "GetUserByName", "errors": null}"#), "GetUserByName");
        assert_eq!(said("text/html", "<html><head><title>502 Bad\nGateway</title>"), "502 Bad Gateway");
        assert_eq!(said("text/html", "<p>oh"), "an HTML page");
        assert_eq!(said("text/plain", "404 page not found\n"), "404 page not found");
        assert_eq!(said("application/json", ""), "");
    }

    #[test]
    fn a_status_is_not_said_twice() {
        for (message, expected) in [
            ("502 Bad Gateway", ""),
            ("502 - bad gateway", ""),
            ("502", ""),
            ("502 the forge is away", "the forge is away"),
            ("the forge is away", "the forge is away"),
            ("", ""),
        ] {
            assert_eq!(without_status(message, StatusCode::BAD_GATEWAY), expected, "{message}");
        }
        assert_eq!(without_status("404 page not found", StatusCode::NOT_FOUND), "page not found");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let headers = |value: &'static str| {
            HeaderMap::from_iter([
                (RETRY_AFTER, HeaderValue::from_static(value)),
                (reqwest::header::DATE, HeaderValue::from_static("Sat, 21 Mar 2026 12:00:00 GMT")),
            ])
        };
        assert_eq!(retry_after(&headers("7")), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(&headers("Sat, 21 Mar 2026 12:00:09 GMT")), Some(Duration::from_secs(9)));
        assert_eq!(retry_after(&headers("Sat, 21 Mar 2026 11:00:00 GMT")), None);
        assert_eq!(retry_after(&headers("soon")), None);
    }
}
