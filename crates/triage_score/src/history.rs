//! What the last triage knew of an issue, compared with what the forge says now: whether its text or labels changed, and in which
//! pull request it is in work.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use common::run::Run;
use host::files::FileError;
use records::{InWork, Scores, parse_time, timestamp};

use crate::scorer::Scored;

/// What the last triage knew.
pub(crate) struct History {
    scores: Scores<'static>,
}

/// What the forge says of the open pull requests.
#[derive(Default)]
pub(crate) struct PullRequests {
    /// The issues that an open one closes; none where the forge was not asked, or did not answer.
    pub in_work: Option<BTreeMap<u64, InWork>>,
    /// The pull requests in which an issue was in work, and which were closed since without a merge.
    pub rejected: Vec<u64>,
}

impl History {
    /// Reads what the last triage wrote.
    pub(crate) fn read(run: &Run) -> Result<Self, FileError> {
        let scores = run.store.scores().read_intact("which issues changed is not known")?;
        Ok(Self { scores: scores.unwrap_or_default() })
    }

    /// Returns the pull request in which an issue was in work.
    pub(crate) fn in_work(&self, issue: u64) -> Option<InWork> {
        self.scores.issues.get(issue)?.in_work.clone()
    }

    /// Returns the pull requests in which an issue was in work that is not in work any more.
    pub(crate) fn ended_pulls(&self, in_work: &BTreeMap<u64, InWork>) -> Vec<u64> {
        let known = self.scores.issues.0.iter().filter_map(|(issue, known)| Some((issue, known.in_work.as_ref()?)));
        let ended = known.filter(|(issue, _)| !in_work.contains_key(issue));
        let mut pulls: Vec<u64> = ended.map(|(_, known)| known.pull).collect();
        pulls.sort_unstable();
        pulls.dedup();
        pulls
    }

    /// Completes the scored issues. An issue has changed when its text or labels are others than at the last triage (the forge's
    /// `updated_at` alone moves with every reference to it), or when its pull request was closed without a merge.
    pub(crate) fn complete(&self, scored: &mut [Scored], pulls: &PullRequests, now: DateTime<Utc>) {
        let known: HashMap<u64, _> = self.scores.issues.0.iter().map(|(issue, known)| (*issue, known)).collect();
        for scored in scored {
            let number = scored.item.issue;
            let known = known.get(&number);
            let was_in_work = known.and_then(|known| known.in_work.as_ref());
            scored.in_work = match &pulls.in_work {
                Some(in_work) => in_work.get(&number).cloned(),
                None => was_in_work.cloned(),
            };
            let Some(known) = known else { continue };
            let is_rejected = was_in_work.is_some_and(|known| pulls.rejected.contains(&known.pull));
            scored.item.changed_at = if is_rejected {
                Some(timestamp(now))
            } else if known.content.is_some_and(|content| content != scored.content) {
                // What the agent itself changed is older than the record of its cycle, by this time and not by that of the triage.
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
}
