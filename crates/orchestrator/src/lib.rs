//! Once a day: makes a ten-minute agenda for a person, and a summary of the last 24 hours.
//!
//! - Reads: the forge's open issues and pull requests and what was merged lately (or a file of issues),
//!   `.loop/queue.json`, `.loop/quarantine.json`, the end of `.loop/retro/cycles.jsonl`, `.loop/tokens.jsonl`.
//! - Writes: `.loop/agenda.json`.
//! - Ends: 0 there is an agenda, of the local queue alone if the forge cannot be asked; 1 the forge cannot be asked and
//!   there is no queue either; 2 wrong usage or configuration, or a file is in the way.

mod agenda;
mod cli;
mod review;
mod settings;
mod show;
mod sources;

use clap::CommandFactory;
use common::run::Run;
use common::tool::{self, Tool};
use common::{Error, Failure, Outcome};
use gitea::ForgeError;
use host::Host;
use records::{Agenda, Stored};

use crate::agenda::Plan;
use crate::cli::Cli;
use crate::settings::Settings;
use crate::show::AgendaView;
use crate::sources::{Away, Sources};

/// The descriptor of the tool.
pub const TOOL: Tool = Tool {
    id: "orchestrator",
    prefix: "orchestrator",
    about: "Once a day: makes a ten-minute agenda for a person, and a summary of the last 24 hours.",
    script: Some("timmy_automations/daily_run/orchestrator.py"),
    trigger: "daily",
    exit_codes: "0 an agenda; 1 neither forge nor queue",
    run: |host| tool::run(host, plan),
    command: Cli::command,
    settings: |layers| Settings::resolve(layers, None).map(drop),
};

fn plan(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    let run = Run::begin(host, &TOOL, &cli.common)?;
    if let Some(suspension) = run.suspension()? {
        return Ok(run.skip(&suspension));
    }
    let daily_run = run.manifest.daily_run_config(TOOL.id)?;
    let further: Vec<_> = daily_run.iter().collect();
    let settings = run.settings(&further, |layers| Settings::resolve(layers, cli.max_items))?;
    run.store.check_writable(&[Agenda::FILE])?;
    run.perform(|_| make_agenda(&run, cli, &settings))
}

fn make_agenda(run: &Run, cli: &Cli, settings: &Settings) -> Result<Outcome, Error> {
    let (sources, away) = Sources::gather(run, cli, settings)?;
    if let Some(Away::Unreachable(error)) = away {
        if sources.queue.is_empty() {
            return Err(nothing_to_plan(error));
        }
        run.warn(&format!("{error}"));
        run.warn("nothing is known from the forge: the agenda is made from the local queue");
    }
    let now = run.host.now();
    let Plan { items, left_out, candidates } = agenda::make(&sources, settings, now);
    let agenda = Agenda {
        generated_at: run.host.timestamp(),
        time_budget_minutes: settings.minutes,
        planned_minutes: items.iter().map(|item| item.minutes).sum(),
        candidates,
        items,
        review: cli.review.then(|| review::make(run, &sources, now - settings.lookback, now)),
        left_out,
    };
    // Fields of other programs are kept, after the agenda's own, in the order of their names.
    run.store.agenda().replace_fields(&agenda, &Agenda::FIELDS)?;
    let summary = format!("{} of {candidates} candidates, {} min", agenda.items.len(), agenda.planned_minutes);
    let view = AgendaView { agenda, day: now.format("%a %-d %b %Y").to_string() };
    if cli.markdown {
        view.markdown().iter().for_each(|line| run.host.say(line));
    } else {
        run.present(&view)?;
    }
    Ok(Outcome::done(summary))
}

fn nothing_to_plan(error: ForgeError) -> Error {
    let hint = error.hint();
    let nothing =
        Error::caused("there is nothing to plan: no queue, and nothing is known from the forge")(error).with_code(1);
    match hint {
        Some(hint) => nothing.with_hint(hint),
        None => nothing,
    }
}
