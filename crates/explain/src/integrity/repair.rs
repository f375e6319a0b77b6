//! Damaged bytes are moved into files next to where they are; none is dropped, and what is intact stays byte for byte.

use automations::Context;
use common::error::chain;
use common::{Error, cycle_log_settings};
use host::files::FileError;
use serde::Serialize;

use super::foreign::{HandOver, hand_over};
use super::leftover::{UnusedFile, remove_temporary};

/// What was repaired.
#[derive(Debug, Serialize)]
pub struct Repairs {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// The files that were damaged.
    pub repaired: Vec<Repair>,
    /// The entries that the loop's user could not write.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handed_over: Vec<HandOver>,
    /// The temporary files of killed writers that were removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// The other files that no tool reads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unused: Vec<UnusedFile>,
    /// Whether every file could be read, and the loop's user can write all of them.
    #[serde(skip)]
    pub is_whole: bool,
}

/// One file.
#[derive(Debug, Serialize)]
pub struct Repair {
    /// The file.
    pub file: String,
    /// The damaged lines of a log; null of a document.
    pub lines: Option<u64>,
    /// Where the damaged bytes are now; null of a document in a dry run.
    pub moved_to: Option<String>,
}

/// Repairs every damaged file; with `dry_run` nothing is changed.
///
/// # Errors
/// A file cannot be locked or written.
pub fn repair(context: &Context, dry_run: bool) -> Result<Repairs, Error> {
    context.store.exists()?;
    // First, because what follows is written.
    let handed_over = hand_over(context, dry_run)?;
    let is_whole = handed_over.iter().all(|entry| entry.done);
    let mut repairs =
        Repairs { dry_run, repaired: Vec::new(), handed_over, removed: Vec::new(), unused: Vec::new(), is_whole };
    let mut is_read = true;
    for log in context.store.checked_logs(context.cycles().path()) {
        let moved = log.move_damaged(dry_run)?.map(|lines| {
            let (file, moved_to) = (context.shown(log.path()), Some(context.shown(&log.side())));
            (lines > 0).then_some(Repair { file, lines: Some(lines), moved_to })
        });
        is_read &= moved.is_ok() || log.path() != context.cycles().path();
        repairs.add(context, moved);
    }
    for document in context.store.checked_documents() {
        let moved = document.set_aside(dry_run)?.map(|damaged| {
            let kept = damaged?;
            let moved_to = kept.map(|kept| context.shown(&kept));
            Some(Repair { file: context.shown(document.path()), lines: None, moved_to })
        });
        repairs.add(context, moved);
    }
    for error in context.store.blocked_places() {
        repairs.add(context, Err(error));
    }
    let log = context.shown(context.cycles().path());
    let is_repaired = repairs.repaired.iter().any(|repair| repair.file == log);
    // A log that could not be read has its summary made by the repair that can.
    if !dry_run && is_read && (is_repaired || context.cycles().lacks_summary()?) {
        summarize(context);
    }
    (repairs.removed, repairs.unused) = remove_temporary(context, dry_run)?;
    Ok(repairs)
}

/// Brings the index and the summary of the log of cycles up to date with its intact lines.
fn summarize(context: &Context) {
    let window = cycle_log_settings::summary_window(context.host, &context.manifest).map_err(|error| chain(&error));
    let summarized = window.and_then(|window| {
        let merged = context.cycles().merge(&mut Vec::new(), context.host.now(), window);
        merged.map_err(|error| chain(&error))
    });
    if let Err(error) = summarized {
        context.warn(&format!("{error}: the summary of the cycles is brought up to date by the next cycle"));
    }
}

impl Repairs {
    /// Adds what was done about a file; an error is that of reading it.
    fn add(&mut self, context: &Context, result: Result<Option<Repair>, FileError>) {
        match result {
            Ok(repair) => self.repaired.extend(repair),
            Err(error) => {
                self.is_whole = false;
                context.warn(&format!("{error}: move it by hand"));
            }
        }
    }
}
