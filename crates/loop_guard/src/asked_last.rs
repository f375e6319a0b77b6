//! The last question: whether the one issue that is about to be given out may be, asked of the forge by itself. A list of what was
//! closed lately is no substitute: it has pages.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use common::run::Run;
use gitea::{Forge, ForgeError, Issue, Logins, Verdict};
use records::Reason;
use store::ready::Hold;

use crate::settings::Settings;

/// The forge, while it may be asked: its time is limited, whatever is asked.
pub(crate) struct Questions<'a> {
    forge: Forge,
    settings: &'a Settings,
    agents: Option<Logins>,
}

/// The issues that were about to be given out and, by the forge's answer, must not be.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// Those that are closed, or gone.
    pub closed: BTreeSet<u64>,
    /// Those that are held back, and why.
    pub held_back: BTreeMap<u64, Hold>,
}

/// An issue that is about to be given out.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Its number.
    pub issue: u64,
    /// When it was touched, as the queue has it; none in the queue of another writer.
    pub updated: Option<DateTime<Utc>>,
    /// When the queue was written.
    pub queue_written: Option<DateTime<Utc>>,
    /// Whether an agent works on it already, whose own pull request must not hold it back.
    pub is_under_way: bool,
}

/// What the forge says of an issue.
enum Answer {
    /// It may be given out.
    Open,
    /// It is closed, deleted, or no issue.
    Closed,
    /// It is held back.
    HeldBack(Reason, String),
}

impl Refusals {
    /// Returns why an issue is held back; closed ones are too, until they leave the queue.
    pub(crate) fn hold(&self, issue: u64) -> Option<Hold> {
        let closed = || self.closed.contains(&issue).then_some(Hold { reason: Reason::AllClosed, until: None });
        self.held_back.get(&issue).copied().or_else(closed)
    }
}

impl<'a> Questions<'a> {
    /// Connects; none for a repository without a forge, which has nothing to ask.
    pub(crate) fn begin(run: &Run, settings: &'a Settings) -> Result<Option<Self>, ForgeError> {
        let forge = gitea::connect_within(run, &settings.forge, settings.verify_timeout)?;
        Ok(forge.map(|forge| Self { forge, settings, agents: None }))
    }

    /// Asks for an issue, and notes in `refusals` what keeps it from being given out. Returns whether it may be.
    pub(crate) fn may_be_given_out(
        &mut self,
        run: &Run,
        candidate: &Candidate,
        refusals: &mut Refusals,
    ) -> Result<bool, ForgeError> {
        match self.ask(candidate)? {
            Answer::Open => return Ok(true),
            Answer::Closed => {
                run.detail(&format!("#{} is closed on the forge; it leaves the queue", candidate.issue));
                let _ = refusals.closed.insert(candidate.issue);
            }
            Answer::HeldBack(reason, why) => {
                run.detail(&format!("#{} is passed over ({reason}): {why}", candidate.issue));
                let _ = refusals.held_back.insert(candidate.issue, Hold { reason, until: None });
            }
        }
        Ok(false)
    }

    fn ask(&mut self, candidate: &Candidate) -> Result<Answer, ForgeError> {
        let issue = match self.forge.issue(candidate.issue) {
            Ok(issue) => issue,
            Err(error) if error.is_not_found() => {
                // Only who sees the repository and may read it knows that the issue is gone.
                let repository = self.forge.repository()?;
                let is_gone = repository.is_readable() && repository.has_issues != Some(false);
                return if is_gone { Ok(Answer::Closed) } else { Err(error) };
            }
            Err(error) => return Err(error),
        };
        if !issue.is_open() || issue.pull_request.is_some() {
            return Ok(Answer::Closed);
        }
        if issue.is_locked {
            return Ok(Answer::HeldBack(Reason::Locked, "its conversation is locked".to_owned()));
        }
        if let Some(person) = self.person_on(&issue) {
            return Ok(Answer::HeldBack(Reason::Assigned, format!("it is assigned to {person}")));
        }
        let has_moved = match candidate.updated {
            Some(updated) => issue.updated() != Some(updated),
            None => issue.updated() > candidate.queue_written,
        };
        if has_moved && !candidate.is_under_way { self.ask_for_events(candidate.issue) } else { Ok(Answer::Open) }
    }

    /// The person whom an issue is assigned to.
    fn person_on(&mut self, issue: &Issue) -> Option<String> {
        if issue.assignees.is_empty() {
            return None;
        }
        let agents = self.agents.get_or_insert_with(|| self.settings.people.agents(&self.forge));
        issue.assigned_person(agents).map(|user| user.login.clone())
    }

    /// Looks at what happened to an issue: an open pull request that closes it, an issue that it depends on.
    fn ask_for_events(&self, issue: u64) -> Result<Answer, ForgeError> {
        let timeline = self.forge.timeline(issue)?;
        for pull in timeline.iter().filter_map(|entry| entry.closing_pull()) {
            if Verdict::of(&self.forge.reviews(pull.number)?).changes_requested.is_empty() {
                return Ok(Answer::HeldBack(Reason::InWork, format!("the pull request #{} closes it", pull.number)));
            }
        }
        if timeline.iter().any(|entry| entry.kind == "add_dependency") {
            let dependencies = self.forge.dependencies(issue)?;
            let open: Vec<String> =
                dependencies.iter().filter(|issue| issue.is_open()).map(|issue| format!("#{}", issue.number)).collect();
            if !open.is_empty() {
                return Ok(Answer::HeldBack(Reason::BlockedBy, format!("it depends on {}", open.join(", "))));
            }
        }
        Ok(Answer::Open)
    }
}
