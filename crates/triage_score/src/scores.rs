//! `scores.json`: each issue's score of the last triage, rule by rule, so that a verdict can be explained without the forge.

use std::collections::HashSet;

use common::Error;
use common::run::Run;
use records::{Reason, ScoreRule, ScoredIssue, ScoredIssues, Scores};
use triage_rules::Rules;

use crate::history::History;
use crate::triage::Triage;

/// Writes the scores of a triage run that asked for the issues at `asked_at`.
pub(crate) fn write(
    run: &Run,
    rules: &Rules,
    (ready_from, asked_at): (i64, String),
    triage: &Triage,
    history: &History,
) -> Result<(), Error> {
    let names = rules.dimensions.iter().flat_map(|dimension| {
        dimension.rules.iter().map(|rule| ScoreRule {
            id: rule.id.as_str().into(),
            dimension: dimension.name.into(),
            points: rule.points,
        })
    });
    let issues = issues(triage);
    let open: HashSet<u64> = issues.0.iter().map(|(issue, _)| *issue).collect();
    let scores = Scores {
        generated_at: asked_at,
        ready_from,
        most: rules.dimensions.iter().map(|dimension| (dimension.name.into(), dimension.max)).collect(),
        rules: names.collect(),
        issues,
        not_open: ScoredIssues(history.not_open(&open)),
    };
    Ok(run.store.scores().replace_compact(&scores)?)
}

fn issues(triage: &Triage) -> ScoredIssues<'_> {
    let Triage { ready, not_ready, in_work, quarantined, .. } = triage;
    let lists = [
        (Reason::Ready, ready),
        (Reason::NotReady, not_ready),
        (Reason::InWork, in_work),
        (Reason::Quarantined, quarantined),
    ];
    let mut issues = Vec::with_capacity(triage.scored);
    for (reason, list) in lists {
        issues.extend(list.iter().map(|scored| {
            let issue = ScoredIssue {
                title: scored.item.title.as_str().into(),
                kind: scored.item.kind,
                score: scored.total(),
                reason: reason.code().into(),
                holds: scored.holding.as_slice().into(),
                content: Some(scored.content),
                changed_at: scored.item.changed_at.as_deref().map(Into::into),
                in_work: scored.in_work.clone(),
            };
            (scored.item.issue, issue)
        }));
    }
    ScoredIssues(issues)
}
