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

/// Why a tool does not run.
#[derive(Debug)]
pub enum Suspension {
    /// The manifest disables it.
    Disabled,
    /// It is paused.
    Paused(Pause),
}

impl Suspension {
    fn reason(&self) -> Reason {
        match self {
            Self::Disabled => Reason::Disabled,
            Self::Paused(_) => Reason::Paused,
        }
    }

    fn message(&self, id: &str) -> String {
        let what = match self {
            Self::Disabled => "disabled in automations.json".to_owned(),
            Self::Paused(pause) => {
                format!("paused until {}: {}", timestamp(pause.until), text::fit(&pause.reason, 200))
            }
        };
        format!("{id} is {what} (--force runs it all the same)")
    }
}

impl Run<'_> {
    /// Returns why the automation does not run: the manifest disables it, or it is paused; none where it runs, as with
    /// `--force`.
    ///
    /// # Errors
    /// The system refuses to read the pauses: whether it is paused is not known then.
    pub fn suspension(&self) -> Result<Option<Suspension>, FileError> {
        if self.args.force {
            return Ok(None);
        }
        if self.manifest.entry(self.tool.id).is_some_and(|entry| !entry.enabled) {
            return Ok(Some(Suspension::Disabled));
        }
        let pauses = self.store.pauses().read_intact("nothing counts as paused")?;
        let pause = pauses.and_then(|pauses| pauses.in_effect(self.tool.id, self.host.now()));
        Ok(pause.map(Suspension::Paused))
    }

    /// Reports that the automation is disabled or paused, and records that it was skipped.
    pub fn skip(&self, suspension: &Suspension) -> Outcome {
        let (id, reason) = (self.tool.id, suspension.reason());
        self.say(&suspension.message(id));
        if self.args.json {
            self.host.say(&pyjson::to_line(&SkipView { status: reason, reason }).unwrap_or_default());
        }
        let report = Report::new(self.host, &self.store, &self.manifest, id);
        self.reported(self.store.prepare().map_err(Into::into).and_then(|()| report.skipped(reason)));
        Outcome::done("disabled").because(reason)
    }
}
