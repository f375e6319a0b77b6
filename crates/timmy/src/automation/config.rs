//! `timmy automation config`: every setting with its value in force and where it came from.

use common::manifest::Listed;
use common::settings::{Layers, Origin, Resolved, SUPERVISION_KEYS};
use common::text;
use serde_json::{Value, json};

use super::in_force::{Elsewhere, Shown};
use crate::error::{Error, Verdict};
use crate::multicall;
use crate::scheduler::ScheduleSettings;
use crate::secrets::{self, is_secret, without_secrets};
use crate::suite::Suite;
use crate::supervise::{Supervision, in_variable};

/// Shows the settings of one automation, or of all and of the scheduler.
pub(crate) fn config(suite: &Suite, id: Option<&str>) -> Result<Verdict, Error> {
    let mut ids: Vec<String> = match id {
        Some(id) => vec![id.to_owned()],
        None => suite.manifest.listed().iter().map(|listed| listed.entry.id.clone()).collect(),
    };
    if id.is_none() {
        ids.extend(
            multicall::AUTOMATIONS.into_iter().filter(|tool| suite.manifest.find(tool).is_none()).map(str::to_owned),
        );
        ids.push(ScheduleSettings::ID.to_owned());
    }
    let mut document = serde_json::Map::new();
    for id in ids {
        let mut settings = settings_of(suite, &id)?;
        for setting in settings.iter_mut().filter(|setting| setting.key == "args") {
            let args = setting.value.split(',').map(str::to_owned).collect();
            setting.value = without_secrets(args).join(",");
        }
        let elsewhere = Elsewhere::of(suite, &id, &settings)?;
        let all: Vec<Shown> = settings.iter().map(|setting| elsewhere.shown(setting)).collect();
        suite.say(&id);
        for line in lines(&all, suite.host.width()) {
            suite.say(&line);
        }
        let of_one: serde_json::Map<_, _> = all
            .iter()
            .map(|shown| (shown.key.clone(), json!({"value": shown.value, "origin": shown.origin})))
            .collect();
        document.insert(id, of_one.into());
    }
    suite.json(&document)?;
    Ok(Verdict::Yes)
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

fn settings_of(suite: &Suite, id: &str) -> Result<Vec<Resolved>, Error> {
    if id == ScheduleSettings::ID {
        return Ok(ScheduleSettings::resolved(suite)?);
    }
    let listed = suite.manifest.find(id);
    if listed.is_none() && multicall::settings(id).is_none() {
        suite.automation(id)?;
    }
    let daily_run = suite.manifest.daily_run_config(id)?;
    let objects = listed.map(|listed| &listed.config).into_iter().chain(&daily_run).collect();
    let mut layers = Layers::new(suite.host, id, objects, suite.manifest.known_ids());
    let known = multicall::settings(id);
    if let Some(take) = known {
        take(&mut layers)?;
    }
    Supervision::take(&mut layers)?;
    ScheduleSettings::check_own(&mut layers)?;
    if let (None, Some(listed)) = (known, listed) {
        // Which keys such a script reads nobody knows.
        return Ok(foreign(suite, listed).into_iter().chain(layers.resolved().iter().cloned()).collect());
    }
    let (resolved, warnings) = layers.finish()?;
    for warning in warnings {
        suite.warn(&warning);
    }
    Ok(resolved)
}

/// The settings of a script that is not ours: what its `config` has, or a variable in its place.
fn foreign(suite: &Suite, listed: &Listed) -> Vec<Resolved> {
    let own = listed.config.entries.iter().filter(|(key, _, _)| !SUPERVISION_KEYS.contains(&key.as_str()));
    own.map(|(key, value, position)| {
        let variable = format!("TIMMY_{}_{}", listed.entry.id.to_uppercase(), key.to_uppercase());
        let (value, origin) = match suite.host.var(&variable) {
            Some(value) => (Value::from(value), Origin::Environment(variable)),
            None => (value.clone(), Origin::File(listed.config.path.clone(), *position)),
        };
        let shown = if is_secret(key) { "set".to_owned() } else { in_variable(&secrets::shown(key, &value)) };
        Resolved { key: key.clone(), value: shown, origin }
    })
    .collect()
}
