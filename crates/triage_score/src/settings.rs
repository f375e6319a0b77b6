//! The settings.

use std::path::PathBuf;

use common::settings::{Layers, Setting, SettingsError};
use gitea::ForgeSettings;

const RULES_FILE: Setting<Option<PathBuf>> =
    Setting { key: "rules_file", aliases: &[], default: || None, valid: |_| true, expected: "a path" };
const READY_THRESHOLD: Setting<Option<u64>> = Setting {
    key: "ready_threshold",
    aliases: &["READY_THRESHOLD"],
    default: || None,
    valid: |sum| sum.is_none_or(|sum| sum <= 300),
    expected: "a whole number from 0 to 300",
};
const QUARANTINE_FAILURES: Setting<Option<u64>> = Setting {
    key: "quarantine_failures",
    aliases: &[],
    default: || None,
    valid: |count| count.is_none_or(|count| (1..=1000).contains(&count)),
    expected: "a whole number from 1 to 1000",
};
const QUARANTINE_LOOKBACK: Setting<Option<u64>> = Setting {
    key: "quarantine_lookback",
    aliases: &["QUARANTINE_LOOKBACK"],
    default: || None,
    valid: |count| count.is_none_or(|count| (1..=100_000).contains(&count)),
    expected: "a whole number from 1 to 100000",
};

/// The settings in force. What is none here is as the rules say.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The rules, where they are not in the configuration folder; relative to the repository.
    pub rules_file: Option<PathBuf>,
    /// From which sum on an issue is ready.
    pub ready_threshold: Option<u64>,
    /// Where that came from.
    pub ready_threshold_origin: String,
    /// After how many failures an issue is kept out.
    pub quarantine_failures: Option<u64>,
    /// Among how many records.
    pub quarantine_lookback: Option<u64>,
    /// How the forge is reached.
    pub forge: ForgeSettings,
}

impl Settings {
    pub(crate) fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        let ready_threshold = layers.get(&READY_THRESHOLD, None)?;
        Ok(Self {
            rules_file: layers.get(&RULES_FILE, None)?,
            ready_threshold,
            ready_threshold_origin: layers.origin("ready_threshold").map(ToString::to_string).unwrap_or_default(),
            quarantine_failures: layers.get(&QUARANTINE_FAILURES, None)?,
            quarantine_lookback: layers.get(&QUARANTINE_LOOKBACK, None)?,
            forge: ForgeSettings::resolve(layers)?,
        })
    }
}
