//! The stored files of a repository: documents and logs under `.loop/`, read and changed without losing anything.
//!
//! The border: the one way in which a stored file is read and written. It knows what each file holds (`records`) and how a
//! file is changed safely (`host`), but no setting, no tool, and no decision of one.
//!
//! | module | what it is |
//! |---|---|
//! | [`cycle_log`] | the log of cycles: its lines, index, summary |
//! | [`document`] | a JSON file that is read and rewritten whole |
//! | [`fingerprint`] | whether a file is still the one that something was computed from |
//! | [`log`] | a log of JSON lines |
//! | [`queue`] | the file of the queue, read item by item |
//! | [`ready`] | what is ready and not in quarantine, and why the loop is idle |
//! | [`repo`] | where the repository and each stored file are |

pub mod cycle_log;
pub mod document;
pub mod fingerprint;
pub mod log;
pub mod queue;
pub mod ready;
pub mod repo;
