//! Scores the open issues and writes the queue and the quarantine.
//!
//! - Reads: the forge's open issues (or a file of them), the rules, the end of `.loop/retro/cycles.jsonl`,
//!   `.loop/quarantine.json`.
//! - Writes: `.loop/queue.json` (the old one to `.bak`), `.loop/quarantine.json`, a line of `.loop/retro/triage.jsonl`,
//!   `.loop/scores.json`; with `--release`, `.loop/quarantine_released.json`.
//! - Ends: 0 done; 1 the forge cannot be reached (the old queue stays), or there is no such issue to explain or release;
//!   2 wrong usage, configuration or rules, or a file is in the way.

mod cli;
mod history;
mod needs;
mod score;
mod scorer;
mod scores;
mod settings;
mod show;
mod triage;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use clap::CommandFactory;
use common::run::{Run, TokenEvents};
use common::tool::{self, Tool};
use common::{Error, Outcome};
use eligibility::{Sources, quarantine};
use gitea::{ForgeError, Issue, IssueQuery, issues_from_file};
use host::Host;
use host::text;
use records::stored_files::{QUARANTINE, QUEUE, TRIAGE_LOG};
use records::{Deferred, TriageRun};
use store::Log;

use crate::cli::Cli;
use crate::history::{History, PullRequests};
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
    if let Some(suspension) = run.suspension()?
        && (writes || cli.dry_run)
        && cli.release.is_none()
    {
        return Ok(run.skip(&suspension));
    }
    let settings = run.settings(&[], Settings::resolve)?;
    let rules = Rules::load(&settings.rules_location(&run))?;
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
    let dry_run = token_events.is_none();
    let threshold = threshold(settings, rules);
    let scorer = Scorer::new(rules, threshold);
    let history = History::read(run)?;
    // Before the forge is asked: what an agent changes meanwhile is newer.
    let asked_at = run.host.timestamp();
    let issues = open_issues(run, cli, settings, |issue| scorer.score(issue));
    let (sources, limits) = (Sources::of_run(run), settings.quarantine.limits(rules.quarantine));
    let decision = match (&issues, &token_events) {
        (_, None) => quarantine::preview(sources, limits)?,
        (Ok(_), Some(_)) => quarantine::update(sources, limits)?,
        // The quarantine follows from the records alone: a forge that cannot be reached does not stop it.
        (Err(_), Some(_)) => quarantine::refresh(sources, limits)?,
    };
    if let Some(token_events) = token_events {
        decision.newly.iter().for_each(|_| token_events.add("quarantine_candidate"));
    }
    if issues.is_err() {
        decision.newly.iter().for_each(|issue| run.say(&quarantine::notice(*issue)));
    }
    let last_triage = run.store.triage_runs().tail(1)?.intact.pop().and_then(|triage| triage.time());
    let mut issues = issues?;
    let pulls = if cli.issues.is_some() { PullRequests::default() } else { pull_requests(run, settings, &history) };
    history.complete(&mut issues, &pulls, run.host.now());
    let triage = partition(issues, rules, &decision, last_triage);
    let record = [record(run, &triage, begun)];
    if !dry_run {
        run.store.queue().replace(triage.ready.iter().map(|scored| &*scored.item))?;
        scores::write(run, rules, (threshold, asked_at), &triage, &history)?;
        run.store.triage_runs().append(&record)?;
    }
    run.present(&TriageView::new(&record[0], &triage, rules, threshold, dry_run))?;
    let (ready, not_ready, quarantined) = (triage.ready.len(), triage.count_not_ready(), triage.quarantined.len());
    Ok(Outcome::done(format!("{ready} ready, {not_ready} not ready, {quarantined} quarantined")))
}

/// Returns the sum from which on an issue is ready: the setting's, else the rules'.
fn threshold(settings: &Settings, rules: &Rules) -> i64 {
    settings.ready_threshold.and_then(|sum| i64::try_from(sum).ok()).unwrap_or(rules.ready)
}

fn record(run: &Run, triage: &Triage, begun: Instant) -> TriageRun {
    let all = || triage.ready.iter().chain(&triage.not_ready).chain(&triage.in_work).chain(&triage.quarantined);
    TriageRun {
        timestamp: Some(run.host.timestamp()),
        total_open: Some(triage.total_open as u64),
        scored: Some(triage.scored as u64),
        ready: Some(triage.ready.len() as u64),
        not_ready: Some(triage.count_not_ready() as u64),
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
    let (issues, rounds) = (text::counted(listing.items.len(), "issue"), text::counted(listing.rounds, "time"));
    run.detail(&format!("{issues} from {}, fetched {rounds}", forge.address()));
    Ok(listing.items.into_iter().flatten().collect())
}

/// Asks the forge for the open pull requests. Where it does not answer, what the last triage knew holds on.
fn pull_requests(run: &Run, settings: &Settings, history: &History) -> PullRequests {
    let ask = || -> Result<PullRequests, ForgeError> {
        let forge = gitea::connect(run, &settings.forge)?;
        let open = forge.open_pulls()?;
        if let Some(gap) = open.gap() {
            run.warn(&format!("the list of open pull requests is incomplete: {gap}"));
        }
        let in_work = gitea::in_work(&open.items, Some(forge.slug()));
        let (mut rejected, mut unknown) = (BTreeMap::new(), BTreeSet::new());
        forge.each_pull(&history.ended_pulls(&in_work), |number, pull| {
            match pull {
                Ok(pull) if pull.state == "closed" && !pull.merged => {
                    rejected.insert(number, pull.closed_at());
                }
                Ok(_) => {}
                // It was deleted.
                Err(ForgeError::Status { status, .. }) if status.as_u16() == 404 => {
                    rejected.insert(number, None);
                }
                Err(error) => {
                    run.warn(&format!("how the pull request #{number} ended is not known: {error}"));
                    unknown.insert(number);
                }
            }
            Ok::<_, ForgeError>(())
        })?;
        Ok(PullRequests { in_work: Some(in_work), rejected, unknown })
    };
    ask().unwrap_or_else(|error| {
        run.warn(&format!(
            "the forge did not list the open pull requests ({error}); what the last triage knew of them holds"
        ));
        PullRequests::default()
    })
}

fn show_rules(run: &Run, settings: &Settings, rules: &Rules) -> Result<Outcome, Error> {
    let (count, patterns) = rules.count();
    let source = settings.rules_location(run).source()?;
    let source = source.map_or_else(|| "built in".to_owned(), |path| path.display().to_string());
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
        return Err(Error::failed(format!("there is no issue #{number}"), ""));
    };
    let explanation = score::explain(rules, &issue);
    let quarantine = run.store.quarantine().read_intact("no issue counts as quarantined")?;
    let is_quarantined = quarantine.is_some_and(|quarantine| quarantine::contains(&quarantine, number));
    let in_work = History::read(run)?.in_work(number);
    let threshold = threshold(settings, rules);
    run.present(&ExplanationView::new((number, &issue.title), &explanation, threshold, is_quarantined, in_work))?;
    Ok(Outcome::done("shown"))
}

fn release(run: &Run, number: u64) -> Result<Outcome, Error> {
    let released = quarantine::release(Sources::of_run(run), number)?;
    run.present(&ReleaseView { issue: number, released })?;
    Ok(if released { Outcome::done(format!("released #{number}")) } else { Outcome::no(format!("no #{number}")) })
}
