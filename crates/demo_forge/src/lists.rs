//! Everything that the API serves of a project, made once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::branch::{Branch, branches};
use crate::change::{Change, change};
use crate::discussion::{Item, comments, reviews, timeline};
use crate::entry::{Entry, text};
use crate::fixture::{Content, Dependency, EntryFile, LabelFile, MilestoneFile, State};
use crate::flavour::Flavour;
use crate::issue::{foreign, issue};
use crate::place::{Place, milestone};
use crate::pull::pull;
use crate::repository::repository;
use crate::status::{Status, statuses};

/// What the API serves of a project.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    /// Issues and pull requests, as the issues endpoints give them, the newest first.
    pub issues: Vec<Entry>,
    /// Pull requests, as the list of pull requests gives them, the newest first.
    pub pulls: Vec<Entry>,
    /// Pull requests, as each one's own endpoint gives them.
    pub single_pulls: Vec<Entry>,
    /// The repository's labels, by name.
    pub labels: Vec<(String, String)>,
    /// The names of the labels that the organisation has.
    pub organization_labels: Vec<String>,
    /// The milestones, with the title of each and whether it is open.
    pub milestones: Vec<(String, State, String)>,
    pub repository: Value,
    pub branches: Vec<Branch>,
    pub statuses: Vec<Status>,
    pub collaborators: Vec<String>,
    /// Names that lead to this repository.
    pub former_names: Vec<String>,
    /// By the number of the issue or pull request.
    pub comments: BTreeMap<u64, Vec<Item>>,
    pub reviews: BTreeMap<u64, Vec<Item>>,
    pub changes: BTreeMap<u64, Change>,
    pub timelines: BTreeMap<u64, Vec<Item>>,
    pub dependencies: BTreeMap<u64, Vec<Needed>>,
}

/// An issue that another one depends on.
#[derive(Clone, Debug)]
pub(crate) enum Needed {
    Here(u64),
    /// One of another repository, ready to be sent.
    Elsewhere(String),
}

impl Lists {
    /// Makes the lists of a project; `root` is the server's own idea of its address.
    pub(crate) fn new(content: &Content, owner: &str, name: &str, root: &str, flavour: Flavour) -> Self {
        let mut place = Place {
            root,
            owner,
            name,
            flavour,
            labels: labels(content),
            milestones: milestones(content),
            repository: Value::Null,
        };
        place.repository = repository(&place, &content.repository);
        let open = |files: &[EntryFile]| files.iter().filter(|file| file.state == State::Open).count();
        place.repository["open_issues_count"] = open(&content.issues).into();
        place.repository["open_pr_counter"] = open(&content.pulls).into();
        let mut lists = Self {
            repository: place.repository.clone(),
            branches: branches(&place, content),
            collaborators: content.repository.collaborators.iter().map(|login| login.0.clone()).collect(),
            former_names: content.repository.former_names.clone(),
            labels: (place.labels.iter().map(|label| (label.name.clone(), text(&place.label(&label.name))))).collect(),
            organization_labels: content.repository.organization_labels.clone(),
            milestones: place
                .milestones
                .iter()
                .map(|(file, json)| (file.title.clone(), file.state, text(json)))
                .collect(),
            ..Self::default()
        };
        lists.statuses = statuses(&place, content, &lists.branches);
        let names: Vec<String> = lists.branches.iter().map(|branch| branch.name.clone()).collect();
        for file in &content.issues {
            lists.issues.push(Entry::new(file, &issue(&place, file, false), false));
        }
        for file in &content.pulls {
            lists.issues.push(Entry::new(file, &issue(&place, file, true), true));
            lists.pulls.push(Entry::new(file, &pull(&place, file, true, &names), true));
            lists.single_pulls.push(Entry::new(file, &pull(&place, file, false, &names), true));
        }
        lists.add_discussions(&place, &content.issues, false);
        lists.add_discussions(&place, &content.pulls, true);
        for list in [&mut lists.issues, &mut lists.pulls] {
            list.sort_by(|a, b| b.created.cmp(&a.created).then(b.number.cmp(&a.number)));
        }
        lists
    }

    fn add_discussions(&mut self, place: &Place<'_>, files: &[EntryFile], is_pull: bool) {
        let entries = &self.issues;
        let by_number = |number: u64| {
            let entry = entries.iter().find(|entry| entry.number == number);
            entry.and_then(|entry| serde_json::from_str(&entry.json).ok()).unwrap_or(Value::Null)
        };
        for file in files {
            let number = file.number;
            self.comments.insert(number, comments(place, file, is_pull));
            self.timelines.insert(number, timeline(place, file, is_pull, &by_number));
            let needed = file.dependencies.iter().map(|dependency| match dependency {
                Dependency::Here(number) => Needed::Here(*number),
                Dependency::Elsewhere(file) => Needed::Elsewhere(text(&foreign(place, file))),
            });
            self.dependencies.insert(number, needed.collect());
            if is_pull {
                self.reviews.insert(number, reviews(place, file));
                self.changes.insert(number, change(place, file));
            }
        }
    }

    /// Returns what a field of the repository says.
    pub(crate) fn repository_is(&self, key: &str) -> bool {
        self.repository[key].as_bool() == Some(true)
    }

    /// Returns the issues that an issue depends on, as they are now.
    pub(crate) fn dependencies_of(&self, number: u64) -> Vec<&str> {
        let needed = self.dependencies.get(&number).into_iter().flatten();
        let json = needed.filter_map(|needed| match needed {
            Needed::Here(number) => self.issue(*number),
            Needed::Elsewhere(json) => Some(json.as_str()),
        });
        json.collect()
    }

    /// Returns the issues that depend on an issue, as they are now.
    pub(crate) fn blocked_by(&self, number: u64) -> Vec<&str> {
        let blocked = self.dependencies.iter().filter(|(_, needed)| {
            needed.iter().any(|needed| matches!(needed, Needed::Here(other) if *other == number))
        });
        blocked.filter_map(|(blocked, _)| self.issue(*blocked)).collect()
    }

    /// Returns an issue or pull request as the issues endpoints give it.
    pub(crate) fn issue(&self, number: u64) -> Option<&str> {
        self.issues.iter().find(|entry| entry.number == number).map(|entry| entry.json.as_str())
    }

    /// Closes an issue or pull request.
    pub(crate) fn close(&mut self, number: u64, time: &str) {
        let Self { issues, pulls, single_pulls, .. } = self;
        for entry in issues.iter_mut().chain(pulls).chain(single_pulls).filter(|entry| entry.number == number) {
            entry.is_open = false;
            entry.updated = records::parse_time(time).unwrap_or(entry.updated);
            entry.closed = Some(entry.updated);
            if let Ok(Value::Object(mut object)) = serde_json::from_str(&entry.json) {
                for (key, value) in [("state", "closed"), ("closed_at", time), ("updated_at", time)] {
                    object.insert(key.to_owned(), value.into());
                }
                entry.json = text(&Value::Object(object));
            }
        }
    }
}

/// The labels of the repository and of its issues, by name, each once.
fn labels(content: &Content) -> Vec<LabelFile> {
    let entries = content.issues.iter().chain(&content.pulls);
    let all = content.repository.labels.iter().chain(entries.flat_map(|entry| entry.labels.iter().flatten()));
    let mut seen = BTreeSet::new();
    let mut labels: Vec<LabelFile> = all.filter(|label| seen.insert(label.name.clone())).cloned().collect();
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    labels
}

fn milestones(content: &Content) -> Vec<(MilestoneFile, Value)> {
    let make = |(at, file): (usize, &MilestoneFile)| {
        let entries = content.issues.iter().chain(&content.pulls);
        let of_it = entries.filter(|entry| entry.milestone.as_ref().is_some_and(|title| title.0 == file.title));
        let states: Vec<State> = of_it.map(|entry| entry.state).collect();
        (file.clone(), milestone(file, at + 1, &states))
    };
    let mut files = content.repository.milestones.clone();
    for entry in content.issues.iter().chain(&content.pulls) {
        let Some(title) = &entry.milestone else { continue };
        if files.iter().all(|file| file.title != title.0) {
            files.push(MilestoneFile { title: title.0.clone(), ..Default::default() });
        }
    }
    files.iter().enumerate().map(make).collect()
}
