//! Which issues are in work: an open pull request closes them, or is made from a branch that is named for them.

use std::collections::BTreeMap;

use common::branch;
use records::{InWork, timestamp};

use crate::pull::Pull;
use crate::reference::closed_issues;

/// Returns the issues that are in work, each with the oldest of its pull requests. `slug` (`owner/name`) says which references
/// with a repository are this one's.
pub fn in_work(pulls: &[Pull], slug: Option<&str>) -> BTreeMap<u64, InWork> {
    let mut in_work: BTreeMap<u64, InWork> = BTreeMap::new();
    let mut pulls: Vec<&Pull> = pulls.iter().collect();
    pulls.sort_by_key(|pull| pull.number);
    for pull in pulls {
        let since = pull.created().map_or_else(|| pull.created_at.clone(), timestamp);
        let named = pull.head.as_ref().and_then(|head| branch::issue(&head.label));
        let closed = [&pull.title, &pull.body].into_iter().flat_map(|text| closed_issues(text, slug));
        for issue in closed.chain(named).filter(|issue| *issue != pull.number) {
            let found = InWork { pull: pull.number, since: since.clone() };
            in_work.entry(issue).or_insert(found);
        }
    }
    in_work
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::Branch;

    fn issues(title: &str, body: &str, branch: &str) -> Vec<u64> {
        let head = Branch { label: branch.to_owned(), ..Branch::default() };
        let pull = Pull { title: title.to_owned(), body: body.to_owned(), head: Some(head), ..Pull::default() };
        in_work(&[pull], Some("acme/app")).into_keys().collect()
    }

    #[test]
    fn an_issue_that_an_open_pull_request_closes_is_in_work() {
        for (title, body, branch, expected) in [
            ("Fix the cache (fixes #12)", "Closes #7", "", vec![7, 12]),
            ("x", "Closes #7\ncloses #8\r\nresolves: #9", "main", vec![7, 8, 9]),
            ("x", "fixes #1 fixes #2, fixes #3. Fixed #4", "", vec![1, 2, 3, 4]),
            ("x", "[resolves !5]", "timmy/issue-6", vec![5, 6]),
            ("x", "closes acme/app#6, closes other/app#7", "", vec![6]),
            ("x", "fixes #1a, fixes #2-3, fixes#4, fixes  #5, see #6, prefixes #7", "fix-8", vec![]),
        ] {
            assert_eq!(issues(title, body, branch), expected, "{title}: {body}");
        }
    }

    #[test]
    fn the_oldest_pull_request_counts() {
        let pull = |number: u64| Pull { number, title: "Fixes #1".to_owned(), ..Pull::default() };
        assert_eq!(in_work(&[pull(9), pull(7), pull(8)], None)[&1].pull, 7);
    }
}
