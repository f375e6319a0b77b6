//! The agenda: which candidates there are, what each is worth, and which of them fill the time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use common::host::parse_time;
use common::reason::Reason;
use common::records::IssueType;
use gitea::{Issue, Pull, User};
use serde::Serialize;

use crate::settings::Settings;
use crate::sources::Sources;

/// `agenda.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Agenda {
    /// When it was made.
    pub generated_at: String,
    /// The minutes there are.
    pub time_budget_minutes: u64,
    /// The minutes of its items.
    pub planned_minutes: u64,
    /// How many items were to choose from.
    pub candidates: usize,
    /// The items, in the order of doing.
    pub items: Vec<Item>,
    /// The day's summary, if it was asked for.
    pub review: Option<crate::review::Review>,
    /// What was a candidate, or would be, and is not among the items, with the reason.
    pub left_out: Vec<LeftOut>,
}

/// The names of the agenda's fields.
pub(crate) const FIELDS: [&str; 7] =
    ["generated_at", "time_budget_minutes", "planned_minutes", "candidates", "items", "review", "left_out"];

/// An issue or a pull request that is not on the agenda.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct LeftOut {
    /// Its number.
    pub number: u64,
    /// Why.
    pub reason: Reason,
}

/// What was planned.
pub(crate) struct Planned {
    /// The items, in the order of doing.
    pub items: Vec<Item>,
    /// What is not among them.
    pub left_out: Vec<LeftOut>,
    /// How many items were to choose from.
    pub candidates: usize,
}

/// One thing to do.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Item {
    /// The number of the issue or pull request.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its page.
    pub url: String,
    /// What to do.
    pub action: Action,
    /// How long it takes.
    pub minutes: u64,
    /// The size that a label gives it.
    pub size: Option<String>,
    /// The layer that a label gives it.
    pub layer: Option<String>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who is on it.
    pub assignee: Option<String>,
    /// Why it is here.
    pub why: String,
    /// What it is worth; higher comes first.
    #[serde(skip)]
    worth: i64,
}

/// What to do with an item.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// Read a pull request and say yes or no: somebody waits.
    Review,
    /// See whether it is solved, and close it.
    Close,
    /// Say what is missing, so that work can go on.
    Clarify,
    /// Mend a bug.
    Fix,
    /// Build what is asked for.
    Implement,
}

impl Action {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Close => "close",
            Self::Clarify => "clarify",
            Self::Fix => "fix",
            Self::Implement => "implement",
        }
    }

    /// What it is worth before anything else is known. Others wait for a review; what keeps failing wastes cycles; an
    /// issue that is solved clutters every list.
    fn worth(self) -> i64 {
        match self {
            Self::Review => 60,
            Self::Clarify => 55,
            Self::Close => 40,
            Self::Fix => 30,
            Self::Implement => 20,
        }
    }
}

/// What is known of an issue when it is judged.
struct Facts<'a> {
    number: u64,
    title: &'a str,
    url: &'a str,
    kind: Option<IssueType>,
    labels: Vec<String>,
    assignees: &'a [User],
    created: Option<DateTime<Utc>>,
    in_queue: bool,
    score: Option<u64>,
}

/// Makes the agenda.
pub(crate) fn make(sources: &Sources, settings: &Settings, now: DateTime<Utc>) -> Planned {
    let (mut candidates, in_work) = candidates(sources, settings, now);
    candidates.sort_by(|a, b| b.worth.cmp(&a.worth).then(a.minutes.cmp(&b.minutes)).then(a.number.cmp(&b.number)));
    let count = candidates.len();
    let (items, mut left_out) = fill(candidates, settings);
    left_out.extend(in_work.into_iter().map(|number| LeftOut { number, reason: Reason::InWork }));
    Planned { items, left_out, candidates: count }
}

/// Takes the most valuable items that fit into the time. No one kind of work takes more than 60 % of it as long as
/// there is other work.
fn fill(candidates: Vec<Item>, settings: &Settings) -> (Vec<Item>, Vec<LeftOut>) {
    let share = (settings.minutes * 6).div_ceil(10);
    let (mut left, mut taken) = (settings.minutes, Vec::<(usize, Item)>::new());
    let mut by_action: BTreeMap<Action, u64> = BTreeMap::new();
    let (mut passed_over, mut left_out) = (Vec::new(), Vec::new());
    let leave_out = |number, is_full| {
        let reason = if is_full { Reason::AgendaFull } else { Reason::NoTime };
        LeftOut { number, reason }
    };
    for (rank, item) in candidates.into_iter().enumerate() {
        let so_far = by_action.entry(item.action).or_default();
        let is_full = taken.len() >= settings.max_items;
        if item.minutes > left || is_full {
            left_out.push(leave_out(item.number, is_full));
            continue;
        }
        if *so_far + item.minutes > share {
            passed_over.push((rank, item));
            continue;
        }
        *so_far += item.minutes;
        left -= item.minutes;
        taken.push((rank, item));
    }
    for (rank, item) in passed_over {
        let is_full = taken.len() >= settings.max_items;
        if item.minutes <= left && !is_full {
            left -= item.minutes;
            taken.push((rank, item));
        } else {
            left_out.push(leave_out(item.number, is_full));
        }
    }
    taken.sort_by_key(|(rank, _)| *rank);
    (taken.into_iter().map(|(_, item)| item).collect(), left_out)
}

/// The candidates, and the issues that somebody works on already.
fn candidates(sources: &Sources, settings: &Settings, now: DateTime<Utc>) -> (Vec<Item>, Vec<u64>) {
    let solved = sources.maybe_solved();
    let queued: BTreeMap<u64, &common::records::QueueLine> =
        sources.queue.iter().filter_map(|line| Some((line.issue?, line))).collect();
    let (mut items, mut waiting) = (Vec::new(), Vec::new());
    let Some(forge) = &sources.forge else {
        let ready = sources
            .queue
            .iter()
            .filter(|line| line.issue.is_some_and(|issue| !sources.quarantined.contains(&issue)))
            .map(|line| {
                let facts = Facts {
                    number: line.issue.unwrap_or(0),
                    title: line.title(),
                    url: line.url.as_deref().unwrap_or_default(),
                    kind: Some(line.kind()),
                    labels: Vec::new(),
                    assignees: &[],
                    created: line.created.as_deref().and_then(parse_time),
                    in_queue: true,
                    score: line.score,
                };
                work(&facts, settings, now)
            })
            .collect();
        return (ready, waiting);
    };
    for pull in forge.pulls.iter().filter(|pull| !pull.draft) {
        items.push(review(pull, settings, now));
    }
    // A pull request that is open for an issue is where the work on that issue goes on.
    let in_work: BTreeSet<u64> =
        forge.pulls.iter().flat_map(|pull| named(&pull.body).chain(named(&pull.title))).collect();
    for issue in &forge.issues {
        let facts = facts(issue, queued.get(&issue.number).copied());
        let is_chosen = facts.labels.iter().any(|label| {
            settings
                .candidate_labels
                .iter()
                .chain(&settings.size_labels)
                .any(|chosen| chosen.eq_ignore_ascii_case(label))
        });
        if sources.quarantined.contains(&issue.number) {
            items.push(other(
                &facts,
                settings,
                Action::Clarify,
                3,
                "in quarantine: cycles keep failing on it; split it, or say what is missing",
            ));
        } else if let Some(why) = solved.get(&issue.number) {
            items.push(other(&facts, settings, Action::Close, 1, &format!("{why}: see whether it is solved")));
        } else if let Some(label) = facts.labels.iter().find(|label| is_dead(label)) {
            items.push(other(&facts, settings, Action::Close, 1, &format!("labelled {label}")));
        } else if in_work.contains(&issue.number) || facts.labels.iter().any(|label| is_waiting(label)) {
            // Nothing to do here today.
            waiting.push(issue.number);
        } else if facts.labels.iter().any(|label| is_question(label)) && is_chosen {
            items.push(other(&facts, settings, Action::Clarify, 2, "a question that waits for an answer"));
        } else if is_chosen || facts.in_queue {
            items.push(work(&facts, settings, now));
        }
    }
    (items, waiting)
}

fn facts<'a>(issue: &'a Issue, queued: Option<&common::records::QueueLine>) -> Facts<'a> {
    Facts {
        number: issue.number,
        title: &issue.title,
        url: &issue.html_url,
        kind: queued.map(common::records::QueueLine::kind),
        labels: issue.label_names().map(str::to_owned).collect(),
        assignees: &issue.assignees,
        created: issue.created(),
        in_queue: queued.is_some(),
        score: queued.and_then(|line| line.score),
    }
}

/// An issue to be worked on.
fn work(facts: &Facts, settings: &Settings, now: DateTime<Utc>) -> Item {
    let kind = facts.kind.unwrap_or_default();
    let is_bug = kind == IssueType::Bug || facts.labels.iter().any(|label| label.to_lowercase().contains("bug"));
    let action = if is_bug { Action::Fix } else { Action::Implement };
    let size = size(&facts.labels);
    let (minutes, ease) = match size.as_deref() {
        Some("XS") => (2, 6),
        Some("S") => (4, 4),
        Some("M") => (8, 0),
        Some("L" | "XL" | "XXL") => (20, -12),
        _ => (5, 0),
    };
    let mut why = Vec::new();
    if kind != IssueType::Unknown {
        why.push(kind.name().to_owned());
    }
    match (facts.in_queue, facts.score) {
        (true, Some(score)) => why.push(format!("ready with score {score}")),
        (true, None) => why.push("ready".to_owned()),
        (false, _) => {}
    }
    let is_chosen = facts.labels.iter().find(|label| settings.candidate_labels.contains(label));
    why.extend(is_chosen.cloned());
    why.extend(size.as_ref().map(|size| format!("size {size}")));
    let days = facts.created.map_or(0, |created| (now - created).num_days().max(0));
    if days > 0 {
        why.push(format!("open for {days} d"));
    }
    let taken = facts.assignees.first();
    why.extend(taken.map(|user| format!("{} is on it", user.login)));
    let score = facts.score.and_then(|score| i64::try_from(score).ok()).unwrap_or(0).min(9);
    // Older ones first, but a year counts no more than twice a month.
    let age = i64::from(days.unsigned_abs().checked_ilog2().unwrap_or(0)).min(8) / 2;
    let worth = action.worth() + score + ease + age + if is_chosen.is_some() { 5 } else { 0 }
        - if taken.is_some() { 15 } else { 0 };
    Item { worth, ..item(facts, settings, action, minutes, why.join(", ")) }
}

/// An issue that needs a decision rather than work.
fn other(facts: &Facts, settings: &Settings, action: Action, minutes: u64, why: &str) -> Item {
    Item { worth: action.worth(), ..item(facts, settings, action, minutes, why.to_owned()) }
}

/// A pull request that waits for a review.
fn review(pull: &Pull, settings: &Settings, now: DateTime<Utc>) -> Item {
    let labels: Vec<String> = pull.labels.iter().map(|label| label.name.clone()).collect();
    let lines = pull.lines();
    let minutes = match lines {
        Some(0..=20) => 2,
        Some(21..=100) => 3,
        Some(101..=400) => 5,
        Some(_) => 8,
        None => 4,
    };
    let days = pull.created().map_or(0, |created| (now - created).num_days().max(0));
    let asked: Vec<&str> = pull.requested_reviewers.iter().map(|user| user.login.as_str()).collect();
    let mut why = vec![format!("waits for a review for {days} d")];
    why.extend(lines.map(|lines| format!("{lines} lines")));
    why.push(if asked.is_empty() { "nobody is asked yet".to_owned() } else { format!("{} asked", asked.join(", ")) });
    if !pull.mergeable {
        why.push("conflicts, or not checked yet".to_owned());
    }
    let waiting = i64::from(u32::try_from(days).unwrap_or(0).min(8));
    Item {
        number: pull.number,
        title: pull.title.clone(),
        url: pull.html_url.clone(),
        action: Action::Review,
        minutes,
        size: size(&labels),
        layer: layer(&labels, settings),
        labels,
        assignee: pull.assignees.first().map(|user| user.login.clone()),
        why: why.join(", "),
        worth: Action::Review.worth() + waiting + if asked.is_empty() { 0 } else { 5 },
    }
}

fn item(facts: &Facts, settings: &Settings, action: Action, minutes: u64, why: String) -> Item {
    Item {
        number: facts.number,
        title: facts.title.to_owned(),
        url: facts.url.to_owned(),
        action,
        minutes,
        size: size(&facts.labels),
        layer: layer(&facts.labels, settings),
        labels: facts.labels.clone(),
        assignee: facts.assignees.first().map(|user| user.login.clone()),
        why,
        worth: 0,
    }
}

/// The size that a label like `size:S` or `size/S` gives.
fn size(labels: &[String]) -> Option<String> {
    labels.iter().find_map(|label| {
        let (scope, size) = label.split_once([':', '/'])?;
        scope.trim().eq_ignore_ascii_case("size").then(|| size.trim().to_uppercase())
    })
}

fn layer(labels: &[String], settings: &Settings) -> Option<String> {
    if settings.layer_prefix.is_empty() {
        return None;
    }
    labels.iter().find_map(|label| label.strip_prefix(&settings.layer_prefix)).map(str::to_owned)
}

fn is_dead(label: &str) -> bool {
    matches!(label.to_lowercase().as_str(), "duplicate" | "wontfix" | "invalid" | "obsolete")
}

fn is_waiting(label: &str) -> bool {
    matches!(label.to_lowercase().as_str(), "blocked" | "on-hold" | "waiting" | "wip")
}

fn is_question(label: &str) -> bool {
    matches!(label.to_lowercase().as_str(), "question" | "needs-info" | "needs-design" | "discussion")
}

/// The issues that a pull request is for, as its closing words say.
fn named(text: &str) -> impl Iterator<Item = u64> {
    let pattern =
        regex::Regex::new(r"(?i-u)(?:^|[\s(\[])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? [#!]([0-9]{1,9})\b").ok();
    let found = pattern
        .map(|pattern| pattern.captures_iter(text).filter_map(|found| found.get(1)?.as_str().parse().ok()).collect());
    let numbers: Vec<u64> = found.unwrap_or_default();
    numbers.into_iter()
}
