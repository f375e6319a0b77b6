//! The issue that an agent works on already, as far as its result file tells.

use common::run::Run;
use host::files::FileError;
use records::IssueType;
use store::cycle_result::StoredResult;

use crate::settings::Settings;

/// Returns the issue of a result file that is fresh, if it is still ready. The time of the file may be ahead where a clock was
/// set back: what counts is the distance.
pub(crate) fn under_way(
    run: &Run,
    settings: &Settings,
    is_ready: impl Fn(u64) -> bool,
    stored: Option<&StoredResult>,
) -> Result<Option<(u64, IssueType)>, FileError> {
    let Some(result) = stored.and_then(|stored| stored.result.as_ref()) else { return Ok(None) };
    let Some(issue) = result.issue.filter(|issue| is_ready(*issue)) else { return Ok(None) };
    let written = run.store.cycle_result().modified()?;
    let distance = written.and_then(|written| (run.host.now() - written).abs().to_std().ok());
    let is_fresh = distance.is_some_and(|distance| distance <= settings.result_lifetime);
    Ok(is_fresh.then_some((issue, result.kind.unwrap_or_default())))
}
