//! The settings.

use std::path::PathBuf;

use common::run::Run;
use common::settings::{Layers, Setting, SettingsError};
use eligibility::quarantine::QuarantineSettings;
use gitea::ForgeSettings;
use triage_rules::{RULES_FILE, RulesLocation};

const READY_THRESHOLD: Setting<Option<u64>> = Setting {
    key: "ready_threshold",
    aliases: &["READY_THRESHOLD"],
    default: || None,
    valid: |sum| sum.is_none_or(|sum| sum <= 300),
    expected: "a whole number from 0 to 300",
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
    /// When an issue is quarantined.
    pub quarantine: QuarantineSettings,
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
            quarantine: QuarantineSettings::resolve(layers)?,
            forge: ForgeSettings::resolve(layers)?,
        })
    }

    /// Returns where the rules are.
    pub(crate) fn rules_location(&self, run: &Run) -> RulesLocation {
        RulesLocation::find(run.repo(), &run.manifest, self.rules_file.as_deref())
    }
}
