//! The issue that the current branch is named for.

use common::branch;
use store::Repo;

/// Returns the number in the current branch's name; none on a detached head or outside of git.
pub(crate) fn issue(repo: &Repo) -> Option<u64> {
    let repository = git_repository::open(repo.root()).ok()?;
    // Not `head()`: a branch without a commit has a name as well.
    let head = repository.find_reference("HEAD").ok()?;
    branch::issue(head.symbolic_target().ok()??.strip_prefix("refs/heads/")?)
}
