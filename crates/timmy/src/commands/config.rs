//! `timmy automation config`: every setting with its effective value and its origin.

use automations::Context;
use automations::effective::{EffectiveSetting, effective_settings};
use common::{Error, Outcome, Page};
use host::text;
use serde::{Serialize, Serializer};

use crate::present::present;

/// The settings of several automations, by id, in the order of showing.
struct AllSettings(Vec<(String, Vec<EffectiveSetting>)>);

/// A setting as JSON.
#[derive(Serialize)]
struct SettingView<'a> {
    value: &'a str,
    origin: &'a str,
}

impl Serialize for AllSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct OfOne<'a>(&'a [EffectiveSetting]);

        impl Serialize for OfOne<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(
                    self.0.iter().map(|EffectiveSetting { key, value, origin }| (key, SettingView { value, origin })),
                )
            }
        }

        serializer.collect_map(self.0.iter().map(|(id, settings)| (id, OfOne(settings))))
    }
}

/// Shows the settings of one automation, or of all and of the scheduler.
pub(super) fn config(context: &Context, id: Option<&str>) -> Result<Outcome, Error> {
    present(context, &AllSettings(effective_settings(context, id)?), |all, page| {
        for (id, settings) in &all.0 {
            page.line(id);
            add(page, settings);
        }
    })?;
    Ok(Outcome::done(""))
}

/// Adds the settings in columns; an origin that would not fit is on a line of its own.
fn add(page: &mut Page, all: &[EffectiveSetting]) {
    let widest =
        |cell: fn(&EffectiveSetting) -> &str| all.iter().map(|shown| text::width(&text::line(cell(shown)))).max();
    let key_width = widest(|shown| &shown.key).unwrap_or(0);
    let value_width = widest(|shown| &shown.value).unwrap_or(0).min(34);
    for EffectiveSetting { key, value, origin } in all {
        let (value, origin) = (text::line(value), text::line(origin));
        let key = format!("  {}  ", text::column(key, key_width));
        let head = format!("{key}{}  ", text::column(&value, value_width));
        if text::width(&value) <= value_width && text::width(&head) + text::width(&origin) <= page.width() {
            page.line(format!("{head}{origin}"));
        } else {
            page.entry(&key, &value);
            page.entry("      ", &origin);
        }
    }
}
