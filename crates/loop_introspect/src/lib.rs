//! What the records say about the loop.
//!
//! - Reads: `.loop/retro/cycles.jsonl`, `.loop/retro/triage.jsonl`, `.loop/retro/deep-triage.jsonl`,
//!   `.loop/quarantine.json`.
//! - Writes: `.loop/retro/insights.json`, and beside it `.loop/retro/insights.source.json`, which says what it was made
//!   of: while that has not changed, the answer is read and not made again.
//! - Ends: 0 said; 1 there is no such finding to explain; 2 wrong usage or configuration, or a file stands in the way.

mod advice;
mod associations;
pub mod claims;
pub mod cli;
mod facts;
mod insights;
mod introspect;
mod line;
mod reasons;
mod scan;
mod settings;
mod show;
mod source;

use std::process::ExitCode;

use common::exit::{self, Answer, Failure};
use common::files::{self, FileError};
use common::host::Host;
use common::pyjson;
use common::run::{self, Done, Run, RunError, Tool};
use common::settings::{Layers, SettingsError};

use crate::cli::Cli;
use crate::insights::Insights;
use crate::settings::Settings;

/// Who this is.
pub const TOOL: Tool = Tool { id: "loop_introspect", prefix: "introspect" };

/// How a call ends when nothing surprising happens.
#[derive(Debug)]
enum Outcome {
    /// So many recommendations were made of so many cycles.
    Said { recommendations: usize, cycles: usize },
    /// A finding was explained.
    Explained,
    /// There is no such finding.
    NoSuchFinding,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the insights cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl Answer for Outcome {
    fn code(&self) -> u8 {
        match self {
            Self::Said { .. } | Self::Explained => 0,
            Self::NoSuchFinding => 1,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Said { recommendations, cycles } => format!("{recommendations} recommendations from {cycles} cycles"),
            Self::Explained => "explained".to_owned(),
            Self::NoSuchFinding => "no such finding".to_owned(),
        }
    }
}

impl Failure for Error {
    fn code(&self) -> u8 {
        match self {
            Self::Run(error) => error.code(),
            Self::File(_) | Self::Json(_) => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.hint(),
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
    run::tool(host, look_back)
}

fn look_back(host: &Host, cli: &Cli) -> Result<Done<Outcome>, Error> {
    let run = Run::begin(host, TOOL, &cli.common)?;
    if run.is_disabled() {
        return Ok(run.skip());
    }
    let settings = run.settings(&[], |layers| Settings::take(layers, cli.window_days))?;
    let log = run.cycles_log()?;
    for path in [&run.repo.insights(), &log, &run.repo.triage_log(), &run.repo.deep_triage_log()] {
        files::check_writable_place(path)?;
    }
    run.perform(|_| {
        let insights = source::made_of(&run, &log, &settings, || introspect::introspect(&run, &log, &settings))?;
        answer(&run, cli, &insights)
    })
}

fn answer(run: &Run, cli: &Cli, insights: &Insights) -> Result<Outcome, Error> {
    if let Some(id) = &cli.explain {
        return Ok(if show::explain(run, insights, id)? { Outcome::Explained } else { Outcome::NoSuchFinding });
    }
    let since = cli.since.map(|day| day.to_string());
    let shown = insights.since(since.as_deref());
    if run.args.json {
        run.host.say(&pyjson::to_line(&shown)?);
    } else if cli.markdown {
        show::markdown(run, &shown);
    } else {
        show::report(run, &shown);
    }
    Ok(Outcome::Said { recommendations: shown.recommendations.len(), cycles: shown.cycles })
}
