//! The list of automations (`automations.json`): what exists, what is on, how it is run; and the schedules next to it
//! (`daily_run.json`).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use records::stored_files::{DAILY_RUN, MANIFEST};
use records::{DailyRunFile, ManifestEntry, ManifestFile};

use crate::error::Failure;
use crate::settings::ConfigObject;
use host::Host;
use host::files::{self, FileError};
use host::source::{Source, SourceError};
use host::text;
use store::{ConfigFile, Repo};

/// The variable that names the configuration folder.
pub const CONFIG_DIR: &str = "TIMMY_AUTOMATION_CONFIG_DIR";

/// The manifest as the suite ships it.
pub const SHIPPED: &str = include_str!("../../../../config/automations.json");

/// The configuration folder and the manifest in it.
#[derive(Debug, Default)]
pub struct Manifest {
    folder: Option<PathBuf>,
    source: Option<Source>,
    listed: Vec<Automation>,
    token_economy: BTreeMap<String, i64>,
}

/// An automation of the manifest, with its settings and its place in the file.
#[derive(Clone, Debug)]
pub struct Automation {
    /// What the manifest says of it.
    pub entry: ManifestEntry,
    /// Its settings, each with its place.
    pub config: ConfigObject,
    /// Its bytes in the file.
    pub range: Range<usize>,
}

/// What is wrong with a part of the configuration.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The automation, where it is one's.
    pub id: Option<String>,
    /// What and where.
    pub error: SourceError,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A configuration folder was named that is none.
    #[error("{origin} names {}, which is not a directory", path.display())]
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

impl Manifest {
    /// Finds the configuration folder (`flag`, else `TIMMY_AUTOMATION_CONFIG_DIR`, else the first that exists of
    /// `timmy_automations/config` and `config` in the repository) and reads the manifest in it. No folder, and no manifest
    /// in it, are fine: the list is empty.
    ///
    /// # Errors
    /// A folder that is named does not exist, or the manifest is broken (with file, line and column).
    pub fn load(host: &Host, repo: &Repo, flag: Option<&Path>) -> Result<Self, ManifestError> {
        let (manifest, problems) = Self::load_with_diagnostics(host, repo, flag)?;
        match problems.into_iter().next() {
            None => Ok(manifest),
            Some(problem) => Err(problem.error.into()),
        }
    }

    /// Reads the manifest as [`Manifest::load`] does, but goes on where an entry is wrong: it is left out, and what is wrong
    /// is reported.
    ///
    /// # Errors
    /// A folder that is named does not exist, or the file is no list of automations at all.
    pub fn load_with_diagnostics(
        host: &Host,
        repo: &Repo,
        flag: Option<&Path>,
    ) -> Result<(Self, Vec<Diagnostic>), ManifestError> {
        let Some(folder) = find_folder(host, repo, flag)? else { return Ok((Self::default(), Vec::new())) };
        let path = folder.join(MANIFEST.path);
        let (mut manifest, problems) = match ConfigFile::at(&path).read()? {
            Some(bytes) => Self::read(Source::from_bytes(&path, bytes)?)?,
            None => Default::default(),
        };
        manifest.folder = Some(folder);
        Ok((manifest, problems))
    }

    /// Reads a manifest's text; an entry that is wrong is left out and reported.
    ///
    /// # Errors
    /// It is no list of automations at all.
    pub fn read(source: Source) -> Result<(Self, Vec<Diagnostic>), SourceError> {
        source.expect_object()?;
        let outline: Outline = serde_json::from_str(source.text()).map_err(|error| source.json_error(&error, 0))?;
        let (mut listed, mut problems): (Vec<Automation>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for raw in outline.automations {
            match read_entry(&source, raw) {
                Err(problem) => problems.push(problem),
                Ok(one) if !seen.insert(one.entry.id.clone()) => {
                    let message = format!("the id `{}` is used twice", text::fit(&one.entry.id, 60));
                    problems
                        .push(Diagnostic { error: source.error(one.range.start, &message), id: Some(one.entry.id) });
                }
                Ok(one) => listed.push(one),
            }
        }
        let token_economy = match outline.token_economy {
            None => BTreeMap::new(),
            Some(raw) => serde_json::from_str(raw.get()).unwrap_or_else(|error| {
                problems.push(Diagnostic { id: None, error: source.json_error(&error, source.offset_of(raw.get())) });
                BTreeMap::new()
            }),
        };
        Ok((Self { folder: None, source: Some(source), listed, token_economy }, problems))
    }

    /// Returns the manifest as the suite ships it, with the configuration folder of this one, for a repository that has none.
    #[must_use]
    pub fn or_shipped(self) -> Self {
        if self.source.is_some() {
            return self;
        }
        // It is compiled in, and a test reads it.
        let shipped = Self::read(Source::new("the built-in manifest", SHIPPED));
        Self { folder: self.folder, ..shipped.map(|(manifest, _)| manifest).unwrap_or_default() }
    }

    /// Returns the automations, in the file's order.
    pub fn listed(&self) -> &[Automation] {
        &self.listed
    }

    /// Returns an automation with its settings and its place.
    pub fn find(&self, id: &str) -> Option<&Automation> {
        self.listed.iter().find(|listed| listed.entry.id == id)
    }

    /// Returns the entry of an automation.
    pub fn entry(&self, id: &str) -> Option<&ManifestEntry> {
        self.find(id).map(|listed| &listed.entry)
    }

    /// Returns the settings of an automation.
    pub fn config(&self, id: &str) -> Option<&ConfigObject> {
        self.find(id).map(|listed| &listed.config)
    }

    /// Returns the ids of the automations that are listed here or shipped.
    pub fn known_ids(&self) -> Vec<String> {
        let shipped: Option<ManifestFile> = serde_json::from_str(SHIPPED).ok();
        let shipped = shipped.into_iter().flat_map(|file| file.automations);
        self.listed.iter().map(|listed| listed.entry.id.clone()).chain(shipped.map(|entry| entry.id)).collect()
    }

    /// Returns the amounts that the manifest sets for actions of the token economy.
    pub fn token_economy(&self) -> &BTreeMap<String, i64> {
        &self.token_economy
    }

    /// Returns the configuration folder, where there is one.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Returns the manifest's text, where there is a manifest.
    pub fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// Returns a file of the configuration folder, whether it exists or not; none without a folder.
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(name))
    }

    /// Returns where in the manifest's text the value of a field of an automation is; of repeated fields the last one's.
    pub fn value_range(&self, listed: &Automation, field: &str) -> Option<Range<usize>> {
        let source = self.source.as_ref()?;
        let raw = source.text().get(listed.range.clone())?;
        let parts: BTreeMap<Cow<str>, &RawValue> = serde_json::from_str(raw).ok()?;
        let value = parts.get(field)?.get();
        let start = source.offset_of(value);
        Some(start..start + value.len())
    }

    /// Returns what is wrong with a field of an automation, or with the whole of it where it has no such field.
    pub fn problem(&self, listed: &Automation, field: &str, message: &str) -> Diagnostic {
        let error = match &self.source {
            None => SourceError { path: PathBuf::new(), position: None, message: message.to_owned(), hint: None },
            Some(source) => {
                let place = self.value_range(listed, field).map_or(listed.range.start, |range| range.start);
                source.error(place, message)
            }
        };
        Diagnostic { id: Some(listed.entry.id.clone()), error }
    }

    /// Reads `daily_run.json`; none if there is no such file.
    ///
    /// # Errors
    /// The file cannot be read, or is broken.
    pub fn daily_run(&self) -> Result<Option<(DailyRunFile, Source)>, ManifestError> {
        let Some(path) = self.file(DAILY_RUN.path) else { return Ok(None) };
        let Some(bytes) = ConfigFile::at(&path).read()? else { return Ok(None) };
        let source = Source::from_bytes(&path, bytes)?;
        source.expect_object()?;
        Ok(Some((source.json()?, source)))
    }

    /// Reads the settings that `daily_run.json` has for an automation.
    ///
    /// # Errors
    /// The file cannot be read, or is broken.
    pub fn daily_run_config(&self, id: &str) -> Result<Option<ConfigObject>, ManifestError> {
        // The whole file is read, so that a fault in the schedules is not found on the day that they are due.
        let Some((_, source)) = self.daily_run()? else { return Ok(None) };
        let objects: BTreeMap<Cow<str>, &RawValue> =
            serde_json::from_str(source.text()).map_err(|error| source.json_error(&error, 0))?;
        Ok(objects.get(id).map(|raw| config_object(&source, raw)).transpose()?)
    }
}

impl Failure for ManifestError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoFolder { .. } => Some("name the directory that contains automations.json".to_owned()),
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
        return if files::is_folder(&path)? { Ok(Some(path)) } else { Err(ManifestError::NoFolder { origin, path }) };
    }
    for folder in ["timmy_automations/config", "config"].map(|name| repo.root().join(name)) {
        // One that cannot be looked at is not absent: what it switches off must not run.
        if files::is_folder(&folder)? {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// Reads one entry and the places of its settings.
fn read_entry(source: &Source, raw: &RawValue) -> Result<Automation, Diagnostic> {
    #[derive(Deserialize)]
    struct Id {
        id: String,
    }
    #[derive(Default, Deserialize)]
    struct Parts<'a> {
        #[serde(borrow, default)]
        config: Option<&'a RawValue>,
    }
    let start = source.offset_of(raw.get());
    let id = || serde_json::from_str::<Id>(raw.get()).ok().map(|one| one.id);
    let entry = check_entry(source, raw, start).map_err(|error| Diagnostic { id: id(), error })?;
    let parts: Parts = serde_json::from_str(raw.get()).unwrap_or_default();
    let config = parts.config.map(|raw| config_object(source, raw)).transpose();
    let config = config.map_err(|error| Diagnostic { id: id(), error })?.unwrap_or_default();
    Ok(Automation { entry, config, range: start..start + raw.get().len() })
}

fn check_entry(source: &Source, raw: &RawValue, start: usize) -> Result<ManifestEntry, SourceError> {
    if !raw.get().starts_with('{') {
        // An array would fit an entry by the order of its fields.
        return Err(source.error(start, "an automation is an object: {\"id\": …, \"script\": …}"));
    }
    let entry: ManifestEntry = serde_json::from_str(raw.get()).map_err(|error| source.json_error(&error, start))?;
    if entry.id.is_empty() || !entry.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        let message =
            format!("the id {:?} is not made of lower-case letters, digits and `_`", text::fit(&entry.id, 60));
        return Err(source.error(start, &message));
    }
    for key in entry.other.keys() {
        let hint = if key == "timeout" {
            "it is a setting: write it into `config`".to_owned()
        } else {
            let nearest = text::nearest(key, ManifestEntry::FIELDS).filter(|nearest| nearest != key);
            let Some(nearest) = nearest else { continue };
            format!("did you mean `{nearest}`?")
        };
        let place = start + raw.get().find(&format!("\"{key}\"")).unwrap_or(0);
        return Err(source
            .error(place, &format!("an automation has no field `{}`", text::fit(key, 60)))
            .with_hint(hint));
    }
    Ok(entry)
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
        let (manifest, problems) = Manifest::read(Source::new("automations.json", text))?;
        problems.into_iter().next().map_or(Ok(manifest), |problem| Err(problem.error))
    }

    #[test]
    fn defaults_hold_and_places_are_known() {
        let manifest = parse(
            "{\"automations\": [\n {\"id\": \"a\", \"script\": \"a.py\",\n  \"config\": {\"x\": 1}, \"owner\": \"me\"}],\n \"token_economy\": {\"run\": 0}}",
        )
        .unwrap();
        let entry = manifest.entry("a").unwrap();
        assert!(entry.enabled);
        assert_eq!(entry.trigger.text(), "manual");
        assert_eq!(entry.other["owner"], "me");
        assert_eq!(manifest.config("a").unwrap().entries[0].2.to_string(), "3:19");
        assert_eq!(manifest.token_economy()["run"], 0);
    }

    #[test]
    fn the_shipped_manifest_is_whole() {
        let (_, problems) = Manifest::read(Source::new("m", SHIPPED)).unwrap();
        assert!(problems.is_empty() && Manifest::default().or_shipped().find("loop_guard").is_some());
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
                "automations.json:2:1: the id `a` is used twice",
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
