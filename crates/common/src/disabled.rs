//! What a tool does while it is disabled or paused: it reports that, records that it was skipped, and ends with 0.

use host::files::FileError;
use host::text;
use records::{Pause, Reason, pyjson, timestamp};
use serde::Serialize;

use crate::outcome::Outcome;
use crate::report::Report;
use crate::run::Run;

/// That a tool did not run, as JSON.
#[derive(Serialize)]
struct SkipView {
    status: Reason,
    reason: Reason,
}

impl Run<'_> {
    /// Returns whether the manifest disables the automation, or it is paused, and `--force` is not given.
    ///
    /// # Errors
    /// The system refuses to read the pauses: whether it is paused is not known then.
    pub fn is_disabled(&self) -> Result<bool, FileError> {
        let is_off = self.manifest.entry(self.tool.id).is_some_and(|entry| !entry.enabled);
        Ok(!self.args.force && (is_off || self.pause()?.is_some()))
    }

    fn pause(&self) -> Result<Option<Pause>, FileError> {
        let pauses = self.store.pauses().read_intact("nothing counts as paused")?;
        Ok(pauses.and_then(|pauses| pauses.in_effect(self.tool.id, self.host.now())))
    }

    /// Reports that the automation is disabled or paused, and records that it was skipped.
    pub fn skip(&self) -> Outcome {
        let is_off = self.manifest.entry(self.tool.id).is_some_and(|entry| !entry.enabled);
        let pause = self.pause().ok().flatten().filter(|_| !is_off);
        let reason = if pause.is_some() { Reason::Paused } else { Reason::Disabled };
        let id = self.tool.id;
        self.say(&match &pause {
            Some(pause) => format!(
                "{id} is paused until {}: {} (--force runs it all the same)",
                timestamp(pause.until),
                text::fit(&pause.reason, 200)
            ),
            None => format!("{id} is disabled in automations.json (--force runs it all the same)"),
        });
        if self.args.json {
            self.host.say(&pyjson::to_line(&SkipView { status: reason, reason }).unwrap_or_default());
        }
        let report = Report::new(self.host, &self.store, &self.manifest, id);
        self.reported(self.store.prepare().map_err(Into::into).and_then(|()| report.skipped(reason)));
        Outcome::done("disabled").because(reason)
    }
}
