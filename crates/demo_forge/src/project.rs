//! The project that the forge serves, with its entries grown to the full objects of the API.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use common::Failure;
use host::files::{self, FileError};
use host::source::{Source, SourceError};
use records::parse_time;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::details::Details;
use crate::entry::{Entry, text, user};

/// The project that ships with the suite: about 40 issues and 30 merged pull requests.
pub const SAMPLE: &str = include_str!("../sample/weatherbox.json");

/// The largest file that is served, in bytes.
const LIMIT: u64 = 1 << 30;

/// Whose habits the forge has where the two differ.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Flavour {
    /// Forgejo from 16 on: sizes in the list of pull requests, `[]` for no requested reviewers.
    #[default]
    Forgejo,
    /// Gitea from 1.23 on: no sizes in the list, null for no requested reviewers.
    Gitea,
}

impl Flavour {
    /// Returns the version that such a server says it has.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Forgejo => "16.0.0+gitea-1.22.0",
            Self::Gitea => "1.23.8",
        }
    }
}

/// A project as a file describes it. Of each issue and pull request only what matters need be there; the rest of what
/// the API sends is filled in.
#[derive(Clone, Debug)]
pub struct Project {
    /// The owner's login.
    pub owner: String,
    /// The repository's name.
    pub name: String,
    /// The time that the data was made for.
    pub now: Option<DateTime<Utc>>,
    issues: Vec<Value>,
    pulls: Vec<Value>,
    repository: Value,
}

/// Why a project cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file's content is wrong.
    #[error(transparent)]
    Content(#[from] SourceError),
    /// There is nothing to serve.
    #[error("{} contains neither issues.json nor pulls.json", .0.display())]
    Empty(PathBuf),
}

impl Failure for ProjectError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Content(error) => error.hint(),
            Self::Empty(_) => None,
        }
    }
}

/// The lists that the API serves of a project.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    /// Issues and pull requests, as the issues endpoints give them.
    pub issues: Vec<Entry>,
    /// Pull requests, as the list of pull requests gives them.
    pub pulls: Vec<Entry>,
    /// Pull requests, as each one's own endpoint gives them.
    pub single_pulls: Vec<Entry>,
    /// The repository's labels, by name.
    pub labels: Vec<(String, String)>,
    pub repository: String,
    /// The lists of each issue and pull request, and those of the repository.
    pub details: Details,
}

#[derive(Deserialize)]
struct ProjectFile {
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    now: Option<String>,
    #[serde(default)]
    issues: Vec<Value>,
    #[serde(default)]
    pulls: Vec<Value>,
    #[serde(default)]
    repository: Value,
}

impl Project {
    /// Makes a project of entries in the file's form.
    pub fn new(owner: &str, name: &str, issues: Vec<Value>, pulls: Vec<Value>) -> Self {
        Self { owner: owner.to_owned(), name: name.to_owned(), now: None, issues, pulls, repository: Value::Null }
    }

    /// Says more of the repository: `branches` and `collaborators`, and fields of the API's own object such as `archived`.
    #[must_use]
    pub fn with_repository(self, repository: Value) -> Self {
        Self { repository, ..self }
    }

    /// Reads the project that ships with the suite.
    ///
    /// # Errors
    /// None that a test would not have found.
    pub fn sample() -> Result<Self, ProjectError> {
        Ok(Self::parse(&Source::new("weatherbox.json", SAMPLE))?)
    }

    /// Reads a project from a JSON file (an object with `issues` and `pulls`, or a plain list of issues), or from a folder
    /// that holds `issues.json` and `pulls.json`, each a list.
    ///
    /// # Errors
    /// A file cannot be read, or holds something else.
    pub fn load(path: &Path) -> Result<Self, ProjectError> {
        if !files::is_folder(path)? {
            let bytes = files::read(path, LIMIT)?
                .ok_or_else(|| FileError::reading(path, std::io::ErrorKind::NotFound.into()))?;
            return Ok(Self::parse(&Source::from_bytes(path, bytes)?)?);
        }
        let list = |name: &str| -> Result<Option<Vec<Value>>, ProjectError> {
            let path = path.join(name);
            let Some(bytes) = files::read(&path, LIMIT)? else { return Ok(None) };
            Ok(Some(Source::from_bytes(&path, bytes)?.json()?))
        };
        match (list("issues.json")?, list("pulls.json")?) {
            (None, None) => Err(ProjectError::Empty(path.to_owned())),
            (issues, pulls) => Ok(Self::new("acme", "project", issues.unwrap_or_default(), pulls.unwrap_or_default())),
        }
    }

    fn parse(source: &Source) -> Result<Self, SourceError> {
        let file = if source.text().trim_start().starts_with('[') {
            ProjectFile {
                owner: None,
                name: None,
                now: None,
                issues: source.json()?,
                pulls: Vec::new(),
                repository: Value::Null,
            }
        } else {
            source.expect_object()?;
            source.json()?
        };
        Ok(Self {
            owner: file.owner.unwrap_or_else(|| "acme".to_owned()),
            name: file.name.unwrap_or_else(|| "project".to_owned()),
            now: file.now.as_deref().and_then(parse_time),
            issues: file.issues,
            pulls: file.pulls,
            repository: file.repository,
        })
    }

    /// Returns `owner/name`.
    pub fn slug(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Grows the entries to what the API sends; `root` is the server's own idea of its address.
    pub(crate) fn lists(&self, root: &str, flavour: Flavour) -> Lists {
        let place = Place { root, slug: self.slug(), owner: &self.owner, name: &self.name };
        let mut labels: Vec<String> =
            self.issues.iter().chain(&self.pulls).flat_map(|entry| names(entry.get("labels"))).collect();
        labels.sort();
        labels.dedup();
        let ids = |name: &str| labels.iter().position(|label| label == name).unwrap_or(0) + 1;
        let mut lists = Lists { repository: text(&self.grown_repository(&place)), ..Lists::default() };
        for issue in &self.issues {
            lists.issues.push(entry(issue, &place.issue(issue, false, &ids), false));
        }
        for pull in &self.pulls {
            lists.issues.push(entry(pull, &place.issue(pull, true, &ids), true));
            lists.pulls.push(entry(pull, &place.pull(pull, flavour, true, &ids), true));
            lists.single_pulls.push(entry(pull, &place.pull(pull, flavour, false, &ids), true));
        }
        lists.details = Details::of(root, &self.issues, &self.pulls, &self.repository, &lists.issues);
        for list in [&mut lists.issues, &mut lists.pulls] {
            // The newest first, as the servers do by default.
            list.sort_by(|a, b| b.created.cmp(&a.created).then(b.number.cmp(&a.number)));
        }
        lists.labels = labels.iter().map(|name| (name.clone(), text(&place.label(name, ids(name))))).collect();
        lists
    }
}

impl Project {
    fn grown_repository(&self, place: &Place<'_>) -> Value {
        let mut repository = place.repository();
        let more = self.repository.as_object().into_iter().flatten();
        for (name, value) in more.filter(|(name, _)| !matches!(name.as_str(), "branches" | "collaborators")) {
            repository[name] = value.clone();
        }
        repository
    }
}

/// Where objects say that they live.
struct Place<'a> {
    root: &'a str,
    slug: String,
    owner: &'a str,
    name: &'a str,
}

impl Place<'_> {
    fn issue(&self, source: &Value, is_pull: bool, ids: &dyn Fn(&str) -> usize) -> Value {
        let number = number(source);
        let kind = if is_pull { "pulls" } else { "issues" };
        let page = format!("{}/{}/{kind}/{number}", self.root, self.slug);
        let assignees = names(source.get("assignees"));
        let mark = is_pull.then(|| {
            json!({"merged": flag(source, "merged"), "merged_at": time(source, "merged_at"), "draft": flag(source, "draft"), "html_url": page})
        });
        json!({
            "id": number + 1000, "url": format!("{}/api/v1/repos/{}/issues/{number}", self.root, self.slug),
            "html_url": page, "number": number, "user": self.user(&word(source, "user", "timmy")), "original_author": "",
            "original_author_id": 0, "title": word(source, "title", ""), "body": word(source, "body", ""), "ref": "",
            "assets": [], "labels": self.labels(source, ids), "milestone": null,
            "assignee": assignees.first().map(|login| self.user(login)), "assignees": self.users(&assignees),
            "state": state(source), "is_locked": flag(source, "is_locked"), "comments": count(source, "comments"),
            "created_at": word(source, "created_at", "1970-01-01T00:00:00Z"),
            "updated_at": word(source, "updated_at", "1970-01-01T00:00:00Z"), "closed_at": time(source, "closed_at"),
            "due_date": null, "pull_request": mark,
            "repository": {"id": 3, "name": self.name, "owner": self.owner, "full_name": self.slug}, "pin_order": 0
        })
    }

    fn pull(&self, source: &Value, flavour: Flavour, in_list: bool, ids: &dyn Fn(&str) -> usize) -> Value {
        let number = number(source);
        let page = format!("{}/{}/pulls/{number}", self.root, self.slug);
        let merged = flag(source, "merged");
        let sha = |salt: u64| format!("{:040x}", u128::from(number) * 0x9e37_79b9_7f4a_7c15 + u128::from(salt));
        let branch = word(source, "head", "topic");
        let reviewers = names(source.get("requested_reviewers"));
        let no_list = if flavour == Flavour::Gitea && in_list { Value::Null } else { json!([]) };
        let assignees = names(source.get("assignees"));
        let mut pull = json!({
            "id": number, "url": format!("{}/api/v1/repos/{}/pulls/{number}", self.root, self.slug), "number": number,
            "user": self.user(&word(source, "user", "timmy")), "title": word(source, "title", ""),
            "body": word(source, "body", ""), "labels": self.labels(source, ids), "milestone": null,
            "assignee": assignees.first().map(|login| self.user(login)), "assignees": self.users(&assignees),
            "requested_reviewers": if reviewers.is_empty() { no_list.clone() } else { self.users(&reviewers) },
            "requested_reviewers_teams": no_list, "state": state(source), "draft": flag(source, "draft"), "is_locked": false,
            "comments": count(source, "comments"), "review_comments": 0, "additions": count(source, "additions"),
            "deletions": count(source, "deletions"), "changed_files": count(source, "changed_files"), "html_url": page,
            "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"), "mergeable": !merged, "merged": merged,
            "merged_at": time(source, "merged_at"),
            "merge_commit_sha": if merged { Value::from(word(source, "merge_commit_sha", &sha(3))) } else { Value::Null },
            "merged_by": if merged && !in_list { self.user("ann") } else { Value::Null }, "allow_maintainer_edit": false,
            "base": self.branch(&word(source, "base", "main"), &sha(1), None),
            "head": self.branch(&branch, &word(source, "head_sha", &sha(2)), (state(source) == "closed").then(|| format!("refs/pull/{number}/head"))),
            "merge_base": word(source, "merge_base", &sha(0)), "due_date": null, "created_at": word(source, "created_at", "1970-01-01T00:00:00Z"),
            "updated_at": word(source, "updated_at", "1970-01-01T00:00:00Z"), "closed_at": time(source, "closed_at"),
            "pin_order": 0
        });
        if let (Flavour::Gitea, Value::Object(pull)) = (flavour, &mut pull) {
            if in_list {
                for key in ["additions", "deletions", "changed_files"] {
                    pull.shift_remove(key);
                }
            }
            pull.insert("url".to_owned(), page.into());
        } else if let Value::Object(pull) = &mut pull {
            pull.insert("flow".to_owned(), 0.into());
        }
        pull
    }

    fn branch(&self, name: &str, sha: &str, reference: Option<String>) -> Value {
        json!({"label": name, "ref": reference.unwrap_or_else(|| name.to_owned()), "sha": sha, "repo_id": 3, "repo": self.repository()})
    }

    fn repository(&self) -> Value {
        let page = format!("{}/{}", self.root, self.slug);
        json!({
            "id": 3, "owner": self.user(self.owner), "name": self.name, "full_name": self.slug, "description": "",
            "empty": false, "private": false, "fork": false, "parent": null, "mirror": false, "size": 1024, "html_url": page,
            "url": format!("{}/api/v1/repos/{}", self.root, self.slug), "clone_url": format!("{page}.git"),
            "ssh_url": format!("ssh://git@localhost/{}.git", self.slug), "default_branch": "main", "archived": false,
            "created_at": "2025-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "has_issues": true,
            "has_pull_requests": true, "permissions": {"admin": false, "push": true, "pull": true}, "object_format_name": "sha1"
        })
    }

    fn label(&self, name: &str, id: usize) -> Value {
        json!({"id": id, "name": name, "exclusive": false, "is_archived": false, "color": "d73a4a", "description": "",
               "url": format!("{}/api/v1/repos/{}/labels/{id}", self.root, self.slug)})
    }

    fn labels(&self, source: &Value, ids: &dyn Fn(&str) -> usize) -> Value {
        names(source.get("labels")).iter().map(|name| self.label(name, ids(name))).collect()
    }

    fn users(&self, logins: &[String]) -> Value {
        if logins.is_empty() { Value::Null } else { logins.iter().map(|login| self.user(login)).collect() }
    }

    fn user(&self, login: &str) -> Value {
        user(self.root, login)
    }
}

/// Makes an entry of what a file says (`source`) and what is sent for it.
fn entry(source: &Value, sent: &Value, is_pull: bool) -> Entry {
    let at = |key: &str| sent[key].as_str().and_then(parse_time);
    Entry {
        number: number(source),
        created: at("created_at").unwrap_or_default(),
        updated: at("updated_at").unwrap_or_default(),
        closed: at("closed_at"),
        is_open: state(source) == "open",
        is_pull,
        labels: names(source.get("labels")),
        user: word(source, "user", "timmy"),
        assignees: names(source.get("assignees")),
        words: format!("{} {}", word(source, "title", ""), word(source, "body", "")).to_lowercase(),
        comments: count(source, "comments"),
        json: text(sent),
    }
}

fn number(source: &Value) -> u64 {
    source.get("number").and_then(Value::as_u64).unwrap_or(0)
}

/// A number, or how many a list has.
fn count(source: &Value, key: &str) -> u64 {
    let value = source.get(key);
    value.and_then(|value| value.as_u64().or_else(|| Some(value.as_array()?.len() as u64))).unwrap_or(0)
}

fn flag(source: &Value, key: &str) -> bool {
    source.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn state(source: &Value) -> &'static str {
    if source.get("state").and_then(Value::as_str) == Some("closed") { "closed" } else { "open" }
}

fn time(source: &Value, key: &str) -> Value {
    source.get(key).filter(|value| value.as_str().is_some_and(|text| !text.is_empty())).cloned().unwrap_or(Value::Null)
}

/// A text, or of an object its login.
fn word(source: &Value, key: &str, default: &str) -> String {
    match source.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(object)) => login(object).unwrap_or(default).to_owned(),
        _ => default.to_owned(),
    }
}

/// A list of names: of texts, or of objects with a name or a login.
fn names(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| match item {
            Value::String(name) => Some(name.as_str()),
            Value::Object(object) => login(object),
            _ => None,
        })
        .map(str::to_owned)
        .collect()
}

fn login(object: &Map<String, Value>) -> Option<&str> {
    object.get("login").or_else(|| object.get("name")).or_else(|| object.get("label")).and_then(Value::as_str)
}
