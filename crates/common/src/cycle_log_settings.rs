//! The settings of the log of cycles: those of the tool that appends to it say where it is and what is made of it.

use std::path::PathBuf;

use host::Host;
use store::Repo;

use crate::manifest::Manifest;
use crate::settings::{Layers, Setting, SettingsError};

/// The automation that writes the log, and whose settings say where it is and what is made of it.
pub const OWNER: &str = "cycle_retro";

/// Where the log is, relative to the repository.
pub const RETRO_FILE: Setting<PathBuf> = Setting {
    key: "retro_file",
    aliases: &[],
    default: || ".loop/retro/cycles.jsonl".into(),
    valid: |path| path.file_name().is_some(),
    expected: "the path of a file",
};

/// How many of the last lines the summary covers.
pub const SUMMARY_WINDOW: Setting<u64> = Setting {
    key: "summary_window",
    aliases: &["TIMMY_CYCLE_RETRO_WINDOW"],
    default: || 50,
    valid: |count| (1..=100_000).contains(count),
    expected: "a whole number from 1 to 100000",
};

/// Returns the layers of the automation that writes the log.
/// Returns how many of the log's last lines its summary covers.
///
/// # Errors
/// The setting has no usable value.
pub fn summary_window(host: &Host, manifest: &Manifest) -> Result<usize, SettingsError> {
    let count = layers(host, manifest).get(&SUMMARY_WINDOW, None)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(crate) fn layers<'a>(host: &'a Host, manifest: &'a Manifest) -> Layers<'a> {
    Layers::new(host, OWNER, manifest.config(OWNER).into_iter().collect(), Vec::new())
}

/// Returns where the log of cycles is: what the automation that writes it is set to.
///
/// # Errors
/// The setting has a value that does not parse.
pub fn place(host: &Host, repo: &Repo, manifest: &Manifest) -> Result<PathBuf, SettingsError> {
    Ok(repo.resolve(&layers(host, manifest).get(&RETRO_FILE, None)?))
}
