//! Analyses the records of the cycles and recommends changes, each with its certainty.
//!
//! - Reads: `.loop/retro/cycles.jsonl`, `.loop/retro/triage.jsonl`, `.loop/retro/deep-triage.jsonl`,
//!   `.loop/quarantine.json`.
//! - Writes: `.loop/retro/insights.json`, and next to it `.loop/retro/insights.source.json`, which records what it was made
//!   of: while that has not changed, the answer is read and not made again.
//!   `--explain` is no run and writes nothing.
//! - Ends: 0 reported; 1 there is no such finding to explain; 2 wrong usage or configuration, or a file is in the way.

mod advice;
mod associations;
mod cache;
pub mod claims;
mod cli;
mod events;
mod facts;
mod introspect;
mod line;
mod reasons;
mod scan;
mod settings;
mod show;

use clap::CommandFactory;
use common::run::Run;
use common::tool::{self, Tool};
use common::{Error, Outcome};
use host::Host;
use host::text;
use records::Insights;
use records::stored_files::{DEEP_TRIAGE_LOG, INSIGHTS, TRIAGE_LOG};

use crate::cli::Cli;
use crate::settings::Settings;
use crate::show::Report;

/// The descriptor of the tool.
pub const TOOL: Tool = Tool {
    id: "loop_introspect",
    prefix: "introspect",
    about: "Analyses the records of the cycles and recommends changes, each with its certainty.",
    script: Some("scripts/loop_introspect.py"),
    trigger: "every_20_cycles",
    exit_codes: "0 done; 1 there is no such finding to explain",
    run: |host| tool::run(host, look_back),
    command: Cli::command,
    settings: |layers| Settings::resolve(layers, None).map(drop),
};

fn look_back(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    let run = Run::begin(host, &TOOL, &cli.common)?;
    if let Some(suspension) = run.suspension()?
        && cli.explain.is_none()
    {
        return Ok(run.skip(&suspension));
    }
    let settings = run.settings(&[], |layers| Settings::resolve(layers, cli.window_days))?;
    let log = run.cycles()?;
    let compute = || introspect::introspect(&run, &log, &settings);
    if let Some(id) = &cli.explain {
        log.check_readable()?;
        show::explain(&run, &cache::cached_or_computed(&run, &log, &settings, compute)?, id)?;
        return Ok(Outcome::done("explained"));
    }
    run.store.check_writable(&[INSIGHTS])?;
    log.check_readable()?;
    run.store.check_writable(&[TRIAGE_LOG, DEEP_TRIAGE_LOG])?;
    run.perform(|_| report(&run, cli, cache::cached_or_stored(&run, &log, &settings, compute)?))
}

fn report(run: &Run, cli: &Cli, insights: Insights) -> Result<Outcome, Error> {
    let since = cli.since.map(|day| day.to_string());
    let shown = insights.since(since.as_deref());
    if cli.markdown {
        show::markdown(run, &shown);
    } else {
        run.present(&Report(&shown))?;
    }
    let recommendations = text::counted(shown.recommendations.len(), "recommendation");
    Ok(Outcome::done(format!("{recommendations} from {}", text::counted(shown.cycles, "cycle"))))
}
