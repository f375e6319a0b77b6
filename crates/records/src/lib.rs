//! The types of all stored files (under `.loop/` and in the configuration directory), and of reason codes, epochs and
//! triggers.
//!
//! The border: no I/O, no clock, no environment. Reading is lenient: existing files lack fields and have them in other types,
//! and a field that cannot be read is none. Fields that a type does not know are kept in its `other`.
//!
//! [`stored_files`] lists the files; each has the type that its row names. [`Object`] and [`Entries`] are objects that several
//! programs write.

mod agenda;
mod automation_state;
mod cycle;
mod cycle_index;
mod cycle_result;
mod daily_run;
mod deferred;
mod epoch;
mod failure_class;
mod fingerprint;
mod handout;
mod idle_state;
pub mod insights;
mod installation;
mod issue_type;
mod lenient;
mod manifest;
mod number;
mod object;
mod pauses;
pub mod pyjson;
mod quarantine;
mod queue;
mod reason;
mod schedule_state;
mod scores;
mod shadow;
mod stored;
mod stored_file;
pub mod stored_files;
mod summary;
mod time;
mod token_economy;
mod token_line;
pub mod triage_rules;
mod triage_run;
mod trigger;
pub mod written;

pub use agenda::{
    Action, Agenda, AgendaItem, LeftOut, Review, ReviewCycles, ReviewFailure, ReviewIssues, ReviewPulls, ReviewTokens,
};
pub use automation_state::{AutomationEntry, AutomationState, Status};
pub use cycle::{Cycle, MainChecks, Seconds, is_void};
pub use cycle_index::CycleIndex;
pub use cycle_result::CycleResult;
pub use daily_run::{DailyRunFile, Schedule};
pub use deferred::Deferred;
pub use epoch::Epoch;
pub use failure_class::FailureClass;
pub use fingerprint::{FileIdentity, Fingerprint};
pub use handout::Handout;
pub use idle_state::IdleState;
pub use insights::{Insights, InsightsSource};
pub use installation::{Installation, InstalledPath, Original};
pub use issue_type::IssueType;
pub use manifest::{ManifestEntry, ManifestFile};
pub use number::number_in;
pub use object::{Entries, Object, OtherFields, Record, Replacement};
pub use pauses::{Pause, PauseEntry, Pauses};
pub use quarantine::{Quarantine, QuarantineEntry, Release, ReleasedIssues};
pub use queue::{QueueItem, QueueItemAdditions};
pub use reason::{REASONS, Reason, Subject};
pub use schedule_state::{ScheduleSlot, ScheduleState};
pub use scores::{InWork, ScoreRule, ScoredIssue, ScoredIssues, Scores};
pub use shadow::{Difference, ShadowRun, ShadowSide};
pub use stored::{Stored, schema};
pub use stored_file::{Durability, Format, StoredFile};
pub use summary::{RecentFailure, Summary, TypeSummary, rate};
pub use time::{minute, parse_time, timestamp};
pub use token_economy::TOKEN_ECONOMY;
pub use token_line::TokenLine;
pub use triage_rules::RulesFile;
pub use triage_run::{DeepTriageRun, IssueNumbers, IssueScores, TriageRun};
pub use trigger::{DeclaredTrigger, Trigger, TriggerError};
