//! Gives an issue out: the agent finds it in `cycle_result.json`, the record of the cycle in `handout.json`.

use common::run::Run;
use eligibility::handout;
use host::files::FileError;
use host::text;
use records::{CycleResult, IssueType, QueueItem};
use store::cycle_result::StoredResult;

use crate::settings::Settings;
use crate::under_way::under_way;
use crate::work::Work;

/// Gives out the issue of a fresh result file that is still ready, because its agent may be at work; else the first of the
/// queue, for which the result file is begun. Returns the issue and its type.
pub(crate) fn give_out(
    run: &Run,
    settings: &Settings,
    work: &Work,
    first: &QueueItem,
) -> Result<(u64, IssueType), FileError> {
    let file = run.store.cycle_result();
    let stored = file.read()?;
    if let Some((issue, kind)) = under_way(run, settings, |issue| work.is_ready(issue), stored.as_ref())? {
        run.detail(&format!("#{issue} again: {} of it is fresh", file.path().display()));
        handout::note(&run.store, issue, kind, run.host.timestamp())?;
        return Ok((issue, kind));
    }
    handout::note(&run.store, first.issue, first.kind, run.host.timestamp())?;
    if let Some(stored) = stored.filter(StoredResult::is_of_agent)
        && let Some(kept) = file.set_aside()?
    {
        let issue = stored.result.and_then(|result| result.issue);
        let what =
            issue.map_or("names no issue, and its cycle".to_owned(), |issue| format!("is of #{issue}, whose cycle"));
        let path = file.path().display();
        run.warn(&format!("{path} {what} was not recorded; it is kept as {}", kept.display()));
    }
    let seed = CycleResult { issue: Some(first.issue), kind: Some(first.kind), ..CycleResult::default() };
    file.create(&seed)?;
    run.detail(&format!("next: #{} {}", first.issue, text::fit(&first.title, 100)));
    Ok((first.issue, first.kind))
}
