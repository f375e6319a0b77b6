//! The automations of one trigger, run one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::sync::atomic::AtomicBool;

use common::manifest::Automation;
use records::{AutomationState, DeclaredTrigger, Reason, Status, Trigger};

use super::run::{RunRequest, RunResult, run};
use crate::context::Context;

/// Automations in the order in which they run.
pub(crate) struct Batch<'a>(Vec<&'a Automation>);

impl<'a> Batch<'a> {
    /// The enabled automations of a trigger: those that name it, however they write it, and those that `daily_run.json` names
    /// under it; in the manifest's order, each after those that it depends on.
    pub(crate) fn of(context: &'a Context, trigger: &Trigger) -> Self {
        let schedules = context.daily_run.iter().flat_map(|(file, _)| &file.schedules);
        let named: BTreeSet<&str> = schedules
            .filter(|(name, _)| DeclaredTrigger::new(name.as_str()).is(trigger))
            .flat_map(|(_, schedule)| &schedule.automations)
            .map(String::as_str)
            .collect();
        let members = context.manifest.listed().iter().filter(|listed| listed.entry.enabled || context.args.force);
        Self::ordered(
            members
                .filter(|listed| named.contains(listed.entry.id.as_str()) || listed.entry.trigger.is(trigger))
                .collect(),
        )
    }

    /// Puts automations in the order in which they run. Those that depend on one another in a circle come last.
    pub(crate) fn ordered(mut waiting: Vec<&'a Automation>) -> Self {
        let mut ordered: Vec<&Automation> = Vec::with_capacity(waiting.len());
        let mut pending: BTreeSet<&str> = waiting.iter().map(|listed| listed.entry.id.as_str()).collect();
        while !waiting.is_empty() {
            let before = ordered.len();
            waiting.retain(|listed| {
                let is_free = listed.entry.depends_on.iter().all(|other| !pending.contains(other.as_str()));
                if is_free {
                    pending.remove(listed.entry.id.as_str());
                    ordered.push(listed);
                }
                !is_free
            });
            if ordered.len() == before {
                ordered.append(&mut waiting);
            }
        }
        Self(ordered)
    }

    /// The automations, first to last.
    pub(crate) fn members(&self) -> &[&'a Automation] {
        &self.0
    }
}

/// Runs the automations of an event one after the other; each gets `args`. Returns what became of each.
pub fn run_event(context: &Context, event: &Trigger, args: &[OsString], stop: &AtomicBool) -> Vec<RunResult> {
    let batch = Batch::of(context, event);
    let name = event.to_string();
    // What others did before is read once; what this trigger runs is known.
    let before = LastRuns::read(context);
    let mut ended: BTreeMap<String, bool> = BTreeMap::new();
    let mut all = Vec::new();
    for listed in batch.members() {
        let lacking = listed
            .entry
            .depends_on
            .iter()
            .find(|other| !ended.get(other.as_str()).copied().unwrap_or_else(|| before.ended_well(other)));
        let result = match lacking {
            Some(other) if !context.args.force => RunResult::not(listed, Reason::DependencyNotOk, Some(other.clone())),
            _ => run(
                context,
                &RunRequest {
                    listed,
                    trigger: &name,
                    args,
                    stdin: false,
                    forward_output: !context.args.json && !context.args.quiet,
                    force: context.args.force,
                    stop,
                },
            ),
        };
        ended.insert(result.id.clone(), result.exit_code == Some(0));
        all.push(result);
        if stop.load(std::sync::atomic::Ordering::Relaxed) {
            break;
        }
    }
    all
}

/// How the last runs ended, as far as is recorded.
pub struct LastRuns(AutomationState);

impl LastRuns {
    /// Reads what is recorded; nothing where that cannot be read.
    pub fn read(context: &Context) -> Self {
        Self(context.automation_state())
    }

    /// Whether the last run of an automation ended well.
    pub fn ended_well(&self, id: &str) -> bool {
        self.0.entry(id).is_some_and(|entry| entry.status == Status::Ok && entry.last_exit_code == Some(0))
    }
}

#[cfg(test)]
mod tests {
    use common::manifest::Manifest;
    use host::source::Source;

    use super::*;

    #[test]
    fn what_others_depend_on_comes_first_and_the_rest_stays_in_order() {
        let text = r#"{"automations": [
            {"id": "a", "script": "x", "depends_on": ["c"]}, {"id": "b", "script": "x"}, {"id": "c", "script": "x"},
            {"id": "d", "script": "x", "depends_on": ["elsewhere"]},
            {"id": "e", "script": "x", "depends_on": ["f"]}, {"id": "f", "script": "x", "depends_on": ["e"]}]}"#;
        let (manifest, _) = Manifest::read(Source::new("m", text)).unwrap();
        let batch = Batch::ordered(manifest.listed().iter().collect());
        let ids: Vec<&str> = batch.members().iter().map(|listed| listed.entry.id.as_str()).collect();
        assert_eq!(ids, ["b", "c", "d", "a", "e", "f"]);
    }
}
