//! What a look of the scheduler leaves in the state file for dashboards: what is wrong with each automation, and when it runs next.

use common::report::{AutomationStatus, Report};
use host::text;
use records::timestamp;

use super::next::{first_run, next_runs};
use crate::context::Context;
use crate::validate::{first_problems, validate};

/// Writes the problems and the next runs of all automations to the state file, where they have changed. A failure to is a warning.
pub(super) fn record_status(context: &Context) {
    let next = match next_runs(context) {
        Ok(next) => next,
        Err(error) => return context.warn(&format!("the next runs are not known: {error}")),
    };
    let problems = validate(context);
    let by_id = first_problems(&problems);
    let listed = context.manifest.listed().iter().map(|listed| listed.entry.id.as_str());
    let unreadable = context.unreadable.iter().filter_map(|problem| problem.id.as_deref());
    let unreadable = unreadable.filter(|id| context.manifest.find(id).is_none());
    let with_status = listed.chain(unreadable).map(|id| {
        let report = Report::new(context.host, &context.store, &context.manifest, id);
        let problem = by_id.get(id).map(|message| text::fit(message, 400));
        (report, AutomationStatus { problem, next_run: first_run(&next, id).map(timestamp) })
    });
    let statuses: Vec<_> = with_status.collect();
    let written = context.store.prepare().map_err(Into::into).and_then(|()| Report::record_status(&statuses));
    if let Err(error) = written {
        context.warn(&format!("the state of the automations could not be recorded: {error}"));
    }
}
