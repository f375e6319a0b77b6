//! Why cycles fail: reasons made alike, so that what differs only in numbers and names is counted together.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// The longest reason that is looked at, in bytes.
const LONGEST: usize = 300;

/// Failures of one template within this number of cycles are one episode.
pub(crate) const SAME_EPISODE: usize = 5;

/// Templates that differ in no more words are one.
const ALIKE: usize = 2;

/// A group of failures with one reason.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The reason with its numbers, paths and quotations taken out.
    pub template: String,
    /// A reason as it was given.
    pub example: String,
    /// The places of its failures, in the log's order.
    pub at: Vec<usize>,
    /// The places of the first failure of each episode.
    pub episodes: Vec<usize>,
}

/// Takes out what differs from failure to failure: times, quotations, paths, hexadecimal and other numbers.
pub(crate) fn template(reason: &str) -> String {
    static PARTS: LazyLock<Option<[(Regex, &str); 5]>> = LazyLock::new(|| {
        let regex = |pattern: &str| Regex::new(pattern).ok();
        Some([
            (
                regex(
                    r"(?-u)\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[t ][0-9:.]+(?:z|[+-][0-9:]+)?)?|\b[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?\b",
                )?,
                "<t>",
            ),
            (regex(r#"(?-u)"[^"]*"|'[^']*'|`[^`]*`"#)?, "<str>"),
            (regex(r"(?-u)(?:[a-z]:)?[a-z0-9_.~-]*(?:[/\\][a-z0-9_.~-]+)+")?, "<path>"),
            (
                regex(
                    r"(?-u)\b0x[0-9a-f]+\b|\b[0-9a-f]*[0-9][0-9a-f]*[a-f][0-9a-f]*\b|\b[0-9a-f]*[a-f][0-9a-f]*[0-9][0-9a-f]{5,}\b",
                )?,
                "<hex>",
            ),
            (regex(r"(?-u)[0-9]+(?:\.[0-9]+)?")?, "<n>"),
        ])
    });
    let mut end = reason.len().min(LONGEST);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut text = reason[..end].to_lowercase().into_bytes();
    for (pattern, name) in PARTS.iter().flatten() {
        text = pattern.replace_all(&text, name.as_bytes()).into_owned();
    }
    String::from_utf8_lossy(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Groups failures, given with their places in the log's order; the groups with most episodes come first. The first error
/// among them ends it.
pub(crate) fn group<E>(failures: impl Iterator<Item = Result<(usize, String), E>>) -> Result<Vec<Group>, E> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for failure in failures {
        let (at, reason) = failure?;
        let template = template(&reason);
        let place = known.get(&template).copied().unwrap_or_else(|| {
            let place = groups.iter().position(|group| are_alike(&group.template, &template)).unwrap_or(groups.len());
            if place == groups.len() {
                groups.push(Group {
                    template: template.clone(),
                    example: reason,
                    at: Vec::new(),
                    episodes: Vec::new(),
                });
            }
            known.insert(template, place);
            place
        });
        let group = &mut groups[place];
        if group.at.last().is_none_or(|last| last + SAME_EPISODE < at) {
            group.episodes.push(at);
        }
        group.at.push(at);
    }
    groups.sort_by(|a, b| b.episodes.len().cmp(&a.episodes.len()).then(b.at.len().cmp(&a.at.len())));
    Ok(groups)
}

/// Whether two templates are the same but for a word or two of several.
fn are_alike(one: &str, other: &str) -> bool {
    let (ones, others) = (one.split(' ').count(), other.split(' ').count());
    let different = || one.split(' ').zip(other.split(' ')).filter(|(one, other)| one != other).count();
    one == other || (ones == others && ones > 2 * ALIKE && different() <= ALIKE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_failure_to_failure_is_taken_out() {
        for (reason, expected) in [
            ("tox failed: 3 errors", "tox failed: <n> errors"),
            ("Timeout after 1800.5 s", "timeout after <n> s"),
            ("KeyError: 'station' in src/app/store.py:12", "keyerror: <str> in <path>:<n>"),
            ("commit 3f2a9b1c at 2026-03-21T12:34:56Z", "commit <hex> at <t>"),
            ("  a \n b  ", "a b"),
            ("feed the cafe", "feed the cafe"),
        ] {
            assert_eq!(template(reason), expected, "{reason}");
        }
        assert!(template(&"ü".repeat(1000)).len() <= LONGEST);
    }

    #[test]
    fn failures_close_together_are_one_episode() {
        let reasons =
            [(1, "tox failed: 3 errors"), (3, "tox failed: 9 errors"), (20, "tox failed: 1 errors"), (21, "x")];
        let groups = group(reasons.iter().map(|(at, reason)| Ok::<_, ()>((*at, (*reason).to_owned())))).unwrap();
        assert_eq!(groups[0].episodes, [1, 20]);
        assert_eq!(groups[0].at, [1, 3, 20]);
        assert_eq!(groups[1].template, "x");
    }

    #[test]
    fn templates_that_differ_in_a_word_or_two_are_one() {
        let reasons = ["could not fetch alpha from the remote", "could not fetch beta from the remote", "could not"];
        let failures = reasons.iter().enumerate().map(|(at, reason)| (at, (*reason).to_owned()));
        assert_eq!(group(failures.clone().map(Ok::<_, ()>)).unwrap().len(), 2);
        // A record that cannot be read again is no reason that nobody gave.
        assert_eq!(group(failures.map(Ok).chain([Err("unreadable")])).unwrap_err(), "unreadable");
    }
}
