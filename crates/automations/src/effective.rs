//! Every setting with its effective value and its origin, also where its default is elsewhere: in the remote, the rules, the
//! settings of the scheduler.

use std::path::PathBuf;

use common::Error;
use common::manifest::{Automation, Manifest};
use common::settings::{Layers, Origin, Resolved, SUPERVISION_KEYS};
use gitea::{Connection, ForgeSettings};
use host::redact;
use serde_json::Value;
use triage_rules::{Rules, RulesLocation};

use crate::context::Context;
use crate::declared::every_automation;
use crate::schedule_settings::ScheduleSettings;
use crate::supervise::in_variable;

/// A setting with its effective value, and where that came from.
#[derive(Clone, Debug)]
pub struct EffectiveSetting {
    /// Its key.
    pub key: String,
    /// Its value; `set` for a secret.
    pub value: String,
    /// Where the value came from.
    pub origin: String,
}

/// Returns the settings of one automation, or of all and of the scheduler, by id.
///
/// # Errors
/// There is no such automation, or a value is not valid.
pub fn effective_settings(context: &Context, id: Option<&str>) -> Result<Vec<(String, Vec<EffectiveSetting>)>, Error> {
    let ids: Vec<String> = match id {
        Some(id) => vec![id.to_owned()],
        None => all_ids(context),
    };
    let mut all = Vec::new();
    for id in ids {
        let mut settings = settings_of(context, &id)?;
        for setting in settings.iter_mut().filter(|setting| setting.key == "args") {
            let args = setting.value.split(',').map(str::to_owned).collect();
            setting.value = redact::arguments(args).join(",");
        }
        let elsewhere = Elsewhere::of(context, &id, &settings)?;
        let shown = settings.iter().map(|setting| elsewhere.shown(setting)).collect();
        all.push((id, shown));
    }
    Ok(all)
}

/// The automations of the manifest, the tools that it does not list, and the scheduler.
fn all_ids(context: &Context) -> Vec<String> {
    let shipped = Manifest::default().or_shipped();
    let ids = |manifest: &Manifest| manifest.listed().iter().map(|listed| listed.entry.id.clone()).collect::<Vec<_>>();
    let not_listed = ids(&shipped)
        .into_iter()
        .filter(|id| context.toolset.automation(id).is_some() && context.manifest.find(id).is_none());
    ids(&context.manifest).into_iter().chain(not_listed).chain([ScheduleSettings::ID.to_owned()]).collect()
}

fn settings_of(context: &Context, id: &str) -> Result<Vec<Resolved>, Error> {
    if id == ScheduleSettings::ID {
        return Ok(ScheduleSettings::resolved(context)?);
    }
    let listed = context.manifest.find(id);
    let tool = context.toolset.automation(id);
    if listed.is_none() && tool.is_none() {
        context.automation(id)?;
    }
    let daily_run = context.manifest.daily_run_config(id)?;
    let objects = listed.map(|listed| &listed.config).into_iter().chain(&daily_run).collect();
    let mut layers = Layers::new(context.host, id, objects, context.manifest.known_ids());
    if let Some(tool) = tool {
        (tool.settings)(&mut layers)?;
    }
    every_automation(&mut layers)?;
    if let (None, Some(listed)) = (tool, listed) {
        // Which keys such a script reads is unknown.
        return Ok(foreign(context, listed).into_iter().chain(layers.resolved().iter().cloned()).collect());
    }
    let (resolved, warnings) = layers.finish()?;
    for warning in warnings {
        context.warn(&warning);
    }
    Ok(resolved)
}

/// The settings of a script that is not ours: what its `config` has, or a variable in its place.
fn foreign(context: &Context, listed: &Automation) -> Vec<Resolved> {
    let own = listed.config.entries.iter().filter(|(key, _, _)| !SUPERVISION_KEYS.contains(&key.as_str()));
    own.map(|(key, value, position)| {
        let variable = format!("TIMMY_{}_{}", listed.entry.id.to_uppercase(), key.to_uppercase());
        let (value, origin) = match context.host.var(&variable) {
            Some(value) => (Value::from(value), Origin::Environment(variable)),
            None => (value.clone(), Origin::File(listed.config.path.clone(), *position)),
        };
        let shown =
            if redact::is_secret_name(key) { "set".to_owned() } else { in_variable(&redact::setting(key, &value)) };
        Resolved { key: key.clone(), value: shown, origin, aliases: &[], expected: "" }
    })
    .collect()
}

/// Where values come from that no layer has.
struct Elsewhere<'a> {
    context: &'a Context<'a>,
    connection: Option<Connection>,
    rules: Option<(Rules, String)>,
    scheduler: Vec<Resolved>,
}

impl<'a> Elsewhere<'a> {
    /// Looks for what one automation's settings need.
    fn of(context: &'a Context<'a>, id: &str, settings: &[Resolved]) -> Result<Self, Error> {
        let has = |key: &str| settings.iter().any(|setting| setting.key == key);
        let listed = context.manifest.find(id);
        let connection = if has("gitea_api") {
            let objects = listed.map(|listed| &listed.config).into_iter().collect();
            let mut layers = Layers::new(context.host, id, objects, Vec::new());
            Some(ForgeSettings::resolve(&mut layers)?.connection(context.host, context.repo()))
        } else {
            None
        };
        let rules = if has("rules_file") { Some(rules(context, settings)) } else { None };
        let scheduler = if id == ScheduleSettings::ID { Vec::new() } else { ScheduleSettings::resolved(context)? };
        Ok(Self { context, connection, rules: rules.flatten(), scheduler })
    }

    /// Returns a setting as it is shown.
    fn shown(&self, setting: &Resolved) -> EffectiveSetting {
        let found = Some(setting).filter(|setting| setting.origin == Origin::Default && setting.value == "unset");
        if let Some((value, origin)) = found.and_then(|setting| self.find(&setting.key)) {
            return EffectiveSetting { key: setting.key.clone(), value, origin };
        }
        EffectiveSetting {
            key: setting.key.clone(),
            value: setting.value.clone(),
            origin: self.describe(&setting.origin),
        }
    }

    fn describe(&self, origin: &Origin) -> String {
        match origin {
            Origin::Default => "by default".to_owned(),
            Origin::File(path, position) => format!("{}:{position}", self.context.shown(path)),
            other => other.to_string(),
        }
    }

    fn find(&self, key: &str) -> Option<(String, String)> {
        let of_scheduler = |key: &str| {
            let setting = self.scheduler.iter().find(|setting| setting.key == key)?;
            Some((setting.value.clone(), format!("scheduler: {}", self.describe(&setting.origin))))
        };
        let connection = self.connection.as_ref();
        let rules = self.rules.as_ref();
        let of_rules = |number: i64| Some((number.to_string(), rules?.1.clone()));
        match key {
            "gitea_api" => {
                let connection = connection?;
                let has_remote = connection.slug.is_ok();
                let origin = if has_remote { "the origin remote" } else { "by default" };
                Some((connection.api.clone(), origin.to_owned()))
            }
            "repo_slug" => Some((connection?.slug.clone().ok()?, "the origin remote".to_owned())),
            "gitea_token" if !connection?.token.0.is_empty() => Some(("set".to_owned(), "the token file".to_owned())),
            "token_file" => Some(("~/.hermes/gitea_token".to_owned(), "by default".to_owned())),
            "rules_file" => Some((rules?.1.clone(), "by default".to_owned())),
            "ready_threshold" => of_rules(rules?.0.ready),
            "quarantine_failures" => of_rules(i64::try_from(rules?.0.quarantine.failures).ok()?),
            "quarantine_lookback" => of_rules(i64::try_from(rules?.0.quarantine.lookback).ok()?),
            "at" => of_scheduler("daily_at"),
            "catch_up_hours" => of_scheduler("catch_up_hours"),
            _ => None,
        }
    }
}

/// The rules that a triage applies, and where they stand; none if they cannot be read, which the triage itself says better.
fn rules(context: &Context, settings: &[Resolved]) -> Option<(Rules, String)> {
    let named = settings.iter().find(|setting| setting.key == "rules_file" && setting.value != "unset");
    let named = named.map(|setting| PathBuf::from(&setting.value));
    let location = RulesLocation::find(context.repo(), &context.manifest, named.as_deref());
    let place = location.source().ok()?.map_or_else(|| "the built-in rules".to_owned(), |path| context.shown(&path));
    Some((Rules::load(&location).ok()?, place))
}
