//! The statistics that find changes in a log of cycles, as a pure function of the log.
//!
//! The log is walked in looks of twenty cycles from its first line. At each look every possible change point of the last
//! weeks is tried, and an event is raised where the evidence passes a threshold that was calibrated for a month of looks.
//! A run only reports the events that the log holds: looking more often raises no alarm, and a longer log takes none
//! back. Positions are cycles of the counted log, from 0; ranges are half-open.

mod dispersion;
mod durations;
mod episodes;
mod event;
mod masks;
mod parameters;
mod replay;
mod series;
pub mod stats;
mod streams;
mod tally;

pub use dispersion::Dispersion;
pub use event::Event;
pub use masks::{Masks, open_outage, outages, repeats};
pub use parameters::{Parameters, SAME_EPISODE, Thresholds, threshold};
pub use replay::{Replay, replay};
pub use series::Series;
pub use streams::{KINDS, STREAMS, Stream, place};
