//! Before a cycle: is there work, or how long to wait.
//!
//! - Reads: `.loop/queue.json`, `.loop/quarantine.json`, `.loop/idle_state.json`, the last line of
//!   `.loop/retro/triage.jsonl`; asks the forge once which queued issues are still open.
//! - Writes: `.loop/idle_state.json`; with work, `.loop/cycle_result.json` for the agent; `.loop/queue.json` where issues
//!   in it were closed.
//! - Ends: 0 there is work, or the guard is disabled; 1 there is none; 2 wrong usage or configuration, or a file stands
//!   in the way. A signal that ends a wait ends the guard by that signal, so that Ctrl-C stops the loop around it too.

pub mod cli;
mod idle;
mod settings;
mod wait;
mod work;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::ExitCode;

use common::document;
use common::exit::{self, Answer, Failure};
use common::files::{self, Durability, FileError};
use common::host::Host;
use common::reason::Reason;
use common::run::{self, Done, Run, RunError, Tool};
use common::settings::{Layers, SettingsError};
use common::text;
use serde_json::json;

use crate::cli::Cli;
use crate::idle::IdleState;
use crate::settings::Settings;
use crate::wait::{Waited, Watch, wait_for_work};
use crate::work::{Work, modified};

/// Who this is.
pub const TOOL: Tool = Tool { id: "loop_guard", prefix: "loop-guard" };

/// How a call ends when nothing surprising happens.
#[derive(Debug)]
enum Outcome {
    /// There is work: so many issues are ready.
    Work { ready: usize },
    /// There is none, for this reason; so many seconds are the wait.
    Idle { backoff: u64, reason: Reason },
    /// There is none, and this signal ended the wait.
    Interrupted { signal: usize },
    /// It was only asked how things stand.
    Status,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("cannot wait for signals")]
    Signals(#[from] std::io::Error),
}

impl Answer for Outcome {
    fn code(&self) -> u8 {
        match self {
            Self::Work { .. } | Self::Status => 0,
            Self::Idle { .. } => 1,
            Self::Interrupted { signal } => u8::try_from(128 + signal).unwrap_or(1),
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Work { ready } => format!("{ready} ready"),
            Self::Idle { backoff, .. } => format!("idle, backoff {backoff} s"),
            Self::Interrupted { signal } => format!("idle, the wait ended by signal {signal}"),
            Self::Status => "status".to_owned(),
        }
    }

    fn reason(&self) -> Option<Reason> {
        match self {
            Self::Work { .. } => Some(Reason::Work),
            Self::Idle { reason, .. } => Some(*reason),
            Self::Interrupted { .. } => Some(Reason::Stopped),
            Self::Status => None,
        }
    }
}

impl Failure for Error {
    fn code(&self) -> u8 {
        match self {
            Self::Run(error) => error.code(),
            Self::File(_) | Self::Signals(_) => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Signals(_) => None,
        }
    }
}

/// Takes every setting, without flags: for whoever wants to see them or to have them checked.
///
/// # Errors
/// A value does not parse or is out of range.
pub fn settings(layers: &mut Layers) -> Result<(), SettingsError> {
    Settings::take(layers).map(drop)
}

/// The program's main function.
pub fn main() -> ExitCode {
    exit::main(run)
}

/// Runs the tool in the given world; returns its exit code.
pub fn run(host: &Host) -> u8 {
    match run::arguments::<Cli>(host) {
        Ok(cli) => {
            let result = guard(host, &cli);
            if let Ok(Done::Answer(Outcome::Interrupted { signal })) = result {
                host.end_by_signal(signal);
            }
            exit::end(host, &result)
        }
        Err(code) => code,
    }
}

fn guard(host: &Host, cli: &Cli) -> Result<Done<Outcome>, Error> {
    let run = Run::begin(host, TOOL, &cli.common)?;
    if run.is_disabled() && !cli.status {
        return Ok(run.skip());
    }
    let settings = run.settings(&[], Settings::take)?;
    if cli.status {
        return status(&run, &settings).map(Done::Answer);
    }
    for path in [run.repo.queue(), run.repo.quarantine(), run.repo.idle_state(), run.repo.cycle_result()] {
        files::check_writable_place(&path)?;
    }
    run.perform(|_| {
        let watch = Watch::new(&run);
        let work = Work::find(&run, &settings)?;
        if work.ready > 0 {
            begin_work(&run, &settings, &work)
        } else {
            be_idle(&run, &settings, work.reason, cli.wait.then_some(watch))
        }
    })
}

/// Prints how things stand; changes nothing.
fn status(run: &Run, settings: &Settings) -> Result<Outcome, Error> {
    let ready = Work::in_files(run)?.ready;
    let idle = idle::read_count(&run.repo.idle_state())?;
    let next = settings.backoff.seconds(idle);
    run.host
        .say(&format!("{{\"queue_ready\": {ready}, \"consecutive_idle\": {idle}, \"next_backoff_seconds\": {next}}}"));
    Ok(Outcome::Status)
}

/// There is work: the idle count goes back to nothing, and the agent's result file is begun for it.
fn begin_work(run: &Run, settings: &Settings, work: &Work) -> Result<Outcome, Error> {
    let idle = IdleState::open(run)?.reset()?;
    if let Some(first) = &work.first {
        seed_result(run, settings, first)?;
        run.detail(&format!("next: #{} {}", first.issue, text::fit(&first.title, 100)));
    }
    if idle > 0 {
        run.say(&format!("Queue active ({} ready) — resuming after {idle} idle cycles", work.ready));
    }
    if run.args.json {
        let first = work.first.as_ref();
        print_json(
            run,
            &json!({"status": "work", "reason": work.reason, "ready": work.ready, "issue": first.map(|first| first.issue),
                                "type": first.map(|first| first.kind), "idle_cycles_before": idle}),
        );
    }
    Ok(Outcome::Work { ready: work.ready })
}

/// There is no work: one more idle call is counted, and its wait waited if there is something to watch meanwhile.
fn be_idle(run: &Run, settings: &Settings, reason: Reason, watch: Option<Watch>) -> Result<Outcome, Error> {
    // Before the count is written: who stops us from here on finds the wait interrupted, not the process gone.
    let watch = watch.map(|watch| Ok::<_, Error>((watch, Host::wake_on_signal()?))).transpose()?;
    let state = IdleState::open(run)?;
    let backoff = settings.backoff.seconds(state.count());
    let count = state.idle(unix_seconds(run), backoff)?;
    run.say(&format!("Queue empty — idle #{count}, backoff {backoff}s"));
    if let Some((watch, signals)) = watch {
        run.host.flush()?;
        let length = settings.backoff.jittered(backoff, random_part());
        match wait_for_work(run, settings, length, watch, signals)? {
            Waited::Work(work) => return begin_work(run, settings, &work),
            Waited::Whole => {}
            Waited::Interrupted(signal) => return Ok(Outcome::Interrupted { signal }),
        }
    }
    if run.args.json {
        print_json(
            run,
            &json!({"status": "idle", "reason": reason, "consecutive_idle": count, "backoff_seconds": backoff}),
        );
    }
    run.detail(reason.meaning());
    Ok(Outcome::Idle { backoff, reason })
}

/// Begins the agent's result file for the issue, unless a fresh one is there.
fn seed_result(run: &Run, settings: &Settings, first: &work::First) -> Result<(), FileError> {
    let path = run.repo.cycle_result();
    let age = modified(&path).map(|written| (run.host.now() - written).to_std().unwrap_or_default());
    if age.is_some_and(|age| age <= settings.result_lifetime) {
        return Ok(());
    }
    document::replace(&files::lock(&path)?, first, Durability::Derived)
}

fn print_json(run: &Run, value: &serde_json::Value) {
    run.host.say(&common::pyjson::to_line(value).unwrap_or_default());
}

/// Unix seconds with a fraction, as Python's `time.time()` gives them.
#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 fit a float")]
fn unix_seconds(run: &Run) -> f64 {
    run.host.now().timestamp_micros() as f64 / 1e6
}

/// A number from 0 to 1, drawn anew in every process.
fn random_part() -> f64 {
    let drawn = u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or(0);
    f64::from(drawn) / f64::from(u32::MAX)
}
