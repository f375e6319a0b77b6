//! Runs automations: what each runs, for how long, one after the other where they belong to one trigger.

mod batch;
mod run;
mod settings;
mod target;

pub use batch::{LastRuns, run_event};
pub use run::{RunRequest, RunResult, run};
pub use settings::Supervision;
pub use target::{is_compiled, own_program};

pub(crate) use batch::Batch;
pub(crate) use run::{in_variable, label};
pub(crate) use target::{check_program, find_target};
