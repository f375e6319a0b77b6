//! The one list of the files that the suite stores: where each is, what it holds, who writes and who reads it.

use crate::stored_file::{Durability, Format, StoredFile};

/// What each automation last did.
pub const AUTOMATION_STATE: StoredFile = StoredFile {
    path: "automation_state.json",
    format: Format::Object,
    about: "what each automation last did",
    writers: "every tool; `timmy` for other scripts",
    readers: "orchestrator, dashboards, `timmy`",
    durability: Durability::Derived,
    is_new: true,
    is_verified: true,
};

/// Ready issues, best first.
pub const QUEUE: StoredFile = StoredFile {
    path: "queue.json",
    format: Format::List,
    about: "ready issues, best first",
    writers: "triage_score; loop_guard removes closed issues",
    readers: "loop_guard, orchestrator, the agent, `timmy why`",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: true,
};

/// The queue before the last triage.
pub const QUEUE_BACKUP: StoredFile = StoredFile {
    path: "queue.json.bak",
    format: Format::List,
    about: "the queue before the last triage",
    writers: "triage_score",
    readers: "people",
    durability: Durability::Flushed,
    is_new: true,
    is_verified: false,
};

/// Issues kept out of the queue.
pub const QUARANTINE: StoredFile = StoredFile {
    path: "quarantine.json",
    format: Format::Object,
    about: "issues kept out of the queue",
    writers: "triage_score",
    readers: "triage_score, loop_guard, orchestrator, loop_introspect, `timmy why`",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: true,
};

/// When issues were released from quarantine.
pub const RELEASED: StoredFile = StoredFile {
    path: "quarantine_released.json",
    format: Format::Object,
    about: "when issues were released from quarantine",
    writers: "triage_score",
    readers: "triage_score",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: true,
};

/// Every issue's score by rule.
pub const SCORES: StoredFile = StoredFile {
    path: "scores.json",
    format: Format::Object,
    about: "every issue's score by rule",
    writers: "triage_score",
    readers: "`timmy why`",
    durability: Durability::Derived,
    is_new: true,
    is_verified: true,
};

/// How long the loop has been idle.
pub const IDLE_STATE: StoredFile = StoredFile {
    path: "idle_state.json",
    format: Format::Object,
    about: "how long the loop has been idle",
    writers: "loop_guard",
    readers: "loop_guard, `timmy why`",
    durability: Durability::Derived,
    is_new: false,
    is_verified: true,
};

/// The issue that was given out last.
pub const HANDOUT: StoredFile = StoredFile {
    path: "handout.json",
    format: Format::Object,
    about: "the issue that was given out last, until its cycle is recorded",
    writers: "loop_guard, cycle_retro",
    readers: "cycle_retro",
    durability: Durability::Derived,
    is_new: true,
    is_verified: true,
};

/// What the agent reports of its cycle.
pub const CYCLE_RESULT: StoredFile = StoredFile {
    path: "cycle_result.json",
    format: Format::AgentText,
    about: "the issue of the cycle, then the agent's result",
    writers: "loop_guard creates it, the agent completes it, cycle_retro removes it",
    readers: "the agent, cycle_retro",
    durability: Durability::Derived,
    is_new: false,
    is_verified: false,
};

/// The last agenda.
pub const AGENDA: StoredFile = StoredFile {
    path: "agenda.json",
    format: Format::Object,
    about: "the last agenda",
    writers: "orchestrator",
    readers: "people, the agent, `timmy why`",
    durability: Durability::Derived,
    is_new: true,
    is_verified: true,
};

/// The token ledger.
pub const TOKENS: StoredFile = StoredFile {
    path: "tokens.jsonl",
    format: Format::Log,
    about: "the token ledger",
    writers: "every tool; `timmy` for other scripts",
    readers: "orchestrator, `timmy tokens`",
    durability: Durability::Derived,
    is_new: true,
    is_verified: true,
};

/// Automations that are paused.
pub const PAUSES: StoredFile = StoredFile {
    path: "pauses.json",
    format: Format::Object,
    about: "automations that are paused",
    writers: "`timmy automation pause`",
    readers: "every tool",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: true,
};

/// What the scheduler has begun.
pub const SCHEDULE: StoredFile = StoredFile {
    path: "schedule.json",
    format: Format::Object,
    about: "the due runs that the scheduler has started",
    writers: "`timmy schedule`",
    readers: "`timmy schedule`",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: true,
};

/// Comparisons of old scripts and new tools.
pub const SHADOW: StoredFile = StoredFile {
    path: "shadow.jsonl",
    format: Format::Log,
    about: "comparisons of old scripts and new tools",
    writers: "`timmy shadow`",
    readers: "`timmy shadow report`",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: true,
};

/// One line a cycle.
pub const CYCLES: StoredFile = StoredFile {
    path: "retro/cycles.jsonl",
    format: Format::Log,
    about: "one line per cycle",
    writers: "cycle_retro appends, backfill_retro merges",
    readers: "cycle_retro, triage_score, orchestrator, loop_introspect, backfill_retro, `timmy why`, `timmy schedule`",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: true,
};

/// The log before the last backfill.
pub const CYCLES_BACKUP: StoredFile = StoredFile {
    path: "retro/cycles.jsonl.bak",
    format: Format::Log,
    about: "the log before the last backfill",
    writers: "backfill_retro",
    readers: "people",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: false,
};

/// Counts over the whole log of cycles.
pub const CYCLE_INDEX: StoredFile = StoredFile {
    path: "retro/cycles.index.json",
    format: Format::Object,
    about: "counts over the whole log of cycles",
    writers: "cycle_retro, backfill_retro",
    readers: "cycle_retro, backfill_retro, `timmy schedule`",
    durability: Durability::Derived,
    is_new: true,
    is_verified: false,
};

/// The last cycles in numbers.
pub const SUMMARY: StoredFile = StoredFile {
    path: "retro/summary.json",
    format: Format::Object,
    about: "the last cycles in numbers",
    writers: "cycle_retro, backfill_retro",
    readers: "people, dashboards",
    durability: Durability::Derived,
    is_new: true,
    is_verified: true,
};

/// One line a triage run.
pub const TRIAGE_LOG: StoredFile = StoredFile {
    path: "retro/triage.jsonl",
    format: Format::Log,
    about: "one line per triage run",
    writers: "triage_score appends",
    readers: "loop_guard, loop_introspect, `timmy why`",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: true,
};

/// One line a deep triage run.
pub const DEEP_TRIAGE_LOG: StoredFile = StoredFile {
    path: "retro/deep-triage.jsonl",
    format: Format::Log,
    about: "one line per deep triage run",
    writers: "none of these tools",
    readers: "loop_introspect",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: true,
};

/// What introspection concluded.
pub const INSIGHTS: StoredFile = StoredFile {
    path: "retro/insights.json",
    format: Format::Object,
    about: "what introspection concluded",
    writers: "loop_introspect",
    readers: "people, dashboards",
    durability: Durability::Derived,
    is_new: false,
    is_verified: true,
};

/// What the insights were computed from.
pub const INSIGHTS_SOURCE: StoredFile = StoredFile {
    path: "retro/insights.source.json",
    format: Format::Object,
    about: "what the insights were computed from",
    writers: "loop_introspect",
    readers: "loop_introspect",
    durability: Durability::Derived,
    is_new: true,
    is_verified: false,
};

/// What an installation replaced.
pub const INSTALLATION: StoredFile = StoredFile {
    path: "originals/install.json",
    format: Format::Object,
    about: "what an installation replaced",
    writers: "`timmy install`",
    readers: "`timmy uninstall`, `timmy doctor`",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: false,
};

/// The scripts that an installation replaced.
pub const ORIGINALS: StoredFile = StoredFile {
    path: "originals",
    format: Format::Directory,
    about: "the scripts that an installation replaced",
    writers: "`timmy install`",
    readers: "`timmy uninstall`",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: false,
};

/// The installed programs.
pub const PROGRAMS: StoredFile = StoredFile {
    path: "bin",
    format: Format::Directory,
    about: "the installed programs",
    writers: "`timmy install`",
    readers: "the links at the paths of the scripts",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: false,
};

/// Output of runs: `ID.log`, and `.1` to `.3` before it.
pub const LOGS: StoredFile = StoredFile {
    path: "logs",
    format: Format::Directory,
    about: "output of the automations that `timmy` runs: `ID.log`, older logs in `.1` to `.3`",
    writers: "`timmy`",
    readers: "people",
    durability: Durability::Derived,
    is_new: false,
    is_verified: false,
};

/// Locks of runs and of the scheduler.
pub const RUN_LOCKS: StoredFile = StoredFile {
    path: "running",
    format: Format::Directory,
    about: "one lock for the scheduler and one per running automation; none for `pre_cycle`, `post_cycle` and `pre_commit`, which several agents may run at once",
    writers: "`timmy`",
    readers: "`timmy`",
    durability: Durability::Derived,
    is_new: false,
    is_verified: false,
};

/// The manifest: the automations and their settings.
pub const MANIFEST: StoredFile = StoredFile {
    path: "automations.json",
    format: Format::Object,
    about: "the manifest: the automations and their settings",
    writers: "people, `timmy automation`",
    readers: "every tool",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: false,
};

/// Further schedules; the scheduler's settings.
pub const DAILY_RUN: StoredFile = StoredFile {
    path: "daily_run.json",
    format: Format::Object,
    about: "further schedules; the scheduler's settings",
    writers: "people",
    readers: "`timmy`, orchestrator",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: false,
};

/// The rules of triage_score.
pub const TRIAGE_RULES: StoredFile = StoredFile {
    path: "triage_rules.yaml",
    format: Format::Yaml,
    about: "the rules of triage_score",
    writers: "people",
    readers: "triage_score, pre_commit_checks",
    durability: Durability::Flushed,
    is_new: false,
    is_verified: false,
};

/// The files under `.loop/`.
pub const LOOP_FILES: [StoredFile; 27] = [
    AUTOMATION_STATE,
    QUEUE,
    QUEUE_BACKUP,
    QUARANTINE,
    IDLE_STATE,
    HANDOUT,
    CYCLE_RESULT,
    AGENDA,
    SCORES,
    PAUSES,
    SCHEDULE,
    RELEASED,
    SUMMARY,
    INSIGHTS,
    INSIGHTS_SOURCE,
    CYCLES,
    CYCLES_BACKUP,
    CYCLE_INDEX,
    TRIAGE_LOG,
    DEEP_TRIAGE_LOG,
    TOKENS,
    SHADOW,
    INSTALLATION,
    ORIGINALS,
    PROGRAMS,
    LOGS,
    RUN_LOCKS,
];

/// The files of the configuration directory.
pub const CONFIG_FILES: [StoredFile; 3] = [MANIFEST, DAILY_RUN, TRIAGE_RULES];
