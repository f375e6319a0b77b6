//! The list of automations (`automations.json`): what exists, what is on, how it is run; and the schedules beside it
//! (`daily_run.json`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::files::{self, FileError};
use crate::host::Host;
use crate::layout::Repo;
use crate::settings::ConfigObject;
use crate::source::{Source, SourceError};
use crate::text;

/// The largest configuration file that is read, in bytes.
pub const CONFIG_LIMIT: u64 = 4 << 20;

/// The variable that names the configuration folder.
const CONFIG_DIR: &str = "TIMMY_AUTOMATION_CONFIG_DIR";

/// The manifest as the suite ships it.
pub const SHIPPED: &str = include_str!("../../../config/automations.json");

/// The keys of an entry, for finding misspelt ones.
const ENTRY_KEYS: [&str; 10] =
    ["id", "name", "description", "script", "category", "enabled", "trigger", "config", "timeout", "depends_on"];

/// The file `automations.json`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "automations.json")]
pub struct ManifestFile {
    /// The version of the list, in whatever form its keeper likes.
    #[serde(default)]
    pub version: Value,
    /// What the list is for.
    #[serde(default)]
    pub description: String,
    /// The automations, in the order in which a trigger runs them.
    pub automations: Vec<Entry>,
    /// Tokens an action earns (above 0) or costs (below 0), where they differ from the built-in amounts.
    #[serde(default)]
    pub token_economy: BTreeMap<String, i64>,
}

/// One automation of the manifest.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Entry {
    /// Its name for programs: lower-case letters, digits and underscores.
    pub id: String,
    /// The script or tool, relative to the folder that holds `config/`.
    pub script: String,
    /// Its name for people.
    #[serde(default)]
    pub name: String,
    /// What it does, in a sentence.
    #[serde(default)]
    pub description: String,
    /// The group that a listing shows it in.
    #[serde(default)]
    pub category: String,
    /// Whether it runs at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// When it runs: `pre_cycle`, `post_cycle`, `pre_commit`, `hourly`, `daily`, `every_N_cycles`, `cron:<expression>` or
    /// `manual`.
    #[serde(default = "manual")]
    pub trigger: String,
    /// Its settings.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The file `daily_run.json`: what else runs when, and further settings of automations.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "daily_run.json")]
pub struct DailyRunFile {
    /// What else runs on a trigger, by trigger.
    #[serde(default)]
    pub schedules: BTreeMap<String, Schedule>,
    /// Under an automation's id, settings for it, below those of the manifest.
    #[serde(flatten)]
    pub settings: BTreeMap<String, Value>,
}

/// The automations that run on one trigger besides those that name it themselves.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Schedule {
    /// What the schedule is for.
    #[serde(default)]
    pub description: String,
    /// Ids, in running order.
    pub automations: Vec<String>,
}

/// The configuration folder and the manifest in it.
#[derive(Debug, Default)]
pub struct Manifest {
    folder: Option<PathBuf>,
    entries: Vec<(Entry, ConfigObject)>,
    token_economy: BTreeMap<String, i64>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A configuration folder was named that is none.
    #[error("{origin} names {}, which is no folder", path.display())]
    NoFolder {
        /// The flag or the variable.
        origin: &'static str,
        /// What it names.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file's content is wrong.
    #[error(transparent)]
    Content(#[from] SourceError),
}

/// The manifest with its parts left as text, which is how their places are known.
#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(borrow)]
    automations: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    token_economy: Option<&'a RawValue>,
}

fn yes() -> bool {
    true
}

fn manual() -> String {
    "manual".to_owned()
}

impl Manifest {
    /// Finds the configuration folder (`flag`, else `TIMMY_AUTOMATION_CONFIG_DIR`, else the first that exists of
    /// `timmy_automations/config` and `config` in the repository) and reads the manifest in it. No folder, and no manifest
    /// in it, are fine: the list is empty.
    ///
    /// # Errors
    /// A folder that is named does not exist, or the manifest is broken (with file, line and column).
    pub fn load(host: &Host, repo: &Repo, flag: Option<&Path>) -> Result<Self, ManifestError> {
        let Some(folder) = find_folder(host, repo, flag)? else { return Ok(Self::default()) };
        let path = folder.join("automations.json");
        let mut manifest = match files::read(&path, CONFIG_LIMIT)? {
            Some(bytes) => Self::parse(&Source::from_bytes(&path, bytes)?)?,
            None => Self::default(),
        };
        manifest.folder = Some(folder);
        Ok(manifest)
    }

    /// Reads a manifest's text.
    ///
    /// # Errors
    /// What is wrong in it, with its place.
    pub fn parse(source: &Source) -> Result<Self, SourceError> {
        source.expect_object()?;
        let outline: Outline = serde_json::from_str(source.text()).map_err(|error| source.json_error(&error, 0))?;
        let mut entries: Vec<(Entry, ConfigObject)> = Vec::new();
        for raw in outline.automations {
            let entry = entry(source, raw)?;
            if entries.iter().any(|(other, _)| other.id == entry.0.id) {
                let message = format!("the id `{}` stands twice", text::fit(&entry.0.id, 60));
                return Err(source.error(source.offset_of(raw.get()), &message));
            }
            entries.push(entry);
        }
        let token_economy = match outline.token_economy {
            None => BTreeMap::new(),
            Some(raw) => serde_json::from_str(raw.get())
                .map_err(|error| source.json_error(&error, source.offset_of(raw.get())))?,
        };
        Ok(Self { folder: None, entries, token_economy })
    }

    /// Returns the entry of an automation.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|(entry, _)| entry.id == id).map(|(entry, _)| entry)
    }

    /// Returns the settings of an automation.
    pub fn config(&self, id: &str) -> Option<&ConfigObject> {
        self.entries.iter().find(|(entry, _)| entry.id == id).map(|(_, config)| config)
    }

    /// Returns the ids of the automations that are listed here or shipped.
    pub fn known_ids(&self) -> Vec<String> {
        let shipped: Option<ManifestFile> = serde_json::from_str(SHIPPED).ok();
        let shipped = shipped.into_iter().flat_map(|file| file.automations);
        self.entries.iter().map(|(entry, _)| entry.id.clone()).chain(shipped.map(|entry| entry.id)).collect()
    }

    /// Returns the amounts that the manifest sets for actions of the token economy.
    pub fn token_economy(&self) -> &BTreeMap<String, i64> {
        &self.token_economy
    }

    /// Returns a file of the configuration folder, whether it exists or not; none without a folder.
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(name))
    }

    /// Reads the settings that `daily_run.json` has for an automation.
    ///
    /// # Errors
    /// The file cannot be read, or is broken.
    pub fn daily_run_config(&self, id: &str) -> Result<Option<ConfigObject>, ManifestError> {
        let Some(path) = self.file("daily_run.json") else { return Ok(None) };
        let Some(bytes) = files::read(&path, CONFIG_LIMIT)? else { return Ok(None) };
        let source = Source::from_bytes(&path, bytes)?;
        source.expect_object()?;
        // The whole file is read, so that a fault in the schedules is not found on the day that they are due.
        let _: DailyRunFile = source.json()?;
        let objects: BTreeMap<Cow<str>, &RawValue> =
            serde_json::from_str(source.text()).map_err(|error| source.json_error(&error, 0))?;
        Ok(objects.get(id).map(|raw| config_object(&source, raw)).transpose()?)
    }
}

impl ManifestError {
    /// Says what to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoFolder { .. } => Some("name the folder that holds automations.json".to_owned()),
            Self::File(error) => error.hint(),
            Self::Content(error) => error.hint.clone(),
        }
    }
}

fn find_folder(host: &Host, repo: &Repo, flag: Option<&Path>) -> Result<Option<PathBuf>, ManifestError> {
    let variable = host.var(CONFIG_DIR).map(PathBuf::from);
    let named = flag.map(|path| ("--config-dir", path)).or(variable.as_deref().map(|path| (CONFIG_DIR, path)));
    if let Some((origin, path)) = named {
        let path = host.current_dir().join(path);
        return if path.is_dir() { Ok(Some(path)) } else { Err(ManifestError::NoFolder { origin, path }) };
    }
    Ok(["timmy_automations/config", "config"].iter().map(|name| repo.root().join(name)).find(|folder| folder.is_dir()))
}

/// Reads one entry and the places of its settings.
fn entry(source: &Source, raw: &RawValue) -> Result<(Entry, ConfigObject), SourceError> {
    let start = source.offset_of(raw.get());
    let fail = |error: serde_json::Error| source.json_error(&error, start);
    let entry: Entry = serde_json::from_str(raw.get()).map_err(fail)?;
    if entry.id.is_empty() || !entry.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        let message =
            format!("the id {:?} is not made of lower-case letters, digits and `_`", text::fit(&entry.id, 60));
        return Err(source.error(start, &message));
    }
    for key in entry.other.keys() {
        if let Some(nearest) = text::nearest(key, ENTRY_KEYS).filter(|nearest| nearest != key) {
            let place = start + raw.get().find(&format!("\"{key}\"")).unwrap_or(0);
            let error = source.error(place, &format!("an automation has no field `{}`", text::fit(key, 60)));
            return Err(error.hint(format!("did you mean `{nearest}`?")));
        }
    }
    let parts: BTreeMap<Cow<str>, &RawValue> = serde_json::from_str(raw.get()).map_err(fail)?;
    let config = parts.get("config").map(|raw| config_object(source, raw)).transpose()?.unwrap_or_default();
    Ok((entry, config))
}

/// Reads a configuration object with the place of each value.
fn config_object(source: &Source, raw: &RawValue) -> Result<ConfigObject, SourceError> {
    let fail = |error: serde_json::Error, raw: &RawValue| source.json_error(&error, source.offset_of(raw.get()));
    let parts: BTreeMap<Cow<str>, &RawValue> = serde_json::from_str(raw.get()).map_err(|error| fail(error, raw))?;
    let mut object = ConfigObject { path: source.path().to_owned(), entries: Vec::new() };
    for (key, raw) in parts {
        let value = serde_json::from_str(raw.get()).map_err(|error| fail(error, raw))?;
        object.entries.push((key.into_owned(), value, source.position(source.offset_of(raw.get()))));
    }
    Ok(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Manifest, SourceError> {
        Manifest::parse(&Source::new("automations.json", text))
    }

    #[test]
    fn defaults_hold_and_places_are_known() {
        let manifest = parse(
            "{\"automations\": [\n {\"id\": \"a\", \"script\": \"a.py\",\n  \"config\": {\"x\": 1}, \"owner\": \"me\"}],\n \"token_economy\": {\"run\": 0}}",
        )
        .unwrap();
        let entry = manifest.entry("a").unwrap();
        assert!(entry.enabled);
        assert_eq!(entry.trigger, "manual");
        assert_eq!(entry.other["owner"], "me");
        assert_eq!(manifest.config("a").unwrap().entries[0].2.to_string(), "3:19");
        assert_eq!(manifest.token_economy()["run"], 0);
    }

    #[test]
    fn what_is_wrong_is_placed() {
        for (text, expected) in [
            ("", "automations.json:1:1: the file is empty"),
            ("[]", "automations.json:1:1: expected a JSON object, found '['"),
            (
                "{\"automations\": [\n {\"id\": 5, \"script\": \"\"}]}",
                "automations.json:2:9: invalid type: integer `5`, expected a string",
            ),
            ("{\"automations\": [\n {\"id\": \"a\"}]}", "automations.json:2:12: missing field `script`"),
            (
                "{\"automations\": [{\"id\": \"A b\", \"script\": \"x\"}]}",
                "automations.json:1:18: the id \"A b\" is not made of lower-case letters, digits and `_`",
            ),
            (
                "{\"automations\": [{\"id\": \"a\", \"script\": \"x\", \"enabeld\": false}]}",
                "automations.json:1:45: an automation has no field `enabeld`",
            ),
            (
                "{\"automations\": [{\"id\": \"a\", \"script\": \"x\"},\n{\"id\": \"a\", \"script\": \"y\"}]}",
                "automations.json:2:1: the id `a` stands twice",
            ),
            (
                "{\"automations\": [{\"id\": \"a\", \"script\": \"x\", \"config\": []}]}",
                "automations.json:1:54: invalid type: sequence, expected a map",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn nesting_without_end_is_an_error() {
        let deep =
            format!("{{\"automations\": [{{\"id\": \"a\", \"script\": \"x\", \"x\": {}}}]}}", "[".repeat(100_000));
        assert!(parse(&deep).is_err());
    }

    #[test]
    fn the_shipped_manifest_is_sound() {
        let manifest = parse(SHIPPED).unwrap();
        assert!(manifest.known_ids().contains(&"loop_guard".to_owned()));
    }
}
