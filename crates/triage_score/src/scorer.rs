//! The scored issues: what the queue says of each, and their order.

use std::cmp::Reverse;
use std::hash::Hasher;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use fnv::FnvHasher;
use gitea::Issue;
use records::{InWork, IssueType, OtherFields, QueueItem, timestamp};
use regex::Regex;
use triage_rules::{Order, Rules};

use crate::score::{self, title_tags};

/// How many files an item names at most.
const MOST_FILES: usize = 10;

/// What an issue's text names that looks like a file: a name with an ending that source files have, and perhaps a path.
#[expect(clippy::unwrap_used, reason = "a literal")]
static FILE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)(?:[\w.-]+/)*[\w-][\w.-]*\.(?:py|rs|go|js|jsx|ts|tsx|css|html|sh|sql|toml|ya?ml|json|jsonl|md|rb|java|kt|swift|c|cc|cpp|h|hpp|cs|php|vue)\b").unwrap()
});

/// A scored issue: what the queue says of it. Its text is let go, for what that says is in the score.
#[derive(Debug)]
pub(crate) struct Scored {
    /// Boxed, because ten thousand of them are sorted. `ready` is whether the score is high enough; an issue in
    /// quarantine stays out of the queue all the same.
    pub item: Box<QueueItem>,
    /// The places of the rules that hold, among those of all dimensions.
    pub holding: Vec<u16>,
    /// What tells the issue's text and labels from any others.
    pub content: u64,
    /// The pull request in which it is in work.
    pub in_work: Option<InWork>,
    created: Option<DateTime<Utc>>,
}

/// Scores issues one by one, in whatever thread they arrive.
pub(crate) struct Scorer<'a> {
    rules: &'a Rules,
    threshold: i64,
}

impl Scored {
    /// Returns the sum of the dimensions.
    pub(crate) fn total(&self) -> i64 {
        self.item.score.unwrap_or_default()
    }
}

impl<'a> Scorer<'a> {
    /// Makes a scorer; from `threshold` on an issue may get into the queue.
    pub(crate) fn new(rules: &'a Rules, threshold: i64) -> Self {
        Self { rules, threshold }
    }

    /// Scores an issue.
    pub(crate) fn score(&self, issue: Issue) -> Scored {
        let (score, holding) = score::score_with_rules(self.rules, &issue);
        let ready = score.total() >= self.threshold;
        let files = if ready { named_files(&issue) } else { Vec::new() };
        let mut tags: Vec<String> = Vec::new();
        for tag in issue.label_names().chain(title_tags(&issue.title).0) {
            if !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        let (created, updated) = (issue.created(), issue.updated());
        let content = content(&issue);
        let item = QueueItem {
            issue: issue.number,
            title: issue.title,
            kind: score.kind,
            score: Some(score.total()),
            scope: Some(score.scope),
            acceptance: Some(score.acceptance),
            alignment: Some(score.alignment),
            tags,
            files,
            created: created.map_or(issue.created_at, timestamp),
            updated: updated.map_or(issue.updated_at, timestamp),
            url: issue.html_url,
            ready,
            changed_at: None,
            other: OtherFields::new(),
        };
        Scored { item: Box::new(item), holding, content, in_work: None, created }
    }
}

/// Puts scored issues in the order that the rules name; finally the lower number decides.
pub(crate) fn sort(scored: &mut [Scored], ordering: &[Order]) {
    scored.sort_by(|a, b| {
        let by = |order: &Order| match order {
            Order::BugsFirst => (a.item.kind != IssueType::Bug).cmp(&(b.item.kind != IssueType::Bug)),
            Order::Score => Reverse(a.item.score).cmp(&Reverse(b.item.score)),
            Order::OldestFirst => a.created.cmp(&b.created),
            Order::Number => a.item.issue.cmp(&b.item.issue),
        };
        let order = ordering.iter().map(by).find(|order| order.is_ne());
        order.unwrap_or_else(|| a.item.issue.cmp(&b.item.issue))
    });
}

/// A number for the issue's title, text and labels, in whatever order the server lists these. It fits a JSON number.
fn content(issue: &Issue) -> u64 {
    let mut labels: Vec<&str> = issue.label_names().collect();
    labels.sort_unstable();
    let mut hasher = FnvHasher::default();
    for part in [&*issue.title, &*issue.body].into_iter().chain(labels) {
        hasher.write(part.as_bytes());
        hasher.write_u8(0xff);
    }
    hasher.finish() >> 12
}

fn named_files(issue: &Issue) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for text in [&issue.title, &issue.body] {
        for found in FILE.find_iter(text) {
            // What follows a web address is none of our files.
            let before = &text[..found.start()];
            let is_address = before.ends_with("://") || before.ends_with("//") || before.ends_with('@');
            if !is_address && !files.iter().any(|known| known == found.as_str()) {
                files.push(found.as_str().to_owned());
            }
            if files.len() == MOST_FILES {
                return files;
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use host::source::Source;

    use triage_rules::SHIPPED;

    use super::*;

    fn scored(number: u64, kind: IssueType, score: i64) -> Scored {
        let rules = Rules::parse(&Source::new("rules.yaml", SHIPPED)).unwrap();
        let mut scored = Scorer::new(&rules, 5).score(Issue { number, ..Issue::default() });
        (scored.item.kind, scored.item.score) = (kind, Some(score));
        scored
    }

    #[test]
    fn bugs_come_first_then_higher_scores_then_lower_numbers() {
        let mut list = [
            scored(4, IssueType::Feature, 3),
            scored(3, IssueType::Bug, 1),
            scored(2, IssueType::Feature, 3),
            scored(1, IssueType::Bug, 2),
            scored(9, IssueType::Unknown, 1),
        ];
        sort(&mut list, &[Order::BugsFirst, Order::Score, Order::Number]);
        assert_eq!(list.each_ref().map(|scored| scored.item.issue), [1, 3, 2, 4, 9]);
        sort(&mut list, &[]);
        assert_eq!(list.each_ref().map(|scored| scored.item.issue), [1, 2, 3, 4, 9]);
    }

    #[test]
    fn files_are_named_once_and_addresses_are_not_files() {
        let issue = Issue {
            title: "Crash in store.py".to_owned(),
            body: "See `src/app/store.py:12`, store.py and https://example.org/x.html, tests/test_store.py.".to_owned(),
            ..Issue::default()
        };
        let files = named_files(&issue);
        assert_eq!(files, ["store.py", "src/app/store.py", "tests/test_store.py"]);
    }
}
