//! `timmy automation config`: every setting with its value in force and where it came from.

use common::manifest::{Automation, Manifest};
use common::settings::{Layers, Origin, Resolved, SUPERVISION_KEYS};
use common::{Error, Outcome, Page, View};
use host::{redact, text};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::effective::{Elsewhere, Shown};
use crate::context::Context;
use crate::scheduler::ScheduleSettings;
use crate::settings::every_automation;
use crate::supervise::in_variable;
use crate::tools;

/// The settings of several automations, by id, in the order of showing.
struct AllSettings(Vec<(String, Vec<Shown>)>);

/// A setting as JSON.
#[derive(Serialize)]
struct Effective<'a> {
    value: &'a str,
    origin: &'a str,
}

impl Serialize for AllSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct OfOne<'a>(&'a [Shown]);

        impl Serialize for OfOne<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer
                    .collect_map(self.0.iter().map(|Shown { key, value, origin }| (key, Effective { value, origin })))
            }
        }

        serializer.collect_map(self.0.iter().map(|(id, settings)| (id, OfOne(settings))))
    }
}

impl View for AllSettings {
    fn render(&self, page: &mut Page) {
        for (id, settings) in &self.0 {
            page.line(id);
            let lines = lines(settings, page.width());
            page.lines(lines);
        }
    }
}

/// Shows the settings of one automation, or of all and of the scheduler.
pub(crate) fn config(context: &Context, id: Option<&str>) -> Result<Outcome, Error> {
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
    context.present(&AllSettings(all))?;
    Ok(Outcome::done(""))
}

/// The automations of the manifest, the tools that it does not list, and the scheduler.
fn all_ids(context: &Context) -> Vec<String> {
    let shipped = Manifest::default().or_shipped();
    let ids = |manifest: &Manifest| manifest.listed().iter().map(|listed| listed.entry.id.clone()).collect::<Vec<_>>();
    let not_listed =
        ids(&shipped).into_iter().filter(|id| tools::automation(id).is_some() && context.manifest.find(id).is_none());
    ids(&context.manifest).into_iter().chain(not_listed).chain([ScheduleSettings::ID.to_owned()]).collect()
}

/// The settings in columns; an origin that would not fit stands on a line of its own, for it is what is asked for.
fn lines(all: &[Shown], width: usize) -> Vec<String> {
    let widest = |cell: fn(&Shown) -> &str| all.iter().map(|shown| text::width(&text::line(cell(shown)))).max();
    let key_width = widest(|shown| &shown.key).unwrap_or(0);
    let value_width = widest(|shown| &shown.value).unwrap_or(0).min(34);
    let mut lines = Vec::new();
    for shown in all {
        let value = text::line(&shown.value);
        let head = format!("  {}  {}", text::column(&shown.key, key_width), text::column(&value, value_width));
        let origin = text::line(&shown.origin);
        let is_whole = text::width(&value) <= value_width;
        if is_whole && text::width(&head) + 2 + text::width(&origin) <= width {
            lines.push(format!("{head}  {origin}"));
        } else {
            lines.push(format!("  {}  {}", text::column(&shown.key, key_width), text::fit(&value, 400)));
            lines.push(format!("      {origin}"));
        }
    }
    lines
}

fn settings_of(context: &Context, id: &str) -> Result<Vec<Resolved>, Error> {
    if id == ScheduleSettings::ID {
        return Ok(ScheduleSettings::resolved(context)?);
    }
    let listed = context.manifest.find(id);
    let tool = tools::automation(id);
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
        // Which keys such a script reads nobody knows.
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
