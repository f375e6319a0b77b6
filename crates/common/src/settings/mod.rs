//! The settings in layers: a flag, an environment variable, the automation's `config` in the manifest, further
//! configuration objects, the default. Each value remembers the layer that it came from.

mod value;

use std::fmt;
use std::path::PathBuf;

use serde_json::Value as Json;

pub use value::{Secret, Value};

use crate::error::Failure;
use host::Host;
use host::redact;
use host::source::{Position, SourceError};
use host::text;

/// The keys that several tools read, so that `TIMMY_AUTOMATION_<KEY>` sets them for all.
pub const SHARED_KEYS: [&str; 7] =
    ["gitea_api", "repo_slug", "gitea_token", "token_file", "http_timeout", "http_retries", "http_concurrency"];

/// The keys of an automation's `config` that the program that runs it reads, and not the automation itself.
pub const SUPERVISION_KEYS: [&str; 4] = ["timeout", "args", "at", "catch_up_hours"];

/// A variable under the shared prefix that is no setting.
const CONFIG_DIR: &str = "TIMMY_AUTOMATION_CONFIG_DIR";

/// One setting, as the tool that reads it declares it.
pub struct Setting<T: 'static> {
    /// Its key in a `config` object; its variables are made from it.
    pub key: &'static str,
    /// Variables that existing set-ups use for it.
    pub aliases: &'static [&'static str],
    /// Its value when it is not set.
    pub default: fn() -> T,
    /// Whether a value is in range.
    pub valid: fn(&T) -> bool,
    /// What a value must be, as text that completes "expected …".
    pub expected: &'static str,
}

/// Where a value came from, highest layer first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A flag on the command line.
    Flag,
    /// An environment variable.
    Environment(String),
    /// A configuration file.
    File(PathBuf, Position),
    /// The code.
    Default,
}

/// A setting's value in force, for people.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The setting's key.
    pub key: String,
    /// Its value as text.
    pub value: String,
    /// The layer that it came from.
    pub origin: Origin,
    /// Variables that existing set-ups use for it.
    pub aliases: &'static [&'static str],
    /// What its value must be, as text that completes "expected …".
    pub expected: &'static str,
}

/// A configuration object: the keys of one automation in one file.
#[derive(Clone, Debug, Default)]
pub struct ConfigObject {
    /// The file.
    pub path: PathBuf,
    /// Each key with its value and the value's place.
    pub entries: Vec<(String, Json, Position)>,
}

/// What is wrong with a setting.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A variable's value.
    #[error("{name}={value:?}: expected {expected}")]
    Variable {
        /// The variable.
        name: String,
        /// Its value.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A value in a configuration file.
    #[error(transparent)]
    File(#[from] SourceError),
}

/// The layers for one automation, from which its settings are taken one by one.
pub struct Layers<'a> {
    host: &'a Host,
    id: &'a str,
    objects: Vec<&'a ConfigObject>,
    known_ids: Vec<String>,
    known: Vec<(&'static str, Vec<String>)>,
    resolved: Vec<Resolved>,
    warnings: Vec<String>,
}

impl<'a> Layers<'a> {
    /// Creates the layers of automation `id`: `objects` come after the environment, highest first. `known_ids` are the
    /// automations whose variables are not checked here.
    pub fn new(host: &'a Host, id: &'a str, objects: Vec<&'a ConfigObject>, known_ids: Vec<String>) -> Self {
        Self { host, id, objects, known_ids, known: Vec::new(), resolved: Vec::new(), warnings: Vec::new() }
    }

    /// Takes the value of a setting from the highest layer that has one.
    ///
    /// # Errors
    /// A variable or a configuration file has a value that does not parse or is out of range.
    pub fn get<T: Value>(&mut self, setting: &Setting<T>, flag: Option<T>) -> Result<T, SettingsError> {
        let names = self.variables(setting.key, setting.aliases);
        let from_environment = self.environment(setting, &names)?;
        let from_files = self.files(setting)?;
        self.known.push((setting.key, names));
        let (value, origin) = flag
            .map(|value| (value, Origin::Flag))
            .or(from_environment)
            .or(from_files)
            .unwrap_or_else(|| ((setting.default)(), Origin::Default));
        let Setting { key, aliases, expected, .. } = *setting;
        self.resolved.push(Resolved { key: key.to_owned(), value: value.show(), origin, aliases, expected });
        Ok(value)
    }

    /// Returns where the value of `key` came from.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.resolved.iter().find(|resolved| resolved.key == key).map(|resolved| &resolved.origin)
    }

    /// Returns the settings that have been taken so far.
    pub fn resolved(&self) -> &[Resolved] {
        &self.resolved
    }

    /// Ends the taking: looks for variables and keys that no setting knows, and returns the settings in force and the
    /// warnings.
    ///
    /// # Errors
    /// A configuration file has a key that is a misspelling of a known one.
    pub fn finish(mut self) -> Result<(Vec<Resolved>, Vec<String>), SettingsError> {
        let keys: Vec<&str> = self.known.iter().map(|(key, _)| *key).collect();
        for object in &self.objects {
            for (key, _, position) in &object.entries {
                if keys.contains(&key.as_str()) || SUPERVISION_KEYS.contains(&key.as_str()) {
                    continue;
                }
                let shown = text::fit(key, 60);
                if let Some(nearest) = text::nearest(key, keys.iter().copied()) {
                    let error = object.error(*position, format!("{} has no setting `{shown}`", self.id));
                    return Err(error.with_hint(format!("did you mean `{nearest}`?")).into());
                }
                self.warnings.push(format!(
                    "{}:{position}: {} has no setting `{shown}`; it is ignored",
                    object.path.display(),
                    self.id
                ));
            }
        }
        self.judge_variables();
        Ok((self.resolved, self.warnings))
    }

    /// Returns the variables that set `key`, the one that counts first at the front.
    fn variables(&self, key: &str, aliases: &[&str]) -> Vec<String> {
        let (id, upper) = (self.id.to_uppercase(), key.to_uppercase());
        let mut names = vec![format!("TIMMY_{id}_{upper}")];
        names.extend(aliases.iter().map(ToString::to_string));
        names.push(format!("TIMMY_AUTOMATION_{id}_{upper}"));
        if SHARED_KEYS.contains(&key) {
            names.push(format!("TIMMY_AUTOMATION_{upper}"));
        }
        names
    }

    fn environment<T: Value>(
        &mut self,
        setting: &Setting<T>,
        names: &[String],
    ) -> Result<Option<(T, Origin)>, SettingsError> {
        let mut first: Option<(T, &String, String)> = None;
        for name in names {
            let Some(text) = self.host.var(name) else { continue };
            match &first {
                Some((_, winner, winning)) if *winning != text => {
                    self.warnings.push(format!("{name} is also set, to a different value; {winner} is used"));
                }
                Some(_) => {}
                None => {
                    let value = T::from_text(text.trim()).filter(|value| (setting.valid)(value));
                    let Some(value) = value else {
                        let shown = if T::IS_SECRET {
                            redact::HIDDEN.to_owned()
                        } else {
                            text::fit(&redact::address(&text), 80)
                        };
                        let (name, expected) = (name.clone(), setting.expected);
                        return Err(SettingsError::Variable { name, value: shown, expected });
                    };
                    first = Some((value, name, text));
                }
            }
        }
        Ok(first.map(|(value, name, _)| (value, Origin::Environment(name.clone()))))
    }

    fn files<T: Value>(&self, setting: &Setting<T>) -> Result<Option<(T, Origin)>, SettingsError> {
        for object in &self.objects {
            // If a key occurs twice, the last one counts, as in Python.
            let found = object.entries.iter().rev().find(|(key, json, _)| key == setting.key && !json.is_null());
            let Some((key, json, position)) = found else { continue };
            return match T::from_json(json).filter(|value| (setting.valid)(value)) {
                Some(value) => Ok(Some((value, Origin::File(object.path.clone(), *position)))),
                None => Err(object.error(*position, format!("`{key}`: expected {}", setting.expected)).into()),
            };
        }
        Ok(None)
    }

    /// Warns about variables under our prefixes that no setting knows.
    fn judge_variables(&mut self) {
        let id = self.id.to_uppercase();
        let mut names: Vec<String> = self.known.iter().flat_map(|(_, names)| names.iter().cloned()).collect();
        names.extend(SHARED_KEYS.iter().map(|key| format!("TIMMY_AUTOMATION_{}", key.to_uppercase())));
        names.push(CONFIG_DIR.to_owned());
        names.extend(SUPERVISION_KEYS.iter().map(|key| format!("TIMMY_{id}_{}", key.to_uppercase())));
        let others: Vec<String> = self
            .known_ids
            .iter()
            .filter(|other| other.as_str() != self.id)
            .map(|other| format!("TIMMY_AUTOMATION_{}_", other.to_uppercase()))
            .collect();
        let ours = self.host.var_names(&format!("TIMMY_{id}_")).collect::<Vec<_>>();
        for name in ours.into_iter().chain(self.host.var_names("TIMMY_AUTOMATION_")) {
            if names.iter().any(|known| known == name) || others.iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            let hint = text::nearest(name, names.iter().map(String::as_str))
                .map_or(String::new(), |nearest| format!("; did you mean {nearest}?"));
            self.warnings.push(format!("no setting reads the variable {}{hint}", text::fit(name, 80)));
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("flag"),
            Self::Environment(name) => formatter.write_str(name),
            Self::File(path, position) => write!(formatter, "{}:{position}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

impl ConfigObject {
    fn error(&self, position: Position, message: String) -> SourceError {
        SourceError { path: self.path.clone(), position: Some(position), message, hint: None }
    }
}

impl Failure for SettingsError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Variable { name, .. } => Some(format!("set {name} to such a value, or unset it")),
            Self::File(error) => error.hint.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const MAX: Setting<u64> = Setting {
        key: "backoff_max",
        aliases: &["TIMMY_LOOP_GUARD_MAX_BACKOFF"],
        default: || 600,
        valid: |value| (1..=86_400).contains(value),
        expected: "whole seconds from 1 to 86400",
    };
    const API: Setting<String> = Setting {
        key: "gitea_api",
        aliases: &["GITEA_API"],
        default: || "default".to_owned(),
        valid: |_| true,
        expected: "a URL",
    };

    fn object(path: &str, key: &str, value: Json) -> ConfigObject {
        ConfigObject { path: path.into(), entries: vec![(key.to_owned(), value, Position { line: 3, column: 9 })] }
    }

    fn host(env: &[(&str, &str)]) -> Host {
        Host::test(&["x"], env, Path::new("/")).0
    }

    fn ids() -> Vec<String> {
        vec!["loop_guard".to_owned(), "triage_score".to_owned()]
    }

    /// The variables, the flag, the objects; the value and its origin.
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<u64>, Vec<&'a ConfigObject>, u64, &'a str);

    #[test]
    fn the_highest_layer_wins_and_is_remembered() {
        let (manifest, second) =
            (object("a.json", "backoff_max", 300.into()), object("b.json", "backoff_max", 5.into()));
        let objects = || vec![&manifest, &second];
        let cases: [Case; 6] = [
            (&[("TIMMY_LOOP_GUARD_BACKOFF_MAX", "7")], Some(1), objects(), 1, "flag"),
            (&[("TIMMY_LOOP_GUARD_BACKOFF_MAX", "7")], None, objects(), 7, "TIMMY_LOOP_GUARD_BACKOFF_MAX"),
            (&[("TIMMY_LOOP_GUARD_MAX_BACKOFF", "8")], None, objects(), 8, "TIMMY_LOOP_GUARD_MAX_BACKOFF"),
            (
                &[("TIMMY_AUTOMATION_LOOP_GUARD_BACKOFF_MAX", "9")],
                None,
                vec![],
                9,
                "TIMMY_AUTOMATION_LOOP_GUARD_BACKOFF_MAX",
            ),
            (&[], None, objects(), 300, "a.json:3:9"),
            (&[("TIMMY_LOOP_GUARD_BACKOFF_MAX", "")], None, vec![], 600, "default"),
        ];
        for (env, flag, objects, value, origin) in cases {
            let host = host(env);
            let mut layers = Layers::new(&host, "loop_guard", objects, ids());
            assert_eq!(layers.get(&MAX, flag).unwrap(), value);
            assert_eq!(layers.origin("backoff_max").unwrap().to_string(), origin);
        }
    }

    #[test]
    fn a_second_variable_with_another_value_is_warned_about() {
        let host = host(&[("TIMMY_LOOP_GUARD_BACKOFF_MAX", "7"), ("TIMMY_LOOP_GUARD_MAX_BACKOFF", "8")]);
        let mut layers = Layers::new(&host, "loop_guard", vec![], ids());
        assert_eq!(layers.get(&MAX, None).unwrap(), 7);
        let (_, warnings) = layers.finish().unwrap();
        assert_eq!(
            warnings,
            ["TIMMY_LOOP_GUARD_MAX_BACKOFF is also set, to a different value; TIMMY_LOOP_GUARD_BACKOFF_MAX is used"]
        );
    }

    #[test]
    fn a_bad_value_names_the_variable_or_the_place() {
        for value in ["abc", "0", "-1", "1.5", "99999999999999999999"] {
            let env = [("TIMMY_LOOP_GUARD_BACKOFF_MAX", value)];
            let host = host(&env);
            let error = Layers::new(&host, "loop_guard", vec![], ids()).get(&MAX, None).unwrap_err();
            let expected = format!("TIMMY_LOOP_GUARD_BACKOFF_MAX={value:?}: expected whole seconds from 1 to 86400");
            assert_eq!(error.to_string(), expected);
        }
        let (host, object) = (host(&[]), object("a.json", "backoff_max", "many".into()));
        let error = Layers::new(&host, "loop_guard", vec![&object], ids()).get(&MAX, None).unwrap_err();
        assert_eq!(error.to_string(), "a.json:3:9: `backoff_max`: expected whole seconds from 1 to 86400");
    }

    #[test]
    fn a_misspelt_key_is_an_error_and_a_strange_one_a_warning() {
        let host = host(&[]);
        let misspelt = object("a.json", "backof_max", 5.into());
        let mut layers = Layers::new(&host, "loop_guard", vec![&misspelt], ids());
        layers.get(&MAX, None).unwrap();
        let error = layers.finish().unwrap_err();
        assert_eq!(error.to_string(), "a.json:3:9: loop_guard has no setting `backof_max`");
        assert_eq!(error.hint().unwrap(), "did you mean `backoff_max`?");
        let strange = object("a.json", "colour", 5.into());
        let mut layers = Layers::new(&host, "loop_guard", vec![&strange], ids());
        layers.get(&MAX, None).unwrap();
        assert_eq!(layers.finish().unwrap().1, ["a.json:3:9: loop_guard has no setting `colour`; it is ignored"]);
    }

    #[test]
    fn unknown_variables_are_warned_about_unless_they_are_anothers() {
        let host = host(&[
            ("TIMMY_LOOP_GUARD_BACKOF_MAX", "1"),
            ("TIMMY_AUTOMATION_GITEA_APY", "x"),
            ("TIMMY_AUTOMATION_GITEA_API", "http://a"),
            ("TIMMY_AUTOMATION_TRIAGE_SCORE_ANY", "x"),
            ("TIMMY_AUTOMATION_CONFIG_DIR", "x"),
            ("TIMMY_REPO_ROOT", "x"),
        ]);
        let mut layers = Layers::new(&host, "loop_guard", vec![], ids());
        layers.get(&MAX, None).unwrap();
        assert_eq!(layers.get(&API, None).unwrap(), "http://a");
        let (_, warnings) = layers.finish().unwrap();
        assert_eq!(
            warnings,
            [
                "no setting reads the variable TIMMY_LOOP_GUARD_BACKOF_MAX; did you mean TIMMY_LOOP_GUARD_BACKOFF_MAX?",
                "no setting reads the variable TIMMY_AUTOMATION_GITEA_APY; did you mean TIMMY_AUTOMATION_GITEA_API?",
            ]
        );
    }
}
