//! The settings as they are declared, without anybody's values: documents and help topics are made from them.

use std::path::Path;

use common::settings::{Layers, Resolved, SettingsError};
use gitea::ForgeSettings;
use host::Host;

use crate::schedule_settings::ScheduleSettings;
use crate::supervise::Supervision;

/// Takes settings from the layers, as `settings` of a tool does.
pub type Take = fn(&mut Layers) -> Result<(), SettingsError>;

/// Takes the settings of the tools that send requests to the forge.
///
/// # Errors
/// A value does not parse or is out of range.
pub fn forge(layers: &mut Layers) -> Result<(), SettingsError> {
    ForgeSettings::resolve(layers).map(drop)
}

/// Takes the settings of the scheduler.
///
/// # Errors
/// A value does not parse or is out of range.
pub fn scheduler(layers: &mut Layers) -> Result<(), SettingsError> {
    ScheduleSettings::resolve(layers).map(drop)
}

/// Takes the settings that every automation may have in its `config`, for the program that runs it.
///
/// # Errors
/// A value does not parse or is out of range.
pub fn every_automation(layers: &mut Layers) -> Result<(), SettingsError> {
    Supervision::resolve(layers)?;
    ScheduleSettings::check_own(layers)
}

/// Returns the settings that `take` takes, each with its default, in the order in which they are taken.
///
/// # Errors
/// A default is refused.
pub fn declared(take: Take) -> Result<Vec<Resolved>, SettingsError> {
    // Nothing is set in this world.
    let (sealed, _, _) = Host::test(&[], &[], Path::new("/"));
    let mut layers = Layers::new(&sealed, "", Vec::new(), Vec::new());
    take(&mut layers)?;
    Ok(layers.resolved().to_vec())
}
