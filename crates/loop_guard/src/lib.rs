//! Before a cycle: checks whether there is work; with `--wait`, waits for it.
//!
//! - Reads: `.loop/queue.json`, `.loop/quarantine.json`, `.loop/idle_state.json`, the end of `.loop/retro/cycles.jsonl`, the limits
//!   of the quarantine in the rules; asks the forge about the issue that is about to be given out.
//! - Writes: `.loop/idle_state.json`; `.loop/handout.json`; with work, `.loop/cycle_result.json` for the agent; `.loop/quarantine.json` where the
//!   records ask for it; `.loop/queue.json` where issues in it were closed.
//! - Ends: 0 there is work, or the guard is disabled; 1 there is none; 2 wrong usage or configuration, or a file is in the
//!   way. A signal that ends a wait ends the guard by that signal, so that Ctrl-C stops the loop around it too.

mod asked_last;
mod backoff;
mod cli;
mod give_out;
mod idle;
mod settings;
mod show;
mod under_way;
mod wait;
mod work;

use std::hash::{BuildHasher, Hasher, RandomState};

use clap::CommandFactory;
use common::run::Run;
use common::tool::{self, Tool};
use common::{Error, Outcome};
use eligibility::{handout, quarantine};
use host::Host;
use records::Reason;
use records::stored_files::{CYCLE_RESULT, HANDOUT, IDLE_STATE, QUARANTINE, QUEUE};

use crate::cli::Cli;
use crate::give_out::give_out;
use crate::settings::Settings;
use crate::show::{NoWork, Status, Waiting, WorkFound};
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

fn guard(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    let run = Run::begin(host, &TOOL, &cli.common)?;
    if let Some(suspension) = run.suspension()?
        && !cli.status
    {
        return Ok(run.skip(&suspension));
    }
    let settings = run.settings(&[], Settings::resolve)?;
    if cli.status {
        return status(&run, &settings);
    }
    run.store.check_writable(&[QUEUE, QUARANTINE, IDLE_STATE, CYCLE_RESULT, HANDOUT])?;
    run.perform(|token_events| {
        let watch = Watch::new(&run);
        let work = Work::find(&run, &settings)?;
        for issue in &work.newly_quarantined {
            token_events.add("quarantine_candidate");
            run.say(&quarantine::notice(*issue));
        }
        if work.ready() > 0 {
            begin_work(&run, &settings, &work)
        } else {
            be_idle(&run, &settings, &work, cli.wait.then_some(watch))
        }
    })
}

/// Prints the state of the loop; changes nothing.
fn status(run: &Run, settings: &Settings) -> Result<Outcome, Error> {
    let work = Work::in_files(run, settings)?;
    let queue_ready = work.ready();
    let consecutive_idle = idle::read_count(run)?;
    let next_backoff_seconds = if queue_ready > 0 { 0 } else { settings.backoff.seconds(consecutive_idle) };
    // Its callers know the first three; the rest comes only where something waits.
    let waiting = work.next_at.and_then(|_| Waiting::of(&work));
    run.print(&Status { queue_ready, consecutive_idle, next_backoff_seconds, waiting })?;
    Ok(Outcome::done("status"))
}

/// There is work: the idle count goes back to nothing, and an issue is given out.
fn begin_work(run: &Run, settings: &Settings, work: &Work) -> Result<Outcome, Error> {
    let idle = idle::reset(run)?;
    let given_out = work.first.as_ref().map(|first| give_out(run, settings, work, first)).transpose()?;
    let ready = work.ready();
    run.present(&WorkFound {
        status: "work",
        reason: work.reason,
        ready,
        issue: given_out.map(|(issue, _)| issue),
        kind: given_out.map(|(_, kind)| kind),
        idle_cycles_before: idle,
        forge: work.forge.clone(),
    })?;
    Ok(Outcome::done(format!("{ready} ready")).because(Reason::Work))
}

/// There is no work: one more idle call is counted, and its wait waited if there is something to watch meanwhile.
fn be_idle(run: &Run, settings: &Settings, work: &Work, watch: Option<Watch<'_>>) -> Result<Outcome, Error> {
    // Before the count is written: a signal from here on finds the wait interrupted, not the process gone.
    let signals = || Host::wake_on_signal().map_err(Error::caused("cannot wait for signals"));
    let watch = watch.map(|watch| Ok::<_, Error>((watch, signals()?))).transpose()?;
    handout::end(&run.store)?;
    let (consecutive_idle, backoff_seconds) = idle::count_call(run, |idle| settings.backoff.seconds(idle))?;
    let reason = work.reason;
    let no_work = NoWork {
        status: "idle",
        reason,
        consecutive_idle,
        backoff_seconds,
        forge: work.forge.clone(),
        waiting: Waiting::of(work),
    };
    no_work.say(run);
    if let Some((watch, signals)) = watch {
        run.host.flush().map_err(Error::caused("cannot write to stdout"))?;
        let length = settings.backoff.jittered(backoff_seconds, random_part());
        match wait_for_work(run, settings, (length, work.next_at), watch, signals)? {
            WaitOutcome::Work(work) => return begin_work(run, settings, &work),
            WaitOutcome::Elapsed => {}
            WaitOutcome::Interrupted(signal) => {
                return Ok(Outcome::interrupted(signal, format!("idle, the wait ended by signal {signal}")));
            }
        }
    }
    run.print_json(&no_work)?;
    run.detail(reason.meaning());
    Ok(Outcome::no(format!("idle, backoff {backoff_seconds} s")).because(reason))
}

/// A number from 0 to 1, drawn by every process for itself.
fn random_part() -> f64 {
    let drawn = u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or(0);
    f64::from(drawn) / f64::from(u32::MAX)
}
