//! What a shell needs to complete our commands: it asks this program, so that a repository's own automations are known.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Command;
use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use common::host::Host;
use common::layout::Repo;
use common::manifest::Manifest;
use common::text;

use crate::cli::{Cli, CompletionsArgs};
use crate::error::{Error, Verdict};

/// The variable by which a shell asks.
const ASKED: &str = "COMPLETE";

/// Completes the id of an automation.
pub(crate) fn ids() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        manifest()
            .listed()
            .iter()
            .map(|listed| {
                let help = Some(text::line(&listed.entry.description)).filter(|help| !help.is_empty());
                CompletionCandidate::new(&listed.entry.id).help(help.map(Into::into))
            })
            .collect()
    })
}

/// Completes a trigger.
pub(crate) fn events() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let mut names: Vec<String> =
            ["pre_cycle", "post_cycle", "pre_commit", "hourly", "daily"].map(str::to_owned).to_vec();
        names.extend(manifest().listed().iter().map(|listed| listed.entry.trigger.clone()));
        names.sort();
        names.dedup();
        names.into_iter().map(CompletionCandidate::new).collect()
    })
}

/// The manifest around the current directory; empty where there is none to be read.
fn manifest() -> Manifest {
    let host = Host::real().unwrap_or_else(|(host, _)| host);
    let repo = Repo::find(&host, None).ok();
    let survey = repo.and_then(|repo| Manifest::survey(&host, &repo, None).ok());
    survey.map(|(manifest, _)| manifest).unwrap_or_default()
}

/// The whole command line: our own commands, and the tools.
pub(crate) fn whole_command() -> Command {
    Cli::command().subcommands([
        backfill_retro::cli::Cli::command(),
        cycle_retro::cli::Cli::command(),
        loop_guard::cli::Cli::command(),
        loop_introspect::cli::Cli::command(),
        orchestrator::cli::Cli::command(),
        pre_commit_checks::cli::Cli::command(),
        triage_score::cli::Cli::command(),
    ])
}

/// Answers a shell that asks for completions; false if none asks.
pub(crate) fn answer(host: &Host) -> bool {
    host.var(ASKED).is_some() && complete(host, host.args().to_vec())
}

fn complete(host: &Host, args: Vec<OsString>) -> bool {
    let folder: PathBuf = host.current_dir().to_owned();
    let environment = CompleteEnv::with_factory(whole_command).var(ASKED).bin("timmy");
    environment.try_complete(args, Some(&folder)).unwrap_or(false)
}

/// Prints the lines that a shell is to read.
pub(crate) fn print(host: &Host, args: &CompletionsArgs) -> Result<Verdict, Error> {
    // What the library prints for this shell when it is asked by its variable; `timmy` is then found on the PATH.
    let shells = clap_complete::env::Shells::builtins();
    let Some(shell) = shells.completer(&args.shell) else {
        return Err(Error::usage(format!("no completions for {}", args.shell), "bash, zsh or fish"));
    };
    let mut text = Vec::new();
    shell
        .write_registration(ASKED, "timmy", "timmy", "timmy", &mut text)
        .map_err(Error::io("write", "the completions"))?;
    host.say(String::from_utf8_lossy(&text).trim_end());
    Ok(Verdict::Yes)
}
