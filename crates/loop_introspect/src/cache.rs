//! The insights of the last run: while everything that they were computed from stays the same, so do they.

use common::run::Run;
use host::files::FileError;
use records::{Insights, InsightsSource, parse_time};
use serde::Deserialize;
use serde_json::Value;
use store::{Content, Cycles, Document};

use crate::settings::Settings;

fn source(run: &Run, log: &Cycles<'_>, settings: &Settings) -> Result<InsightsSource, FileError> {
    let store = &run.store;
    Ok(InsightsSource {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        settings: format!("{settings:?}"),
        log: log.fingerprint()?,
        triage: store.triage_runs().fingerprint()?,
        deep_triage: store.deep_triage_runs().fingerprint()?,
        quarantine: store.quarantine().fingerprint()?,
        answer: store.insights().fingerprint()?,
    })
}

/// Reads the stored insights. Read in one step, a number may lose its last digit, which only JSON shows; there each number is
/// as it is written.
fn stored_insights(run: &Run) -> Result<Option<Insights>, FileError> {
    if !run.args.json {
        return Ok(run.store.insights().read()?.intact_or(|_| ()));
    }
    let document: Content<Value> = run.store.insights().read_as()?;
    Ok(document.intact_or(|_| ()).and_then(|value| Insights::deserialize(value).ok()))
}

/// Returns the stored insights if they were computed from what is there now, else what `compute` returns; stores nothing.
///
/// # Errors
/// A file cannot be read, or what `compute` fails with.
pub(crate) fn cached_or_computed<E: From<FileError>>(
    run: &Run,
    log: &Cycles<'_>,
    settings: &Settings,
    compute: impl FnOnce() -> Result<Insights, E>,
) -> Result<Insights, E> {
    cached(run, &source(run, log, settings)?)?.map_or_else(compute, Ok)
}

/// Returns the stored insights if they were computed from what is there now; else stores what `compute` returns.
///
/// # Errors
/// A file cannot be read or written, or what `compute` fails with.
pub(crate) fn cached_or_stored<E: From<FileError>>(
    run: &Run,
    log: &Cycles<'_>,
    settings: &Settings,
    compute: impl FnOnce() -> Result<Insights, E>,
) -> Result<Insights, E> {
    // Taken before the log is read: what is appended meanwhile makes the next call compute again.
    let mut source = source(run, log, settings)?;
    if let Some(insights) = cached(run, &source)? {
        run.detail(&format!("nothing has changed since {}", insights.generated_at));
        return Ok(insights);
    }
    let insights = compute()?;
    run.store.insights().replace(&insights)?;
    source.answer = run.store.insights().fingerprint()?;
    run.store.insights_source().replace(&source)?;
    Ok(insights)
}

/// The stored insights, if they were computed from this source.
fn cached(run: &Run, source: &InsightsSource) -> Result<Option<Insights>, FileError> {
    let stored = match run.store.insights_source().read()? {
        Content::Intact(stored) if stored == *source => stored_insights(run)?,
        _ => None,
    };
    // Lines of a future time will count one day, and a clock that was set back makes some of what counts.
    Ok(stored.filter(|insights| {
        insights.future_lines == 0
            && insights.last_cycle_at.as_deref().and_then(parse_time).is_none_or(|last| last <= run.host.now())
    }))
}
