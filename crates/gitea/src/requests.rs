//! What is asked for: issues, pull requests, and what is only asked of one of them.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::client::Forge;
use crate::discussion::{Comment, Review, TimelineEntry};
use crate::error::ForgeError;
use crate::issue::{Issue, User};
use crate::listing::{Listing, fetch_concurrently, fetch_to_the_end};
use crate::page::{Page, RawPage};
use crate::pull::Pull;
use crate::query::IssueQuery;
use crate::repository::{PushedBranch, Repository};

impl Forge {
    /// Fetches every issue that `query` asks for.
    ///
    /// # Errors
    /// The forge does not answer, refuses, or answers something else.
    pub fn issues(&self, query: IssueQuery) -> Result<Listing<Issue>, ForgeError> {
        self.issues_as(query, |issue| issue)
    }

    /// Fetches every issue that `query` asks for, and converts each with `convert`, while other pages are
    /// still under way.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn issues_as<U>(&self, query: IssueQuery, convert: impl FnMut(Issue) -> U) -> Result<Listing<U>, ForgeError> {
        self.list(&query.path(), convert)
    }

    /// Fetches the first page of what `query` asks for: at most 50 issues, the latest opened first. `total` says how
    /// many there are.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn some_issues(&self, query: IssueQuery) -> Result<Page<Issue>, ForgeError> {
        self.page(&query.path(), 1).and_then(RawPage::parse)
    }

    /// Fetches one issue, open or closed.
    ///
    /// # Errors
    /// As [`Forge::issues`]; there is no such issue.
    pub fn issue(&self, number: u64) -> Result<Issue, ForgeError> {
        let path = format!("/issues/{number}");
        let issue: Issue = self.one(&path, "an issue")?;
        if issue.number == number {
            return Ok(issue);
        }
        // An issue that the server failed to load has the number 0.
        let problem = format!("the response is not the issue #{number}");
        Err(ForgeError::Unreadable { url: format!("{}{path}", self.address()), problem })
    }

    /// Fetches every open pull request, the oldest first.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn open_pulls(&self) -> Result<Listing<Pull>, ForgeError> {
        self.list("pulls?state=open&sort=oldest", |pull: Pull| pull)
    }

    /// Fetches every closed pull request that was merged, the oldest first; those closed without a merge are
    /// none.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn merged_pulls(&self) -> Result<Listing<Option<Pull>>, ForgeError> {
        self.list("pulls?state=closed&sort=oldest", |pull: Pull| pull.merged.then_some(pull))
    }

    /// Fetches pull requests one by one, several side by side; `take` gets each in this thread as it arrives.
    ///
    /// # Errors
    /// What `take` returns.
    pub fn each_pull<E>(
        &self,
        numbers: &[u64],
        mut take: impl FnMut(u64, Result<Pull, ForgeError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let fetch = |at: usize| (numbers[at], self.one(&format!("/pulls/{}", numbers[at]), "a pull request"));
        fetch_concurrently(self.concurrency(), 0..numbers.len(), fetch, |pulls| {
            for (number, pull) in pulls {
                take(number, pull)?;
            }
            Ok(())
        })
    }

    /// Fetches all that happened to an issue, the oldest first.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn timeline(&self, issue: u64) -> Result<Vec<TimelineEntry>, ForgeError> {
        let path = format!("issues/{issue}/timeline");
        // The server counts only what is in its answer, so the list ends where a page is empty.
        fetch_to_the_end(false, |page| self.page(&path, page)?.parse(), |entry: &TimelineEntry| entry.id)
    }

    /// Fetches the issues that an issue depends on, open and closed ones.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn dependencies(&self, issue: u64) -> Result<Vec<Issue>, ForgeError> {
        let path = format!("issues/{issue}/dependencies");
        fetch_to_the_end(true, |page| self.page(&path, page)?.parse(), |issue: &Issue| issue.id)
    }

    /// Fetches the reviews of a pull request, the oldest first.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn reviews(&self, pull: u64) -> Result<Vec<Review>, ForgeError> {
        let path = format!("pulls/{pull}/reviews");
        fetch_to_the_end(true, |page| self.page(&path, page)?.parse(), |review: &Review| review.id)
    }

    /// Fetches the comments of an issue that were written or edited at `since` or later. They come without pages.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn comments(&self, issue: u64, since: DateTime<Utc>) -> Result<Vec<Comment>, ForgeError> {
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        self.one(&format!("/issues/{issue}/comments?since={since}"), "a list of comments")
    }

    /// Fetches the branches.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn branches(&self) -> Result<Vec<PushedBranch>, ForgeError> {
        fetch_to_the_end(true, |page| self.page("branches", page)?.parse(), |branch: &PushedBranch| branch.name.clone())
    }

    /// Fetches the accounts that may write to the repository besides its owner, as far as the forge lists them.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn collaborators(&self) -> Result<Vec<User>, ForgeError> {
        fetch_to_the_end(true, |page| self.page("collaborators", page)?.parse(), |user: &User| user.login.clone())
    }

    /// Fetches the repository itself.
    ///
    /// # Errors
    /// As [`Forge::issues`].
    pub fn repository(&self) -> Result<Repository, ForgeError> {
        self.one("", "a repository")
    }

    /// Fetches the account that the token belongs to.
    ///
    /// # Errors
    /// As [`Forge::issues`]; the token does not allow it.
    pub fn account(&self) -> Result<User, ForgeError> {
        self.read(format!("{}/user", self.api()), "an account")
    }
}
