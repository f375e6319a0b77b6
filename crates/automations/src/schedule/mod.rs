//! Decides which triggers are due, as a pure function of the clock and of the previous check.
//!
//! The calendar, time zones and daylight saving are croner's: a time of one hour and one minute that daylight saving skips comes
//! at the first moment after the gap, and one that it brings twice comes once; lists, ranges and steps such as `*/15` follow the
//! clock as it is, so that they come again in an hour that comes twice.

mod due;
mod invalid_trigger;
mod plan;
mod zone;
mod zone_name;

pub use due::{Due, TriggerState, cycles_are_due, evaluate};
pub use invalid_trigger::{InvalidTrigger, check_trigger, parse_trigger};
pub use plan::{Plan, TimeOfDay};
pub use zone::MachineZone;
pub use zone_name::{check_zone, warn_of_unknown_zone};
