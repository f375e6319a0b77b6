//! The machine as a program sees it: arguments, environment, clock, streams, signals, files, child processes, safe text.
//!
//! The border: everything that a test must be able to control, and everything that reads or changes the machine, is here.
//! It knows nothing of what the suite stores, of its settings or of its tools.
//!
//! | module | what it is |
//! |---|---|
//! | [`child`] | another program, run with a time limit that ends all that it has started |
//! | [`files`] | reading with the path in the error, replacing in one step, locking |
//! | [`layout`] | lines that are wider than the terminal |
//! | [`redact`] | secrets are not shown |
//! | [`signals`] | signals that ask a program to end |
//! | [`source`] | the text of a file, with positions |
//! | [`text`] | text from outside made safe to show |
//! | [`threads`] | threads whose start may fail |

pub mod child;
pub mod files;
mod host;
pub mod layout;
pub mod redact;
pub mod signals;
pub mod source;
pub mod text;
pub mod threads;

pub use host::{BadClock, Captured, Host, Outlets};
