//! Which ready issues are given out, and which are held back: decided from the records, without the forge, by every tool in the
//! same way.
//!
//! | module | what it holds |
//! |---|---|
//! | [`attempts`] | the cycles at the end of the log, as far as decisions need them |
//! | [`quarantine`] | issues on which cycles keep failing |
//! | [`cool_down`] | issues that were worked on a short time ago |
//! | [`worked_on`] | the last cycle on each issue that may wait because of it |
//! | [`holds`] | both together: why an issue is held back, and until when |
//! | [`handout`] | the issue that was given out last |
//! | [`sources`] | what the decisions are made from |

pub mod attempts;
pub mod cool_down;
pub mod handout;
pub mod holds;
pub mod quarantine;
pub mod sources;
pub mod worked_on;

pub use cool_down::CoolDown;
pub use holds::Holds;
pub use sources::Sources;
