//! An issue's score, rule by rule, and what would raise it.

use records::{IssueType, ScoredIssue, Scores};
use serde::Serialize;

/// The score of an issue at the last triage.
#[derive(Debug, Serialize)]
pub struct ScoreStory {
    /// Its score.
    pub score: i64,
    /// What kind of work it is.
    #[serde(rename = "type")]
    pub kind: IssueType,
    /// The least score of a ready issue.
    pub ready_from: i64,
    /// When it was triaged.
    pub triaged_at: String,
    /// The rules, in their order.
    pub rules: Vec<RuleStory>,
}

/// Whether a rule holds for the issue.
#[derive(Debug, Serialize)]
pub struct RuleStory {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub dimension: String,
    /// How many points it brings.
    pub points: i64,
    /// Whether it holds.
    pub holds: bool,
}

impl ScoreStory {
    /// Takes an issue's score from the scores of the last triage.
    pub(crate) fn of(scores: &Scores, verdict: &ScoredIssue) -> Self {
        let rule = |(at, rule): (usize, &records::ScoreRule)| RuleStory {
            id: rule.id.clone().into_owned(),
            dimension: rule.dimension.clone().into_owned(),
            points: rule.points,
            holds: holds(verdict, at),
        };
        Self {
            score: verdict.score,
            kind: verdict.kind,
            ready_from: scores.ready_from,
            triaged_at: scores.generated_at.clone(),
            rules: scores.rules.iter().enumerate().map(rule).collect(),
        }
    }
}

/// Returns how many points an issue lacks, and which rules would bring some.
pub(crate) fn what_would_change(scores: &Scores, verdict: &ScoredIssue) -> String {
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
    let could: Vec<String> = could.into_iter().map(|(_, rule)| rule).collect();
    format!("{missing} more points. Alone would bring: {}.", could.join(", "))
}

/// The points that an issue would gain if this rule held, where it does not, or did not, where it takes points away. A dimension
/// counts no less than 0 and no more than its most.
fn gain(scores: &Scores, verdict: &ScoredIssue, at: usize) -> i64 {
    let rule = &scores.rules[at];
    if holds(verdict, at) == (rule.points > 0) {
        return 0;
    }
    let most = scores.most.get(&rule.dimension).copied().unwrap_or(i64::MAX);
    let same = scores.rules.iter().enumerate().filter(|(_, other)| other.dimension == rule.dimension);
    let sum: i64 = same.filter(|(at, _)| holds(verdict, *at)).map(|(_, other)| other.points).sum();
    (sum + rule.points.abs()).clamp(0, most) - sum.clamp(0, most)
}

fn holds(verdict: &ScoredIssue, at: usize) -> bool {
    verdict.holds.iter().any(|position| usize::from(*position) == at)
}
