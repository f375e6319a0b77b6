//! Everything that is wrong in the manifest and the schedules, not only the first.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::schedule::{check_trigger, parse_trigger};
use common::Tool;
use common::manifest::{Automation, Diagnostic};
use common::settings::{Layers, SUPERVISION_KEYS, SettingsError};
use host::Host;
use host::source::{Source, SourceError};
use host::text;
use records::TOKEN_ECONOMY;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::context::Context;
use crate::schedule_settings::ScheduleSettings;
use crate::supervise::{Supervision, find_target};

/// Returns what is wrong, in the order of the files.
pub fn validate(context: &Context) -> Vec<Diagnostic> {
    let mut problems = context.unreadable.clone();
    let known: HashSet<&str> = context.manifest.listed().iter().map(|listed| listed.entry.id.as_str()).collect();
    let circular = in_circles(context.manifest.listed());
    for listed in context.manifest.listed() {
        let mut add = |field: &str, message: &str, hint: Option<String>| {
            let mut problem = context.manifest.problem(listed, field, message);
            problem.error.hint = hint;
            problems.push(problem);
        };
        if let Err(error) = check_trigger(&listed.entry.trigger) {
            add("trigger", &error.to_string(), Some(error.hint));
        }
        if let Err(problem) = find_target(context, listed) {
            add("script", &problem.to_string(), None);
        }
        for other in &listed.entry.depends_on {
            if !known.contains(other.as_str()) {
                let hint = text::nearest(other, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
                add("depends_on", &format!("it depends on `{}`, which there is not", text::fit(other, 60)), hint);
            }
        }
        if circular.contains(listed.entry.id.as_str()) {
            add("depends_on", "it depends on itself, by way of others", None);
        }
        for error in check_settings(context, listed) {
            problems.push(match error {
                SettingsError::File(error) => Diagnostic { id: Some(listed.entry.id.clone()), error },
                SettingsError::Variable { .. } => context.manifest.problem(listed, "config", &error.to_string()),
            });
        }
    }
    problems.extend(economy(context));
    problems.extend(schedules(context, &known));
    problems.sort_by(|a, b| (&a.error.path, a.error.position).cmp(&(&b.error.path, b.error.position)));
    problems
}

/// Returns the first problem of each automation.
pub(crate) fn first_problems(problems: &[Diagnostic]) -> BTreeMap<&str, &str> {
    let with_id = problems.iter().rev().filter_map(|problem| Some((problem.id.as_deref()?, problem)));
    with_id.map(|(id, problem)| (id, problem.error.message.as_str())).collect()
}

/// Has an automation's settings read by the program that runs it, by the scheduler and by the tool that they are for, as far as
/// files hold them; for each the first fault is reported.
fn check_settings(context: &Context, listed: &Automation) -> Vec<SettingsError> {
    let id = listed.entry.id.as_str();
    // Variables belong to the caller, not to the manifest.
    let (sealed, _, _) = Host::test(&[], &[], context.repo().root());
    let layers = || Layers::new(&sealed, id, vec![&listed.config], Vec::new());
    let checks = [
        Supervision::resolve(&mut layers()).map(drop),
        ScheduleSettings::check_own(&mut layers()),
        context.toolset.automation(id).map_or(Ok(()), |tool| check_of_tool(listed, tool, layers())),
    ];
    checks.into_iter().filter_map(Result::err).collect()
}

/// Every key of a tool of the suite is known, so that one that nothing reads is a mistake as well.
fn check_of_tool(listed: &Automation, tool: &Tool, mut layers: Layers) -> Result<(), SettingsError> {
    let id = listed.entry.id.as_str();
    (tool.settings)(&mut layers)?;
    let known: Vec<String> = layers.resolved().iter().map(|setting| setting.key.clone()).collect();
    layers.finish()?;
    let is_known = |key: &str| SUPERVISION_KEYS.contains(&key) || known.iter().any(|known| known == key);
    match listed.config.entries.iter().find(|(key, _, _)| !is_known(key)) {
        None => Ok(()),
        Some((key, _, position)) => Err(SourceError {
            path: listed.config.path.clone(),
            position: Some(*position),
            message: format!("{id} has no setting `{}`", text::fit(key, 60)),
            hint: Some(format!("timmy automation config {id} lists them")),
        }
        .into()),
    }
}

/// Amounts for actions that nothing books.
fn economy(context: &Context) -> Vec<Diagnostic> {
    let names = TOKEN_ECONOMY.map(|(name, _)| name);
    let strange = context.manifest.token_economy().keys().filter(|action| !names.contains(&action.as_str()));
    strange
        .filter_map(|action| {
            let source = context.manifest.source()?;
            let place = source.text().rfind(&format!("\"{action}\"")).unwrap_or(0);
            let error =
                source.error(place, &format!("token_economy: nothing is booked as `{}`", text::fit(action, 60)));
            let hint = text::nearest(action, names).map(|near| format!("did you mean `{near}`?"));
            Some(Diagnostic { id: None, error: SourceError { hint, ..error } })
        })
        .collect()
}

/// What is wrong in `daily_run.json`.
fn schedules(context: &Context, known: &HashSet<&str>) -> Vec<Diagnostic> {
    let Some((file, source)) = &context.daily_run else { return Vec::new() };
    let mut problems = Vec::new();
    let mut add = |place: usize, message: String, hint: Option<String>| {
        let error = SourceError { hint, ..source.error(place, &message) };
        problems.push(Diagnostic { id: None, error });
    };
    for (name, schedule) in &file.schedules {
        // The place is looked for only where there is something to say.
        let place = || place_of_schedule(source, name);
        if let Err(error) = parse_trigger(name) {
            add(place(), error.to_string(), Some(error.hint));
        }
        for id in schedule.automations.iter().filter(|id| !known.contains(id.as_str())) {
            let hint = text::nearest(id, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            add(place(), format!("{name} names `{}`, which the manifest does not have", text::fit(id, 60)), hint);
        }
    }
    if let Err(SettingsError::File(error)) = ScheduleSettings::of(context) {
        problems.push(Diagnostic { id: None, error });
    }
    problems
}

fn place_of_schedule(source: &Source, name: &str) -> usize {
    #[derive(Deserialize)]
    struct Parts<'a> {
        #[serde(borrow)]
        schedules: BTreeMap<Cow<'a, str>, &'a RawValue>,
    }
    let parts: Option<Parts> = serde_json::from_str(source.text()).ok();
    parts.and_then(|parts| Some(source.offset_of(parts.schedules.get(name)?.get()))).unwrap_or(0)
}

/// The automations that depend on themselves by way of others (or lie between two such circles).
fn in_circles(all: &[Automation]) -> BTreeSet<&str> {
    let depends: Vec<(&str, &str)> = all
        .iter()
        .flat_map(|listed| listed.entry.depends_on.iter().map(|other| (listed.entry.id.as_str(), other.as_str())))
        .collect();
    let against: Vec<(&str, &str)> = depends.iter().map(|(one, other)| (*other, *one)).collect();
    let left = peeled(all.iter().map(|listed| listed.entry.id.as_str()).collect(), &depends);
    peeled(left, &against)
}

/// What is left of `nodes` when one that has no arrow to another of them is taken away, again and again.
fn peeled<'a>(mut nodes: BTreeSet<&'a str>, arrows: &[(&'a str, &'a str)]) -> BTreeSet<&'a str> {
    let (mut open, mut into): (HashMap<&str, usize>, HashMap<&str, Vec<&str>>) = (HashMap::new(), HashMap::new());
    for (from, to) in arrows.iter().filter(|(from, to)| nodes.contains(from) && nodes.contains(to)) {
        *open.entry(from).or_default() += 1;
        into.entry(to).or_default().push(from);
    }
    let mut free: Vec<&str> = nodes.iter().copied().filter(|node| !open.contains_key(node)).collect();
    while let Some(node) = free.pop() {
        nodes.remove(node);
        for from in into.get(node).into_iter().flatten() {
            if let Some(count) = open.get_mut(from) {
                *count -= 1;
                if *count == 0 {
                    free.push(from);
                }
            }
        }
    }
    nodes
}
