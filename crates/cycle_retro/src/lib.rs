//! After a cycle: records its outcome.
//!
//! - Reads: `.loop/cycle_result.json`, the branch's name, `.loop/handout.json`, the end of `.loop/retro/cycles.jsonl` and its
//!   index.
//! - Writes: `.loop/quarantine.json` where the record asks for it; a line of `.loop/retro/cycles.jsonl` (flushed before anything
//!   is printed), `.loop/retro/summary.json`, the index `.loop/retro/cycles.index.json`; once the record is on disk, removes
//!   `.loop/cycle_result.json`, and the issue from `.loop/handout.json`.
//! - Ends: 0 the cycle is recorded, or there was nothing to record; 2 wrong usage or configuration, or the record could
//!   not be written.

mod branch;
mod cli;
mod result_file;
mod settings;

use clap::CommandFactory;
use common::error::chain;
use common::run::{Run, TokenEvents};
use common::tool::{self, Tool};
use common::{Error, Outcome, Page, View};
use eligibility::{Sources, handout, quarantine};
use host::Host;
use host::text;
use records::{Cycle, FailureClass, Handout, IssueType, MainChecks, Reason, Seconds};
use serde::{Serialize, Serializer};
use store::Cycles;
use store::cycles::AppendResult;

use crate::cli::Cli;
use crate::result_file::ResultFile;
use crate::settings::Settings;

/// The descriptor of the tool.
pub const TOOL: Tool = Tool {
    id: "cycle_retro",
    prefix: "retro",
    about: "After a cycle: records its outcome.",
    script: Some("scripts/cycle_retro.py"),
    trigger: "post_cycle",
    exit_codes: "0 recorded, or an idle cycle",
    run: |host| tool::run(host, record_cycle),
    command: Cli::command,
    settings: |layers| Settings::resolve(layers).map(drop),
};

/// That a cycle was idle, as JSON.
#[derive(Serialize)]
struct IdleCycle {
    status: &'static str,
    reason: Reason,
}

/// A record that is on disk.
struct RecordView {
    cycle: Cycle,
}

fn record_cycle(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    let run = Run::begin(host, &TOOL, &cli.common)?;
    if let Some(suspension) = run.suspension()? {
        return Ok(run.skip(&suspension));
    }
    let settings = run.settings(&[], Settings::resolve)?;
    let result_file = ResultFile::read(&run.store.cycle_result(), cli.issue)?;
    let handout = handout::unrecorded(&run.store).unwrap_or_else(|error| {
        run.warn(&format!("{error}: which issue the guard gave out is not known"));
        Handout::default()
    });
    let cycle = compose(&run, cli, &settings, &result_file, &handout);
    if cycle.issue.is_none() && cli.duration.unwrap_or(0) == 0 {
        // What cannot be read must not be taken for the next cycle's.
        if let Ok(Some(warning)) = result_file.set_aside(&run.store.cycle_result()) {
            run.warn(&warning);
        }
        run.say(&format!("Cycle {} skipped — idle (no issue, no duration)", cli.cycle));
        run.print_json(&IdleCycle { status: "idle", reason: Reason::IdleCycle })?;
        return Ok(Outcome::done("idle, nothing recorded"));
    }
    let log = run.store.cycles(&run.repo().resolve(&settings.retro_file));
    log.check_writable()?;
    run.perform(|token_events| write(&run, &settings, &log, cycle, &result_file, token_events))
}

/// Makes the record of what the command line reports, else the agent's result, else the branch, else the guard. The epoch is still open.
fn compose(run: &Run, cli: &Cli, settings: &Settings, result_file: &ResultFile, handout: &Handout) -> Cycle {
    let result = result_file.result();
    let issue = issue(run, cli.issue.or(result.issue), handout);
    let kind = cli.kind.as_deref().and_then(|word| kind(run, word));
    let hermes_clean = cli.outcome.success;
    let main_green = if cli.main_green { Some(true) } else { cli.no_main_green.then_some(false) };
    let success =
        hermes_clean && if settings.require_main_green { main_green == Some(true) } else { main_green != Some(false) };
    let reason = match cli.reason.as_deref() {
        Some(reason) if success => {
            run.warn(&format!("a success has no reason; ignored: {}", text::fit(reason, 100)));
            ""
        }
        Some(reason) => reason,
        None if success || !hermes_clean => "",
        None if main_green == Some(false) => "main is not green",
        None => "main was not seen green",
    };
    if result.reported_success().is_some_and(|reported| reported != hermes_clean) {
        let reported = result.success_as_written();
        let flag = if hermes_clean { "--success" } else { "--failure" };
        run.warn(&format!(
            "the agent's result says \"success\": {reported}, but the call says {flag}, which is what counts"
        ));
    }
    let number = |given: Option<u64>, reported: Option<u64>| Some(given.or(reported).unwrap_or(0));
    Cycle {
        timestamp: Some(run.host.timestamp()),
        cycle: Some(cli.cycle),
        epoch: None,
        issue,
        kind: kind.or(result.kind).or(handout.kind.filter(|_| issue == handout.issue)).unwrap_or_default(),
        success,
        hermes_clean: Some(hermes_clean),
        main_green: MainChecks::reported(main_green),
        duration: Some(Seconds::Whole(cli.duration.unwrap_or(0))),
        tests_passed: number(cli.tests_passed, result.tests_passed),
        tests_added: number(cli.tests_added, result.tests_added),
        files_changed: number(cli.files_changed, result.files_changed),
        lines_added: number(cli.lines_added, result.lines_added),
        lines_removed: number(cli.lines_removed, result.lines_removed),
        kimi_panes: number(cli.kimi_panes, None),
        pr: cli.pr.or(result.pr),
        reason: reason.to_owned(),
        notes: cli.notes.clone().or(result.notes).unwrap_or_default(),
        failure_class: failure_class(run, cli.failure_class, hermes_clean, success),
        claim_lost: false,
        backfilled: false,
    }
}

/// Returns the issue of the record: the one that is reported, else that of the branch, else the one that the guard gave out.
/// Without an issue a record starts no cool-down and leads to no quarantine.
fn issue(run: &Run, reported: Option<u64>, handout: &Handout) -> Option<u64> {
    if let Some(known) = reported.or_else(|| branch::issue(run.repo())) {
        return Some(known);
    }
    let given_out = handout.issue?;
    run.warn(&format!(
        "neither the call nor the agent's result names an issue; recorded for #{given_out}, which the guard gave out"
    ));
    Some(given_out)
}

/// Returns the type that a word of the call means. One that means none is as if it were not given: the rest of the record counts.
fn kind(run: &Run, word: &str) -> Option<IssueType> {
    let kind = IssueType::from_name(word);
    if kind.is_none() && !word.trim().is_empty() {
        let names = IssueType::ALL.map(IssueType::name).join(", ");
        run.warn(&format!("--type {} is ignored: the types are {names}", text::fit(word, 40)));
    }
    kind
}

/// Returns whose fault a failure was; a cycle that ended cleanly failed because of main.
fn failure_class(run: &Run, given: Option<FailureClass>, hermes_clean: bool, success: bool) -> Option<FailureClass> {
    match given {
        Some(class) if success => {
            run.warn(&format!("a success has no class of failure; ignored: {}", class.name()));
            None
        }
        None => (hermes_clean && !success).then_some(FailureClass::RedMain),
        given => given,
    }
}

/// Puts the record on disk, then brings the index and the summary up to date, which can be computed again at any time.
fn write(
    run: &Run,
    settings: &Settings,
    log: &Cycles<'_>,
    cycle: Cycle,
    result_file: &ResultFile,
    token_events: &mut TokenEvents,
) -> Result<Outcome, Error> {
    let AppendResult { cycle, lines, same_number, derived } =
        log.append(cycle, || run.host.now(), settings.summary_window)?;
    run.host.commit("the cycle is recorded, and is not to be recorded again");
    if let Err(error) = derived {
        run.warn(&format!("{}; the record itself is on disk, and the next call updates the rest", chain(&error)));
    }
    if let Some(epoch) = same_number {
        let number = cycle.cycle.unwrap_or_default();
        run.warn(&format!("{epoch} is a cycle {number} as well, less than a day ago; both are kept"));
    }
    match result_file.consume(&run.store.cycle_result()) {
        Ok(None) => {}
        Ok(Some(warning)) => run.warn(&warning),
        Err(error) => run.warn(&format!("{error}: the next cycle will read it again")),
    }
    if let Err(error) = handout::end(&run.store) {
        run.warn(&format!(
            "{error}: a cycle that names no issue is recorded for this one until the next call of the guard"
        ));
    }
    if cycle.issue.is_none() {
        run.warn("the record names no issue, so no cool-down and no quarantine follow from it (--issue N names it)");
    }
    if cycle.success {
        token_events.add("cycle_retro_success");
    }
    let summary = if cycle.success { "recorded a success" } else { "recorded a failure" };
    if let Err(error) = run.present(&RecordView { cycle }) {
        run.warn(&format!("{}; the cycle is recorded", error.chain()));
    }
    update_quarantine(run, token_events);
    run.detail(&format!("{} in {}", text::counted(lines, "line"), log.path().display()));
    Ok(Outcome::done(summary))
}

/// Brings the quarantine up to date with the record. Where that fails, the record counts all the same: the guard and the triage
/// bring it up to date as well.
fn update_quarantine(run: &Run, token_events: &mut TokenEvents) {
    let sources = Sources::of_run(run);
    match quarantine::limits(sources).and_then(|limits| quarantine::refresh(sources, limits)) {
        Ok(decision) => {
            for issue in decision.newly {
                token_events.add("quarantine_candidate");
                run.say(&quarantine::notice(issue));
            }
        }
        Err(error) => run.warn(&format!("{}: the quarantine is not up to date", chain(error.as_std()))),
    }
}

impl Serialize for RecordView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.cycle.serialize(serializer)
    }
}

impl View for RecordView {
    /// Writes the line that logs are searched for.
    fn render(&self, page: &mut Page) {
        let Cycle { epoch, cycle, success, issue, kind, duration, reason, .. } = &self.cycle;
        let verdict = if *success { "✓ SUCCESS" } else { "✗ FAILURE" };
        let issue = issue.map_or_else(|| format!("({kind})"), |issue| format!("(#{issue} {kind})"));
        let reason = if reason.is_empty() { String::new() } else { format!(": {}", text::fit(reason, 200)) };
        page.say(format!(
            "{} Cycle {} {verdict} {issue} — {}s{reason}",
            epoch.as_deref().unwrap_or_default(),
            cycle.unwrap_or_default(),
            duration.unwrap_or_default()
        ));
    }
}
