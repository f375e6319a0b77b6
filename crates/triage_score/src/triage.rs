//! The result of a triage run: the scored issues, sorted into ready, not ready, in work and quarantined.

use chrono::{DateTime, Utc};
use eligibility::quarantine::{self, Decision};
use records::{QuarantineEntry, parse_time};
use triage_rules::Rules;

use crate::scorer::{self, Scored};

/// What a triage run found, in the queue's order.
pub(crate) struct Triage {
    pub total_open: usize,
    pub scored: usize,
    pub ready: Vec<Scored>,
    pub not_ready: Vec<Scored>,
    /// Those that an open pull request closes.
    pub in_work: Vec<Scored>,
    pub quarantined: Vec<Scored>,
    pub newly_quarantined: Vec<u64>,
}

impl Triage {
    /// Returns how many issues are not ready, those in work included.
    pub(crate) fn count_not_ready(&self) -> usize {
        self.not_ready.len() + self.in_work.len()
    }
}

/// Sorts the scored issues into ready, not ready, in work and quarantined.
pub(crate) fn partition(
    scored: Vec<Scored>,
    rules: &Rules,
    decision: &Decision,
    last_triage: Option<DateTime<Utc>>,
) -> Triage {
    let total_open = scored.len();
    let (mut ready, mut not_ready, mut in_work, mut quarantined) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for scored in scored {
        if quarantine::contains(&decision.quarantine, scored.item.issue) {
            quarantined.push(scored);
        } else if scored.in_work.is_some() {
            in_work.push(scored);
        } else if scored.item.ready {
            ready.push(scored);
        } else {
            not_ready.push(scored);
        }
    }
    for list in [&mut ready, &mut not_ready, &mut in_work, &mut quarantined] {
        scorer::sort(list, &rules.ordering);
    }
    not_ready.sort_by_key(|scored| std::cmp::Reverse(scored.total()));
    let newly_quarantined = newly_quarantined(decision, last_triage);
    Triage { total_open, scored: total_open, ready, not_ready, in_work, quarantined, newly_quarantined }
}

/// The issues that were put into quarantine since the last triage: by this decision, or by the guard or a record since.
fn newly_quarantined(decision: &Decision, last_triage: Option<DateTime<Utc>>) -> Vec<u64> {
    let is_new = |entry: &QuarantineEntry| {
        let since = entry.quarantined_at.as_deref().and_then(parse_time);
        since.zip(last_triage).is_some_and(|(since, last)| since > last)
    };
    let quarantine = &decision.quarantine;
    let since =
        quarantine.numbers().filter(|issue| quarantine.get(&issue.to_string()).is_some_and(|entry| is_new(&entry)));
    let mut newly: Vec<u64> = decision.newly.iter().copied().chain(since).collect();
    newly.sort_unstable();
    newly.dedup();
    newly
}
