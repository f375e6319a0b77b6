//! The scheduler: what is due, and the running of it.

mod due_runs;
mod job;
mod next;
mod run_loop;
mod settings;

pub use next::{NextRun, next_runs};
pub use run_loop::{is_running, run, tick};
pub use settings::ScheduleSettings;

pub(crate) use settings::drawn_from;
