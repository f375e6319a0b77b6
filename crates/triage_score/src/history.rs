//! What the last triage knew of an issue, compared with what the forge says now: whether its text or labels changed, and in which
//! pull request it is in work.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use common::Error;
use common::run::Run;
use eligibility::Sources;
use eligibility::worked_on::{LastCycle, last_cycles};
use records::{InWork, ScoredIssue, Scores, parse_time, timestamp};

use crate::scorer::Scored;

/// How far the forge's clock may be behind.
const SLACK: TimeDelta = TimeDelta::minutes(10);

/// What the last triage knew, and the records since.
pub(crate) struct History {
    scores: Scores<'static>,
    cycles: BTreeMap<u64, LastCycle>,
}

/// What the forge says of pull requests.
#[derive(Default)]
pub(crate) struct PullRequests {
    /// The issues that an open one closes; none where the forge was not asked, or did not answer.
    pub in_work: Option<BTreeMap<u64, InWork>>,
    /// Those that are not open any more, and were not merged, with the time of their end; none of a deleted one.
    pub rejected: BTreeMap<u64, Option<DateTime<Utc>>>,
    /// Those that the forge was asked for, without an answer.
    pub unknown: BTreeSet<u64>,
}

impl History {
    /// Reads what the last triage wrote, and the records.
    pub(crate) fn read(run: &Run) -> Result<Self, Error> {
        let scores = run.store.scores().read_intact("which issues changed is not known")?;
        Ok(Self { scores: scores.unwrap_or_default(), cycles: last_cycles(Sources::of_run(run))? })
    }

    /// Returns the pull request in which an issue was in work.
    pub(crate) fn in_work(&self, issue: u64) -> Option<InWork> {
        self.scores.issues.get(issue)?.in_work.clone()
    }

    /// What is known of every issue.
    fn known(&self) -> impl Iterator<Item = &(u64, ScoredIssue<'static>)> {
        self.scores.issues.0.iter().chain(&self.scores.not_open.0)
    }

    /// Returns what is known of the issues that a cycle worked on lately, and that are not among the `open` ones.
    pub(crate) fn not_open(&self, open: &HashSet<u64>) -> Vec<(u64, ScoredIssue<'static>)> {
        let is_kept = |issue: &u64| !open.contains(issue) && self.cycles.contains_key(issue);
        self.known().filter(|(issue, _)| is_kept(issue)).cloned().collect()
    }

    /// Returns the pull requests that ended since the last triage, or that a cycle made and no triage saw open.
    pub(crate) fn ended_pulls(&self, in_work: &BTreeMap<u64, InWork>) -> Vec<u64> {
        let known = self.scores.issues.0.iter().filter(|(issue, _)| !in_work.contains_key(issue));
        let pulls: BTreeSet<u64> = known
            .flat_map(|(issue, known)| {
                let recorded = self.unseen_pull(*issue, known).map(|(pull, _)| pull);
                known.in_work.as_ref().map(|in_work| in_work.pull).into_iter().chain(recorded)
            })
            .collect();
        pulls.into_iter().collect()
    }

    /// The pull request that the last cycle on an issue made, with the time of the record, unless the issue has changed since.
    fn unseen_pull(&self, issue: u64, known: &ScoredIssue<'_>) -> Option<(u64, DateTime<Utc>)> {
        let changed = known.changed_at.as_deref().and_then(parse_time);
        let cycle = self.cycles.get(&issue).filter(|cycle| changed.is_none_or(|changed| changed < cycle.time))?;
        Some((cycle.pull?, cycle.time))
    }

    /// Whether the pull request of an issue ended without a merge. Where only a record names it, the end must be known and not
    /// lie before the record: an agent may name any.
    fn is_rejected(&self, issue: u64, known: &ScoredIssue<'_>, pulls: &PullRequests) -> bool {
        let was_seen = known.in_work.as_ref().is_some_and(|in_work| pulls.rejected.contains_key(&in_work.pull));
        let ended_after = |(pull, recorded): (u64, DateTime<Utc>)| {
            let ended = pulls.rejected.get(&pull).copied().flatten();
            ended.is_some_and(|ended| ended + SLACK >= recorded)
        };
        was_seen || self.unseen_pull(issue, known).is_some_and(ended_after)
    }

    /// Completes the scored issues. An issue has changed when its text or labels are others than at the last triage (the forge's
    /// `updated_at` alone moves with every reference to it), or when its pull request ended without a merge.
    pub(crate) fn complete(&self, scored: &mut [Scored], pulls: &PullRequests, now: DateTime<Utc>) {
        let known: HashMap<u64, _> = self.known().map(|(issue, known)| (*issue, known)).collect();
        for scored in scored {
            let number = scored.item.issue;
            let known = known.get(&number);
            let was_in_work = known.and_then(|known| known.in_work.as_ref());
            let is_unknown = was_in_work.is_some_and(|known| pulls.unknown.contains(&known.pull));
            scored.in_work = match &pulls.in_work {
                Some(in_work) => in_work.get(&number).or(was_in_work.filter(|_| is_unknown)).cloned(),
                None => was_in_work.cloned(),
            };
            let Some(known) = known else { continue };
            let is_open = scored.in_work.is_some();
            let is_rejected = !is_open && self.is_rejected(number, known, pulls);
            let is_changed = known.content.is_some_and(|content| content != scored.content);
            scored.item.changed_at = if is_rejected {
                Some(timestamp(now))
            } else if is_changed && !self.may_be_of_agent(number) {
                Some(
                    parse_time(&scored.item.updated)
                        .filter(|updated| *updated <= now)
                        .map_or_else(|| timestamp(now), timestamp),
                )
            } else {
                known.changed_at.as_deref().map(str::to_owned)
            };
        }
    }

    /// Whether a change since the last triage may be the agent's own: a cycle on the issue was recorded since. The forge tells no
    /// time of a change: its `updated_at` also moves when a pull request refers to the issue.
    fn may_be_of_agent(&self, issue: u64) -> bool {
        let last_triage = parse_time(&self.scores.generated_at);
        self.cycles.get(&issue).is_some_and(|cycle| last_triage.is_none_or(|triage| cycle.time >= triage))
    }
}
