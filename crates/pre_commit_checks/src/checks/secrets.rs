//! No private key and no token is in a file. What is found is never shown.

use std::sync::LazyLock;

use aho_corasick::packed::{self, Searcher};

use crate::file::{File, Report};
use crate::finding::Place;
use crate::settings::Settings;

/// A kind of secret, by how it begins.
struct Kind {
    start: &'static str,
    /// How many characters follow at least.
    length: usize,
    name: &'static str,
}

const KINDS: [Kind; 15] = [
    Kind { start: "-----BEGIN ", length: 0, name: "a private key" },
    Kind { start: "AKIA", length: 16, name: "an AWS access key" },
    Kind { start: "ghp_", length: 36, name: "a GitHub token" },
    Kind { start: "gho_", length: 36, name: "a GitHub token" },
    Kind { start: "ghu_", length: 36, name: "a GitHub token" },
    Kind { start: "ghs_", length: 36, name: "a GitHub token" },
    Kind { start: "ghr_", length: 36, name: "a GitHub token" },
    Kind { start: "github_pat_", length: 60, name: "a GitHub token" },
    Kind { start: "glpat-", length: 20, name: "a GitLab token" },
    Kind { start: "npm_", length: 36, name: "an npm token" },
    Kind { start: "pypi-AgEIcHlwaS5vcmc", length: 50, name: "a PyPI token" },
    Kind { start: "xoxb-", length: 24, name: "a Slack token" },
    Kind { start: "xoxp-", length: 24, name: "a Slack token" },
    // Tokens of Gitea and Forgejo have no mark of their own: 40 hexadecimal digits on a line that speaks of a token.
    Kind { start: "oken", length: 40, name: "a Gitea or Forgejo token" },
    Kind { start: "OKEN", length: 40, name: "a Gitea or Forgejo token" },
];

/// How far around a sign is looked, in bytes: longer tokens there are none.
const LOOK: usize = 4096;

/// How many different characters a real token has at least; a placeholder has fewer.
const DIFFERENT: usize = 9;

/// Words of lines whose 40 digits are the name of a commit.
const OF_COMMITS: [&str; 6] = ["commit", "sha", "rev", "hash", "checksum", "digest"];

pub(super) fn check(file: &File, _: &Settings, report: &mut Report) {
    static STARTS: LazyLock<Option<Searcher>> =
        LazyLock::new(|| packed::Config::new().builder().extend(KINDS.iter().map(|kind| kind.start)).build());
    if !file.is_text {
        return;
    }
    // The line of the last finding, and how far lines have been searched for a token of the forge.
    let (mut line, mut searched) = (0..0, 0);
    let mut last = "";
    for found in STARTS.iter().flat_map(|starts| starts.find_iter(file.bytes)) {
        let kind = &KINDS[found.pattern().as_usize()];
        let (before, after) = (&file.bytes[..found.start()], &file.bytes[found.end()..]);
        let place = match kind.start {
            "-----BEGIN " => is_private_key(after).then_some(found.start()),
            "oken" | "OKEN" if found.start() < searched => None,
            "oken" | "OKEN" => {
                let end = memchr::memchr(b'\n', after).map_or(file.bytes.len(), |length| found.end() + length);
                searched = end;
                forge_token(file.bytes, found.start(), end)
            }
            _ => is_token(kind, before, after).then_some(found.start()),
        };
        let Some(place) = place else { continue };
        // A line that speaks of tokens twice has one all the same.
        if line.contains(&place) && last == kind.name {
            continue;
        }
        if !line.contains(&place) {
            let start = memchr::memrchr(b'\n', &file.bytes[..place]).map_or(0, |at| at + 1);
            let end = memchr::memchr(b'\n', &file.bytes[place..]).map_or(file.bytes.len(), |length| place + length);
            line = start..end + 1;
        }
        last = kind.name;
        let mend = "take it out, and make a new one: what was committed once is known";
        report.add(Place::Offset(place), &format!("{} in the file", kind.name), mend);
    }
}

/// A text with every token in it left out.
pub(crate) fn without_tokens(text: &str) -> String {
    let mut safe = text.to_owned();
    for kind in KINDS.iter().filter(|kind| kind.length > 0 && kind.length != 40) {
        let mut from = 0;
        while let Some(at) = safe[from..].find(kind.start).map(|at| from + at) {
            let (before, after) = (&safe.as_bytes()[..at], &safe.as_bytes()[at + kind.start.len()..]);
            from = at + kind.start.len();
            if is_token(kind, before, after) {
                let end = after.iter().position(|byte| !is_part(*byte)).map_or(safe.len(), |length| from + length);
                safe.replace_range(from..end, "…");
            }
        }
    }
    // A token of the forge has no mark of its own; 40 digits of a commit are no loss.
    let is_digit = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    let mut from = 0;
    while let Some(start) = safe.as_bytes()[from..].iter().position(is_digit).map(|at| from + at) {
        let length = safe.as_bytes()[start..].iter().position(|byte| !is_digit(byte)).unwrap_or(safe.len() - start);
        from = start + length;
        if length == 40 {
            safe.replace_range(start..from, "…");
            from = start;
        }
    }
    safe
}

/// Whether what follows `-----BEGIN ` is a private key with something in it.
fn is_private_key(after: &[u8]) -> bool {
    let after = &after[..after.len().min(LOOK)];
    let mut lines = after.splitn(3, |byte| *byte == b'\n');
    let is_key = lines.next().is_some_and(|line| line.trim_ascii_end().ends_with(b"PRIVATE KEY-----"));
    let content = lines.next().unwrap_or_default().trim_ascii();
    let is_data =
        content.iter().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')).count();
    is_key && (is_data >= 24 || content.starts_with(b"Proc-Type:") || content.starts_with(b"Version:"))
}

/// Whether a byte may be part of a token.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_token(kind: &Kind, before: &[u8], after: &[u8]) -> bool {
    let after = &after[..after.len().min(LOOK)];
    let length = after.iter().position(|byte| !is_part(*byte)).unwrap_or(after.len());
    let body = &after[..length];
    !before.last().is_some_and(u8::is_ascii_alphanumeric)
        && length >= kind.length
        && (kind.start != "AKIA" || length == 16 && !body.iter().any(u8::is_ascii_lowercase))
        && varied(body)
}

/// The place of 40 hexadecimal digits after the word `token` at `at`, on the same line, which ends at `end`.
fn forge_token(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    let near = at.saturating_sub(LOOK);
    let start = memchr::memrchr(b'\n', &bytes[near..at]).map_or(near, |offset| near + offset + 1);
    let line = String::from_utf8_lossy(&bytes[start..end.min(start + 1000)]).to_lowercase();
    if OF_COMMITS.iter().any(|word| line.contains(word)) {
        return None;
    }
    let mut digits = 0;
    for (offset, byte) in bytes[at..end].iter().chain(b"\n").enumerate() {
        if byte.is_ascii_digit() || matches!(byte, b'a'..=b'f') {
            digits += 1;
            continue;
        }
        let word = &bytes[at + offset - digits..at + offset];
        let stands_alone = !byte.is_ascii_alphanumeric()
            && !bytes[..at + offset - digits].last().is_some_and(u8::is_ascii_alphanumeric);
        if digits == 40 && stands_alone && varied(word) {
            return Some(at + offset - digits);
        }
        digits = 0;
    }
    None
}

fn varied(body: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in body {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count() >= DIFFERENT
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    // Put together here, so that this file holds none.
    const LETTERS: &str = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF2hJ4";
    const DIGITS: &str = "0123456789abcdef0123456789abcdef01234567";

    fn found(text: &str) -> Vec<String> {
        let found = of("secrets", "a.txt", text.as_bytes());
        assert!(!found.iter().any(|it| it.contains(LETTERS) || it.contains(DIGITS)), "never shown");
        found
    }

    #[test]
    fn secrets_are_found() {
        assert_eq!(found(&format!("x = 'ghp{}{LETTERS}'\n", "_")), ["1:6: a GitHub token in the file"]);
        assert_eq!(found(&format!("GITEA_TOKEN={DIGITS}\n")), ["1:13: a Gitea or Forgejo token in the file"]);
        assert_eq!(found(&format!("Authorization: token {DIGITS}")), ["1:22: a Gitea or Forgejo token in the file"]);
        let key = format!("-----BEGIN RSA {} KEY-----\n{LETTERS}{LETTERS}\n", "PRIVATE");
        assert_eq!(found(&key), ["1:1: a private key in the file"]);
    }

    #[test]
    fn placeholders_commits_and_words_are_not() {
        for text in [
            format!("ghp{}{}", "_", "x".repeat(36)),
            format!("token at commit {DIGITS}"),
            format!("{DIGITS} token"),
            format!("token: {}", "0".repeat(40)),
            "-----BEGIN PRIVATE KEY-----\n...\n".to_owned(),
            "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n".to_owned(),
            "ghp_short".to_owned(),
        ] {
            assert_eq!(found(&text), [""; 0], "{text}");
        }
    }
}
