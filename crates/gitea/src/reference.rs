//! Which issue a text closes: the servers' own rules for references, which are all that links a pull request to an issue.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// A keyword, an optional colon, exactly one space, and a reference: of this repository (`#12`), or of a named one.
const PATTERN: &str = r"(?i-u)(?:\s|^|\(|\[)(?:close|closes|closed|fix|fixes|fixed|resolve|resolves|resolved):? (?:([a-z0-9_.-]+/[a-z0-9_.-]+))?[#!]([0-9]{1,18})(?:\s|$|[)\]'\x22]|[:;,.?!](?:\s|$))";

/// Returns the issue that a pull request's title or text closes: the first in the title, else the first in the text, where
/// code does not count. `slug` (`owner/name`) says which references with a repository are this one's.
pub fn closed_issue(title: &str, text: &str, slug: Option<&str>) -> Option<u64> {
    closed_issues(title, slug).first().or(closed_issues(&without_code(text), slug).first()).copied()
}

/// Returns the issues of this repository that a text closes, in its order. Code counts like any other text.
pub fn closed_issues(text: &str, slug: Option<&str>) -> Vec<u64> {
    #[expect(clippy::unwrap_used, reason = "a literal")]
    static REFERENCE: LazyLock<Regex> = LazyLock::new(|| Regex::new(PATTERN).unwrap());
    let text_of = |found: regex::bytes::Match| String::from_utf8_lossy(found.as_bytes()).into_owned();
    let (mut closed, mut start) = (Vec::new(), 0);
    while let Some(found) = REFERENCE.captures_at(text.as_bytes(), start) {
        let Some(number) = found.get(2) else { break };
        // The space or the end of the line after a reference is also what the next one begins with.
        start = number.end();
        let repository = found.get(1).map(text_of);
        let is_ours = repository.is_none_or(|named| slug.is_some_and(|slug| slug.eq_ignore_ascii_case(&named)));
        closed.extend(text_of(number).parse().ok().filter(|number: &u64| is_ours && *number > 0));
    }
    closed
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
                    // An odd piece is between two marks.
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
    fn every_reference_of_a_text_counts() {
        let text = "Closes #7\nfixes #8 fixes acme/app#9, resolves #10, see #11";
        assert_eq!(closed_issues(text, Some("acme/app")), [7, 8, 9, 10]);
        assert_eq!(closed_issues("", None), [0; 0]);
    }

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
            assert_eq!(closed_issue(title, text, Some("acme/app")), expected, "{title} {text}");
        }
    }
}
