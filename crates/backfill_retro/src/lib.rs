//! Records for work that was done before anyone kept them.
//!
//! - Reads: the forge's merged pull requests (with `--from-git` the local history instead), the local clone for their sizes,
//!   `.loop/retro/cycles.jsonl`.
//! - Writes: records into `.loop/retro/cycles.jsonl` in the order of time (the log as it was to `.bak`),
//!   `.loop/retro/summary.json` and the index `.loop/retro/cycles.index.json`.
//! - Ends: 0 done, also when there was nothing to add; 1 the forge cannot be reached, or the history not read; 2 wrong
//!   usage or configuration, or a file stands in the way.

pub mod cli;
mod history;
mod merge;
mod merged;
mod progress;
mod record;
mod settings;
mod sizes;

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use common::cycle_log::{Index, Places, write_summary};
use common::exit::{self, Answer, Failure};
use common::files::{self, FileError};
use common::host::Host;
use common::run::{self, Done, Run, RunError, Tool};
use common::settings::{Layers, SettingsError};
use common::{journal, pyjson, text};
use gitea::{Forge, ForgeError};
use serde_json::json;

use crate::cli::Cli;
use crate::merge::Line;
use crate::merged::Merged;
use crate::progress::Progress;
use crate::record::BackfilledRecord;
use crate::settings::Settings;

/// Who this is.
pub const TOOL: Tool = Tool { id: "backfill_retro", prefix: "backfill" };

/// How many records a dry run shows.
const SHOWN: usize = 10;

/// How a call ends when nothing surprising happens.
#[derive(Debug)]
struct Outcome {
    added: usize,
    known: usize,
    without_size: usize,
    dry_run: bool,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error("the history of {path} cannot be read")]
    History { path: String, source: git2::Error },
    #[error("a record cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl Answer for Outcome {
    fn code(&self) -> u8 {
        0
    }

    fn in_words(&self) -> String {
        let verb = if self.dry_run { "would add" } else { "added" };
        format!("{verb} {}, {} known, {} of unknown size", self.added, self.known, self.without_size)
    }
}

impl Failure for Error {
    fn code(&self) -> u8 {
        match self {
            Self::Run(error) => error.code(),
            Self::Forge(error) => error.code(),
            Self::History { .. } => 1,
            Self::File(_) | Self::Json(_) => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Forge(error) => error.hint(),
            Self::History { .. } => Some("--from-git needs a clone with at least one commit".to_owned()),
            Self::Json(_) => None,
        }
    }
}

/// Takes every setting, without flags: for whoever wants to see them or to have them checked.
///
/// # Errors
/// A value does not parse or is out of range.
pub fn settings(layers: &mut Layers) -> Result<(), SettingsError> {
    Settings::take(layers, None, None).map(drop)
}

/// The program's main function.
pub fn main() -> ExitCode {
    exit::main(run)
}

/// Runs the tool in the given world; returns its exit code.
pub fn run(host: &Host) -> u8 {
    run::tool(host, backfill)
}

fn backfill(host: &Host, cli: &Cli) -> Result<Done<Outcome>, Error> {
    let run = Run::begin(host, TOOL, &cli.common)?;
    if run.is_disabled() {
        return Ok(run.skip());
    }
    let settings = run.settings(&[], |layers| Settings::take(layers, cli.since, cli.limit))?;
    let places = Places::of(&run.cycles_log()?, run.repo.summary());
    places.check()?;
    if cli.dry_run {
        return seed(&run, cli, &settings, &places).map(Done::Answer);
    }
    run.perform(|_| seed(&run, cli, &settings, &places))
}

fn seed(run: &Run, cli: &Cli, settings: &Settings, places: &Places) -> Result<Outcome, Error> {
    let known = merge::known(&places.log)?;
    let (mut found, slug) =
        if cli.from_git { from_git(run, settings, &known)? } else { from_forge(run, settings, &known)? };
    let all = found.len();
    found.retain(|merged| !known.contains(&merged.number));
    let mut lines = found
        .iter()
        .map(|merged| {
            let text = pyjson::to_line(&BackfilledRecord::of(merged, slug.as_deref()))?;
            Ok(Line { pr: merged.number, time: merged.at, text })
        })
        .collect::<Result<Vec<Line>, Error>>()?;
    if cli.dry_run {
        for line in lines.iter().take(SHOWN) {
            run.show(&format!("  {}", text::line(&line.text)));
        }
    } else {
        write(run, places, &mut lines)?;
    }
    let sized: HashSet<u64> = found.iter().filter(|merged| merged.size.is_some()).map(|merged| merged.number).collect();
    let outcome = Outcome {
        added: lines.len(),
        known: all - lines.len(),
        without_size: lines.iter().filter(|line| !sized.contains(&line.pr)).count(),
        dry_run: cli.dry_run,
    };
    run.say(&announcement(&outcome));
    if run.args.json {
        let document = json!({"added": outcome.added, "known": outcome.known, "unknown_size": outcome.without_size,
            "dry_run": outcome.dry_run});
        run.host.say(&pyjson::to_line(&document)?);
    }
    Ok(outcome)
}

fn announcement(outcome: &Outcome) -> String {
    let verb = if outcome.dry_run { "Dry run: would add" } else { "Added" };
    let sizes =
        if outcome.without_size > 0 { format!(", {} of unknown size", outcome.without_size) } else { String::new() };
    format!("{verb} {} records{sizes}; {} were known", outcome.added, outcome.known)
}

/// Puts the records into the log, less those that another run has put there meanwhile, and brings what is made of the log
/// up to date: also with nothing to add, since an earlier run may have ended in between.
fn write(run: &Run, places: &Places, lines: &mut Vec<Line>) -> Result<(), Error> {
    if lines.is_empty() && !places.log.exists() {
        return Ok(());
    }
    let lock = files::lock(&places.log)?;
    if !lines.is_empty() {
        let known = merge::known(&places.log)?;
        lines.retain(|line| !known.contains(&line.pr));
    }
    if !lines.is_empty() {
        merge::merge(&lock, lines)?;
    }
    let index = Index::up_to_date(&places.log, &places.index)?;
    let window = journal::tail(&places.log, run.summary_window()?)?;
    drop(lock);
    write_summary(&places.summary, &window.intact, &index, run.host.timestamp(), |what| run.warn(what))?;
    Ok(())
}

/// What the forge says was merged, with sizes from the clone, else from the forge.
fn from_forge(run: &Run, settings: &Settings, known: &HashSet<u64>) -> Result<(Vec<Merged>, Option<String>), Error> {
    let connection = settings.forge.resolve(run.host, &run.repo);
    for warning in &connection.warnings {
        run.warn(warning);
    }
    run.detail(&connection.in_words());
    let forge = Forge::connect(&connection)?;
    let listing = forge.merged_pulls()?;
    if let Some(gap) = listing.gap() {
        run.warn(&format!("the list of closed pull requests is incomplete: {gap}"));
    }
    let mut found: Vec<Merged> = listing.items.into_iter().flatten().filter_map(Merged::of_pull).collect();
    keep(&mut found, settings, |merged| known.contains(&merged.number));
    let told: Vec<Option<gitea::Size>> = found.iter_mut().map(|merged| merged.size.take()).collect();
    let is_new = |merged: &Merged| !known.contains(&merged.number);
    sizes_from_clone(run, run.repo.root(), &mut found, is_new);
    // The clone shows what was merged; what the forge says of a branch that was used again is another thing.
    for (merged, told) in found.iter_mut().zip(told) {
        merged.size = merged.size.or(told);
    }
    let missing: Vec<u64> =
        found.iter().filter(|merged| merged.size.is_none() && is_new(merged)).map(|merged| merged.number).collect();
    if !missing.is_empty() {
        let mut progress = Progress::new(run, "pull requests", missing.len());
        let mut failed = 0;
        let outcome = forge.each_pull(&missing, |number, pull| {
            progress.step();
            match pull {
                Ok(pull) => {
                    if let Some(merged) = found.iter_mut().find(|merged| merged.number == number) {
                        merged.size = pull.size();
                    }
                }
                // A forge that is gone will not come back for the rest.
                Err(error @ ForgeError::Unreachable { .. }) => return Err(error),
                Err(_) => failed += 1,
            }
            Ok(())
        });
        progress.end();
        outcome?;
        if failed > 0 {
            run.warn(&format!("{failed} pull requests could not be fetched; their sizes are unknown"));
        }
    }
    Ok((found, connection.slug.ok()))
}

/// What the local history says was merged.
fn from_git(run: &Run, settings: &Settings, known: &HashSet<u64>) -> Result<(Vec<Merged>, Option<String>), Error> {
    let fail = |source| Error::History { path: run.repo.root().display().to_string(), source };
    let repository = git2::Repository::open(run.repo.root()).map_err(fail)?;
    let slug = settings.forge.resolve(run.host, &run.repo).slug.ok();
    let history = history::walk(&repository, slug.as_deref()).map_err(fail)?;
    run.detail(&format!("{} commits on the main line name {} pull requests", history.commits, history.merged.len()));
    if history.uncertain > 0 {
        run.warn(&format!(
            "{} of {} are named only at the end of a commit's subject; a commit picked from another repository keeps its \
             number with it",
            history.uncertain,
            history.merged.len()
        ));
    }
    let mut found = history.merged;
    keep(&mut found, settings, |merged| known.contains(&merged.number));
    sizes_from_clone(run, run.repo.root(), &mut found, |merged| !known.contains(&merged.number));
    Ok((found, slug))
}

/// Keeps what the settings ask for, the oldest first; known ones do not count against the limit.
fn keep(found: &mut Vec<Merged>, settings: &Settings, is_known: impl Fn(&Merged) -> bool) {
    if let Some(since) = settings.since {
        found.retain(|merged| merged.at.date_naive() >= since);
    }
    found.sort_by_key(|merged| (merged.at, merged.number));
    if settings.limit > 0 {
        let mut left = settings.limit;
        found.retain(|merged| {
            let kept = is_known(merged) || left > 0;
            left -= usize::from(kept && !is_known(merged));
            kept
        });
    }
}

/// Fills in the sizes that the local clone shows.
fn sizes_from_clone(run: &Run, root: &Path, found: &mut [Merged], is_wanted: impl Fn(&Merged) -> bool) {
    let Ok(repository) = git2::Repository::open(root) else { return };
    let pair = |merged: &Merged| is_wanted(merged).then(|| sizes::pair(&repository, &merged.commits)).flatten();
    let pairs: Vec<Option<sizes::Pair>> = found.iter().map(pair).collect();
    let wanted: Vec<sizes::Pair> = pairs.iter().copied().flatten().collect();
    if wanted.is_empty() {
        return;
    }
    let mut progress = Progress::new(run, "commits", wanted.len());
    let sizes = sizes::compare(root, &repository, &wanted, || progress.step());
    progress.end();
    for (merged, pair) in found.iter_mut().zip(pairs) {
        merged.size = pair.and_then(|pair| sizes.get(&pair).copied());
    }
}
