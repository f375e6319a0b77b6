//! The story of an issue, of an idle loop, of an automation and of the tokens, as data; checks and repair of the stored files.
//!
//! The border: it reads the stored files and says why things are as they are. It changes nothing but what a repair moves; the
//! text for a terminal is `timmy`'s.

pub mod automation;
pub mod idle;
pub mod integrity;
pub mod issue;
pub mod ledger;
pub mod score;
