//! The issue that the guard gave out last. The agent's result file names it too, but agents overwrite and remove that file; a
//! record without an issue would start no cool-down and lead to no quarantine, and the same issue would be given out again.

use host::files::FileError;
use records::{Handout, IssueType};
use store::{Change, Document, Store};

/// Notes that an issue is given out.
///
/// # Errors
/// The system refuses to write the file.
pub fn note(store: &Store<'_>, issue: u64, kind: IssueType, now: String) -> Result<(), FileError> {
    store.handout().change(|handout| {
        handout.update(|handout| {
            handout.issue = Some(issue);
            handout.kind = Some(kind);
            handout.given_out_at = Some(now);
        });
    })
}

/// Returns what was given out and is not recorded yet.
///
/// # Errors
/// The system refuses to read the file.
pub fn unrecorded(store: &Store<'_>) -> Result<Handout, FileError> {
    let handout = store.handout().read_intact("which issue was given out is not known")?;
    Ok(handout.map(|handout| handout.read()).unwrap_or_default())
}

/// Notes that nothing is given out: the cycle is recorded, or there is no work.
///
/// # Errors
/// The system refuses to read or write the file.
pub fn end(store: &Store<'_>) -> Result<(), FileError> {
    store.handout().update(|handout, _| {
        let is_given_out = handout.read().issue.is_some();
        if is_given_out {
            handout.update(|handout| *handout = Handout { other: handout.other.clone(), ..Handout::default() });
        }
        Ok(Change::write_if(is_given_out, ()))
    })
}
