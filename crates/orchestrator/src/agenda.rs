//! The agenda: which candidates there are, what each is worth, and which of them fill the time.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use gitea::{Issue, Pull, User, in_work};
use host::text;
use records::{Action, AgendaItem, IssueType, LeftOut, QueueItem, Reason};

use crate::settings::Settings;
use crate::sources::Sources;

/// What was planned.
pub(crate) struct Plan {
    /// The items, in the order of doing.
    pub items: Vec<AgendaItem>,
    /// What is not among them.
    pub left_out: Vec<LeftOut>,
    /// How many candidates there were.
    pub candidates: usize,
}

/// What could be an item.
struct Candidate {
    item: AgendaItem,
    /// What it is worth; higher comes first.
    worth: i64,
}

/// What is known of an issue when it is judged.
struct Facts<'a> {
    number: u64,
    title: &'a str,
    url: &'a str,
    kind: IssueType,
    labels: Vec<String>,
    assignees: &'a [User],
    created: Option<DateTime<Utc>>,
    in_queue: bool,
    score: Option<i64>,
}

/// Makes the agenda.
pub(crate) fn make(sources: &Sources, settings: &Settings, now: DateTime<Utc>) -> Plan {
    let (mut candidates, in_work) = candidates(sources, settings, now);
    candidates.sort_by_key(|candidate| (Reverse(candidate.worth), candidate.item.minutes, candidate.item.number));
    let count = candidates.len();
    let (items, mut left_out) = fill(candidates, settings);
    left_out.extend(in_work.into_iter().map(|number| left_out_for(number, Reason::InWork)));
    Plan { items, left_out, candidates: count }
}

/// Takes the most valuable items that fit into the time. No one kind of work takes more than 60 % of it as long as
/// there is other work.
fn fill(candidates: Vec<Candidate>, settings: &Settings) -> (Vec<AgendaItem>, Vec<LeftOut>) {
    let share = (settings.minutes * 6).div_ceil(10);
    let (mut left, mut taken) = (settings.minutes, Vec::<(usize, AgendaItem)>::new());
    let mut by_action: BTreeMap<Action, u64> = BTreeMap::new();
    let (mut passed_over, mut left_out) = (Vec::new(), Vec::new());
    let leave_out = |number, is_full| left_out_for(number, if is_full { Reason::AgendaFull } else { Reason::NoTime });
    for (rank, Candidate { item, .. }) in candidates.into_iter().enumerate() {
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

fn left_out_for(number: u64, reason: Reason) -> LeftOut {
    LeftOut { number, reason: reason.code().to_owned() }
}

/// The candidates, and the issues that are in work already.
fn candidates(sources: &Sources, settings: &Settings, now: DateTime<Utc>) -> (Vec<Candidate>, Vec<u64>) {
    let Some(forge) = &sources.forge else {
        let ready = sources.queue.iter().filter(|item| sources.ready.contains(&item.issue));
        return (ready.map(|item| work(&Facts::of_queue(item), settings, now)).collect(), Vec::new());
    };
    let mut candidates: Vec<Candidate> =
        forge.pulls.iter().filter(|pull| !pull.draft).map(|pull| review(pull, settings, now)).collect();
    let queued: BTreeMap<u64, &QueueItem> = sources.queue.iter().map(|item| (item.issue, item)).collect();
    let (solved, in_work) = (sources.maybe_solved(), in_work(&forge.pulls, forge.slug.as_deref()));
    let mut waiting = Vec::new();
    for issue in &forge.issues {
        let facts = Facts::of_issue(issue, queued.get(&issue.number).copied());
        if sources.quarantined.contains(&issue.number) {
            let why = "in quarantine: cycles keep failing on it; split it, or say what is missing";
            candidates.push(other(&facts, settings, Action::Clarify, 3, why));
        } else if let Some(why) = solved.get(&issue.number) {
            candidates.push(other(&facts, settings, Action::Close, 1, &format!("{why}: see whether it is solved")));
        } else if let Some(label) = facts.labels.iter().find(|label| is_dead(label)) {
            candidates.push(other(&facts, settings, Action::Close, 1, &format!("labelled {label}")));
        } else if in_work.contains_key(&issue.number) || facts.labels.iter().any(|label| is_waiting(label)) {
            // Nothing to do here today.
            waiting.push(issue.number);
        } else if facts.labels.iter().any(|label| is_question(label)) && facts.is_chosen(settings) {
            candidates.push(other(&facts, settings, Action::Clarify, 2, "a question that waits for an answer"));
        } else if facts.is_chosen(settings) || facts.in_queue {
            candidates.push(work(&facts, settings, now));
        }
    }
    (candidates, waiting)
}

impl<'a> Facts<'a> {
    fn of_issue(issue: &'a Issue, queued: Option<&QueueItem>) -> Self {
        Self {
            number: issue.number,
            title: &issue.title,
            url: &issue.html_url,
            kind: queued.map(|item| item.kind).unwrap_or_default(),
            labels: issue.label_names().map(str::to_owned).collect(),
            assignees: &issue.assignees,
            created: issue.created(),
            in_queue: queued.is_some(),
            score: queued.and_then(|item| item.score),
        }
    }

    fn of_queue(item: &'a QueueItem) -> Self {
        Self {
            number: item.issue,
            title: &item.title,
            url: &item.url,
            kind: item.kind,
            labels: Vec::new(),
            assignees: &[],
            created: item.created_at(),
            in_queue: true,
            score: item.score,
        }
    }

    /// Returns whether a label makes it a candidate.
    fn is_chosen(&self, settings: &Settings) -> bool {
        let mut chosen = settings.candidate_labels.iter().chain(&settings.size_labels);
        chosen.any(|chosen| self.labels.iter().any(|label| chosen.eq_ignore_ascii_case(label)))
    }
}

/// An issue to be worked on.
fn work(facts: &Facts, settings: &Settings, now: DateTime<Utc>) -> Candidate {
    let is_bug = facts.kind == IssueType::Bug || facts.labels.iter().any(|label| label.to_lowercase().contains("bug"));
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
    if facts.kind != IssueType::Unknown {
        why.push(facts.kind.name().to_owned());
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
    let score = facts.score.unwrap_or(0).min(9);
    // Older ones first, but a year counts no more than twice a month.
    let age = i64::from(days.unsigned_abs().checked_ilog2().unwrap_or(0)).min(8) / 2;
    let worth = base_worth(action) + score + ease + age + if is_chosen.is_some() { 5 } else { 0 }
        - if taken.is_some() { 15 } else { 0 };
    Candidate { item: item(facts, settings, action, minutes, why.join(", ")), worth }
}

/// An issue that needs a decision rather than work.
fn other(facts: &Facts, settings: &Settings, action: Action, minutes: u64, why: &str) -> Candidate {
    Candidate { item: item(facts, settings, action, minutes, why.to_owned()), worth: base_worth(action) }
}

/// A pull request that waits for a review.
fn review(pull: &Pull, settings: &Settings, now: DateTime<Utc>) -> Candidate {
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
    why.extend(lines.map(|lines| text::counted(lines, "line")));
    why.push(if asked.is_empty() { "nobody is asked yet".to_owned() } else { format!("{} asked", asked.join(", ")) });
    if !pull.mergeable {
        why.push("conflicts, or not checked yet".to_owned());
    }
    let waiting = i64::from(u32::try_from(days).unwrap_or(0).min(8));
    let worth = base_worth(Action::Review) + waiting + if asked.is_empty() { 0 } else { 5 };
    let item = AgendaItem {
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
    };
    Candidate { item, worth }
}

fn item(facts: &Facts, settings: &Settings, action: Action, minutes: u64, why: String) -> AgendaItem {
    AgendaItem {
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
    }
}

/// What an action is worth before anything else is known. Others wait for a review; what keeps failing wastes cycles; an issue
/// that is solved clutters every list.
fn base_worth(action: Action) -> i64 {
    match action {
        Action::Review => 60,
        Action::Clarify => 55,
        Action::Close => 40,
        Action::Fix => 30,
        Action::Implement => 20,
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
