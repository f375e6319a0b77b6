//! Scores the open issues and writes the queue and the quarantine.
//!
//! - Reads: the forge's open issues (or a file of them), the rules, the end of `.loop/retro/cycles.jsonl`,
//!   `.loop/quarantine.json`.
//! - Writes: `.loop/queue.json` (the old one to `.bak`), `.loop/quarantine.json`, a line of `.loop/retro/triage.jsonl`,
//!   `.loop/scores.json`; with `--release`, `.loop/quarantine_released.json`.
//! - Ends: 0 done; 1 the forge cannot be reached (the old queue stays), or there is no such issue to explain or release;
//!   2 wrong usage, configuration or rules, or a file is in the way.

mod cli;
mod quarantine;
mod score;
mod scorer;
mod scores;
mod settings;
mod show;
mod triage;

use std::path::PathBuf;
use std::time::Instant;

use clap::CommandFactory;
use common::run::{Run, TokenEvents};
use common::tool::{self, Tool};
use common::{Error, Outcome};
use gitea::{ForgeError, Issue, IssueQuery, issues_from_file};
use host::Host;
use host::files::FileError;
use records::stored_files::{QUARANTINE, QUEUE, TRIAGE_LOG};
use records::{Deferred, TriageRun};
use store::Log;

use crate::cli::Cli;
use crate::quarantine::Policy;
use crate::scorer::Scorer;
use crate::settings::Settings;
use crate::show::{ExplanationView, ReleaseView, RulesView, TriageView};
use crate::triage::{Triage, partition};

pub use score::{Explanation, Hit, Score, score};
pub use triage_rules::{Rules, RulesError, SHIPPED};

/// The descriptor of the tool.
pub const TOOL: Tool = Tool {
    id: "triage_score",
    prefix: "triage",
    about: "Scores the open issues and writes the queue and the quarantine.",
    script: Some("scripts/triage_score.py"),
    trigger: "hourly",
    exit_codes: "0 done; 1 the forge is unreachable (the old queue is kept), or there is no such issue to explain or to release",
    run: |host| tool::run(host, triage),
    command: Cli::command,
    settings: |layers| Settings::resolve(layers).map(drop),
};

fn triage(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    let run = Run::begin(host, &TOOL, &cli.common)?;
    let writes = cli.explain.is_none() && !cli.check_rules && !cli.dry_run;
    if run.is_disabled() && (writes || cli.dry_run) && cli.release.is_none() {
        return Ok(run.skip());
    }
    let settings = run.settings(&[], Settings::resolve)?;
    let rules = load_rules(&run, &settings)?;
    let (threshold, most) = (threshold(&settings, &rules), rules.most());
    if threshold > most {
        let origin = &settings.ready_threshold_origin;
        return Err(Error::usage(
            format!("{origin}: ready_threshold {threshold} cannot be reached: the rules add up to {most} at most"),
            format!("set it to a number from 0 to {most}"),
        ));
    }
    if cli.check_rules {
        return show_rules(&run, &settings, &rules);
    }
    if let Some(number) = cli.explain {
        return explain(&run, cli, &settings, &rules, number);
    }
    if let Some(number) = cli.release {
        return run.perform(|_| release(&run, number));
    }
    if !writes {
        return score_all(&run, cli, &settings, &rules, None);
    }
    run.store.check_writable(&[QUEUE, QUARANTINE, TRIAGE_LOG])?;
    run.perform(|token_events| score_all(&run, cli, &settings, &rules, Some(token_events)))
}

/// Scores every open issue. Without `token_events` nothing is written.
fn score_all(
    run: &Run,
    cli: &Cli,
    settings: &Settings,
    rules: &Rules,
    token_events: Option<&mut TokenEvents>,
) -> Result<Outcome, Error> {
    let begun = Instant::now();
    let threshold = threshold(settings, rules);
    let scorer = Scorer::new(rules, threshold);
    let issues = open_issues(run, cli, settings, |issue| scorer.score(issue))?;
    let policy = policy(run, settings, rules)?;
    let dry_run = token_events.is_none();
    let decision = if dry_run { quarantine::preview(run, &policy) } else { quarantine::update(run, &policy) };
    let triage = partition(issues, rules, decision?);
    let record = [record(run, &triage, begun)];
    if let Some(token_events) = token_events {
        run.store.queue().replace(triage.ready.iter().map(|scored| &*scored.item))?;
        scores::write(run, rules, threshold, &triage)?;
        run.store.triage_runs().append(&record)?;
        for _ in &triage.newly_quarantined {
            token_events.add("quarantine_candidate");
        }
    }
    run.present(&TriageView::new(&record[0], &triage, rules.excellent, dry_run))?;
    let (ready, not_ready, quarantined) = (triage.ready.len(), triage.not_ready.len(), triage.quarantined.len());
    Ok(Outcome::done(format!("{ready} ready, {not_ready} not ready, {quarantined} quarantined")))
}

/// Returns the sum from which on an issue is ready: the setting's, else the rules'.
fn threshold(settings: &Settings, rules: &Rules) -> i64 {
    settings.ready_threshold.and_then(|sum| i64::try_from(sum).ok()).unwrap_or(rules.ready)
}

fn policy<'h>(run: &Run<'h>, settings: &Settings, rules: &Rules) -> Result<Policy<'h>, Error> {
    let lookback = settings.quarantine_lookback.and_then(|count| usize::try_from(count).ok());
    Ok(Policy {
        cycles: run.cycles()?,
        failures: settings.quarantine_failures.unwrap_or(rules.failures),
        lookback: lookback.unwrap_or(rules.lookback),
    })
}

fn record(run: &Run, triage: &Triage, begun: Instant) -> TriageRun {
    let all = || triage.ready.iter().chain(&triage.not_ready).chain(&triage.quarantined);
    TriageRun {
        timestamp: Some(run.host.timestamp()),
        total_open: Some(triage.total_open as u64),
        scored: Some(triage.scored as u64),
        ready: Some(triage.ready.len() as u64),
        not_ready: Some(triage.not_ready.len() as u64),
        quarantined: Some(triage.quarantined.len() as u64),
        newly_quarantined: Deferred::Value(triage.newly_quarantined.iter().copied().collect()),
        top_issue: triage.ready.first().map(|scored| scored.item.issue),
        ready_issues: Deferred::Value(triage.ready.iter().map(|scored| scored.item.issue).collect()),
        scores: Deferred::Value(all().map(|scored| (scored.item.issue, scored.total())).collect()),
        duration_ms: Some(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)),
    }
}

/// Returns the open issues, of the file that the command line names, else of the forge, as `convert` makes them.
fn open_issues<U>(run: &Run, cli: &Cli, settings: &Settings, convert: impl Fn(Issue) -> U) -> Result<Vec<U>, Error> {
    if let Some(path) = &cli.issues {
        let file = issues_from_file(path, run.read_input(path)?)?;
        if file.open.is_empty() && file.unreadable > 0 {
            // Else a file of something else would empty the queue.
            return Err(Error::usage(
                format!("{}: none of its {} entries is an open issue", path.display(), file.unreadable),
                "give a list in the format of the API: [{\"number\": 1, \"title\": \"…\", \"body\": \"…\"}, …]",
            ));
        }
        if file.unreadable > 0 {
            run.warn(&format!("{}: {} entries are not issues", path.display(), file.unreadable));
        }
        return Ok(file.open.into_iter().map(convert).collect());
    }
    let forge = gitea::connect(run, &settings.forge)?;
    // A forge that ignores a part of the question still gives no pull request and no closed issue past this.
    let is_wanted = |issue: &Issue| issue.pull_request.is_none() && issue.is_open();
    let listing = forge.issues_as(IssueQuery::default(), |issue| is_wanted(&issue).then(|| convert(issue)))?;
    if let Some(gap) = listing.gap() {
        run.warn(&format!("the list of open issues is incomplete: {gap}"));
    }
    run.detail(&format!("{} issues from {}, fetched {} time(s)", listing.items.len(), forge.address(), listing.rounds));
    Ok(listing.items.into_iter().flatten().collect())
}

/// Reads the rules: the file that a setting names, else the one in the configuration folder, else the built-in ones.
fn load_rules(run: &Run, settings: &Settings) -> Result<Rules, RulesError> {
    let path = rules_path(run, settings);
    if let (Some(path), true) = (&path, settings.rules_file.is_some())
        && !path.exists()
    {
        return Err(FileError::reading(path, std::io::ErrorKind::NotFound.into()).into());
    }
    Rules::load(path.as_deref())
}

fn rules_path(run: &Run, settings: &Settings) -> Option<PathBuf> {
    let named = settings.rules_file.as_ref().map(|path| run.repo().resolve(path));
    named.or_else(|| run.manifest.file("triage_rules.yaml"))
}

fn show_rules(run: &Run, settings: &Settings, rules: &Rules) -> Result<Outcome, Error> {
    let (count, patterns) = rules.count();
    let path = rules_path(run, settings).filter(|path| path.exists());
    let source = path.map_or_else(|| "built in".to_owned(), |path| path.display().to_string());
    run.present(&RulesView { valid: true, rules: count, patterns, source })?;
    Ok(Outcome::done("shown"))
}

fn explain(run: &Run, cli: &Cli, settings: &Settings, rules: &Rules, number: u64) -> Result<Outcome, Error> {
    let issue = if cli.issues.is_some() {
        open_issues(run, cli, settings, |issue| issue)?.into_iter().find(|issue| issue.number == number)
    } else {
        match gitea::connect(run, &settings.forge)?.issue(number) {
            Ok(issue) => Some(issue),
            Err(ForgeError::Status { status, .. }) if status.as_u16() == 404 => None,
            Err(error) => return Err(error.into()),
        }
    };
    let Some(issue) = issue else {
        run.say(&format!("There is no issue #{number}"));
        return Ok(Outcome::no(format!("no #{number}")));
    };
    let explanation = score::explain(rules, &issue);
    let quarantine = run.store.quarantine().read_intact("no issue counts as quarantined")?;
    let is_quarantined = quarantine.is_some_and(|quarantine| quarantine::contains(&quarantine, number));
    let threshold = threshold(settings, rules);
    run.present(&ExplanationView::new((number, &issue.title), &explanation, threshold, is_quarantined))?;
    Ok(Outcome::done("shown"))
}

fn release(run: &Run, number: u64) -> Result<Outcome, Error> {
    let released = quarantine::release(run, number)?;
    run.present(&ReleaseView { issue: number, released })?;
    Ok(if released { Outcome::done(format!("released #{number}")) } else { Outcome::no(format!("no #{number}")) })
}
