//! `timmy automation config`: every setting with its effective value and its origin.

use automations::Context;
use automations::effective::{EffectiveSetting, effective_settings};
use common::{Error, Outcome};
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
            let lines = lines(settings, page.width());
            page.lines(lines);
        }
    })?;
    Ok(Outcome::done(""))
}

/// The settings in columns; an origin that would not fit is on a line of its own, for it is what is asked for.
fn lines(all: &[EffectiveSetting], width: usize) -> Vec<String> {
    let widest =
        |cell: fn(&EffectiveSetting) -> &str| all.iter().map(|shown| text::width(&text::line(cell(shown)))).max();
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
