//! How an automation is run: its time limit and its arguments.

use std::time::Duration;

use common::manifest::Automation;
use common::settings::{Layers, Setting, SettingsError};

use crate::context::Context;

const TIMEOUT: Setting<u64> = Setting {
    key: "timeout",
    aliases: &[],
    default: || 3600,
    valid: |seconds| (1..=7 * 86_400).contains(seconds),
    expected: "whole seconds from 1 to 604800",
};
const ARGS: Setting<Vec<String>> =
    Setting { key: "args", aliases: &[], default: Vec::new, valid: |_| true, expected: "a list of strings" };

/// How an automation is run.
#[derive(Clone, Debug)]
pub struct Supervision {
    /// Its time limit.
    pub limit: Duration,
    /// Arguments that it always gets.
    pub args: Vec<String>,
}

impl Supervision {
    /// Takes how an automation is run from its settings.
    ///
    /// # Errors
    /// A value is not valid.
    pub fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        Ok(Self { limit: Duration::from_secs(layers.get(&TIMEOUT, None)?), args: layers.get(&ARGS, None)? })
    }

    pub(crate) fn of(context: &Context, listed: &Automation) -> Result<Self, SettingsError> {
        Self::resolve(&mut Layers::new(context.host, &listed.entry.id, vec![&listed.config], Vec::new()))
    }
}
