//! The insights of the last run: while everything that they were computed from stays the same, so do they.

use std::path::Path;

use common::run::Run;
use host::files::FileError;
use records::stored_files::{DEEP_TRIAGE_LOG, INSIGHTS, QUARANTINE, TRIAGE_LOG};
use records::{Insights, InsightsSource, parse_time};
use serde::Deserialize;
use serde_json::Value;
use store::document::{self, Document};
use store::fingerprint::fingerprint;

use crate::settings::Settings;

fn source(run: &Run, log: &Path, settings: &Settings) -> Result<InsightsSource, FileError> {
    let of = |file| fingerprint(&run.repo.path(&file));
    Ok(InsightsSource {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        settings: format!("{settings:?}"),
        log: fingerprint(log)?,
        triage: of(TRIAGE_LOG)?,
        deep_triage: of(DEEP_TRIAGE_LOG)?,
        quarantine: of(QUARANTINE)?,
        answer: of(INSIGHTS)?,
    })
}

/// Reads the stored insights. Read in one step, a number may lose its last digit, which only JSON shows; there each number is
/// as it is written.
fn stored_insights(run: &Run) -> Result<Option<Insights>, FileError> {
    if !run.args.json {
        return Ok(document::load(&run.repo)?.intact_or(|_| ()));
    }
    let document: Document<Value> = document::read(&run.repo.path(&INSIGHTS))?;
    Ok(document.intact_or(|_| ()).and_then(|value| Insights::deserialize(value).ok()))
}

/// Returns the stored insights when they were computed from what is there now; else has them computed, and stores them.
///
/// # Errors
/// A file cannot be read or written, or what `compute` fails with.
pub(crate) fn cached_or_compute<E: From<FileError>>(
    run: &Run,
    log: &Path,
    settings: &Settings,
    compute: impl FnOnce() -> Result<Insights, E>,
) -> Result<Insights, E> {
    // Taken before the log is read: what is appended meanwhile makes the next call compute again.
    let mut source = source(run, log, settings)?;
    if let Document::Intact(stored) = document::load::<InsightsSource>(&run.repo)?
        && stored == source
        && let Some(insights) = stored_insights(run)?
        // Lines of a future time will count one day, and a clock that was set back makes some of what counts.
        && insights.future_lines == 0
        && insights.last_cycle_at.as_deref().and_then(parse_time).is_none_or(|last| last <= run.host.now())
    {
        run.detail(&format!("nothing has changed since {}", insights.generated_at));
        return Ok(insights);
    }
    let insights = compute()?;
    document::store(&run.repo, &insights)?;
    source.answer = fingerprint(&run.repo.path(&INSIGHTS))?;
    document::store(&run.repo, &source)?;
    Ok(insights)
}
