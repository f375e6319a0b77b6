//! The scheduler's settings: its own, and those that an automation's `config` has for it.

use std::path::Path;
use std::time::Duration;

use crate::schedule::TimeOfDay;
use chrono::TimeDelta;
use common::manifest::Automation;
use common::settings::{Layers, Resolved, Setting, SettingsError};
use sha2::{Digest, Sha256};

use crate::context::Context;

const DAILY_AT: Setting<TimeOfDay> = Setting {
    key: "daily_at",
    aliases: &[],
    default: || TimeOfDay { hour: 6, minute: 0 },
    valid: |_| true,
    expected: "a time of day such as 06:30",
};
const CATCH_UP_HOURS: Setting<u64> = Setting {
    key: "catch_up_hours",
    aliases: &[],
    default: || 24,
    valid: |hours| *hours <= 8784,
    expected: "whole hours from 0 to 8784",
};
const STOP_TIMEOUT: Setting<u64> = Setting {
    key: "stop_timeout",
    aliases: &[],
    default: || 60,
    valid: |seconds| *seconds <= 86_400,
    expected: "whole seconds from 0 to 86400",
};
const PARALLEL: Setting<u64> = Setting {
    key: "parallel",
    aliases: &[],
    default: || 4,
    valid: |count| (1..=64).contains(count),
    expected: "a whole number from 1 to 64",
};
const SPREAD_SECONDS: Setting<u64> = Setting {
    key: "spread_seconds",
    aliases: &[],
    default: || 0,
    valid: |seconds| *seconds <= 3600,
    expected: "whole seconds from 0 to 3600",
};
const AT: Setting<Option<TimeOfDay>> =
    Setting { key: "at", aliases: &[], default: || None, valid: |_| true, expected: "a time of day such as 06:30" };
const OWN_CATCH_UP_HOURS: Setting<Option<u64>> = Setting {
    key: "catch_up_hours",
    aliases: &[],
    default: || None,
    valid: |hours| hours.is_none_or(|hours| hours <= 8784),
    expected: "whole hours from 0 to 8784",
};

/// The settings in force.
#[derive(Clone, Debug)]
pub struct ScheduleSettings {
    daily_at: TimeOfDay,
    catch_up: TimeDelta,
    /// How long a scheduler that is asked to end waits for what runs.
    pub stop_timeout: Duration,
    /// How many automations run at once.
    pub parallel: usize,
    spread: u64,
}

/// What holds for one automation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// When its daily run is.
    pub daily_at: TimeOfDay,
    /// How long ago a run may have been missed to be made up.
    pub catch_up: TimeDelta,
    /// How long after its time it starts, so that not everything starts at once; always the same for one automation of one
    /// repository.
    pub offset: TimeDelta,
}

impl ScheduleSettings {
    /// Under this name the scheduler's settings are found, in variables and in `daily_run.json`.
    pub const ID: &'static str = "scheduler";

    /// Takes the settings from the layers.
    pub(crate) fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        Ok(Self {
            daily_at: layers.get(&DAILY_AT, None)?,
            catch_up: hours(layers.get(&CATCH_UP_HOURS, None)?),
            stop_timeout: Duration::from_secs(layers.get(&STOP_TIMEOUT, None)?),
            parallel: usize::try_from(layers.get(&PARALLEL, None)?).unwrap_or(1),
            spread: layers.get(&SPREAD_SECONDS, None)?,
        })
    }

    /// Takes the settings of a repository's scheduler.
    ///
    /// # Errors
    /// A value is not valid.
    pub fn of(context: &Context) -> Result<Self, SettingsError> {
        Self::with(context, Self::resolve)
    }

    /// Returns the settings with their origins.
    pub(crate) fn resolved(context: &Context) -> Result<Vec<Resolved>, SettingsError> {
        Self::with(context, |layers| {
            Self::resolve(layers)?;
            Ok(layers.resolved().to_vec())
        })
    }

    fn with<T>(
        context: &Context,
        take: impl FnOnce(&mut Layers) -> Result<T, SettingsError>,
    ) -> Result<T, SettingsError> {
        // A file that cannot be read was reported when the configuration was read.
        let daily_run = context.manifest.daily_run_config(Self::ID).ok().flatten();
        let mut layers = Layers::new(context.host, Self::ID, daily_run.iter().collect(), Vec::new());
        let taken = take(&mut layers)?;
        for warning in layers.finish()?.1 {
            context.warn(&warning);
        }
        Ok(taken)
    }

    /// Takes what an automation's own settings say to the scheduler, in order to have it checked or shown.
    pub(crate) fn check_own(layers: &mut Layers) -> Result<(), SettingsError> {
        layers.get(&AT, None)?;
        layers.get(&OWN_CATCH_UP_HOURS, None).map(drop)
    }

    /// Returns how long after its time an automation starts.
    pub(super) fn offset(&self, context: &Context, id: &str) -> TimeDelta {
        offset(self.spread, context.repo().root(), id)
    }

    /// Returns what holds for an automation.
    pub(crate) fn timing(&self, context: &Context, listed: &Automation) -> Result<Timing, SettingsError> {
        let mut layers = Layers::new(context.host, &listed.entry.id, vec![&listed.config], Vec::new());
        Ok(Timing {
            daily_at: layers.get(&AT, None)?.unwrap_or(self.daily_at),
            catch_up: layers.get(&OWN_CATCH_UP_HOURS, None)?.map_or(self.catch_up, hours),
            offset: self.offset(context, &listed.entry.id),
        })
    }
}

fn hours(count: u64) -> TimeDelta {
    TimeDelta::hours(i64::try_from(count).unwrap_or(0))
}

fn offset(spread: u64, root: &Path, id: &str) -> TimeDelta {
    if spread == 0 {
        return TimeDelta::zero();
    }
    let drawn = drawn_from(&[root.as_os_str().as_encoded_bytes(), id.as_bytes()]);
    TimeDelta::seconds(i64::try_from(drawn % (spread + 1)).unwrap_or(0))
}

/// A number that is always the same for the same texts.
pub(crate) fn drawn_from(texts: &[&[u8]]) -> u64 {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text);
        hasher.update([0]);
    }
    hasher.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
