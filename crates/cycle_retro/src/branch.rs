//! The issue that the current branch is named for.

use common::layout::Repo;
use regex::bytes::Regex;

/// Returns the number in the current branch's name (`issue-492`, `fix/issue/492`, any case); none on a detached head or
/// outside of git.
pub(crate) fn issue(repo: &Repo) -> Option<u64> {
    let repository = git2::Repository::open(repo.root()).ok()?;
    // Not `head()`: a branch without a commit has a name as well.
    let head = repository.find_reference("HEAD").ok()?;
    in_name(head.symbolic_target().ok()??.strip_prefix("refs/heads/")?)
}

fn in_name(branch: &str) -> Option<u64> {
    let pattern = Regex::new(r"(?i-u)(?:^|[^a-z0-9])issues?[-_/#]*([0-9]{1,18})(?:[^0-9]|$)").ok()?;
    let number = pattern.captures(branch.as_bytes())?.get(1)?;
    std::str::from_utf8(number.as_bytes()).ok()?.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_in_every_form() {
        for (branch, expected) in [
            ("issue-492", Some(492)),
            ("issue/492", Some(492)),
            ("fix/Issue-492-crash", Some(492)),
            ("timmy/ISSUE_7", Some(7)),
            ("issue492", Some(492)),
            ("issue-0", None),
            ("tissue-12", None),
            ("issue-", None),
            ("v1.2-issue", None),
            ("fix-492", None),
            ("main", None),
            ("issue-99999999999999999999", None),
        ] {
            assert_eq!(in_name(branch), expected, "{branch}");
        }
    }
}
