//! No private key and no token is in a file. What is found is never shown.

use std::sync::LazyLock;

use aho_corasick::packed::{self, Searcher};

use crate::file::{File, Report};
use crate::finding::Place;
use crate::secret_tokens::{KINDS, LOOK, is_token, varied};
use crate::settings::Settings;

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
