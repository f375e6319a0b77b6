//! Which issue a text closes: the servers' own rules for references, which are all that links a pull request to an issue.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// A keyword, an optional colon, exactly one space, and a reference: of this repository (`#12`), or of a named one.
const PATTERN: &str = r"(?i-u)(?:\s|^|\(|\[)(?:close|closes|closed|fix|fixes|fixed|resolve|resolves|resolved):? (?:([a-z0-9_.-]+/[a-z0-9_.-]+))?[#!]([0-9]{1,18})(?:\s|$|[)\]'\x22]|[:;,.?!](?:\s|$))";

/// Returns the number of the issue that a pull request's title or text closes: the first in the title, else the first in
/// the text, where code does not count. `slug` (`owner/name`) tells which references with a repository are this one's.
pub fn closes(title: &str, text: &str, slug: Option<&str>) -> Option<u64> {
    in_text(title, slug).or_else(|| in_text(&without_code(text), slug))
}

fn in_text(text: &str, slug: Option<&str>) -> Option<u64> {
    static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(PATTERN).ok());
    let words = |found: regex::bytes::Match| String::from_utf8_lossy(found.as_bytes()).into_owned();
    REFERENCE.as_ref()?.captures_iter(text.as_bytes()).find_map(|found| {
        let is_ours =
            found.get(1).map(words).is_none_or(|named| slug.is_some_and(|slug| slug.eq_ignore_ascii_case(&named)));
        found.get(2).map(words)?.parse().ok().filter(|number| is_ours && *number > 0)
    })
}

/// A Markdown text without its blocks and pieces of code.
fn without_code(text: &str) -> String {
    let (mut kept, mut fence) = (String::new(), None::<&str>);
    for line in text.lines() {
        let start = line.trim_start();
        let opens = ["```", "~~~"].into_iter().find(|fence| start.starts_with(fence));
        match (fence, opens) {
            (None, Some(opened)) => fence = Some(opened),
            (Some(open), Some(closed)) if open == closed => fence = None,
            (None, None) => {
                for (at, piece) in line.split('`').enumerate() {
                    // An odd piece stands between two marks.
                    kept.push_str(if at % 2 == 0 { piece } else { "code" });
                }
                kept.push('\n');
            }
            (Some(_), _) => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_those_that_the_server_follows() {
        for (title, text, expected) in [
            ("Fix the cache (fixes #12)", "", Some(12)),
            ("x", "Closes #7, #8", Some(7)),
            ("x", "This resolves: #9.", Some(9)),
            ("fixes !4", "closes #5", Some(4)),
            ("x", "FIXED acme/app#6", Some(6)),
            ("x", "fixes other/app#6", None),
            ("x", "fixes  #1", None),
            ("x", "fixes:#1", None),
            ("x", "fixes issue #1", None),
            ("x", "prefixes #1", None),
            ("x", "fixes #1a", None),
            ("x", "`fixes #1` and\n```\ncloses #2\n```\ncloses #3", Some(3)),
            ("x", "see #1", None),
            ("fixes #0", "", None),
        ] {
            assert_eq!(closes(title, text, Some("acme/app")), expected, "{title} {text}");
        }
    }
}
