//! The settings.

use std::path::PathBuf;
use std::time::Duration;

use common::settings::{Layers, Setting, SettingsError};
use python_source::Version;
use schemars::JsonSchema;
use serde::Deserialize;

const TARGET_VERSION: Setting<String> = Setting {
    key: "target_version",
    aliases: &[],
    default: String::new,
    valid: |text| text.is_empty() || text.parse::<Version>().is_ok(),
    expected: "a version of Python like 3.11, or an empty value for the newest that is known",
};
const SOURCE_ROOTS: Setting<Vec<String>> = Setting {
    key: "source_roots",
    aliases: &[],
    default: || ["src", "lib"].map(str::to_owned).to_vec(),
    valid: |_| true,
    expected: "a list of directories",
};
const SKIP: Setting<Vec<String>> =
    Setting { key: "skip", aliases: &[], default: Vec::new, valid: |_| true, expected: "a list of check ids" };
const EXCLUDE: Setting<Vec<String>> =
    Setting { key: "exclude", aliases: &[], default: Vec::new, valid: |_| true, expected: "a list of path patterns" };
const TEST_FILES: Setting<Vec<String>> = Setting {
    key: "test_files",
    aliases: &[],
    default: || vec!["tests/**/test_*.py".to_owned()],
    valid: |_| true,
    expected: "a list of path patterns",
};
const REQUIRED_EXPORTS: Setting<Option<Vec<String>>> = Setting {
    key: "required_exports",
    aliases: &[],
    default: || None,
    valid: |list| {
        list.iter()
            .flatten()
            .all(|item| item.split_once(':').is_some_and(|(module, name)| !module.is_empty() && !name.is_empty()))
    },
    expected: "a list like dashboard.app:templates",
};
const REQUIRED_VALUES: Setting<Option<Vec<String>>> = Setting {
    key: "required_values",
    aliases: &[],
    default: || None,
    valid: |list| {
        list.iter()
            .flatten()
            .all(|item| item.split_once(':').is_some_and(|(module, name)| !module.is_empty() && !name.is_empty()))
    },
    expected: "a list like config:settings.ollama_model",
};
const PLATFORM_PATHS: Setting<Vec<String>> = Setting {
    key: "platform_paths",
    aliases: &[],
    default: || ["/Users/", "/home/", "C:\\Users\\"].map(str::to_owned).to_vec(),
    valid: |list| list.iter().all(|path| !path.is_empty()),
    expected: "a list of paths",
};
const SERVICES: Setting<Vec<String>> = Setting {
    key: "services",
    aliases: &[],
    default: || vec!["docker=tests/**/test_docker*.py".to_owned()],
    valid: |list| list.iter().all(|item| item.split_once('=').is_some_and(|(word, _)| !word.is_empty())),
    expected: "a list like docker=tests/**/test_docker*.py",
};
const FORMATTER: Setting<String> = Setting {
    key: "formatter",
    aliases: &[],
    default: || "black".to_owned(),
    valid: |name| ["black", "ruff", "none"].contains(&name.as_str()),
    expected: "black, ruff or none",
};
const FORMATTER_PATHS: Setting<Vec<String>> = Setting {
    key: "formatter_paths",
    aliases: &[],
    default: || ["src/", "tests/"].map(str::to_owned).to_vec(),
    valid: |_| true,
    expected: "a list of path patterns",
};
const FORMATTER_TIMEOUT: Setting<u64> = Setting {
    key: "formatter_timeout",
    aliases: &[],
    default: || 30,
    valid: |seconds| (1..=3600).contains(seconds),
    expected: "whole seconds from 1 to 3600",
};
const MAX_FILE_KIB: Setting<u64> = Setting {
    key: "max_file_kib",
    aliases: &[],
    default: || 1024,
    valid: |size| (1..=65_536).contains(size),
    expected: "a whole number from 1 to 65536",
};
const BASELINE: Setting<Option<PathBuf>> =
    Setting { key: "baseline", aliases: &[], default: || None, valid: |_| true, expected: "a path" };

/// What the old script asked for, of the projects that have it.
const USUAL_EXPORTS: [&str; 2] = ["dashboard.app:templates", "integrations.shortcuts.siri:get_setup_guide"];

/// What the old script asked for, of the projects that have it.
const USUAL_VALUES: [&str; 2] = ["config:settings.ollama_model", "timmy.agent:DEFAULT_MODEL_FALLBACKS"];

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The version whose syntax counts.
    pub version: Version,
    /// Folders besides the root that modules are imported from.
    pub source_roots: Vec<String>,
    /// Checks that are left out.
    pub skip: Vec<String>,
    /// Files that are not checked.
    pub exclude: Vec<String>,
    /// Files that are tests.
    pub test_files: Vec<String>,
    /// Names that modules must export.
    pub required_exports: Required,
    /// Values that must not be empty.
    pub required_values: Required,
    /// Paths of one machine or platform.
    pub platform_paths: Vec<String>,
    /// Services that tests may need: a word, and the files that are looked at.
    pub services: Vec<(String, String)>,
    /// `black`, `ruff` or `none`.
    pub formatter: String,
    /// What is formatted.
    pub formatter_paths: Vec<String>,
    /// How long that may take.
    pub formatter_timeout: Duration,
    /// The largest file that is no finding, in bytes.
    pub max_file: u64,
    /// Findings that are known, relative to the repository.
    pub baseline: Option<PathBuf>,
}

/// The `config` object of `pre_commit_checks` in `automations.json`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "config of pre_commit_checks")]
pub struct Config {
    /// A file of findings that are known, relative to the repository.
    pub baseline: Option<PathBuf>,
    /// Files that are not checked, as path patterns.
    pub exclude: Option<Vec<String>>,
    /// What checks the formatting: `black`, `ruff` or `none`.
    pub formatter: Option<String>,
    /// What is formatted, as path patterns.
    pub formatter_paths: Option<Vec<String>>,
    /// How many seconds the formatter may take, 1 to 3600.
    pub formatter_timeout: Option<u64>,
    /// The largest file that is no finding, in KiB, 1 to 65536.
    pub max_file_kib: Option<u64>,
    /// Paths of one machine or platform that tests must not begin a text with.
    pub platform_paths: Option<Vec<String>>,
    /// Names that modules must export, like `dashboard.app:templates`.
    pub required_exports: Option<Vec<String>>,
    /// Values that must not be empty, like `config:settings.ollama_model`.
    pub required_values: Option<Vec<String>>,
    /// Services that tests may need, like `docker=tests/**/test_docker*.py`: the word, and the files that are looked at.
    pub services: Option<Vec<String>>,
    /// Checks that are left out, by id.
    pub skip: Option<Vec<String>>,
    /// Folders, besides a project's own, that modules are imported from.
    pub source_roots: Option<Vec<String>>,
    /// The version of Python whose syntax counts, like `3.11`; empty for the newest that is known.
    pub target_version: Option<String>,
    /// Files that are tests, as path patterns.
    pub test_files: Option<Vec<String>>,
}

/// A list of `module:name` that a setting asks for.
#[derive(Debug)]
pub(crate) struct Required {
    /// Module and name.
    pub items: Vec<(String, String)>,
    /// It is configured: what is not there at all is a finding too.
    pub is_configured: bool,
}

impl Settings {
    pub(crate) fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        let services = layers.get(&SERVICES, None)?;
        Ok(Self {
            version: layers.get(&TARGET_VERSION, None)?.parse().unwrap_or_default(),
            source_roots: layers.get(&SOURCE_ROOTS, None)?,
            skip: layers.get(&SKIP, None)?,
            exclude: layers.get(&EXCLUDE, None)?,
            test_files: layers.get(&TEST_FILES, None)?,
            required_exports: Required::new(layers.get(&REQUIRED_EXPORTS, None)?, &USUAL_EXPORTS),
            required_values: Required::new(layers.get(&REQUIRED_VALUES, None)?, &USUAL_VALUES),
            platform_paths: layers.get(&PLATFORM_PATHS, None)?,
            services: services.iter().filter_map(|item| item.split_once('=')).map(owned).collect(),
            formatter: layers.get(&FORMATTER, None)?,
            formatter_paths: layers.get(&FORMATTER_PATHS, None)?,
            formatter_timeout: Duration::from_secs(layers.get(&FORMATTER_TIMEOUT, None)?),
            max_file: layers.get(&MAX_FILE_KIB, None)?.saturating_mul(1024),
            baseline: layers.get(&BASELINE, None)?,
        })
    }
}

impl Required {
    fn new(configured: Option<Vec<String>>, usual: &[&str]) -> Self {
        let is_configured = configured.is_some();
        let items = configured.unwrap_or_else(|| usual.iter().map(ToString::to_string).collect());
        Self { items: items.iter().filter_map(|item| item.split_once(':')).map(owned).collect(), is_configured }
    }
}

fn owned((one, other): (&str, &str)) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

#[cfg(test)]
impl Default for Settings {
    fn default() -> Self {
        let (host, _, _) = host::Host::test(&["x"], &[], std::path::Path::new("/"));
        Self::resolve(&mut Layers::new(&host, "pre_commit_checks", Vec::new(), Vec::new())).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use host::Host;

    use super::*;

    #[test]
    fn the_schema_knows_every_setting_and_no_other() {
        let (host, _, _) = Host::test(&["x"], &[], std::path::Path::new("/"));
        let mut layers = Layers::new(&host, "pre_commit_checks", Vec::new(), Vec::new());
        Settings::resolve(&mut layers).unwrap();
        let known: BTreeSet<String> = layers.finish().unwrap().0.iter().map(|setting| setting.key.clone()).collect();
        let schema = serde_json::to_value(schemars::schema_for!(Config)).unwrap();
        let described: BTreeSet<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(known, described);
    }
}
