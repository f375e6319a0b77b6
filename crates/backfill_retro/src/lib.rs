//! Adds records for pull requests that were merged before the loop kept records.
//!
//! - Reads: the forge's merged pull requests (with `--from-git` the local history instead), the local clone for their sizes,
//!   `.loop/retro/cycles.jsonl`.
//! - Writes: records into `.loop/retro/cycles.jsonl` in the order of time (the log as it was to `.bak`),
//!   `.loop/retro/summary.json` and the index `.loop/retro/cycles.index.json`.
//! - Ends: 0 done, also when there was nothing to add; 1 the forge cannot be reached, or the history not read; 2 wrong
//!   usage or configuration, or a file is in the way.

mod cli;
mod history;
mod merged;
mod progress;
mod record;
mod settings;
mod sizes;

use std::collections::HashSet;
use std::path::Path;

use clap::CommandFactory;
use common::run::Run;
use common::tool::{self, Tool};
use common::{Error, Outcome, Page, View};
use git_repository::OpenError;
use gitea::ForgeError;
use host::Host;
use host::text;
use records::{Cycle, pyjson};
use serde::Serialize;
use store::Cycles;
use store::cycles::PastCycle;

use crate::cli::Cli;
use crate::merged::Merged;
use crate::progress::Progress;
use crate::settings::Settings;

/// The descriptor of the tool.
pub const TOOL: Tool = Tool {
    id: "backfill_retro",
    prefix: "backfill",
    about: "Adds records for pull requests that were merged before the loop kept records.",
    script: Some("scripts/backfill_retro.py"),
    trigger: "manual",
    exit_codes: "0 done; 1 the forge is unreachable, or the history cannot be read (the log is unchanged)",
    run: |host| tool::run(host, backfill),
    command: Cli::command,
    settings: |layers| Settings::resolve(layers, None, None).map(drop),
};

/// How many records a dry run shows.
const SHOWN: usize = 10;

/// What a run added, or would add.
#[derive(Serialize)]
struct BackfillView {
    added: usize,
    known: usize,
    unknown_size: usize,
    dry_run: bool,
    /// The first records of a dry run: what comes before the title, and the title.
    #[serde(skip)]
    shown: Vec<(String, String)>,
}

impl BackfillView {
    fn outcome(&self) -> Outcome {
        let verb = if self.dry_run { "would add" } else { "added" };
        Outcome::done(format!("{verb} {}, {} known, {} of unknown size", self.added, self.known, self.unknown_size))
    }
}

impl View for BackfillView {
    fn render(&self, page: &mut Page) {
        for (head, title) in &self.shown {
            page.entry(head, title);
        }
        let more = self.added - self.shown.len();
        if self.dry_run && more > 0 {
            page.line(format!("  … and {more} more"));
        }
        let verb = if self.dry_run { "Dry run: would add" } else { "Added" };
        let sizes =
            if self.unknown_size > 0 { format!(", {} of unknown size", self.unknown_size) } else { String::new() };
        let records = text::counted(self.added, "record");
        page.say(format!("{verb} {records}{sizes}; {} known already", self.known));
    }
}

fn backfill(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    let run = Run::begin(host, &TOOL, &cli.common)?;
    if let Some(suspension) = run.suspension()? {
        return Ok(run.skip(&suspension));
    }
    let settings = run.settings(&[], |layers| Settings::resolve(layers, cli.since, cli.limit))?;
    let log = run.cycles()?;
    log.check_writable()?;
    if cli.dry_run {
        return seed(&run, cli, &settings, &log);
    }
    run.perform(|_| seed(&run, cli, &settings, &log))
}

fn seed(run: &Run, cli: &Cli, settings: &Settings, log: &Cycles<'_>) -> Result<Outcome, Error> {
    let known = log.pull_requests()?;
    let (mut found, slug) =
        if cli.from_git { from_git(run, settings, &known)? } else { from_forge(run, settings, &known)? };
    let all = found.len();
    found.retain(|merged| !known.contains(&merged.number));
    let (mut lines, mut shown) = (Vec::new(), Vec::new());
    for merged in &found {
        let cycle = record::cycle_of(merged, slug.as_deref());
        if cli.dry_run && shown.len() < SHOWN {
            shown.push(row(&cycle, merged));
        }
        lines.push(PastCycle { pr: merged.number, time: merged.at, text: pyjson::to_line(&cycle)? });
    }
    if !cli.dry_run {
        log.merge(&mut lines, run.host.now(), run.summary_window()?)?;
    }
    let sized: HashSet<u64> = found.iter().filter(|merged| merged.size.is_some()).map(|merged| merged.number).collect();
    let backfilled = BackfillView {
        added: lines.len(),
        known: all - lines.len(),
        unknown_size: lines.iter().filter(|line| !sized.contains(&line.pr)).count(),
        dry_run: cli.dry_run,
        shown,
    };
    run.present(&backfilled)?;
    Ok(backfilled.outcome())
}

/// A record as a dry run shows it: what comes before the title, and the title.
fn row(cycle: &Cycle, merged: &Merged) -> (String, String) {
    let number = format!("#{}", merged.number);
    let issue = cycle.issue.map_or_else(|| "-".to_owned(), |issue| format!("issue #{issue}"));
    let size =
        merged.size.map_or_else(|| "size unknown".to_owned(), |size| format!("+{} -{}", size.added, size.removed));
    let day = merged.at.format("%Y-%m-%d");
    (format!("  {day}  {number:<6} {:<10} {issue:<11} {size:<13} ", cycle.kind.name()), merged.title.clone())
}

/// What the forge says was merged, with sizes from the clone, else from the forge.
fn from_forge(run: &Run, settings: &Settings, known: &HashSet<u64>) -> Result<(Vec<Merged>, Option<String>), Error> {
    let forge = gitea::connect(run, &settings.forge)?;
    let listing = forge.merged_pulls()?;
    if let Some(gap) = listing.gap() {
        run.warn(&format!("the list of closed pull requests is incomplete: {gap}"));
    }
    let mut found: Vec<Merged> = listing.items.into_iter().flatten().filter_map(Merged::of_pull).collect();
    keep(&mut found, settings, |merged| known.contains(&merged.number));
    let told: Vec<Option<gitea::Size>> = found.iter_mut().map(|merged| merged.size.take()).collect();
    let is_new = |merged: &Merged| !known.contains(&merged.number);
    sizes_from_clone(run, run.repo().root(), &mut found, is_new)?;
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
            run.warn(&format!("{} could not be fetched; the size is unknown", text::counted(failed, "pull request")));
        }
    }
    Ok((found, Some(forge.slug().to_owned())))
}

/// What the local history says was merged.
fn from_git(run: &Run, settings: &Settings, known: &HashSet<u64>) -> Result<(Vec<Merged>, Option<String>), Error> {
    let needs_history =
        |error: Error| error.with_code(1).with_hint("--from-git needs a clone with at least one commit");
    let fail = |error: git2::Error| {
        let cannot_read = format!("the history of {} cannot be read", run.repo().root().display());
        needs_history(Error::caused(cannot_read)(error))
    };
    let repository = git_repository::open(run.repo().root()).map_err(|error| match error {
        OpenError::NotFound(_) => needs_history(error.into()),
        _ => error.into(),
    })?;
    let slug = settings.forge.connection(run.host, run.repo()).slug.ok();
    let history = history::walk(&repository, slug.as_deref()).map_err(fail)?;
    let (commits, pulls) =
        (text::counted(history.commits, "commit"), text::counted(history.merged.len(), "pull request"));
    run.detail(&format!("{pulls} named by {commits} on the main line"));
    if history.uncertain > 0 {
        run.warn(&format!(
            "{} of {} are named only at the end of a commit's subject; a commit picked from another repository keeps its \
             number with it",
            history.uncertain,
            history.merged.len()
        ));
    }
    for (other, count) in &history.foreign {
        let other = text::fit(other, 100);
        run.warn(&format!(
            "{} left out: pull requests of {other}; if this repository had that name before, REPO_SLUG={other} backfill_retro \
             --from-git counts them",
            text::counted(*count, "commit")
        ));
    }
    let mut found = history.merged;
    keep(&mut found, settings, |merged| known.contains(&merged.number));
    sizes_from_clone(run, run.repo().root(), &mut found, |merged| !known.contains(&merged.number))?;
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
///
/// # Errors
/// The system refuses to read the clone. A record is never completed later, so none is made without a size that is there.
fn sizes_from_clone(
    run: &Run,
    root: &Path,
    found: &mut [Merged],
    is_wanted: impl Fn(&Merged) -> bool,
) -> Result<(), Error> {
    let fail = |error: git2::Error| {
        Error::caused(format!("cannot read the Git repository {}", root.display()))(error)
            .with_hint("nothing is recorded; run it again once the clone can be read")
    };
    let Some(repository) = git_repository::if_there(git_repository::open(root))? else { return Ok(()) };
    let pair = |merged: &Merged| {
        if is_wanted(merged) { sizes::pair(&repository, &merged.commits) } else { Ok(None) }
    };
    let pairs = found.iter().map(pair).collect::<Result<Vec<Option<sizes::Pair>>, _>>().map_err(fail)?;
    let wanted: Vec<sizes::Pair> = pairs.iter().copied().flatten().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let mut progress = Progress::new(run, "commits", wanted.len());
    let sizes = sizes::compare(root, &repository, &wanted, || progress.step());
    progress.end();
    let sizes = sizes.map_err(fail)?;
    for (merged, pair) in found.iter_mut().zip(pairs) {
        merged.size = pair.and_then(|pair| sizes.get(&pair).copied());
    }
    Ok(())
}
