//! The queue: the ready issues, best first, and how it gets to the disk.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::document;
use common::files::{self, Durability, FileError};
use common::host::timestamp;
use common::records::{IssueType, QueueItem, QueueRead, lenient_number, read_whole_queue};
use common::run::Run;
use gitea::Issue;
use regex::Regex;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::score::{self, title_tags};
use triage_rules::{Order, Rules};

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

/// A scored issue: what the queue says of it. Its text is let go, for what that says is in the score.
#[derive(Debug)]
pub(crate) struct Scored {
    /// Boxed, because ten thousand of them are sorted. `ready` is whether the score is high enough; an issue in
    /// quarantine stays out of the queue all the same.
    pub item: Box<QueueItem>,
    /// The places of the rules that hold, among those of all dimensions.
    pub holding: Vec<u16>,
    created: Option<DateTime<Utc>>,
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

    /// Scores an issue.
    pub fn score(&self, issue: Issue) -> Scored {
        let (score, holding) = score::score_with_rules(self.rules, &issue);
        let ready = score.total() >= self.threshold;
        let pattern = self.files.as_ref().filter(|_| ready);
        let files = pattern.map(|pattern| named_files(&issue, pattern)).unwrap_or_default();
        let mut tags: Vec<String> = Vec::new();
        for tag in issue.label_names().chain(title_tags(&issue.title).0) {
            if !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        let (created, updated) = (issue.created(), issue.updated());
        let item = QueueItem {
            issue: issue.number,
            title: issue.title,
            kind: score.kind,
            score: score.total(),
            scope: score.scope,
            acceptance: score.acceptance,
            alignment: score.alignment,
            tags,
            files,
            created: created.map_or(issue.created_at, timestamp),
            updated: updated.map_or(issue.updated_at, timestamp),
            url: issue.html_url,
            ready,
            other: Map::new(),
        };
        Scored { item: Box::new(item), holding, created }
    }
}

/// Puts scored issues in the order that the rules name; the lower number decides at last.
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
pub(crate) fn write(run: &Run, ready: &mut [Scored]) -> Result<(), FileError> {
    let path = run.repo.queue();
    let lock = files::lock(&path)?;
    let mut added: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    let read = read_whole_queue(&path, |raw| {
        let Ok(Foreign { issue: Some(issue), fields }) = serde_json::from_str(raw.get()) else { return false };
        if !fields.is_empty() {
            added.insert(issue, fields);
        }
        true
    })?;
    match read {
        QueueRead::Missing => {}
        QueueRead::Damaged(error) => {
            let kept = document::keep_damaged(&lock)?;
            run.warn(&format!("{error}; the queue is recreated, and the damaged file is kept as {}", kept.display()));
            added.clear();
        }
        QueueRead::Intact { .. } => {
            files::lock(&path.with_extension("json.bak"))?.replace_by_link(&lock)?;
        }
    }
    for Scored { item, .. } in &mut *ready {
        item.other = added.remove(&item.issue).unwrap_or_default();
    }
    document::replace(&lock, &items(ready), Durability::Flushed)
}

/// The items of the queue.
pub(crate) fn items(ready: &[Scored]) -> Vec<&QueueItem> {
    ready.iter().map(|scored| &*scored.item).collect()
}

/// The fields of an item that triage does not write itself, and the issue that they belong to.
struct Foreign {
    issue: Option<u64>,
    fields: Map<String, Value>,
}

impl<'de> Deserialize<'de> for Foreign {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ForeignVisitor)
    }
}

struct ForeignVisitor;

impl<'de> Visitor<'de> for ForeignVisitor {
    type Value = Foreign;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("an item of the queue")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Foreign, A::Error> {
        let mut foreign = Foreign { issue: None, fields: Map::new() };
        while let Some(key) = map.next_key::<Cow<str>>()? {
            if key == "issue" {
                foreign.issue = lenient_number(&map.next_value()?);
            } else if ITEM_FIELDS.contains(&key.as_ref()) {
                map.next_value::<IgnoredAny>()?;
            } else {
                foreign.fields.insert(key.into_owned(), map.next_value()?);
            }
        }
        Ok(foreign)
    }
}

#[cfg(test)]
mod tests {
    use common::source::Source;

    use super::*;
    use triage_rules::SHIPPED;

    fn scored(number: u64, kind: IssueType, score: i64) -> Scored {
        let rules = Rules::parse(&Source::new("rules.yaml", SHIPPED)).unwrap();
        let mut scored = Scorer::new(&rules, 5).score(Issue { number, ..Issue::default() });
        (scored.item.kind, scored.item.score) = (kind, score);
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
    fn the_names_of_the_fields_are_those_of_an_item() {
        let item = serde_json::to_value(scored(4, IssueType::Bug, 3).item).unwrap();
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
