//! An issue's score, rule by rule, and what would raise it.

use host::text;
use records::{IssueType, ScoredIssue, Scores};
use serde::Serialize;

/// How many of the rules that would bring points are named.
const NAMED: usize = 6;

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

/// Returns how many points an issue lacks, what costs it points, and which rules would bring some.
pub(crate) fn what_would_change(scores: &Scores, verdict: &ScoredIssue) -> String {
    let held: Vec<usize> = (0..scores.rules.len()).filter(|at| holds(verdict, *at)).collect();
    let costs = |at: &usize| scores.rules[*at].points < 0;
    let without_costs: Vec<usize> = held.iter().copied().filter(|at| !costs(at)).collect();
    let missing = scores.ready_from - verdict.score;
    let mut sentences = vec![format!("{} needed.", text::counted(missing, "more point"))];
    let mut costing: Vec<&str> = Vec::new();
    for at in held.iter().filter(|at| costs(at)) {
        let id = &*scores.rules[*at].id;
        if !costing.contains(&id) {
            costing.push(id);
        }
    }
    let reached = sum(scores, &without_costs);
    if !costing.is_empty() {
        sentences.push(format!("Without {} its score would be {reached}.", costing.join(", ")));
    }
    let bringing = if reached < scores.ready_from { bringing(scores, &without_costs, reached) } else { Vec::new() };
    if !bringing.is_empty() {
        let also = if costing.is_empty() { "" } else { "then also " };
        sentences.push(format!("Each of these would {also}bring points: {}.", bringing.join(", ")));
    }
    sentences.join(" ")
}

/// The rules that would bring points to an issue for which those of `held` hold, the most first.
fn bringing(scores: &Scores, held: &[usize], reached: i64) -> Vec<String> {
    let mut could: Vec<(i64, String)> = Vec::new();
    for (at, rule) in scores.rules.iter().enumerate().filter(|(at, rule)| rule.points > 0 && !held.contains(at)) {
        let gain = sum(scores, &[held, &[at]].concat()) - reached;
        if gain > 0 {
            could.push((gain, format!("{} ({}, {gain:+})", rule.id, rule.dimension)));
        }
    }
    could.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    let more = could.len().saturating_sub(NAMED);
    let named = could.into_iter().take(NAMED).map(|(_, rule)| rule);
    named.chain((more > 0).then(|| format!("and {more} more"))).collect()
}

/// The score of an issue for which these rules hold. A dimension counts no less than 0 and no more than its most.
fn sum(scores: &Scores, held: &[usize]) -> i64 {
    let mut dimensions: Vec<&str> = scores.rules.iter().map(|rule| &*rule.dimension).collect();
    dimensions.sort_unstable();
    dimensions.dedup();
    let of = |dimension: &str| {
        let rules = held.iter().map(|at| &scores.rules[*at]).filter(|rule| rule.dimension == dimension);
        let most = scores.most.get(dimension).copied().unwrap_or(i64::MAX);
        rules.map(|rule| rule.points).sum::<i64>().clamp(0, most)
    };
    dimensions.into_iter().map(of).sum()
}

fn holds(verdict: &ScoredIssue, at: usize) -> bool {
    verdict.holds.iter().any(|position| usize::from(*position) == at)
}

#[cfg(test)]
mod tests {
    use records::ScoreRule;

    use super::*;

    fn scores() -> Scores<'static> {
        let rule = |id: &'static str, dimension: &'static str, points| ScoreRule {
            id: id.into(),
            dimension: dimension.into(),
            points,
        };
        let rules = vec![
            rule("names_a_file", "scope", 1),
            rule("is_blocked", "scope", -3),
            rule("is_meta", "scope", -3),
            rule("says_what", "acceptance", 3),
            rule("is_blocked", "acceptance", -3),
            rule("is_a_bug", "alignment", 2),
        ];
        let most = [("scope", 3), ("acceptance", 3), ("alignment", 3)];
        let most = most.into_iter().map(|(name, most)| (name.into(), most)).collect();
        Scores { ready_from: 5, rules, most, ..Scores::default() }
    }

    fn change(held: &[u16], score: i64) -> String {
        let verdict = ScoredIssue {
            title: "".into(),
            kind: IssueType::Bug,
            score,
            reason: "not_ready".into(),
            holds: held.to_vec().into(),
            content: None,
            changed_at: None,
            in_work: None,
        };
        what_would_change(&scores(), &verdict)
    }

    #[test]
    fn what_costs_points_is_named_once_and_then_what_would_bring_some() {
        // One label holds in two dimensions, and taking away one of two costs of a dimension alone brings nothing.
        assert_eq!(
            change(&[0, 1, 2, 3, 4, 5], 2),
            "3 more points needed. Without is_blocked, is_meta its score would be 6."
        );
        assert_eq!(
            change(&[1, 4, 5], 2),
            "3 more points needed. Without is_blocked its score would be 2. Each of these would then also bring points: \
             says_what (acceptance, +3), names_a_file (scope, +1)."
        );
        assert_eq!(
            change(&[0, 3], 4),
            "1 more point needed. Each of these would bring points: is_a_bug (alignment, +2)."
        );
        assert!(!change(&[0, 3, 5], 6).contains("bring"));
    }
}
