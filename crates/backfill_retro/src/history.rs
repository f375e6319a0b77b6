//! Merged pull requests from the local history alone: what the messages of commits on the main line say.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use chrono::DateTime;
use git2::{Commit, Repository, Sort};
use regex::bytes::Regex;

use crate::merged::{Commits, Merged};

/// How a message names its pull request, the most certain first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Certainty {
    /// The subject of a merge commit.
    Merge,
    /// The trailer that the web form writes.
    Trailer,
    /// A number at the end of a subject, which a commit picked from elsewhere brings with it as well.
    Subject,
}

/// What a message says.
#[derive(Debug, PartialEq)]
struct Named {
    number: u64,
    title: String,
    branch: Option<String>,
    certainty: Certainty,
}

/// How a message was understood.
#[derive(Debug, PartialEq)]
enum Reading {
    /// It names a pull request of this repository.
    Named(Named),
    /// It names one of another repository, by its `owner/name`.
    Foreign(String),
    /// It names none.
    Nothing,
}

/// What a history holds.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The pull requests, each once, the oldest first.
    pub merged: Vec<Merged>,
    /// How many of them only the end of a subject names.
    pub uncertain: usize,
    /// How many commits were looked at.
    pub commits: usize,
    /// How many commits name a pull request of another repository, by its `owner/name`: they are left out.
    pub foreign: BTreeMap<String, usize>,
    /// The place of each pull request's number in `merged`. The same number twice: the more certain one counts, of equals the first.
    known: HashMap<u64, (usize, Certainty)>,
}

impl History {
    fn add(&mut self, commit: &Commit, named: Named, message: &str) {
        let (number, certainty) = (named.number, named.certainty);
        let Some(merged) = merged(commit, named, message) else { return };
        match self.known.get(&number) {
            Some((_, before)) if *before <= certainty => {}
            Some((place, _)) => {
                let place = *place;
                self.merged[place] = merged;
                self.known.insert(number, (place, certainty));
            }
            None => {
                self.known.insert(number, (self.merged.len(), certainty));
                self.merged.push(merged);
            }
        }
    }
}

/// Walks the first parents of `HEAD`. `slug` (`owner/name`) tells whose trailers count; so do those of an address that this
/// repository had before, which the forge wrote into the merge commits of that time.
///
/// # Errors
/// Why git cannot: there is no repository, or no commit.
pub(crate) fn walk(repository: &Repository, slug: Option<&str>) -> Result<History, git2::Error> {
    let mut walk = repository.revwalk()?;
    walk.push_head()?;
    walk.simplify_first_parent()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
    let mut history = History::default();
    let (mut foreign, mut former) = (Vec::new(), BTreeSet::new());
    for id in walk {
        let commit = repository.find_commit(id?)?;
        history.commits += 1;
        let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
        match read(&message, commit.parent_count(), slug) {
            Reading::Named(named) => {
                // A merge commit is the forge's own, and no commit that was picked from elsewhere.
                let is_merge = named.certainty == Certainty::Merge;
                former.extend(
                    trailers(&message).filter(|(_, number)| is_merge && *number == named.number).map(|(slug, _)| slug),
                );
                history.add(&commit, named, &message);
            }
            Reading::Foreign(slug) => foreign.push((commit.id(), slug)),
            Reading::Nothing => {}
        }
    }
    for (id, slug) in foreign {
        if !former.contains(&slug) {
            *history.foreign.entry(slug).or_default() += 1;
            continue;
        }
        let commit = repository.find_commit(id)?;
        let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
        if let Reading::Named(named) = read(&message, commit.parent_count(), Some(&slug)) {
            history.add(&commit, named, &message);
        }
    }
    history.uncertain = history.known.values().filter(|(_, certainty)| *certainty == Certainty::Subject).count();
    history.merged.sort_by_key(|merged| (merged.at, merged.number));
    Ok(history)
}

fn merged(commit: &Commit, named: Named, message: &str) -> Option<Merged> {
    Some(Merged {
        number: named.number,
        title: named.title,
        text: message.split_once('\n').map_or("", |(_, rest)| rest).to_owned(),
        labels: Vec::new(),
        branch: named.branch,
        opened: None,
        at: DateTime::from_timestamp(commit.time().seconds(), 0)?,
        commits: Commits { merge: commit.id().to_string(), ..Commits::default() },
        size: None,
    })
}

struct Patterns {
    merge: Regex,
    github: Regex,
    squash: Regex,
    trailer: Regex,
}

/// The patterns of `services/pull/merge.go` and of repositories that moved from GitHub.
#[expect(clippy::unwrap_used, reason = "literals")]
static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    merge: Regex::new(r"(?-u)^Merge pull request '(.*)' \([#!]([0-9]{1,18})\) from (\S+) into \S+$").unwrap(),
    github: Regex::new(r"(?-u)^Merge pull request #([0-9]{1,18}) from (\S+)$").unwrap(),
    squash: Regex::new(r"(?-u)^(.*) \([#!]([0-9]{1,18})\)$").unwrap(),
    trailer: Regex::new(r"(?m-u)^Reviewed-on: (\S+?)/pulls/([0-9]{1,18})[ \t\r]*$").unwrap(),
});

/// Reads a message.
fn read(message: &str, parents: usize, slug: Option<&str>) -> Reading {
    let patterns = &*PATTERNS;
    let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
    let subject = subject.trim_end();
    if parents > 1
        && let Some(named) = merge_subject(subject, body)
    {
        return Reading::Named(named);
    }
    let squash = patterns.squash.captures(subject.as_bytes());
    let title = squash.as_ref().map_or(subject.to_owned(), |found| group(found, 1));
    // A backport's pasted description brings the original's trailer with it: the last one counts.
    let is_own = |(of, _): &(String, u64)| slug.is_none_or(|slug| of.eq_ignore_ascii_case(slug));
    if let Some((_, number)) = trailers(message).filter(is_own).last() {
        return Reading::Named(Named { number, title, branch: None, certainty: Certainty::Trailer });
    }
    // Another repository's trailer says that the number is that one's too.
    if let Some((slug, _)) = trailers(message).last() {
        return Reading::Foreign(slug);
    }
    match squash.and_then(|found| number(&group(&found, 2))) {
        Some(number) => Reading::Named(Named { number, title, branch: None, certainty: Certainty::Subject }),
        None => Reading::Nothing,
    }
}

/// Reads the subject of a merge commit.
fn merge_subject(subject: &str, body: &str) -> Option<Named> {
    if let Some(found) = PATTERNS.merge.captures(subject.as_bytes()) {
        let branch = group(&found, 3).rsplit(':').next().map(str::to_owned);
        let (number, title) = (number(&group(&found, 2))?, group(&found, 1));
        return Some(Named { number, title, branch, certainty: Certainty::Merge });
    }
    let found = PATTERNS.github.captures(subject.as_bytes())?;
    // GitHub puts the title first in the body, and `owner/branch` into the subject.
    let title = body.lines().find(|line| !line.trim().is_empty()).unwrap_or(subject).trim().to_owned();
    let branch = group(&found, 2).split_once('/').map(|(_, branch)| branch.to_owned());
    Some(Named { number: number(&group(&found, 1))?, title, branch, certainty: Certainty::Merge })
}

/// The pull requests that a message's trailers name: `owner/name` in lower case, and the number. The host of the address may be
/// an old or an internal one.
fn trailers(message: &str) -> impl Iterator<Item = (String, u64)> {
    let body = message.split_once('\n').map_or("", |(_, body)| body);
    PATTERNS.trailer.captures_iter(body.as_bytes()).filter_map(|found| {
        let address = group(&found, 1).to_lowercase();
        let mut parts = address.rsplit('/').filter(|part| !part.is_empty());
        let (name, owner) = (parts.next()?, parts.next()?);
        Some((format!("{owner}/{name}"), number(&group(&found, 2))?))
    })
}

fn group(found: &regex::bytes::Captures, at: usize) -> String {
    found.get(at).map(|group| String::from_utf8_lossy(group.as_bytes()).into_owned()).unwrap_or_default()
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(number: u64, title: &str, branch: Option<&str>, certainty: Certainty) -> Reading {
        Reading::Named(Named { number, title: title.to_owned(), branch: branch.map(str::to_owned), certainty })
    }

    #[test]
    fn messages_of_every_style_are_read() {
        use Certainty::{Merge, Subject, Trailer};
        let quoted = "add permission check to 'delete branch after merge'";
        for (message, parents, expected) in [
            (
                "Merge pull request 'Rewrite OpenGraph Header' (#6447) from JakobDev/forgejo:ogrewrite into forgejo\n\nReviewed-on: https://codeberg.org/acme/app/pulls/6447\n",
                2,
                named(6447, "Rewrite OpenGraph Header", Some("ogrewrite"), Merge),
            ),
            (
                "Merge pull request 'add permission check to 'delete branch after merge'' (#5718) from issue-7 into main",
                2,
                named(5718, quoted, Some("issue-7"), Merge),
            ),
            ("Merge pull request 'x' (!3) from a/b:c into main", 2, named(3, "x", Some("c"), Merge)),
            (
                "Merge pull request #12 from timmy/issue-3\n\nFix the cache\n",
                2,
                named(12, "Fix the cache", Some("issue-3"), Merge),
            ),
            ("Merge pull request 'x' (#3) from c into main", 1, Reading::Nothing),
            ("fix: the cache (#13268)", 1, named(13268, "fix: the cache", None, Subject)),
            ("fix: keys (#12517) (#12625)", 1, named(12625, "fix: keys (#12517)", None, Subject)),
            (
                "[v15] fix (#13209)\n\nReviewed-on: https://old/acme/app/pulls/12200\nReviewed-on: https://old/acme/app/pulls/13209\n",
                1,
                named(13209, "[v15] fix", None, Trailer),
            ),
            ("ui: icons\n\nReviewed-on: https://x/acme/app/pulls/4455", 1, named(4455, "ui: icons", None, Trailer)),
            (
                "picked (#34099)\n\nReviewed-on: https://x/other/app/pulls/34099",
                1,
                Reading::Foreign("other/app".to_owned()),
            ),
            ("no number", 1, Reading::Nothing),
            ("Merge branch 'main' into x", 2, Reading::Nothing),
            ("zero (#0)", 1, Reading::Nothing),
        ] {
            assert_eq!(read(message, parents, Some("acme/app")), expected, "{message}");
        }
        let anybody = "x\n\nReviewed-on: https://x/other/app/pulls/3";
        assert_eq!(read(anybody, 1, None), named(3, "x", None, Trailer));
    }
}
