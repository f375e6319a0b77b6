//! The loop's own scheduler: what runs when, what is due, and the running of it.

mod next;
mod run_loop;
mod service;
mod settings;

use common::{Error, Outcome};
use host::Host;

pub(crate) use next::next_runs;
pub(crate) use service::print as print_service;
pub(crate) use settings::ScheduleSettings;

use crate::cli::ScheduleCommand;
use crate::context::Context;

/// Runs a command of `timmy schedule`.
pub(crate) fn command(host: &Host, command: &ScheduleCommand) -> Result<Outcome, Error> {
    match command {
        ScheduleCommand::Run(args) => run_loop::run(host, &args.common),
        ScheduleCommand::Tick(args) => run_loop::tick(host, &args.common),
        ScheduleCommand::Next(args) => next::next(&Context::open(host, &args.common)?, args.count),
    }
}

/// Whether a scheduler is at work on the repository.
pub(crate) fn is_running(context: &Context) -> bool {
    context.store.scheduler_lease().is_held()
}
