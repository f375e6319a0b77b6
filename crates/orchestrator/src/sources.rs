//! What an agenda is made of: the forge's issues and pull requests, and the files that the loop left.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use common::Error;
use common::run::Run;
use eligibility::{CoolDown, Holds};
use gitea::{ForgeError, Issue, IssueQuery, Pull, State, issues_from_file};
use host::text;
use records::{Cycle, QueueItem};
use store::queue::QueueRead;
use store::ready::ReadyIssues;

use crate::cli::Cli;
use crate::settings::Settings;

/// How far back merged pull requests are searched for issues that they may have solved.
const MERGED_LOOKBACK: TimeDelta = TimeDelta::days(30);

/// How many records at the end of the log are looked at.
const RECORDS: usize = 10_000;

/// Everything that is known when an agenda is made.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// What the forge says; none when it could not be asked.
    pub forge: Option<FromForge>,
    /// The ready items of the queue, best first, also those in quarantine; each issue once.
    pub queue: Vec<QueueItem>,
    /// The issues that are ready and not held back.
    pub ready: BTreeSet<u64>,
    /// The numbers of the issues in quarantine.
    pub quarantined: BTreeSet<u64>,
    /// The last cycles, oldest first.
    pub cycles: Vec<Cycle>,
}

/// What the forge says.
#[derive(Debug, Default)]
pub(crate) struct FromForge {
    /// The open issues.
    pub issues: Vec<Issue>,
    /// The open pull requests.
    pub pulls: Vec<Pull>,
    /// The pull requests that were merged lately.
    pub merged: Vec<Issue>,
    /// What was touched in the time of the day's summary; none unless it was asked for.
    pub touched: Option<Vec<Issue>>,
    /// The repository, `owner/name`; none where the issues came from a file.
    pub slug: Option<String>,
}

/// Why an agenda is made without the forge.
pub(crate) enum Away {
    /// It could not be asked.
    Unreachable(ForgeError),
    /// The issues came from a file.
    ByFile,
}

impl Sources {
    /// Gathers everything. A forge that cannot be asked is an answer.
    pub(crate) fn gather(run: &Run, cli: &Cli, settings: &Settings) -> Result<(Self, Option<Away>), Error> {
        let mut sources = Self::in_files(run)?;
        let away = if let Some(path) = &cli.issues {
            let file = issues_from_file(path, run.read_input(path)?)?;
            if file.unreadable > 0 {
                run.warn(&format!("{}: {} entries are not issues", path.display(), file.unreadable));
            }
            sources.forge = Some(FromForge { issues: file.open, ..FromForge::default() });
            Some(Away::ByFile)
        } else {
            match FromForge::ask(run, cli, settings) {
                Ok(forge) => {
                    sources.forge = Some(forge);
                    None
                }
                Err(error) => Some(Away::Unreachable(error)),
            }
        };
        Ok((sources, away))
    }

    fn in_files(run: &Run) -> Result<Self, Error> {
        let sources = eligibility::Sources::of_run(run);
        let holds = Holds::preview(sources, &CoolDown::of_guard(run.host, &run.manifest)?)?;
        let quarantined: BTreeSet<u64> = holds.quarantine.numbers().collect();
        let (mut queue, mut seen) = (Vec::new(), BTreeSet::new());
        let ready = ReadyIssues::read(
            &run.store,
            |issue, entry| holds.of_entry(issue, entry),
            |entry| queue.extend(entry.ready_issue().filter(|issue| seen.insert(*issue)).and_then(|_| entry.item())),
        )?;
        match &ready.read {
            QueueRead::Damaged(error) => {
                run.warn(&format!("{error}; the queue counts as empty"));
                queue.clear();
            }
            QueueRead::Intact { damaged: 0 } | QueueRead::Missing => {}
            QueueRead::Intact { damaged } => {
                let queue = run.store.queue();
                run.warn(&format!("{}: {} cannot be read", queue.path().display(), text::counted(*damaged, "item")));
            }
        }
        let cycles = run.cycles()?;
        let log = cycles.tail(RECORDS)?;
        if log.damaged > 0 {
            run.warn(&format!("{}: {} cannot be read", cycles.path().display(), text::counted(log.damaged, "line")));
        }
        let ready = ready.numbers.into_iter().collect();
        Ok(Self { forge: None, queue, ready, quarantined, cycles: log.intact })
    }

    /// The pull request of a later merge, or the number of a later successful cycle, that names an issue which is still
    /// open.
    pub(crate) fn maybe_solved(&self) -> BTreeMap<u64, String> {
        let mut solved = BTreeMap::new();
        for cycle in self.cycles.iter().filter(|cycle| cycle.success) {
            if let (Some(issue), Some(pr)) = (cycle.issue, cycle.pr) {
                solved.insert(issue, format!("a cycle succeeded on it (pull #{pr}), yet it is open"));
            }
        }
        for pull in self.forge.iter().flat_map(|forge| &forge.merged) {
            for issue in references(&pull.title).into_iter().chain(references(&pull.body)) {
                if issue != pull.number {
                    solved.insert(issue, format!("the merged pull #{} names it", pull.number));
                }
            }
        }
        solved
    }
}

impl FromForge {
    fn ask(run: &Run, cli: &Cli, settings: &Settings) -> Result<Self, ForgeError> {
        let forge = gitea::connect(run, &settings.forge)?;
        let now = run.host.now();
        let open = forge.issues(IssueQuery::default())?;
        let pulls = forge.open_pulls()?;
        let since = |since: DateTime<Utc>, state: State| IssueQuery { state, since: Some(since), with_pulls: true };
        let closed = forge.issues(since(now - MERGED_LOOKBACK, State::Closed))?;
        let touched = if cli.review { Some(forge.issues(since(now - settings.lookback, State::All))?) } else { None };
        let gaps = [open.gap(), pulls.gap(), closed.gap(), touched.as_ref().and_then(gitea::Listing::gap)];
        for gap in gaps.into_iter().flatten() {
            run.warn(&format!("a list from the forge is incomplete: {gap}"));
        }
        let is_merged = |issue: &Issue| issue.pull_request.as_ref().is_some_and(|mark| mark.merged);
        Ok(Self {
            issues: open.items.into_iter().filter(|issue| issue.is_open() && issue.pull_request.is_none()).collect(),
            pulls: pulls.items.into_iter().filter(|pull| pull.state != "closed").collect(),
            merged: closed.items.into_iter().filter(is_merged).collect(),
            touched: touched.map(|list| list.items),
            slug: Some(forge.slug().to_owned()),
        })
    }
}

/// Returns the issues that a text names as the forge itself would see it: `#12` between spaces or signs.
fn references(text: &str) -> Vec<u64> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    for (at, _) in text.match_indices('#') {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let digits: &str = &text[at + 1..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let after = digits[end..].chars().next();
        let opens = before.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'[' | b'\'' | b'"'));
        let closes = after.is_none_or(|c| {
            c.is_whitespace() || matches!(c, ')' | ']' | '\'' | '"' | ':' | ';' | ',' | '.' | '?' | '!')
        });
        if opens && closes {
            found.extend(digits[..end].parse::<u64>().ok().filter(|number| *number > 0));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_those_of_the_forge() {
        for (text, expected) in [
            ("Fixes #12, see (#13) and \"#14\".", vec![12, 13, 14]),
            ("#1", vec![1]),
            ("color: #333; #12px a#5 #x", vec![333]),
            ("owner/repo#7", vec![]),
            ("größe #9ß #8", vec![8]),
        ] {
            assert_eq!(references(text), expected, "{text}");
        }
    }
}
