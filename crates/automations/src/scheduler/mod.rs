//! The scheduler: what is due, and the running of it.

mod due_runs;
mod job;
mod memory;
mod next;
mod one_scheduler;
mod run_loop;
mod status;
mod triggers;

pub(crate) use next::first_run;
pub use next::{NextRun, next_runs};
pub use one_scheduler::is_running;
pub use run_loop::{run, tick};

pub(crate) use memory::{begin_now, begin_triggers_now};
