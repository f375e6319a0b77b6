//! The result of a triage run: the scored issues, sorted into ready, not ready and quarantined.

use triage_rules::Rules;

use crate::quarantine::{self, Decision};
use crate::scorer::{self, Scored};

/// What a triage run found, in the queue's order.
pub(crate) struct Triage {
    pub total_open: usize,
    pub scored: usize,
    pub ready: Vec<Scored>,
    pub not_ready: Vec<Scored>,
    pub quarantined: Vec<Scored>,
    pub newly_quarantined: Vec<u64>,
}

/// Sorts the scored issues into ready, not ready and quarantined.
pub(crate) fn partition(scored: Vec<Scored>, rules: &Rules, decision: Decision) -> Triage {
    let total_open = scored.len();
    let (mut ready, mut not_ready, mut quarantined) = (Vec::new(), Vec::new(), Vec::new());
    for scored in scored {
        if quarantine::contains(&decision.quarantine, scored.item.issue) {
            quarantined.push(scored);
        } else if scored.item.ready {
            ready.push(scored);
        } else {
            not_ready.push(scored);
        }
    }
    for list in [&mut ready, &mut not_ready, &mut quarantined] {
        scorer::sort(list, &rules.ordering);
    }
    not_ready.sort_by_key(|scored| std::cmp::Reverse(scored.total()));
    let newly_quarantined = decision.newly;
    Triage { total_open, scored: total_open, ready, not_ready, quarantined, newly_quarantined }
}
