//! `timmy schedule next`: what runs when.

use chrono::{DateTime, Utc};
use common::cycle_log::{self, Places};
use common::host::timestamp;
use common::layout::Repo;
use common::manifest::Listed;
use common::settings::Layers;
use schedule::{MachineZone, Plan, Trigger};
use serde_json::json;

use super::ScheduleSettings;
use crate::error::{Error, Verdict};
use crate::suite::Suite;
use crate::table;

/// A run that is to come.
#[derive(Clone, Debug)]
pub(crate) struct Next {
    pub id: String,
    pub trigger: String,
    /// When; none where cycles decide.
    pub at: Option<DateTime<Utc>>,
    /// After how many more cycles.
    pub cycles: Option<u64>,
}

/// Returns an automation's triggers that a scheduler acts on: its own, and those of `daily_run.json` that name it.
pub(super) fn scheduled_triggers(suite: &Suite, listed: &Listed) -> Vec<Trigger> {
    let schedules = suite.daily_run.iter().flat_map(|(file, _)| &file.schedules);
    let named = schedules.filter(|(_, schedule)| schedule.automations.contains(&listed.entry.id)).map(|(name, _)| name);
    let mut triggers: Vec<Trigger> = std::iter::once(&listed.entry.trigger)
        .chain(named)
        .filter_map(|name| name.parse().ok())
        .filter(Trigger::is_scheduled)
        .collect();
    triggers.sort();
    triggers.dedup();
    triggers
}

/// How many cycles the log has by now; seeded ones were no cycles.
pub(super) fn cycles(suite: &Suite) -> Option<u64> {
    let log = cycles_log(suite)?;
    let places = Places::of(&log, suite.repo.summary());
    cycle_log::Index::up_to_date(&places.log, &places.index).ok().map(|index| index.cycles())
}

/// Where the log of cycles is.
pub(crate) fn cycles_log(suite: &Suite) -> Option<std::path::PathBuf> {
    let objects = suite.manifest.config(cycle_log::OWNER).into_iter().collect();
    let mut layers = Layers::new(suite.host, cycle_log::OWNER, objects, Vec::new());
    let place = layers.get(&cycle_log::RETRO_FILE, None).ok()?;
    Some(Repo::at(suite.repo.root()).resolve(&place))
}

/// Returns the next run of every enabled automation's triggers, soonest first.
pub(crate) fn next_runs(suite: &Suite) -> Vec<Next> {
    let (now, pauses) = (suite.host.now(), suite.pauses());
    let Ok(settings) = ScheduleSettings::of(suite) else { return Vec::new() };
    let mut count = None;
    let mut all = Vec::new();
    for listed in suite.manifest.listed().iter().filter(|listed| listed.entry.enabled) {
        let Ok(timing) = settings.timing(suite, listed) else { continue };
        for trigger in scheduled_triggers(suite, listed) {
            let mut next = Next { id: listed.entry.id.clone(), trigger: trigger.to_string(), at: None, cycles: None };
            if let Trigger::EveryCycles(every) = trigger {
                let count = *count.get_or_insert_with(|| cycles(suite).unwrap_or(0));
                next.cycles = Some(every - count % every);
            } else if let Some(plan) = Plan::of(&trigger, timing.daily_at) {
                // Not before its pause is over.
                let from = pauses.of(&next.id, now).map_or(now, |pause| pause.until);
                next.at = plan.next_after(from - timing.offset, &MachineZone).map(|at| at + timing.offset);
            }
            all.push(next);
        }
    }
    all.sort_by_key(|next| (next.at.is_none(), next.at));
    all
}

/// Lists what runs when.
pub(super) fn next(suite: &Suite, count: usize) -> Result<Verdict, Error> {
    ScheduleSettings::of(suite)?;
    let (all, now) = (next_runs(suite), suite.host.now());
    let mut rows = vec![["AT", "IN", "AUTOMATION", "TRIGGER"].map(str::to_owned).to_vec()];
    for next in all.iter().take(count) {
        let (at, length) = match (next.at, next.cycles) {
            (Some(at), _) => (
                at.with_timezone(&MachineZone).format("%a %Y-%m-%d %H:%M").to_string(),
                table::length((at - now).num_seconds()),
            ),
            (None, Some(cycles)) => ("-".to_owned(), format!("{cycles} cycles")),
            (None, None) => ("never".to_owned(), String::new()),
        };
        rows.push(vec![at, length, next.id.clone(), next.trigger.clone()]);
    }
    if all.is_empty() {
        suite.say("Nothing is scheduled: no enabled automation has a trigger of time or cycles.");
    } else {
        for line in table::lay_out(&rows, 30, suite.host.width()) {
            suite.say(&line);
        }
        let zone = now.with_timezone(&MachineZone).format("%:z").to_string();
        suite.say(&format!("Times are in the machine's time zone ({zone} now; the variable TZ sets another)."));
        if !super::is_running(suite) {
            suite.say("No scheduler is running: timmy schedule run, or timmy service print.");
        }
    }
    let documents: Vec<_> = all
        .iter()
        .take(count)
        .map(
            |next| json!({"id": next.id, "trigger": next.trigger, "at": next.at.map(timestamp), "cycles": next.cycles}),
        )
        .collect();
    suite.json(&json!({"scheduler": super::is_running(suite), "next": documents}))?;
    Ok(Verdict::Yes)
}
