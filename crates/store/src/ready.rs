//! The one decision about what is ready: the ready items of the queue that are not in quarantine; and why the loop is idle when
//! there is none.

use records::{QueueItem, Reason};

use crate::queue::{QueueEntry, QueueRead};
use crate::store::Store;
use host::files::FileError;

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
    pub held_back: Vec<u64>,
}

impl ReadyIssues {
    /// Reads the queue; `is_held_back` says which issues are not given out although they are ready. `visit` gets every item.
    ///
    /// # Errors
    /// The system refuses to read the file.
    pub fn read(
        store: &Store<'_>,
        is_held_back: impl Fn(u64) -> bool,
        mut visit: impl FnMut(&QueueEntry<'_>),
    ) -> Result<Self, FileError> {
        let (mut items, mut numbers, mut first, mut held_back) = (0, Vec::new(), None, Vec::new());
        let mut seen = std::collections::HashSet::new();
        let read = store.queue().read(|entry| {
            items += 1;
            visit(entry);
            let Some(issue) = entry.ready_issue() else { return };
            if is_held_back(issue) {
                held_back.push(issue);
            } else if seen.insert(issue) {
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

    /// Returns why there is work, or none. `were_closed` says that the forge closed what was ready since the queue was written.
    pub fn reason(&self, were_closed: bool) -> Reason {
        match (&self.read, self.numbers.len(), self.held_back.len()) {
            (QueueRead::Missing, ..) => Reason::NoQueue,
            (QueueRead::Damaged(_), ..) => Reason::QueueDamaged,
            (_, 1.., _) => Reason::Work,
            (_, 0, 1..) => Reason::AllQuarantined,
            (_, 0, 0) if were_closed => Reason::AllClosed,
            (_, 0, 0) => Reason::QueueEmpty,
        }
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

    fn ready(queue: Option<&str>, held_back: &[u64], were_closed: bool) -> (Vec<u64>, Reason) {
        let directory = tempfile::tempdir().unwrap();
        let (host, _, _) = host::Host::test(&["x"], &[], std::path::Path::new("/"));
        let store = Store::new(&host, crate::repo::Repo::at(directory.path()), true);
        store.prepare().unwrap();
        if let Some(text) = queue {
            std::fs::write(store.queue().path(), text).unwrap();
        }
        let ready = ReadyIssues::read(&store, |issue| held_back.contains(&issue), |_| ()).unwrap();
        let reason = ready.reason(were_closed);
        assert_eq!(ready.first.map(|item| item.issue), ready.numbers.first().copied());
        (ready.numbers, reason)
    }

    #[test]
    fn an_issue_is_given_out_when_it_is_ready_and_not_held_back() {
        let queue =
            r#"[{"issue": 1, "ready": true}, {"issue": 2}, {"issue": 3, "ready": true}, {"issue": 1, "ready": true}]"#;
        assert_eq!(ready(Some(queue), &[], false), (vec![1, 3], Reason::Work));
        assert_eq!(ready(Some(queue), &[1], false), (vec![3], Reason::Work));
    }

    #[test]
    fn a_loop_without_work_knows_why() {
        let queue = r#"[{"issue": 1, "ready": true}]"#;
        assert_eq!(ready(None, &[], false).1, Reason::NoQueue);
        assert_eq!(ready(Some("[{\"issue\": 1, \"ready\": true}"), &[], false), (vec![], Reason::QueueDamaged));
        assert_eq!(ready(Some(queue), &[1], true).1, Reason::AllQuarantined);
        assert_eq!(ready(Some("[]"), &[], true).1, Reason::AllClosed);
        assert_eq!(ready(Some(r#"[{"issue": 1}]"#), &[], false).1, Reason::QueueEmpty);
    }
}
