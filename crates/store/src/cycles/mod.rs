//! The log of cycles as a whole: its lines, an index that spares reading all of it, and its summary.

mod index;
mod line;
mod log;
mod merge;
mod parts;
mod summary;

pub use line::LineReader;
pub use log::{AppendResult, Cycles};
pub use merge::PastCycle;
pub use parts::OpenLog;
