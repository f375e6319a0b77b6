//! What the decisions are made from: the repository, its configuration and the world.

use common::Error;
use common::cycle_log_settings;
use common::manifest::Manifest;
use common::run::Run;
use host::Host;
use store::{Cycles, Store};

/// What the decisions are made from.
#[derive(Clone, Copy)]
pub struct Sources<'a, 'h> {
    /// The world.
    pub host: &'h Host,
    /// The stored files.
    pub store: &'a Store<'h>,
    /// The configuration.
    pub manifest: &'a Manifest,
}

impl<'a, 'h> Sources<'a, 'h> {
    /// Takes those of a run.
    pub fn of_run(run: &'a Run<'h>) -> Self {
        Self { host: run.host, store: &run.store, manifest: &run.manifest }
    }

    /// Returns the log of cycles, which a setting may name.
    pub(crate) fn cycles(&self) -> Result<Cycles<'h>, Error> {
        let path = cycle_log_settings::place(self.host, self.store.repo(), self.manifest)?;
        Ok(self.store.cycles(&path))
    }
}
