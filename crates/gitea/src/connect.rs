//! How a run connects to its forge: what the user should know is printed on the way.

use std::time::Duration;

use common::run::Run;

use crate::client::Forge;
use crate::error::ForgeError;
use crate::settings::{Connection, ForgeSettings};

/// Sets up the connection of a run. Nothing is asked yet; warnings are printed.
///
/// # Errors
/// As [`Forge::connect`].
pub fn connect(run: &Run, settings: &ForgeSettings) -> Result<Forge, ForgeError> {
    open(run, &settings.connection(run.host, run.repo()))
}

/// Sets up a connection whose every request is tried once, and that answers within `time` or not at all; none for a repository
/// without a forge.
///
/// # Errors
/// As [`Forge::connect`].
pub fn connect_within(run: &Run, settings: &ForgeSettings, time: Duration) -> Result<Option<Forge>, ForgeError> {
    let connection = settings.connection(run.host, run.repo()).single_attempts_within(time);
    if connection.slug.is_err() {
        return Ok(None);
    }
    open(run, &connection).map(Some)
}

fn open(run: &Run, connection: &Connection) -> Result<Forge, ForgeError> {
    for warning in &connection.warnings {
        run.warn(warning);
    }
    run.detail(&connection.describe());
    Forge::connect(connection)
}
