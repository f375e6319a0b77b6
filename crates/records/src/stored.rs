//! What a stored file is, and which record each holds.

use schemars::{Schema, schema_for};

use crate::stored_files as files;
use crate::{
    Agenda, AutomationState, Cycle, CycleIndex, CycleResult, DailyRunFile, DeepTriageRun, IdleState, Insights,
    InsightsSource, Installation, ManifestFile, Object, Pauses, Quarantine, QueueItem, ReleasedIssues, RulesFile,
    ScheduleState, Scores, ShadowRun, Summary, TokenLine, TriageRun,
};

/// A file, or the files of a directory.
#[derive(Debug)]
pub struct StoredFile {
    /// Its path below `.loop/`, or below the configuration directory.
    pub path: &'static str,
    /// What its text is.
    pub format: Format,
    /// What it holds, in a few words.
    pub about: &'static str,
    /// Who writes it.
    pub writers: &'static str,
    /// Who reads it.
    pub readers: &'static str,
    /// What a power cut may cost.
    pub durability: Durability,
    /// Whether the Python scripts had it; that it is there is a difference otherwise.
    pub is_new: bool,
    /// Whether its damage is looked for: that of caches and backups costs nothing.
    pub is_verified: bool,
}

impl StoredFile {
    /// Its path as documents show it: that of a directory ends with a slash.
    pub fn shown(&self) -> String {
        let slash = if self.format == Format::Directory { "/" } else { "" };
        format!("{}{slash}", self.path)
    }
}

/// What the text of a stored file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// One JSON object.
    Object,
    /// One JSON list.
    List,
    /// A JSON object a line.
    Log,
    /// What the agent writes: JSON with text around it.
    AgentText,
    /// A YAML document.
    Yaml,
    /// Lines of text.
    Text,
    /// A directory of other programs' files, or of locks.
    Directory,
}

/// Whether a written text must survive a power cut at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// Flushed to the disk before the call returns: records, and everything that cannot be computed again.
    Flushed,
    /// Left to the system's next flush: what can be computed again from records. A killed process loses nothing.
    Derived,
}

/// A record that is all of a document, or a line of a log, and the file that it is stored in.
pub trait Stored {
    /// The file.
    const FILE: StoredFile;
}

/// Says in which file each record is stored.
macro_rules! stored {
    ($($record:ty => $file:ident,)*) => {
        $(impl Stored for $record {
            const FILE: StoredFile = files::$file;
        })*

        /// Returns the JSON Schema of a file's document, or of a line of it where it is a log; none of a backup or a text.
        ///
        /// It is no field of [`StoredFile`], so that only programs that ask for schemas hold the code that makes them.
        pub fn schema(file: &StoredFile) -> Option<Schema> {
            $(if file.path == files::$file.path {
                return Some(schema_for!($record));
            })*
            None
        }
    };
}

stored! {
    AutomationState => AUTOMATION_STATE,
    Vec<QueueItem> => QUEUE,
    Quarantine => QUARANTINE,
    ReleasedIssues => RELEASED,
    Scores<'_> => SCORES,
    CycleResult => CYCLE_RESULT,
    Agenda => AGENDA,
    TokenLine => TOKENS,
    Pauses => PAUSES,
    ScheduleState => SCHEDULE,
    ShadowRun => SHADOW,
    Cycle => CYCLES,
    CycleIndex => CYCLE_INDEX,
    Summary => SUMMARY,
    TriageRun => TRIAGE_LOG,
    DeepTriageRun => DEEP_TRIAGE_LOG,
    Insights => INSIGHTS,
    InsightsSource => INSIGHTS_SOURCE,
    Installation => INSTALLATION,
    Object<IdleState> => IDLE_STATE,
    ManifestFile => MANIFEST,
    DailyRunFile => DAILY_RUN,
    RulesFile => TRIAGE_RULES,
}
