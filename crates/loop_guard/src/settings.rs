//! The settings.

use std::time::Duration;

use common::settings::{Layers, Setting, SettingsError};
use eligibility::CoolDown;
use gitea::{ForgeSettings, People};

use crate::backoff::{Backoff, LONGEST};

const CYCLE_DURATION: Setting<u64> = Setting {
    key: "cycle_duration",
    aliases: &["CYCLE_DURATION"],
    default: || 300,
    valid: |seconds| (1..=LONGEST).contains(seconds),
    expected: "whole seconds from 1 to 604800",
};
const VERIFY_OPEN: Setting<bool> =
    Setting { key: "verify_open", aliases: &[], default: || true, valid: |_| true, expected: "true or false" };
const VERIFY_TIMEOUT: Setting<f64> = Setting {
    key: "verify_timeout",
    aliases: &[],
    default: || 3.0,
    valid: |seconds| (0.01..=600.0).contains(seconds),
    expected: "seconds from 0.01 to 600",
};

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Settings {
    /// How waits grow.
    pub backoff: Backoff,
    /// How long a result of the agent counts as fresh: twice a cycle's duration.
    pub result_lifetime: Duration,
    /// How long an issue waits after a cycle on it.
    pub cool_down: CoolDown,
    /// Whether the forge is asked about the issue that is about to be given out.
    pub verify_open: bool,
    /// How long the forge is waited for, whatever it is asked.
    pub verify_timeout: Duration,
    /// Whose accounts the agents use.
    pub people: People,
    /// How the forge is reached.
    pub forge: ForgeSettings,
}

impl Settings {
    pub(crate) fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        Ok(Self {
            backoff: Backoff::resolve(layers)?,
            result_lifetime: Duration::from_secs(layers.get(&CYCLE_DURATION, None)?.saturating_mul(2)),
            cool_down: CoolDown::resolve(layers)?,
            verify_open: layers.get(&VERIFY_OPEN, None)?,
            verify_timeout: Duration::from_secs_f64(layers.get(&VERIFY_TIMEOUT, None)?),
            people: People::resolve(layers)?,
            forge: ForgeSettings::resolve(layers)?,
        })
    }
}
