//! The ten-minute agenda and the day's summary.
//!
//! - Reads: the forge's open issues and pull requests and what was merged lately (or a file of issues),
//!   `.loop/queue.json`, `.loop/quarantine.json`, the end of `.loop/retro/cycles.jsonl`, `.loop/tokens.jsonl`.
//! - Writes: `.loop/agenda.json`.
//! - Ends: 0 there is an agenda, of the local queue alone if the forge cannot be asked; 1 the forge cannot be asked and
//!   there is no queue either; 2 wrong usage or configuration, or a file stands in the way.

mod agenda;
pub mod cli;
mod review;
mod settings;
mod show;
mod sources;

use std::process::ExitCode;

use common::document;
use common::exit::{self, Answer, Failure};
use common::files::{self, Durability, FileError};
use common::host::Host;
use common::pyjson;
use common::run::{self, Done, Run, RunError, Tool};
use common::settings::{Layers, SettingsError};
use gitea::ForgeError;

use crate::agenda::{Agenda, Planned};
use crate::cli::Cli;
use crate::review::Review;
use crate::settings::Settings;
use crate::sources::{Away, Sources};

/// Who this is.
pub const TOOL: Tool = Tool { id: "orchestrator", prefix: "orchestrator" };

/// How a call ends when nothing surprising happens.
#[derive(Debug)]
enum Outcome {
    /// There is an agenda.
    Planned { items: usize, minutes: u64, candidates: usize },
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error("there is nothing to plan: no queue, and the forge is unreachable")]
    Nothing(#[source] ForgeError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the agenda cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl Answer for Outcome {
    fn code(&self) -> u8 {
        match self {
            Self::Planned { .. } => 0,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Planned { items, minutes, candidates } => {
                format!("{items} of {candidates} candidates, {minutes} min")
            }
        }
    }
}

impl Failure for Error {
    fn code(&self) -> u8 {
        match self {
            Self::Run(error) => error.code(),
            Self::Forge(error) => error.code(),
            Self::Nothing(_) => 1,
            Self::File(_) | Self::Json(_) => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.hint(),
            Self::Forge(error) | Self::Nothing(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Json(_) => None,
        }
    }
}

/// Takes every setting, without flags: for whoever wants to see them or to have them checked.
///
/// # Errors
/// A value does not parse or is out of range.
pub fn settings(layers: &mut Layers) -> Result<(), SettingsError> {
    Settings::take(layers, None).map(drop)
}

/// The program's main function.
pub fn main() -> ExitCode {
    exit::main(run)
}

/// Runs the tool in the given world; returns its exit code.
pub fn run(host: &Host) -> u8 {
    run::tool(host, plan)
}

fn plan(host: &Host, cli: &Cli) -> Result<Done<Outcome>, Error> {
    let run = Run::begin(host, TOOL, &cli.common)?;
    if run.is_disabled() {
        return Ok(run.skip());
    }
    let daily_run = run.manifest.daily_run_config(TOOL.id).map_err(RunError::from)?;
    let further: Vec<_> = daily_run.iter().collect();
    let settings = run.settings(&further, |layers| Settings::take(layers, cli.max_items))?;
    files::check_writable_place(&run.repo.agenda())?;
    run.perform(|_| make_agenda(&run, cli, &settings))
}

fn make_agenda(run: &Run, cli: &Cli, settings: &Settings) -> Result<Outcome, Error> {
    let (sources, away) = Sources::gather(run, cli, settings)?;
    if let Some(Away::Unreachable(error)) = away {
        if sources.queue.is_empty() {
            return Err(Error::Nothing(error));
        }
        run.warn(&format!("{error}"));
        run.warn("the forge is unreachable: the agenda is made from the local queue");
    }
    let now = run.host.now();
    let Planned { items, left_out, candidates } = agenda::make(&sources, settings, now);
    let agenda = Agenda {
        generated_at: run.host.timestamp(),
        time_budget_minutes: settings.minutes,
        planned_minutes: items.iter().map(|item| item.minutes).sum(),
        candidates,
        items,
        review: cli.review.then(|| Review::make(run, &sources, now - settings.lookback, now)),
        left_out,
    };
    let lock = files::lock(&run.repo.agenda())?;
    document::replace_own_fields(&lock, &agenda, &agenda::FIELDS, Durability::Derived, |what| run.warn(what))?;
    let day = now.format("%a %-d %b %Y").to_string();
    if run.args.json {
        run.host.say(&pyjson::to_line(&agenda)?);
    } else if cli.markdown {
        show::markdown(run, &agenda, &day);
    } else {
        show::terminal(run, &agenda, &day);
    }
    Ok(Outcome::Planned { items: agenda.items.len(), minutes: agenda.planned_minutes, candidates })
}
