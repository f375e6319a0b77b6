//! The settings.

use std::path::PathBuf;

use common::cycle_log_settings::{RETRO_FILE, SUMMARY_WINDOW};
use common::settings::{Layers, Setting, SettingsError};

const REQUIRE_MAIN_GREEN: Setting<bool> =
    Setting { key: "require_main_green", aliases: &[], default: || false, valid: |_| true, expected: "true or false" };

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The log, relative to the repository.
    pub retro_file: PathBuf,
    /// How many of the last lines the summary covers.
    pub summary_window: usize,
    /// Whether a cycle only counts as a success when the main branch was seen green.
    pub require_main_green: bool,
}

impl Settings {
    pub(crate) fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        Ok(Self {
            retro_file: layers.get(&RETRO_FILE, None)?,
            summary_window: usize::try_from(layers.get(&SUMMARY_WINDOW, None)?).unwrap_or(usize::MAX),
            require_main_green: layers.get(&REQUIRE_MAIN_GREEN, None)?,
        })
    }
}
