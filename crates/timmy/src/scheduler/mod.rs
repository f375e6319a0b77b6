//! The loop's own scheduler: what runs when, what is due, and the running of it.

mod keeper;
mod next;
mod service;
mod settings;

use common::{Error, Outcome};
use host::Host;
use host::files;
use records::stored_files::RUN_LOCKS;

pub(crate) use next::next_runs;
pub(crate) use service::print as print_service;
pub(crate) use settings::ScheduleSettings;

use crate::cli::ScheduleCommand;
use crate::suite::Suite;

/// Runs a command of `timmy schedule`.
pub(crate) fn command(host: &Host, command: &ScheduleCommand) -> Result<Outcome, Error> {
    match command {
        ScheduleCommand::Run(args) => keeper::run(host, &args.common),
        ScheduleCommand::Tick(args) => keeper::tick(host, &args.common),
        ScheduleCommand::Next(args) => next::next(&Suite::open(host, &args.common)?, args.count),
    }
}

/// Whether a scheduler is at work on the repository.
pub(crate) fn is_running(suite: &Suite) -> bool {
    let path = right_to_schedule(suite);
    path.exists() && matches!(files::try_lock(&path), Ok(None))
}

/// The file that stands for the right to schedule.
fn right_to_schedule(suite: &Suite) -> std::path::PathBuf {
    suite.repo.path(&RUN_LOCKS).join(".scheduler.lock")
}
