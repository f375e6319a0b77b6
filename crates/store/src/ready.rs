//! The one decision about what is given out: the ready items of the queue that are not held back; and why the loop is idle when
//! there is none.

use chrono::{DateTime, Utc};
use records::{QueueItem, Reason};

use crate::queue::{QueueEntry, QueueRead};
use crate::store::Store;
use host::files::FileError;

/// Why an issue is held back although it is ready.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hold {
    /// Why.
    pub reason: Reason,
    /// Until when; none where time does not end it.
    pub until: Option<DateTime<Utc>>,
}

/// The ready issues of the queue.
#[derive(Debug)]
pub struct ReadyIssues {
    /// How the reading of the queue went.
    pub read: QueueRead,
    /// How many items the queue has, ready or not.
    pub items: usize,
    /// The ready issues that are not held back, best first, each once.
    pub numbers: Vec<u64>,
    /// The best of them.
    pub first: Option<QueueItem>,
    /// The ready issues that are held back, best first.
    pub held_back: Vec<(u64, Hold)>,
}

impl ReadyIssues {
    /// Reads the queue; `hold` says which issues are not given out although they are ready. `visit` gets every item.
    ///
    /// # Errors
    /// The system refuses to read the file.
    pub fn read(
        store: &Store<'_>,
        hold: impl Fn(u64, &QueueEntry<'_>) -> Option<Hold>,
        mut visit: impl FnMut(&QueueEntry<'_>),
    ) -> Result<Self, FileError> {
        let (mut items, mut numbers, mut first, mut held_back) = (0, Vec::new(), None, Vec::new());
        let mut seen = std::collections::HashSet::new();
        let read = store.queue().read(|entry| {
            items += 1;
            visit(entry);
            let Some(issue) = entry.ready_issue() else { return };
            if !seen.insert(issue) {
                return;
            }
            if let Some(hold) = hold(issue, entry) {
                held_back.push((issue, hold));
            } else {
                numbers.push(issue);
                if first.is_none() {
                    first = entry.item();
                }
            }
        })?;
        if matches!(read, QueueRead::Damaged(_)) {
            // What was read before the damage does not count.
            (numbers, first, held_back) = (Vec::new(), None, Vec::new());
        }
        Ok(Self { read, items, numbers, first, held_back })
    }

    /// Returns why there is work, or none.
    pub fn reason(&self) -> Reason {
        let all = |reason: Reason| self.held_back.iter().all(|(_, hold)| hold.reason == reason);
        match (&self.read, self.numbers.len(), self.held_back.len()) {
            (QueueRead::Missing, ..) => Reason::NoQueue,
            (QueueRead::Damaged(_), ..) => Reason::QueueDamaged,
            (_, 1.., _) => Reason::Work,
            (_, 0, 0) => Reason::QueueEmpty,
            (_, 0, _) if all(Reason::Quarantined) => Reason::AllQuarantined,
            (_, 0, _) if all(Reason::AllClosed) => Reason::AllClosed,
            (_, 0, _) => Reason::AllWaiting,
        }
    }

    /// Returns when the first of the issues that wait is given out again.
    pub fn next_at(&self) -> Option<DateTime<Utc>> {
        self.held_back.iter().filter_map(|(_, hold)| hold.until).min()
    }

    /// Returns the position of an issue among those that are given out, from 1.
    pub fn position(&self, issue: u64) -> Option<usize> {
        self.numbers.iter().position(|number| *number == issue).map(|at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be read")]

    use super::*;

    const QUARANTINED: Hold = Hold { reason: Reason::Quarantined, until: None };
    const WAITING: Hold = Hold { reason: Reason::CoolDown, until: Some(DateTime::UNIX_EPOCH) };

    const CLOSED: Hold = Hold { reason: Reason::AllClosed, until: None };

    fn ready(queue: Option<&str>, held_back: &[(u64, Hold)]) -> (Vec<u64>, Reason) {
        let directory = tempfile::tempdir().unwrap();
        let (host, _, _) = host::Host::test(&["x"], &[], std::path::Path::new("/"));
        let store = Store::new(&host, crate::repo::Repo::at(directory.path()), true);
        store.prepare().unwrap();
        if let Some(text) = queue {
            std::fs::write(store.queue().path(), text).unwrap();
        }
        let hold =
            |issue, _: &QueueEntry<'_>| held_back.iter().find(|(number, _)| *number == issue).map(|(_, hold)| *hold);
        let ready = ReadyIssues::read(&store, hold, |_| ()).unwrap();
        assert_eq!(ready.next_at().is_some(), held_back.iter().any(|(_, hold)| *hold == WAITING));
        let reason = ready.reason();
        assert_eq!(ready.first.map(|item| item.issue), ready.numbers.first().copied());
        (ready.numbers, reason)
    }

    #[test]
    fn an_issue_is_given_out_when_it_is_ready_and_not_held_back() {
        let queue =
            r#"[{"issue": 1, "ready": true}, {"issue": 2}, {"issue": 3, "ready": true}, {"issue": 1, "ready": true}]"#;
        assert_eq!(ready(Some(queue), &[]), (vec![1, 3], Reason::Work));
        assert_eq!(ready(Some(queue), &[(1, QUARANTINED)]), (vec![3], Reason::Work));
    }

    #[test]
    fn a_loop_without_work_knows_why() {
        let queue = r#"[{"issue": 1, "ready": true}]"#;
        assert_eq!(ready(None, &[]).1, Reason::NoQueue);
        assert_eq!(ready(Some("[{\"issue\": 1, \"ready\": true}"), &[]), (vec![], Reason::QueueDamaged));
        assert_eq!(ready(Some(queue), &[(1, QUARANTINED)]).1, Reason::AllQuarantined);
        assert_eq!(ready(Some(queue), &[(1, WAITING)]).1, Reason::AllWaiting);
        assert_eq!(ready(Some(queue), &[(1, CLOSED)]).1, Reason::AllClosed);
        assert_eq!(ready(Some(r#"[{"issue": 1}]"#), &[]).1, Reason::QueueEmpty);
    }
}
