//! The record that a merged pull request becomes.

use std::sync::LazyLock;

use common::branch;
use gitea::closed_issue;
use records::{Cycle, IssueType, Seconds, timestamp};
use regex::bytes::Regex;

use crate::merged::Merged;

/// The longest duration that is recorded, in seconds: a pull request that lay for a month was no cycle of a month.
const LONGEST: u64 = 24 * 3600;

/// Makes the record of a merged pull request. What is not known is absent, and never 0; `slug` says which references are this
/// repository's.
pub(crate) fn cycle_of(merged: &Merged, slug: Option<&str>) -> Cycle {
    let issue = closed_issue(&merged.title, &merged.text, slug)
        .or_else(|| branch::issue(merged.branch.as_deref()?))
        // A pull request that names itself closes nothing.
        .filter(|issue| *issue != merged.number);
    // From opening to merge.
    let seconds = merged.opened.and_then(|opened| u64::try_from((merged.at - opened).num_seconds()).ok());
    Cycle {
        timestamp: Some(timestamp(merged.at)),
        cycle: cycle_number(&merged.title),
        issue,
        kind: kind(merged),
        success: true,
        duration: seconds.filter(|seconds| *seconds > 0).map(|seconds| Seconds::Whole(seconds.min(LONGEST))),
        files_changed: merged.size.map(|size| size.files),
        lines_added: merged.size.map(|size| size.added),
        lines_removed: merged.size.map(|size| size.removed),
        pr: Some(merged.number),
        notes: merged.title.clone(),
        backfilled: true,
        ..Cycle::default()
    }
}

/// The number in `[loop-cycle-12]` or `[cycle-12]`.
fn cycle_number(title: &str) -> Option<u64> {
    #[expect(clippy::unwrap_used, reason = "a literal")]
    static TAG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i-u)\[(?:loop-)?cycle-([0-9]{1,18})\]").unwrap());
    let found = TAG.captures(title.as_bytes())?;
    std::str::from_utf8(found.get(1)?.as_bytes()).ok()?.parse().ok()
}

/// What kind of work it was: by a label, else by the title's prefix (`fix:`, `feat(core)!:`), else by its words.
fn kind(merged: &Merged) -> IssueType {
    let of_label = |label: &String| {
        let label = label.to_lowercase();
        by_name(label.rsplit(['/', ':']).next().unwrap_or_default().trim())
    };
    // Tags in brackets stand before everything else.
    let mut title = merged.title.trim_start();
    let mut of_tag = None;
    while let Some((tag, rest)) = title.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        of_tag = of_tag.or_else(|| by_name(&tag.to_lowercase()));
        title = rest.trim_start();
    }
    let title = title.to_lowercase();
    let prefix = title.split_once(':').map(|(prefix, _)| prefix.split('(').next().unwrap_or_default());
    let of_prefix = prefix.and_then(|prefix| by_name(prefix.trim_end_matches('!').trim()));
    let of_words = || title.split(|character: char| !character.is_alphanumeric()).find_map(by_word);
    merged.labels.iter().find_map(of_label).or(of_tag).or(of_prefix).or_else(of_words).unwrap_or_default()
}

/// What a label, a tag or a prefix says.
fn by_name(name: &str) -> Option<IssueType> {
    Some(match name {
        "bug" | "bugfix" | "fix" | "hotfix" | "regression" | "security" => IssueType::Bug,
        "feature" | "feat" | "enhancement" | "improvement" => IssueType::Feature,
        "refactor" | "refactoring" | "cleanup" | "tech-debt" | "perf" | "style" => IssueType::Refactor,
        "philosophy" | "meta" => IssueType::Philosophy,
        _ => return None,
    })
}

/// What a word of the title says.
fn by_word(word: &str) -> Option<IssueType> {
    Some(match word {
        "fix" | "fixes" | "fixed" | "bug" | "crash" | "crashes" | "broken" | "repair" | "regression" => IssueType::Bug,
        "add" | "adds" | "added" | "implement" | "implements" | "support" | "introduce" | "allow" => IssueType::Feature,
        "refactor" | "refactors" | "rename" | "extract" | "simplify" | "cleanup" | "tidy" | "dedupe" => {
            IssueType::Refactor
        }
        "philosophy" => IssueType::Philosophy,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use gitea::Size;
    use records::{parse_time, pyjson};

    use super::*;
    use crate::merged::Commits;

    fn merged(title: &str) -> Merged {
        Merged {
            number: 91,
            title: title.to_owned(),
            text: String::new(),
            labels: Vec::new(),
            branch: None,
            opened: None,
            at: parse_time("2026-03-21T12:00:00Z").unwrap(),
            commits: Commits::default(),
            size: None,
        }
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let line = pyjson::to_line(&cycle_of(&merged("Tidy up"), None)).unwrap();
        assert_eq!(
            line,
            "{\"timestamp\": \"2026-03-21T12:00:00+00:00\", \"cycle\": null, \"issue\": null, \"type\": \"refactor\", \"success\": \
             true, \"pr\": 91, \"reason\": \"\", \"notes\": \"Tidy up\", \"backfilled\": true}"
        );
    }

    #[test]
    fn what_is_known_is_recorded() {
        let full = Merged {
            text: "Fixes #85.".to_owned(),
            branch: Some("issue-12".to_owned()),
            opened: parse_time("2026-03-01T12:00:00Z"),
            size: Some(Size { files: 2, added: 45, removed: 12 }),
            ..merged("[loop-cycle-12] x")
        };
        let record = cycle_of(&full, None);
        assert_eq!((record.cycle, record.issue, record.duration), (Some(12), Some(85), Some(Seconds::Whole(LONGEST))));
        assert_eq!((record.files_changed, record.lines_added, record.lines_removed), (Some(2), Some(45), Some(12)));
        let by_branch = cycle_of(&Merged { text: String::new(), ..full }, None);
        assert_eq!(by_branch.issue, Some(12));
    }

    #[test]
    fn the_kind_comes_from_labels_then_prefixes_then_words() {
        for (title, labels, expected) in [
            ("Add a page", vec!["kind/bug"], IssueType::Bug),
            ("fix: a page", vec![], IssueType::Bug),
            ("feat(core)!: a page", vec![], IssueType::Feature),
            ("[cycle-3] refactor: a page", vec![], IssueType::Refactor),
            ("[bug] Add a page", vec![], IssueType::Bug),
            ("Crash on start", vec![], IssueType::Bug),
            ("Support two stations", vec![], IssueType::Feature),
            ("Prefixes", vec![], IssueType::Unknown),
        ] {
            let labels = labels.into_iter().map(str::to_owned).collect();
            assert_eq!(kind(&Merged { labels, ..merged(title) }), expected, "{title}");
        }
    }
}
