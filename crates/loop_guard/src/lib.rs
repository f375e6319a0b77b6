//! Before a cycle: checks whether there is work; with `--wait`, waits for it.
//!
//! - Reads: `.loop/queue.json`, `.loop/quarantine.json`, `.loop/idle_state.json`, the last line of
//!   `.loop/retro/triage.jsonl`; asks the forge once which queued issues are still open.
//! - Writes: `.loop/idle_state.json`; with work, `.loop/cycle_result.json` for the agent; `.loop/queue.json` where issues
//!   in it were closed.
//! - Ends: 0 there is work, or the guard is disabled; 1 there is none; 2 wrong usage or configuration, or a file is in the
//!   way. A signal that ends a wait ends the guard by that signal, so that Ctrl-C stops the loop around it too.

mod backoff;
mod cli;
mod idle;
mod settings;
mod wait;
mod work;

use std::hash::{BuildHasher, Hasher, RandomState};

use clap::CommandFactory;
use common::run::Run;
use common::tool::{self, Tool};
use common::{Error, Outcome, Page, View};
use host::Host;
use host::files::FileError;
use host::text;
use records::stored_files::{CYCLE_RESULT, IDLE_STATE, QUARANTINE, QUEUE};
use records::{CycleResult, IssueType, QueueItem, Reason};
use serde::Serialize;

use crate::cli::Cli;
use crate::settings::Settings;
use crate::wait::{WaitOutcome, Watch, wait_for_work};
use crate::work::Work;

/// The descriptor of the tool.
pub const TOOL: Tool = Tool {
    id: "loop_guard",
    prefix: "loop-guard",
    about: "Before a cycle: checks whether there is work; with `--wait`, waits for it.",
    script: Some("scripts/loop_guard.py"),
    trigger: "pre_cycle",
    exit_codes: "0 there is work, or the guard is disabled or paused; 1 no work",
    run: |host| tool::run(host, guard),
    command: Cli::command,
    settings: |layers| Settings::resolve(layers).map(drop),
};

/// What `--status` shows.
#[derive(Serialize)]
struct Status {
    queue_ready: usize,
    consecutive_idle: u64,
    next_backoff_seconds: u64,
}

/// That there is work.
#[derive(Serialize)]
struct WorkFound {
    status: &'static str,
    reason: Reason,
    ready: usize,
    issue: Option<u64>,
    #[serde(rename = "type")]
    kind: Option<IssueType>,
    idle_cycles_before: u64,
}

/// That there is none.
#[derive(Serialize)]
struct NoWork {
    status: &'static str,
    reason: Reason,
    consecutive_idle: u64,
    backoff_seconds: u64,
}

impl View for WorkFound {
    fn render(&self, page: &mut Page) {
        let Self { ready, idle_cycles_before: idle, .. } = self;
        if *idle > 0 {
            page.say(format!("Queue active ({ready} ready) — resuming after {idle} idle cycles"));
        }
    }
}

fn guard(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    let run = Run::begin(host, &TOOL, &cli.common)?;
    if run.is_disabled() && !cli.status {
        return Ok(run.skip());
    }
    let settings = run.settings(&[], Settings::resolve)?;
    if cli.status {
        return status(&run, &settings);
    }
    run.store.check_writable(&[QUEUE, QUARANTINE, IDLE_STATE, CYCLE_RESULT])?;
    run.perform(|_| {
        let watch = Watch::new(&run);
        let work = Work::find(&run, &settings)?;
        if work.ready() > 0 {
            begin_work(&run, &settings, &work)
        } else {
            be_idle(&run, &settings, work.reason, cli.wait.then_some(watch))
        }
    })
}

/// Prints the state of the loop; changes nothing.
fn status(run: &Run, settings: &Settings) -> Result<Outcome, Error> {
    let queue_ready = Work::in_files(run)?.ready();
    let consecutive_idle = idle::read_count(run)?;
    let next_backoff_seconds = if queue_ready > 0 { 0 } else { settings.backoff.seconds(consecutive_idle) };
    run.print(&Status { queue_ready, consecutive_idle, next_backoff_seconds })?;
    Ok(Outcome::done("status"))
}

/// There is work: the idle count goes back to nothing, and the agent's result file is begun for it.
fn begin_work(run: &Run, settings: &Settings, work: &Work) -> Result<Outcome, Error> {
    let idle = idle::reset(run)?;
    if let Some(first) = &work.first {
        seed_result(run, settings, first)?;
        run.detail(&format!("next: #{} {}", first.issue, text::fit(&first.title, 100)));
    }
    let ready = work.ready();
    run.present(&WorkFound {
        status: "work",
        reason: work.reason,
        ready,
        issue: work.first.as_ref().map(|first| first.issue),
        kind: work.first.as_ref().map(|first| first.kind),
        idle_cycles_before: idle,
    })?;
    Ok(Outcome::done(format!("{ready} ready")).because(Reason::Work))
}

/// There is no work: one more idle call is counted, and its wait waited if there is something to watch meanwhile.
fn be_idle(run: &Run, settings: &Settings, reason: Reason, watch: Option<Watch<'_>>) -> Result<Outcome, Error> {
    // Before the count is written: a signal from here on finds the wait interrupted, not the process gone.
    let signals = || Host::wake_on_signal().map_err(Error::caused("cannot wait for signals"));
    let watch = watch.map(|watch| Ok::<_, Error>((watch, signals()?))).transpose()?;
    let (count, backoff) = idle::count_call(run, |idle| settings.backoff.seconds(idle))?;
    run.say(&format!("Queue empty — idle #{count}, backoff {backoff}s"));
    if let Some((watch, signals)) = watch {
        run.host.flush().map_err(Error::caused("cannot write to stdout"))?;
        let length = settings.backoff.jittered(backoff, random_part());
        match wait_for_work(run, settings, length, watch, signals)? {
            WaitOutcome::Work(work) => return begin_work(run, settings, &work),
            WaitOutcome::Elapsed => {}
            WaitOutcome::Interrupted(signal) => {
                return Ok(Outcome::interrupted(signal, format!("idle, the wait ended by signal {signal}")));
            }
        }
    }
    run.print_json(&NoWork { status: "idle", reason, consecutive_idle: count, backoff_seconds: backoff })?;
    run.detail(reason.meaning());
    Ok(Outcome::no(format!("idle, backoff {backoff} s")).because(reason))
}

/// Begins the agent's result file for the issue, unless a fresh one is there.
fn seed_result(run: &Run, settings: &Settings, first: &QueueItem) -> Result<(), FileError> {
    let file = run.store.cycle_result();
    let age = file.modified().map(|written| (run.host.now() - written).to_std().unwrap_or_default());
    if age.is_some_and(|age| age <= settings.result_lifetime) {
        return Ok(());
    }
    let seed = CycleResult { issue: Some(first.issue), kind: Some(first.kind), ..CycleResult::default() };
    file.create(&seed)
}

/// A number from 0 to 1, drawn by every process for itself.
fn random_part() -> f64 {
    let drawn = u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or(0);
    f64::from(drawn) / f64::from(u32::MAX)
}
