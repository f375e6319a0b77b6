//! The lists that belong to one issue or pull request, or to the repository: timelines, comments, dependencies,
//! reviews, branches, collaborators. What a file says of them is grown as entries are.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::entry::{Entry, text, user};

/// The lists by their paths in the repository, each entry ready to be sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details(BTreeMap<String, Vec<String>>);

/// How a list is paged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pages {
    /// By page, with the number of all entries.
    Counted,
    /// By page, with the number of the entries on it; null where there is none.
    CountedOnEach,
    /// Not at all.
    None,
}

impl Details {
    /// Takes the lists of the file's `issues`, `pulls` and of the repository; `entries` are the issues and pull requests as the issues
    /// endpoints give them.
    pub(crate) fn of(root: &str, issues: &[Value], pulls: &[Value], repository: &Value, entries: &[Entry]) -> Self {
        let mut lists = BTreeMap::new();
        let mut add = |path: String, list: &Value, grow: &dyn Fn(usize, &Value) -> Value| {
            if let Some(list) = list.as_array() {
                lists.insert(path, list.iter().enumerate().map(|(at, item)| text(&grow(at, item))).collect());
            }
        };
        let found = |number: Option<u64>| -> Value {
            let entry = entries.iter().find(|entry| Some(entry.number) == number);
            entry.and_then(|entry| serde_json::from_str(&entry.json).ok()).unwrap_or(Value::Null)
        };
        let event = |at: usize, item: &Value| grown(root, at, item, &found);
        for (kind, list) in [("issues", issues), ("pulls", pulls)] {
            for source in list {
                let Some(number) = source["number"].as_u64() else { continue };
                add(format!("issues/{number}/timeline"), &source["timeline"], &event);
                add(format!("issues/{number}/comments"), &source["comments"], &event);
                add(format!("issues/{number}/dependencies"), &source["dependencies"], &|_, item| {
                    if item.is_object() { item.clone() } else { found(item.as_u64()) }
                });
                add(format!("{kind}/{number}/reviews"), &source["reviews"], &event);
            }
        }
        add("branches".to_owned(), &repository["branches"], &|_, item| item.clone());
        add("collaborators".to_owned(), &repository["collaborators"], &|_, item| {
            user(root, item.as_str().unwrap_or(""))
        });
        Self(lists)
    }

    /// Returns the entries of the list at a path in the repository, and how they are paged; none of a path that is no such list.
    pub(crate) fn list(&self, path: &[&str]) -> Option<(&[String], Pages)> {
        let pages = match path {
            ["issues", _, "timeline"] => Pages::CountedOnEach,
            ["issues", _, "comments"] => Pages::None,
            ["issues", _, "dependencies"] | ["pulls", _, "reviews"] | ["branches" | "collaborators"] => Pages::Counted,
            _ => return None,
        };
        Some((self.0.get(&path.join("/")).map_or(&[], Vec::as_slice), pages))
    }
}

/// An event, a comment or a review: with a number on the server, its user as an object, and the issue that it names.
fn grown(root: &str, at: usize, item: &Value, found: &dyn Fn(Option<u64>) -> Value) -> Value {
    let mut grown = json!({"id": at + 1, "user": user(root, item["user"].as_str().unwrap_or("timmy"))});
    let Some(fields) = grown.as_object_mut() else { return grown };
    for (name, value) in item.as_object().into_iter().flatten() {
        match name.as_str() {
            "user" => {}
            "ref_issue" => drop(fields.insert(name.clone(), found(value.as_u64()))),
            _ => drop(fields.insert(name.clone(), value.clone())),
        }
    }
    grown
}
