//! Which record each stored file holds.

use schemars::{Schema, schema_for};

use crate::agenda::Agenda;
use crate::automation_state::AutomationState;
use crate::cycle::Cycle;
use crate::cycle_index::CycleIndex;
use crate::cycle_result::CycleResult;
use crate::daily_run::DailyRunFile;
use crate::handout::Handout;
use crate::idle_state::IdleState;
use crate::insights::{Insights, InsightsSource};
use crate::installation::Installation;
use crate::manifest::ManifestFile;
use crate::object::Object;
use crate::pauses::Pauses;
use crate::quarantine::{Quarantine, ReleasedIssues};
use crate::queue::QueueItem;
use crate::schedule_state::ScheduleState;
use crate::scores::Scores;
use crate::shadow::ShadowRun;
use crate::stored_file::StoredFile;
use crate::stored_files as files;
use crate::summary::Summary;
use crate::token_line::TokenLine;
use crate::triage_rules::RulesFile;
use crate::triage_run::{DeepTriageRun, TriageRun};

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
    Object<Handout> => HANDOUT,
    ManifestFile => MANIFEST,
    DailyRunFile => DAILY_RUN,
    RulesFile => TRIAGE_RULES,
}
