//! What the last answer was made of: while that stays the same, so does the answer.

use std::path::Path;

use common::document::{self, Document};
use common::files::{self, Durability, FileError};
use common::fingerprint::Fingerprint;
use common::host::parse_time;
use common::run::Run;
use serde::{Deserialize, Serialize};

use crate::insights::Insights;
use crate::settings::Settings;

/// Everything that an answer depends on, and the answer's own fingerprint.
#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Source {
    tool: String,
    settings: String,
    log: Fingerprint,
    triage: Fingerprint,
    deep_triage: Fingerprint,
    quarantine: Fingerprint,
    answer: Fingerprint,
}

impl Source {
    fn now(run: &Run, log: &Path, settings: &Settings) -> Result<Self, FileError> {
        Ok(Self {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            settings: format!("{settings:?}"),
            log: Fingerprint::of(log)?,
            triage: Fingerprint::of(&run.repo.triage_log())?,
            deep_triage: Fingerprint::of(&run.repo.deep_triage_log())?,
            quarantine: Fingerprint::of(&run.repo.quarantine())?,
            answer: Fingerprint::of(&run.repo.insights())?,
        })
    }
}

/// Returns the kept answer when it was made of what is there now; else has it made, and keeps it.
///
/// # Errors
/// A file cannot be read or written, or what `make` fails with.
pub(crate) fn made_of<E: From<FileError>>(
    run: &Run,
    log: &Path,
    settings: &Settings,
    make: impl FnOnce() -> Result<Insights, E>,
) -> Result<Insights, E> {
    let path = run.repo.insights().with_extension("source.json");
    // Taken before the log is read: what is appended meanwhile makes the next call recompute.
    let mut source = Source::now(run, log, settings)?;
    if let Document::Intact(kept) = document::read::<Source>(&path)?
        && kept == source
        && let Document::Intact(insights) = document::read::<Insights>(&run.repo.insights())?
        // Lines of a time to come will count one day, and a clock that was set back makes some of what counts.
        && insights.future_lines == 0
        && insights.last_cycle_at.as_deref().and_then(parse_time).is_none_or(|last| last <= run.host.now())
    {
        run.detail(&format!("nothing has changed since {}", insights.generated_at));
        return Ok(insights);
    }
    let insights = make()?;
    let lock = files::lock(&run.repo.insights())?;
    document::replace(&lock, &insights, Durability::Derived)?;
    source.answer = Fingerprint::of(&run.repo.insights())?;
    document::replace(&files::lock(&path)?, &source, Durability::Derived)?;
    Ok(insights)
}
