//! Why something was decided: one closed list of codes, each with its meaning and what changes it. A code that is in it
//! stays; programs may rely on them.

use std::fmt;

use serde::{Serialize, Serializer};

/// What a decision was about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// Whether the loop has work.
    Loop,
    /// Whether an issue is worked on.
    Issue,
    /// Whether something is on the agenda.
    Agenda,
    /// Whether an automation ran.
    Automation,
}

impl Subject {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loop => "loop",
            Self::Issue => "issue",
            Self::Agenda => "agenda",
            Self::Automation => "automation",
        }
    }
}

/// Makes the list: each reason with its code, subject, meaning and what would change it.
macro_rules! reasons {
    ($($name:ident, $code:literal, $subject:ident, $meaning:literal, $change:literal;)+) => {
        /// A reason.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum Reason { $(#[doc = $meaning] $name,)+ }

        /// All reasons, in the order of the documentation.
        pub const REASONS: &[Reason] = &[$(Reason::$name,)+];

        impl Reason {
            /// Returns the code that is in files and JSON.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// Returns what the decision was about.
            pub fn subject(self) -> Subject {
                match self { $(Self::$name => Subject::$subject,)+ }
            }

            /// Returns what it means, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }

            /// Returns what would change it, in a sentence; empty where nothing has to.
            pub fn change(self) -> &'static str {
                match self { $(Self::$name => $change,)+ }
            }
        }
    };
}

reasons! {
    Work, "work", Loop, "The queue holds at least one issue that is ready, open and not in quarantine.", "";
    NoQueue, "no_queue", Loop, "There is no queue yet.", "Run the triage: triage_score.";
    QueueDamaged, "queue_damaged", Loop, "The queue cannot be read, so it counts as empty.", "Run the triage, triage_score: it keeps the damaged file and recreates the queue.";
    QueueEmpty, "queue_empty", Loop, "The queue is there, but no item in it is ready.", "triage_score --explain N shows which rules hold for an issue that should be ready.";
    AllQuarantined, "all_quarantined", Loop, "Every ready issue is in quarantine.", "Split these issues or describe what is missing in them, then release each: triage_score --release N.";
    AllClosed, "all_closed", Loop, "Every ready issue was closed on the forge since the queue was written.", "Run the triage for a new queue: triage_score.";
    AllWaiting, "all_waiting", Loop, "Every ready issue waits: for the end of its cool-down, for a person, for another issue or for its release from quarantine.", "The first one that waits for a time is given out at the time that loop_guard --status and timmy why idle name; the settings cooldown and retry_after of the guard change it.";

    IdleCycle, "idle_cycle", Loop, "The cycle had neither issue nor duration: it was idle, and is not recorded.", "";

    Ready, "ready", Issue, "Its score reaches the threshold, and it is not in quarantine: it is in the queue.", "";
    NotReady, "not_ready", Issue, "Its score is below the threshold.", "Describe in the issue where the work is and when it is done: the rules that do not hold name what is missing.";
    Quarantined, "quarantined", Issue, "Cycles kept failing on it, so it is kept out of the queue.", "Split it or describe what is missing, then release it: triage_score --release N; a cycle that succeeds releases it too.";
    Released, "released", Issue, "It was in quarantine at the last triage, and is released since: it waits for the next triage.", "Run the triage, triage_score: it puts the issue back into the queue if its score reaches the threshold.";
    CoolDown, "cool_down", Issue, "A cycle succeeded on it a short time ago, and it is still open: it waits for its review.", "It is given out again after the guard's cooldown (a day unless set), or once its text or labels change; close it if it is done.";
    RetryLater, "retry_later", Issue, "A cycle failed on it a short time ago.", "It is given out again after the guard's retry_after (by the number of failures), or once its text or labels change.";
    InWork, "in_work", Issue, "An open pull request closes it, or it is labelled as waiting.", "Review the pull request: merged, it closes the issue; closed, the issue is given out again.";
    BlockedBy, "blocked_by", Issue, "It depends on an issue that is open.", "Close the issue that blocks it, or remove the dependency on the forge.";
    MergedStillOpen, "merged_still_open", Issue, "A pull request of a cycle on it was merged, and it is still open.", "Close it if it is done; else say in it what is missing: a change of its text or labels, or a comment of a trusted person, brings it back.";
    Assigned, "assigned", Issue, "It is assigned to a person.", "Take the assignee off, or name the agent's account in agent_logins.";
    Locked, "locked", Issue, "Its conversation is locked.", "Unlock it on the forge.";
    NotTriaged, "not_triaged", Issue, "No triage has seen it: there was none yet, or it is closed, a pull request, newer than the last triage, or does not exist.", "Run the triage, triage_score; an issue that is open is scored then.";

    OnAgenda, "on_agenda", Agenda, "It is on the last agenda.", "";
    NoCandidate, "no_candidate", Agenda, "It has no candidate or size label, and is not in the queue.", "Give it a label of candidate_labels or size_labels.";
    NoTime, "no_time", Agenda, "It did not fit into the minutes that were left, or its kind of work had its share.", "Raise agenda_time_minutes, or give it a size label that is true.";
    AgendaFull, "agenda_full", Agenda, "The agenda had its largest number of items.", "Raise max_agenda_items.";

    RanWell, "ran_well", Automation, "It ran and did its work; an expected negative result counts as that.", "";
    RanFailed, "ran_failed", Automation, "It ran and could not do its work.", "Read its log, .loop/logs/ID.log, and last_error.";
    TimedOut, "timed_out", Automation, "It took longer than its timeout, and was ended with all processes that it had started.", "Raise `timeout` in its config, or find in its log where it hangs.";
    Stopped, "stopped", Automation, "It was ended because the program that ran it was stopped.", "";
    Interrupted, "interrupted", Automation, "Its process disappeared before it ended: it was killed, or the machine went down.", "";
    Disabled, "disabled", Automation, "The manifest has it with enabled: false.", "timmy automation enable ID.";
    Paused, "paused", Automation, "It is paused for a while.", "timmy automation resume ID.";
    Invalid, "invalid", Automation, "Its entry in the manifest cannot be used.", "Run timmy automation validate: it reports file, line and fix.";
    NotStarted, "not_started", Automation, "Its script could not be started.", "Check that it exists, is executable, and that its interpreter is installed.";
    AlreadyRunning, "already_running", Automation, "It was still running, and one run at a time is allowed.", "";
    DependencyNotOk, "dependency_not_ok", Automation, "An automation that it depends on did not succeed, or never ran.", "Check the one that it depends on: timmy why automation ID.";
    NotDue, "not_due", Automation, "It is not due yet.", "timmy schedule next lists the next runs.";
    MissedTooOld, "missed_too_old", Automation, "Its time passed while no scheduler was running, and longer ago than catch_up_hours.", "It runs at its next time; timmy automation run ID runs it now.";
    NotScheduled, "not_scheduled", Automation, "It runs when it is called: its trigger is an event of the loop, a commit, or manual.", "timmy trigger EVENT or timmy automation run ID.";
}

impl Reason {
    /// Returns the reason with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        REASONS.iter().copied().find(|reason| reason.code() == code)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_found() {
        for (index, reason) in REASONS.iter().enumerate() {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
            assert!(REASONS[..index].iter().all(|other| other.code() != reason.code()), "{reason}");
            assert!(reason.code().chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{reason}");
        }
        assert_eq!(Reason::from_code("because"), None);
    }
}
