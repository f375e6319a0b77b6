//! The story of one issue.

use std::collections::BTreeMap;

use common::document;
use common::journal;
use common::reason::Reason;
use common::records::{PastCycle, QueueLine, read_queue};
use common::text;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Error, Verdict};
use crate::scheduler::cycles_log;
use crate::suite::Suite;
use crate::table;

/// How many of an issue's cycles are shown, the last ones.
const SHOWN: usize = 8;

/// What is read of `scores.json`.
#[derive(Deserialize)]
struct Scores {
    generated_at: String,
    ready_from: i64,
    #[serde(default)]
    most: BTreeMap<String, i64>,
    rules: Vec<Rule>,
    issues: BTreeMap<String, Scored>,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    dimension: String,
    points: i64,
}

#[derive(Deserialize)]
struct Scored {
    title: String,
    #[serde(rename = "type")]
    kind: String,
    score: i64,
    reason: String,
    holds: Vec<usize>,
}

/// Tells the story of an issue from the files of the loop.
pub(super) fn why(suite: &Suite, number: u64) -> Result<Verdict, Error> {
    let repo = &suite.repo;
    let scores = document::read::<Scores>(&repo.scores())?.intact_or(|error| suite.warn(&error.to_string()));
    let verdict = scores.as_ref().and_then(|scores| scores.issues.get(&number.to_string()));
    let (position, length, queued) = in_queue(suite, number)?;
    let quarantine: Option<Value> =
        document::read(&repo.quarantine())?.intact_or(|error| suite.warn(&error.to_string()));
    let quarantined = quarantine.as_ref().and_then(|all| all.get(number.to_string())).cloned();
    let cycles = cycles_of(suite, number)?;
    let agenda: Option<Value> = document::read(&repo.agenda())?.intact_or(|error| suite.warn(&error.to_string()));
    let (agenda_reason, agenda_item) = on_agenda(agenda.as_ref(), number);

    let reason = match (&quarantined, position, verdict) {
        (Some(_), ..) => Reason::Quarantined,
        (None, Some(_), _) => Reason::Ready,
        (None, None, Some(verdict)) => Reason::from_code(&verdict.reason).unwrap_or(Reason::NotReady),
        (None, None, None) => Reason::NotTriaged,
    };
    let title = verdict.map(|verdict| verdict.title.clone()).or(queued).unwrap_or_default();
    suite.say(format!("#{number} {}", text::fit(&title, 70)).trim_end());
    suite.say(&format!("  {} ({reason})", reason.meaning()));
    if let (Some(scores), Some(verdict)) = (&scores, verdict) {
        show_score(suite, scores, verdict);
    }
    if let Some(position) = position {
        suite.say(&format!("  Queue: number {position} of {length}."));
    }
    if let Some(entry) = &quarantined {
        let since = entry["quarantined_at"].as_str().unwrap_or("an unknown time");
        let why = text::fit(entry["reason"].as_str().unwrap_or_default(), 100);
        suite.say(&format!("  Quarantine: since {since}: {why}."));
    }
    show_cycles(suite, &cycles);
    if let Some(reason) = agenda_reason {
        suite.say(&format!("  Agenda: {} ({reason})", reason.meaning()));
    }
    let change = changes(reason, number, scores.as_ref(), verdict);
    for change in &change {
        let lines = text::wrap(&format!("What would change it: {change}"), 76);
        for (at, line) in lines.iter().enumerate() {
            suite.say(&format!("  {}{line}", if at == 0 { "" } else { "  " }));
        }
    }

    let by_rule = scores.as_ref().zip(verdict).map(|(scores, verdict)| {
        let rules: Vec<Value> = scores
            .rules
            .iter()
            .enumerate()
            .map(|(at, rule)| json!({"id": rule.id, "dimension": rule.dimension, "points": rule.points, "holds": verdict.holds.contains(&at)}))
            .collect();
        json!({"score": verdict.score, "type": verdict.kind, "ready_from": scores.ready_from, "triaged_at": scores.generated_at, "rules": rules})
    });
    let cycles: Vec<Value> = cycles
        .iter()
        .map(|cycle| {
            json!({"cycle": cycle.cycle, "epoch": cycle.epoch, "timestamp": cycle.time().map(common::host::timestamp),
                   "success": cycle.succeeded(), "duration": cycle.seconds(), "reason": cycle.reason(), "pr": cycle.pr})
        })
        .collect();
    suite.json(&json!({
        "issue": number, "title": title, "reason": reason, "triage": by_rule,
        "queue": position.map(|position| json!({"position": position, "length": length})),
        "quarantine": quarantined, "cycles": cycles,
        "agenda": agenda_reason.map(|reason| json!({"reason": reason, "item": agenda_item})), "change": change,
    }))?;
    Ok(Verdict::Yes)
}

/// The place of an issue among the ready items that are not in quarantine, how many there are, and its title.
fn in_queue(suite: &Suite, number: u64) -> Result<(Option<usize>, usize, Option<String>), Error> {
    let (mut position, mut length, mut title) = (None, 0, None);
    let quarantined =
        common::records::quarantined_numbers(&suite.repo.quarantine())?.intact_or(|_| ()).unwrap_or_default();
    read_queue(&suite.repo.queue(), |_, line| {
        let Some((line, issue)) =
            line.filter(QueueLine::is_ready).and_then(|line| line.issue.map(|issue| (line, issue)))
        else {
            return;
        };
        if issue == number {
            title.get_or_insert_with(|| line.title().to_owned());
        }
        if !quarantined.contains(&issue) {
            length += 1;
            if issue == number && position.is_none() {
                position = Some(length);
            }
        }
    })?;
    Ok((position, length, title))
}

fn cycles_of(suite: &Suite, number: u64) -> Result<Vec<PastCycle>, Error> {
    let log = cycles_log(suite).unwrap_or_else(|| suite.repo.cycles());
    let mut cycles = Vec::new();
    journal::scan(&log, 0, |line| {
        cycles.extend(line.and_then(journal::parse::<PastCycle>).filter(|cycle| cycle.issue == Some(number)));
    })?;
    Ok(cycles)
}

/// Whether an issue is on the last agenda; none where there is no agenda.
fn on_agenda(agenda: Option<&Value>, number: u64) -> (Option<Reason>, Option<Value>) {
    let Some(agenda) = agenda else { return (None, None) };
    let find =
        |list: &str| agenda[list].as_array().into_iter().flatten().find(|item| item["number"] == number).cloned();
    if let Some(item) = find("items") {
        return (Some(Reason::OnAgenda), Some(item));
    }
    let left_out = find("left_out").and_then(|item| Reason::from_code(item["reason"].as_str()?));
    (Some(left_out.unwrap_or(Reason::NoCandidate)), None)
}

fn show_score(suite: &Suite, scores: &Scores, verdict: &Scored) {
    suite.say(&format!(
        "  Score {} (ready from {} on), type {}, triaged {}:",
        verdict.score, scores.ready_from, verdict.kind, scores.generated_at
    ));
    let rows: Vec<Vec<String>> = scores
        .rules
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let holds = verdict.holds.contains(&at);
            let points = if holds { format!("{:+}", rule.points) } else { format!("({:+})", rule.points) };
            vec![format!("    {}", if holds { "yes" } else { "no" }), points, rule.dimension.clone(), rule.id.clone()]
        })
        .collect();
    for line in table::lay_out(&rows, 20, 80) {
        suite.say(&line);
    }
}

fn show_cycles(suite: &Suite, cycles: &[PastCycle]) {
    if cycles.is_empty() {
        suite.say("  Cycles: none worked on it.");
        return;
    }
    let well = cycles.iter().filter(|cycle| cycle.succeeded()).count();
    suite.say(&format!("  Cycles: {} worked on it, {well} succeeded.", cycles.len()));
    let rows: Vec<Vec<String>> = cycles
        .iter()
        .rev()
        .take(SHOWN)
        .map(|cycle| {
            let when = cycle.time().map_or("unknown time".to_owned(), |time| time.format("%Y-%m-%d %H:%M").to_string());
            let outcome = if cycle.succeeded() { "well" } else { "FAILED" };
            let length = cycle.seconds().map_or("-".to_owned(), |seconds| format!("{seconds:.0} s"));
            let number = cycle.cycle.map_or("-".to_owned(), |number| format!("cycle {number}"));
            vec![format!("    {when}"), number, outcome.to_owned(), length, cycle.reason().to_owned()]
        })
        .collect();
    for line in table::lay_out(&rows, 22, 80) {
        suite.say(&line);
    }
}

/// What would change the verdict.
fn changes(reason: Reason, number: u64, scores: Option<&Scores>, verdict: Option<&Scored>) -> Vec<String> {
    let mut changes = Vec::new();
    if let (Reason::NotReady, Some(scores), Some(verdict)) = (reason, scores, verdict) {
        let missing = scores.ready_from - verdict.score;
        let mut could: Vec<(i64, String)> = (0..scores.rules.len())
            .filter_map(|at| {
                let rule = &scores.rules[at];
                let gain = gain(scores, verdict, at);
                let other = if rule.points > 0 { "" } else { "no " };
                (gain > 0).then(|| (gain, format!("{other}{} ({}, {gain:+})", rule.id, rule.dimension)))
            })
            .collect();
        could.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
        let could: Vec<String> = could.into_iter().map(|(_, words)| words).collect();
        changes.push(format!("{missing} more points. Alone would bring: {}.", could.join(", ")));
    }
    let general = reason.change().replace("--release N", &format!("--release {number}"));
    if !general.is_empty() {
        changes.push(general);
    }
    changes
}

/// The points that an issue would gain if this rule held, where it does not, or did not, where it takes points away. A dimension
/// counts no less than 0 and no more than its most.
fn gain(scores: &Scores, verdict: &Scored, at: usize) -> i64 {
    let rule = &scores.rules[at];
    let holds = verdict.holds.contains(&at);
    if holds == (rule.points > 0) {
        return 0;
    }
    let most = scores.most.get(&rule.dimension).copied().unwrap_or(i64::MAX);
    let same = scores.rules.iter().enumerate().filter(|(_, other)| other.dimension == rule.dimension);
    let sum: i64 = same.filter(|(at, _)| verdict.holds.contains(at)).map(|(_, other)| other.points).sum();
    (sum + rule.points.abs()).clamp(0, most) - sum.clamp(0, most)
}
