//! The queue: the ready issues, best first, and how it gets to the disk.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use common::document;
use common::files::{self, Durability, FileError};
use common::host::timestamp;
use common::records::{IssueType, QueueItem, QueueRead, read_whole_queue};
use common::run::Run;
use gitea::Issue;
use regex::Regex;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::rules::Rules;
use crate::rules_file::Order;
use crate::score::{Score, title_tags};

/// How many files an item names at most.
const MOST_FILES: usize = 10;

/// The fields of an item of the queue.
const ITEM_FIELDS: [&str; 13] = [
    "issue",
    "title",
    "type",
    "score",
    "scope",
    "acceptance",
    "alignment",
    "tags",
    "files",
    "created",
    "updated",
    "url",
    "ready",
];

/// A scored issue.
#[derive(Debug)]
pub(crate) struct Scored {
    /// The issue, without its body: what that says is in the score.
    pub issue: Issue,
    /// Its score.
    pub score: Score,
    /// The files that it names, if it may get into the queue.
    pub files: Vec<String>,
}

/// Scores issues one by one, in whatever thread they arrive.
pub(crate) struct Scorer<'a> {
    rules: &'a Rules,
    threshold: i64,
    files: Option<Regex>,
}

impl<'a> Scorer<'a> {
    /// Makes a scorer; from `threshold` on an issue may get into the queue.
    pub fn new(rules: &'a Rules, threshold: i64) -> Self {
        Self { rules, threshold, files: file_pattern() }
    }

    /// Scores an issue, and lets its body go.
    pub fn score(&self, mut issue: Issue) -> Scored {
        let score = self.rules.score(&issue);
        let pattern = self.files.as_ref().filter(|_| score.total() >= self.threshold);
        let files = pattern.map(|pattern| named_files(&issue, pattern)).unwrap_or_default();
        issue.body = String::new();
        Scored { issue, score, files }
    }
}

/// Puts scored issues in the order that the rules name; the lower number decides at last.
pub(crate) fn sort(scored: &mut [Scored], ordering: &[Order]) {
    scored.sort_by(|a, b| {
        let by = |order: &Order| match order {
            Order::BugsFirst => (a.score.kind != IssueType::Bug).cmp(&(b.score.kind != IssueType::Bug)),
            Order::Score => Reverse(a.score.total()).cmp(&Reverse(b.score.total())),
            Order::OldestFirst => a.issue.created().cmp(&b.issue.created()),
            Order::Number => a.issue.number.cmp(&b.issue.number),
        };
        let order = ordering.iter().map(by).find(|order| order.is_ne());
        order.unwrap_or_else(|| a.issue.number.cmp(&b.issue.number))
    });
}

/// Makes the items of the queue.
pub(crate) fn items(ready: &[Scored]) -> Vec<QueueItem> {
    ready.iter().map(item).collect()
}

fn item(scored: &Scored) -> QueueItem {
    let (issue, score) = (&scored.issue, &scored.score);
    let mut tags: Vec<String> = Vec::new();
    for tag in issue.label_names().chain(title_tags(&issue.title).0) {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    let time = |time: Option<_>, text: &str| time.map_or_else(|| text.to_owned(), timestamp);
    QueueItem {
        issue: issue.number,
        title: issue.title.clone(),
        kind: score.kind,
        score: score.total(),
        scope: score.scope,
        acceptance: score.acceptance,
        alignment: score.alignment,
        tags,
        files: scored.files.clone(),
        created: time(issue.created(), &issue.created_at),
        updated: time(issue.updated(), &issue.updated_at),
        url: issue.html_url.clone(),
        ready: true,
        other: Map::new(),
    }
}

/// What an issue's text names that looks like a file: a name with an ending that source files have, and perhaps a path.
fn file_pattern() -> Option<Regex> {
    Regex::new(r"(?-u)(?:[\w.-]+/)*[\w-][\w.-]*\.(?:py|rs|go|js|jsx|ts|tsx|css|html|sh|sql|toml|ya?ml|json|jsonl|md|rb|java|kt|swift|c|cc|cpp|h|hpp|cs|php|vue)\b").ok()
}

fn named_files(issue: &Issue, pattern: &Regex) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for text in [&issue.title, &issue.body] {
        for found in pattern.find_iter(text) {
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

/// Replaces the queue. What others added to an item that stays is kept; the old queue goes to `queue.json.bak` when it
/// was one, and to `queue.json.bad` when it was not.
pub(crate) fn write(run: &Run, mut items: Vec<QueueItem>) -> Result<(), FileError> {
    let path = run.repo.queue();
    let lock = files::lock(&path)?;
    let mut added: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    let read = read_whole_queue(&path, |raw, line| {
        if let Some(issue) = line.and_then(|line| line.issue) {
            let fields = foreign_fields(raw);
            if !fields.is_empty() {
                added.insert(issue, fields);
            }
        }
    })?;
    match read {
        QueueRead::Missing => {}
        QueueRead::Damaged(error) => {
            let kept = document::keep_damaged(&lock)?;
            run.warn(&format!("{error}; the queue is made anew, and the damaged one kept as {}", kept.display()));
            added.clear();
        }
        QueueRead::Intact { .. } => {
            files::lock(&path.with_extension("json.bak"))?.replace_by_link(&lock)?;
        }
    }
    for item in &mut items {
        item.other = added.remove(&item.issue).unwrap_or_default();
    }
    document::replace(&lock, &items, Durability::Flushed)
}

/// The fields of an item that triage does not write itself.
fn foreign_fields(raw: &RawValue) -> Map<String, Value> {
    let fields: BTreeMap<Cow<str>, &RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    let foreign = fields.into_iter().filter(|(key, _)| !ITEM_FIELDS.contains(&key.as_ref()));
    foreign.filter_map(|(key, raw)| Some((key.into_owned(), serde_json::from_str(raw.get()).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(number: u64, kind: IssueType, scope: i64) -> Scored {
        let issue = Issue { number, ..Issue::default() };
        Scored { issue, score: Score { kind, scope, acceptance: 2, alignment: 1 }, files: Vec::new() }
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
        assert_eq!(list.each_ref().map(|scored| scored.issue.number), [1, 3, 2, 4, 9]);
        sort(&mut list, &[]);
        assert_eq!(list.each_ref().map(|scored| scored.issue.number), [1, 2, 3, 4, 9]);
    }

    #[test]
    fn the_names_of_the_fields_are_those_of_an_item() {
        let item = serde_json::to_value(item(&scored(4, IssueType::Bug, 3))).unwrap();
        assert_eq!(item.as_object().unwrap().keys().collect::<Vec<_>>(), ITEM_FIELDS);
    }

    #[test]
    fn files_are_named_once_and_addresses_are_not_files() {
        let issue = Issue {
            title: "Crash in store.py".to_owned(),
            body: "See `src/app/store.py:12`, store.py and https://example.org/x.html, tests/test_store.py.".to_owned(),
            ..Issue::default()
        };
        let files = named_files(&issue, &file_pattern().unwrap());
        assert_eq!(files, ["store.py", "src/app/store.py", "tests/test_store.py"]);
    }
}
