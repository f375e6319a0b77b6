//! Which issues are ready for the agent, and in what order.
//!
//! - Reads: the forge's open issues (or a file of them), the rules, the end of `.loop/retro/cycles.jsonl`,
//!   `.loop/quarantine.json`.
//! - Writes: `.loop/queue.json` (the old one to `.bak`), `.loop/quarantine.json`, a line of `.loop/retro/triage.jsonl`,
//!   `.loop/scores.json`; with `--release`, `.loop/quarantine_released.json`.
//! - Ends: 0 done; 1 the forge cannot be reached (the old queue stands), or there is no such issue to explain or release;
//!   2 wrong usage, configuration or rules, or a file stands in the way.

pub mod cli;
mod quarantine;
mod queue;
mod score;
mod scores;
mod settings;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use common::exit::{self, Answer, Failure};
use common::files::{self, Durability, FileError};
use common::host::Host;
use common::pyjson;
use common::reason::Reason;
use common::records::TriageRun;
use common::run::{self, Done, Earnings, Run, RunError, Tool};
use common::settings::{Layers, SettingsError};
use gitea::{Forge, ForgeError, Issue, IssueQuery, issues_from_file};
use serde_json::json;

use crate::cli::Cli;
use crate::quarantine::{Quarantine, Release};
use crate::queue::{Scored, Scorer};
use crate::settings::Settings;

pub use score::{Explanation, Hit, Score, score};
pub use triage_rules::{Rules, RulesError, SHIPPED};

/// Who this is.
pub const TOOL: Tool = Tool { id: "triage_score", prefix: "triage" };

/// How a call ends when nothing surprising happens.
#[derive(Debug)]
enum Outcome {
    /// The issues are scored.
    Triaged { ready: usize, not_ready: usize, quarantined: usize },
    /// An issue's score was shown, or the rules were checked.
    Shown,
    /// An issue was taken out of quarantine.
    Released(u64),
    /// There is no such issue to explain or release.
    NoSuchIssue(u64),
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{origin}: ready_threshold {threshold} cannot be reached: the rules add up to {most} at most")]
    Threshold { origin: String, threshold: i64, most: i64 },
    #[error("{}: none of its {count} entries is an open issue", path.display())]
    NoIssues { path: PathBuf, count: usize },
    #[error("the run cannot be logged as JSON")]
    Log(#[from] serde_json::Error),
}

impl Answer for Outcome {
    fn code(&self) -> u8 {
        match self {
            Self::Triaged { .. } | Self::Shown | Self::Released(_) => 0,
            Self::NoSuchIssue(_) => 1,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Triaged { ready, not_ready, quarantined } => {
                format!("{ready} ready, {not_ready} not ready, {quarantined} quarantined")
            }
            Self::Shown => "shown".to_owned(),
            Self::Released(issue) => format!("released #{issue}"),
            Self::NoSuchIssue(issue) => format!("no #{issue}"),
        }
    }
}

impl Failure for Error {
    fn code(&self) -> u8 {
        match self {
            Self::Run(error) => error.code(),
            Self::Forge(error) => error.code(),
            Self::Rules(_) | Self::Threshold { .. } | Self::File(_) | Self::NoIssues { .. } | Self::Log(_) => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.hint(),
            Self::Rules(error) => error.hint(),
            Self::Forge(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Threshold { most, .. } => Some(format!("set it to a number from 0 to {most}")),
            Self::NoIssues { .. } => Some(
                "give a list in the format of the API: [{\"number\": 1, \"title\": \"…\", \"body\": \"…\"}, …]"
                    .to_owned(),
            ),
            Self::Log(_) => None,
        }
    }
}

/// What a triage run found, in the queue's order.
pub(crate) struct Triage {
    pub total_open: usize,
    pub scored: usize,
    pub ready: Vec<Scored>,
    pub not_ready: Vec<Scored>,
    pub quarantined: Vec<Scored>,
    pub newly_quarantined: Vec<u64>,
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
    run::tool(host, triage)
}

fn triage(host: &Host, cli: &Cli) -> Result<Done<Outcome>, Error> {
    let run = Run::begin(host, TOOL, &cli.common)?;
    let writes = cli.explain.is_none() && !cli.check_rules && !cli.dry_run;
    if run.is_disabled() && (writes || cli.dry_run) && cli.release.is_none() {
        return Ok(run.skip());
    }
    let settings = run.settings(&[], Settings::take)?;
    let rules = load_rules(&run, &settings)?;
    let (threshold, most) = (threshold(&settings, &rules), rules.most());
    if threshold > most {
        return Err(Error::Threshold { origin: settings.ready_threshold_origin, threshold, most });
    }
    if cli.check_rules {
        return Ok(Done::Answer(show_rules(&run, &settings, &rules)));
    }
    if let Some(number) = cli.explain {
        return explain(&run, cli, &settings, &rules, number).map(Done::Answer);
    }
    if let Some(number) = cli.release {
        return release(&run, number);
    }
    if !writes {
        return score_all(&run, cli, &settings, &rules, None).map(Done::Answer);
    }
    for path in [run.repo.queue(), run.repo.quarantine(), run.repo.triage_log()] {
        files::check_writable_place(&path)?;
    }
    run.perform(|earnings| score_all(&run, cli, &settings, &rules, Some(earnings)))
}

/// Scores every open issue. Without `earnings` nothing is written.
fn score_all(
    run: &Run,
    cli: &Cli,
    settings: &Settings,
    rules: &Rules,
    earnings: Option<&mut Earnings>,
) -> Result<Outcome, Error> {
    let begun = Instant::now();
    let threshold = threshold(settings, rules);
    let scorer = Scorer::new(rules, threshold);
    let issues = open_issues(run, cli, settings, |issue| scorer.score(issue))?;
    let mut quarantine = Quarantine::read(run)?;
    let failures = settings.quarantine_failures.unwrap_or(rules.failures);
    let lookback = settings.quarantine_lookback.and_then(|count| usize::try_from(count).ok()).unwrap_or(rules.lookback);
    let newly_quarantined = quarantine.update(run, &run.cycles_log()?, failures, lookback)?;
    let mut triage = sort_out(issues, rules, &quarantine, newly_quarantined);
    let record = record(run, &triage, begun);
    if run.args.json {
        let not_ready = triage.not_ready.iter().map(|scored| {
            json!({"issue": scored.item.issue, "title": scored.item.title, "type": scored.item.kind,
                   "score": scored.item.score, "reason": Reason::NotReady, "needs": show::lacking(scored)})
        });
        let not_ready: Vec<serde_json::Value> = not_ready.collect();
        run.host.say(&pyjson::to_line(
            &json!({"run": record, "queue": queue::items(&triage.ready), "not_ready": not_ready, "dry_run": earnings.is_none()}),
        )?);
    }
    if let Some(earnings) = earnings {
        quarantine.save(run)?;
        queue::write(run, &mut triage.ready)?;
        scores::write(run, rules, threshold, &triage)?;
        let line = pyjson::to_line(&record)?;
        files::lock(&run.repo.triage_log())?.append_line(line.as_bytes(), Durability::Flushed)?;
        for _ in &triage.newly_quarantined {
            earnings.add("quarantine_candidate");
        }
    } else if !run.args.json {
        run.say("Dry run: nothing is written");
    }
    show::triage(run, &triage, rules.excellent);
    let (ready, not_ready, quarantined) = (triage.ready.len(), triage.not_ready.len(), triage.quarantined.len());
    Ok(Outcome::Triaged { ready, not_ready, quarantined })
}

/// Returns the sum from which on an issue is ready: the setting's, else the rules'.
fn threshold(settings: &Settings, rules: &Rules) -> i64 {
    settings.ready_threshold.and_then(|sum| i64::try_from(sum).ok()).unwrap_or(rules.ready)
}

/// Sorts the scored issues into ready, not ready and quarantined.
fn sort_out(scored: Vec<Scored>, rules: &Rules, quarantine: &Quarantine, newly_quarantined: Vec<u64>) -> Triage {
    let total_open = scored.len();
    let (mut ready, mut not_ready, mut quarantined) = (Vec::new(), Vec::new(), Vec::new());
    for scored in scored {
        if quarantine.holds(scored.item.issue) {
            quarantined.push(scored);
        } else if scored.item.ready {
            ready.push(scored);
        } else {
            not_ready.push(scored);
        }
    }
    for list in [&mut ready, &mut not_ready, &mut quarantined] {
        queue::sort(list, &rules.ordering);
    }
    not_ready.sort_by_key(|scored| std::cmp::Reverse(scored.item.score));
    Triage { total_open, scored: total_open, ready, not_ready, quarantined, newly_quarantined }
}

fn record(run: &Run, triage: &Triage, begun: Instant) -> TriageRun {
    let all = || triage.ready.iter().chain(&triage.not_ready).chain(&triage.quarantined);
    TriageRun {
        timestamp: run.host.timestamp(),
        total_open: triage.total_open,
        scored: triage.scored,
        ready: triage.ready.len(),
        not_ready: triage.not_ready.len(),
        quarantined: triage.quarantined.len(),
        newly_quarantined: triage.newly_quarantined.clone(),
        top_issue: triage.ready.first().map(|scored| scored.item.issue),
        ready_issues: triage.ready.iter().map(|scored| scored.item.issue).collect(),
        scores: all().map(|scored| (scored.item.issue, scored.item.score)).collect(),
        duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

/// Returns the open issues, of the file that the command line names, else of the forge, as `convert` makes them.
fn open_issues<U>(run: &Run, cli: &Cli, settings: &Settings, convert: impl Fn(Issue) -> U) -> Result<Vec<U>, Error> {
    if let Some(path) = &cli.issues {
        let file = issues_from_file(path, run.read_input(path)?)?;
        if file.open.is_empty() && file.unreadable > 0 {
            // Else a file of something else would empty the queue.
            return Err(Error::NoIssues { path: path.clone(), count: file.unreadable });
        }
        if file.unreadable > 0 {
            run.warn(&format!("{}: {} entries are not issues", path.display(), file.unreadable));
        }
        return Ok(file.open.into_iter().map(convert).collect());
    }
    let forge = connect(run, settings)?;
    // A forge that ignores a part of the question still gives no pull request and no closed issue past this.
    let is_wanted = |issue: &Issue| issue.pull_request.is_none() && issue.is_open();
    let listing = forge.issues_as(IssueQuery::default(), |issue| is_wanted(&issue).then(|| convert(issue)))?;
    if let Some(gap) = listing.gap() {
        run.warn(&format!("the list of open issues is incomplete: {gap}"));
    }
    run.detail(&format!("{} issues from {}, fetched {} time(s)", listing.items.len(), forge.address(), listing.rounds));
    Ok(listing.items.into_iter().flatten().collect())
}

fn connect(run: &Run, settings: &Settings) -> Result<Forge, Error> {
    let connection = settings.forge.resolve(run.host, &run.repo);
    for warning in &connection.warnings {
        run.warn(warning);
    }
    run.detail(&connection.in_words());
    Ok(Forge::connect(&connection)?)
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
    let named = settings.rules_file.as_ref().map(|path| run.repo.resolve(path));
    named.or_else(|| run.manifest.file("triage_rules.yaml"))
}

fn show_rules(run: &Run, settings: &Settings, rules: &Rules) -> Outcome {
    let (count, patterns) = rules.count();
    let path = rules_path(run, settings).filter(|path| path.exists());
    let place = path.map_or_else(|| "built in".to_owned(), |path| path.display().to_string());
    run.say(&format!("The rules are valid: {count} rules, {patterns} patterns ({place})"));
    if run.args.json {
        run.host.say(&json!({"valid": true, "rules": count, "patterns": patterns, "source": place}).to_string());
    }
    Outcome::Shown
}

fn explain(run: &Run, cli: &Cli, settings: &Settings, rules: &Rules, number: u64) -> Result<Outcome, Error> {
    let issue = if cli.issues.is_some() {
        open_issues(run, cli, settings, |issue| issue)?.into_iter().find(|issue| issue.number == number)
    } else {
        match connect(run, settings)?.issue(number) {
            Ok(issue) => Some(issue),
            Err(ForgeError::Status { status, .. }) if status.as_u16() == 404 => None,
            Err(error) => return Err(error.into()),
        }
    };
    let Some(issue) = issue else {
        run.say(&format!("There is no issue #{number}"));
        return Ok(Outcome::NoSuchIssue(number));
    };
    let explanation = score::explain(rules, &issue);
    let threshold = threshold(settings, rules);
    let quarantined = Quarantine::read(run)?.holds(number);
    let (reason, verdict) = match (explanation.score.total() >= threshold, quarantined) {
        (_, true) => (Reason::Quarantined, "in quarantine".to_owned()),
        (true, false) => (Reason::Ready, format!("ready (from {threshold} on)")),
        (false, false) => (Reason::NotReady, format!("not ready (from {threshold} on)")),
    };
    if run.args.json {
        let dimensions: serde_json::Map<String, serde_json::Value> = explanation
            .dimensions
            .iter()
            .map(|(name, sum, max, hits)| {
                let rules: Vec<_> = hits
                    .iter()
                    .map(|hit| json!({"id": hit.id, "points": hit.points, "holds": hit.holds, "because": hit.because}))
                    .collect();
                ((*name).to_owned(), json!({"points": sum, "max": max, "rules": rules}))
            })
            .collect();
        let document = json!({"issue": number, "title": issue.title, "type": explanation.score.kind,
            "type_because": explanation.kind_because, "score": explanation.score.total(), "ready_from": threshold,
            "ready": explanation.score.total() >= threshold && !quarantined, "quarantined": quarantined, "reason": reason, "dimensions": dimensions});
        run.host.say(&pyjson::to_line(&document)?);
    }
    show::explanation(run, number, &issue.title, &explanation, &verdict);
    Ok(Outcome::Shown)
}

fn release(run: &Run, number: u64) -> Result<Done<Outcome>, Error> {
    run.perform(|_| {
        let released = quarantine::release(run, number)?;
        if run.args.json {
            run.host.say(&json!({"issue": number, "released": released == Release::Released}).to_string());
        }
        Ok(match released {
            Release::Released => {
                run.say(&format!("#{number} is released from quarantine; the next triage decides about it again"));
                Outcome::Released(number)
            }
            Release::NotThere => {
                run.say(&format!("#{number} is not in quarantine"));
                Outcome::NoSuchIssue(number)
            }
        })
    })
}
