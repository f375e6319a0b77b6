//! The settings.

use chrono::TimeDelta;
use common::settings::{Layers, Setting, SettingsError};
use gitea::ForgeSettings;

const CANDIDATE_LABELS: Setting<Vec<String>> = Setting {
    key: "candidate_labels",
    aliases: &[],
    default: || vec!["daily-run".to_owned()],
    valid: |_| true,
    expected: "a list of labels",
};
const SIZE_LABELS: Setting<Vec<String>> = Setting {
    key: "size_labels",
    aliases: &[],
    default: || vec!["size:XS".to_owned(), "size:S".to_owned()],
    valid: |_| true,
    expected: "a list of labels",
};
const LAYER_LABELS_PREFIX: Setting<String> = Setting {
    key: "layer_labels_prefix",
    aliases: &[],
    default: || "layer:".to_owned(),
    valid: |_| true,
    expected: "the beginning of a label",
};
const MAX_AGENDA_ITEMS: Setting<u64> = Setting {
    key: "max_agenda_items",
    aliases: &[],
    default: || 10,
    valid: |count| (1..=100).contains(count),
    expected: "a whole number from 1 to 100",
};
const AGENDA_TIME_MINUTES: Setting<u64> = Setting {
    key: "agenda_time_minutes",
    aliases: &[],
    default: || 10,
    valid: |minutes| (1..=480).contains(minutes),
    expected: "whole minutes from 1 to 480",
};
const LOOKBACK_HOURS: Setting<u64> = Setting {
    key: "lookback_hours",
    aliases: &[],
    default: || 24,
    valid: |hours| (1..=8760).contains(hours),
    expected: "whole hours from 1 to 8760",
};

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Labels that make an issue a candidate.
    pub candidate_labels: Vec<String>,
    /// Labels of sizes that are small enough to make an issue a candidate.
    pub size_labels: Vec<String>,
    /// How labels of layers begin.
    pub layer_prefix: String,
    /// The most items.
    pub max_items: usize,
    /// The time there is.
    pub minutes: u64,
    /// How far the day's summary looks back.
    pub lookback: TimeDelta,
    /// How the forge is reached.
    pub forge: ForgeSettings,
}

impl Settings {
    pub(crate) fn resolve(layers: &mut Layers, max_items: Option<u64>) -> Result<Self, SettingsError> {
        Ok(Self {
            candidate_labels: layers.get(&CANDIDATE_LABELS, None)?,
            size_labels: layers.get(&SIZE_LABELS, None)?,
            layer_prefix: layers.get(&LAYER_LABELS_PREFIX, None)?,
            max_items: usize::try_from(layers.get(&MAX_AGENDA_ITEMS, max_items)?).unwrap_or(1),
            minutes: layers.get(&AGENDA_TIME_MINUTES, None)?,
            lookback: TimeDelta::hours(i64::try_from(layers.get(&LOOKBACK_HOURS, None)?).unwrap_or(24)),
            forge: ForgeSettings::resolve(layers)?,
        })
    }
}
