//! What holds where nobody has set a setting and its default is elsewhere: in the remote, the rules, the scheduler's settings.

use std::path::PathBuf;

use common::Error;
use common::settings::{Layers, Origin, Resolved};
use gitea::{Connection, ForgeSettings};
use records::stored_files::TRIAGE_RULES;
use triage_rules::Rules;

use crate::context::Context;
use crate::scheduler::ScheduleSettings;

/// A setting as it is shown: its value in force, and where that came from in words.
pub(super) struct Shown {
    pub key: String,
    pub value: String,
    pub origin: String,
}

/// Where values come from that no layer has.
pub(super) struct Elsewhere<'a> {
    context: &'a Context<'a>,
    connection: Option<Connection>,
    rules: Option<(Rules, String)>,
    scheduler: Vec<Resolved>,
}

impl<'a> Elsewhere<'a> {
    /// Looks for what one automation's settings need.
    pub(super) fn of(context: &'a Context<'a>, id: &str, settings: &[Resolved]) -> Result<Self, Error> {
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
    pub(super) fn shown(&self, setting: &Resolved) -> Shown {
        let found = Some(setting).filter(|setting| setting.origin == Origin::Default && setting.value == "unset");
        if let Some((value, origin)) = found.and_then(|setting| self.find(&setting.key)) {
            return Shown { key: setting.key.clone(), value, origin };
        }
        Shown { key: setting.key.clone(), value: setting.value.clone(), origin: self.describe(&setting.origin) }
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
            "quarantine_failures" => of_rules(i64::try_from(rules?.0.failures).ok()?),
            "quarantine_lookback" => of_rules(i64::try_from(rules?.0.lookback).ok()?),
            "at" => of_scheduler("daily_at"),
            "catch_up_hours" => of_scheduler("catch_up_hours"),
            _ => None,
        }
    }
}

/// The rules that a triage applies, and where they stand; none if they cannot be read, which the triage itself says better.
fn rules(context: &Context, settings: &[Resolved]) -> Option<(Rules, String)> {
    let named = settings.iter().find(|setting| setting.key == "rules_file" && setting.value != "unset");
    let path = match named {
        Some(setting) => Some(context.repo().resolve(&PathBuf::from(&setting.value))),
        None => context.manifest.file(TRIAGE_RULES.path).filter(|path| path.exists()),
    };
    let place = path.as_deref().map_or_else(|| "the built-in rules".to_owned(), |path| context.shown(path));
    Some((Rules::load(path.as_deref()).ok()?, place))
}
