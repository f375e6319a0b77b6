//! After a cycle: what happened, on the record.
//!
//! - Reads: `.loop/cycle_result.json`, the branch's name, the end of `.loop/retro/cycles.jsonl` and its index.
//! - Writes: a line of `.loop/retro/cycles.jsonl` (flushed before anything is said), `.loop/retro/summary.json`, the
//!   index `.loop/retro/cycles.index.json`; removes `.loop/cycle_result.json` once the record is on disk.
//! - Ends: 0 the cycle is recorded, or there was nothing to record; 2 wrong usage or configuration, or the record could
//!   not be written.

mod branch;
pub mod cli;
mod result_file;
mod settings;

use std::process::ExitCode;

use common::cycle_log::{Epoch, Index, Places, write_summary};
use common::exit::{self, Answer, Failure};
use common::files::{self, Durability, FileError};
use common::host::Host;
use common::reason::Reason;
use common::records::{CycleRecord, IssueType, PastCycle};
use common::run::{self, Done, Earnings, Run, RunError, Tool};
use common::settings::{Layers, SettingsError};
use common::{journal, pyjson, text};

use crate::cli::Cli;
use crate::result_file::ResultFile;
use crate::settings::Settings;

/// Who this is.
pub const TOOL: Tool = Tool { id: "cycle_retro", prefix: "retro" };

/// How a call ends when nothing surprising happens.
#[derive(Debug)]
enum Outcome {
    /// The record is on disk.
    Recorded { success: bool },
    /// Neither an issue nor a duration: there was no cycle.
    Idle,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the record of cycle {0} cannot be written as JSON")]
    Record(u64, #[source] serde_json::Error),
}

impl Answer for Outcome {
    fn code(&self) -> u8 {
        match self {
            Self::Recorded { .. } | Self::Idle => 0,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Recorded { success: true } => "recorded a success",
            Self::Recorded { success: false } => "recorded a failure",
            Self::Idle => "idle, nothing recorded",
        }
        .to_owned()
    }
}

impl Failure for Error {
    fn code(&self) -> u8 {
        match self {
            Self::Run(error) => error.code(),
            Self::File(_) | Self::Record(..) => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Record(..) => None,
        }
    }
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
    run::tool(host, record_cycle)
}

fn record_cycle(host: &Host, cli: &Cli) -> Result<Done<Outcome>, Error> {
    let run = Run::begin(host, TOOL, &cli.common)?;
    if run.is_disabled() {
        return Ok(run.skip());
    }
    let settings = run.settings(&[], Settings::take)?;
    let result_file = ResultFile::read(&run.repo.cycle_result())?;
    let record = compose(&run, cli, &settings, &result_file);
    if record.issue.is_none() && record.duration == 0 {
        // What cannot be read must not be taken for the next cycle's.
        if let Ok(Some(warning)) = result_file.retire_unreadable(&run.repo.cycle_result()) {
            run.warn(&warning);
        }
        run.say(&format!("Cycle {} skipped — idle (no issue, no duration)", record.cycle));
        if run.args.json {
            host.say(&format!("{{\"status\": \"idle\", \"reason\": \"{}\"}}", Reason::IdleCycle));
        }
        return Ok(Done::Answer(Outcome::Idle));
    }
    let places = Places::of(&run.repo.resolve(&settings.retro_file), run.repo.summary());
    places.check()?;
    run.perform(|earnings| write(&run, &settings, &places, record, &result_file, earnings))
}

/// Makes the record of what the command line says, else the agent's result, else the branch. The epoch is still open.
fn compose(run: &Run, cli: &Cli, settings: &Settings, result_file: &ResultFile) -> CycleRecord {
    let told = result_file.told();
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
    let number = |given: Option<u64>, told: Option<u64>| given.or(told).unwrap_or(0);
    CycleRecord {
        timestamp: run.host.timestamp(),
        cycle: cli.cycle,
        epoch: String::new(),
        issue: cli.issue.or(told.issue).or_else(|| branch::issue(&run.repo)),
        kind: cli.kind.or(told.kind).unwrap_or(IssueType::Unknown),
        success,
        hermes_clean,
        main_green,
        duration: cli.duration.unwrap_or(0),
        tests_passed: number(cli.tests_passed, told.tests_passed),
        tests_added: number(cli.tests_added, told.tests_added),
        files_changed: number(cli.files_changed, told.files_changed),
        lines_added: number(cli.lines_added, told.lines_added),
        lines_removed: number(cli.lines_removed, told.lines_removed),
        kimi_panes: cli.kimi_panes.unwrap_or(0),
        pr: cli.pr.or(told.pr),
        reason: reason.to_owned(),
        notes: cli.notes.clone().or_else(|| told.notes.clone()).unwrap_or_default(),
    }
}

/// Puts the record on disk, then brings the index and the summary up to date, which can be made again at any time.
fn write(
    run: &Run,
    settings: &Settings,
    places: &Places,
    mut record: CycleRecord,
    result_file: &ResultFile,
    earnings: &mut Earnings,
) -> Result<Outcome, Error> {
    let lock = files::lock(&places.log)?;
    let mut index = Index::up_to_date(&places.log, &places.index)?;
    let epoch = Epoch::next(run.host.now(), &index);
    record.epoch = epoch.to_string();
    let line = pyjson::to_line(&record).map_err(|error| Error::Record(record.cycle, error))?;
    let (_, end) = lock.append_line(line.as_bytes(), Durability::Flushed)?;
    index.add(journal::parse::<PastCycle>(line.as_bytes()).as_ref());
    // From here on the record is on disk: whatever fails is made good by the next call.
    let derived = index.save(&places.log, &places.index, end).and_then(|()| {
        let window = journal::tail(&places.log, settings.summary_window)?;
        write_summary(&places.summary, &window.intact, &index, run.host.timestamp(), |what| run.warn(what))
    });
    drop(lock);
    if let Err(error) = derived {
        let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
        run.warn(&format!("{error}{cause}; the record itself is on disk, and the next call updates the rest"));
    }
    match result_file.retire(&run.repo.cycle_result()) {
        Ok(None) => {}
        Ok(Some(warning)) => run.warn(&warning),
        Err(error) => run.warn(&format!("{error}: the next cycle will read it again")),
    }
    if record.success {
        earnings.add("cycle_retro_success");
    }
    run.say(&announcement(&record));
    if run.args.json {
        run.host.say(&line);
    }
    run.detail(&format!("{} lines are in {}", index.lines(), places.log.display()));
    Ok(Outcome::Recorded { success: record.success })
}

/// The line that logs are searched for.
fn announcement(record: &CycleRecord) -> String {
    let verdict = if record.success { "✓ SUCCESS" } else { "✗ FAILURE" };
    let kind = record.kind.name();
    let issue = record.issue.map_or_else(|| format!("({kind})"), |issue| format!("(#{issue} {kind})"));
    let reason = if record.reason.is_empty() { String::new() } else { format!(": {}", text::fit(&record.reason, 200)) };
    format!("{} Cycle {} {verdict} {issue} — {}s{reason}", record.epoch, record.cycle, record.duration)
}
