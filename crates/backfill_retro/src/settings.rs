//! The settings.

use chrono::NaiveDate;
use common::settings::{Layers, Setting, SettingsError};
use gitea::ForgeSettings;

const SINCE: Setting<Option<NaiveDate>> = Setting {
    key: "since",
    aliases: &[],
    default: || None,
    valid: |_| true,
    expected: "a day as YYYY-MM-DD, or nothing",
};
const LIMIT: Setting<u64> =
    Setting { key: "limit", aliases: &[], default: || 0, valid: |_| true, expected: "a whole number; 0 means all" };

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Only what was merged on that day or later.
    pub since: Option<NaiveDate>,
    /// At most this number of records; 0 means all.
    pub limit: usize,
    /// How to reach the forge.
    pub forge: ForgeSettings,
}

impl Settings {
    /// Takes the settings; `since` and `limit` are the flags.
    pub(crate) fn resolve(
        layers: &mut Layers,
        since: Option<NaiveDate>,
        limit: Option<u64>,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            since: layers.get(&SINCE, since.map(Some))?,
            limit: usize::try_from(layers.get(&LIMIT, limit)?).unwrap_or(usize::MAX),
            forge: ForgeSettings::resolve(layers)?,
        })
    }
}
