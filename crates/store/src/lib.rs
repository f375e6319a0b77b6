//! The stored files of a repository: documents, logs and leases behind small traits, and their implementation in `.loop/`.
//!
//! The border: the one way in which a stored file is read and written. It knows what each file holds (`records`) and how a
//! file is changed safely (`host`), but no setting, no tool, and no decision of one.
//!
//! [`Store`] has a handle for each file: `store.queue()`, `store.quarantine().update(…)`, `store.cycles(path).append(…)`,
//! `store.state()`, `store.tokens()`.
//!
//! | module | what it is |
//! |---|---|
//! | [`document`], [`log`], [`lease`] | what can be stored, whatever it is stored in |
//! | [`json_file`], [`json_lines`], [`lock_file`] | the same in a file |
//! | [`queue`], [`cycles`], [`ledger`], [`cycle_result`], [`run_log`] | files that are more than a document or a log |
//! | [`ready`] | what is ready and not in quarantine, and why the loop is idle |
//! | [`config_file`] | a file that people edit |
//! | [`checked`] | the files whose damage is looked for |
//! | [`foreign`] | entries that another user made, and that the user of the store cannot write |
//! | [`leftovers`] | files that no tool reads: of killed writers, and data that was kept |
//! | [`repo`] | where the repository is |

pub mod checked;
pub mod config_file;
pub mod cycle_result;
pub mod cycles;
mod damage;
pub mod document;
mod fingerprint;
pub mod foreign;
pub mod json_file;
pub mod json_lines;
pub mod lease;
pub mod ledger;
pub mod leftovers;
mod lines;
pub mod lock_file;
pub mod log;
pub mod queue;
pub mod ready;
pub mod repo;
pub mod run_log;
mod store;

pub use config_file::ConfigFile;
pub use cycles::{Cycles, LineReader, OpenLog};
pub use document::{Change, Content, Document, Found};
pub use lease::{Fence, Grant, Lease};
pub use log::{Entries, Log};
pub use repo::Repo;
pub use store::Store;
