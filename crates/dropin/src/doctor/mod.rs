//! What is installed, what calls it, and what is broken.

mod place;
mod strays;

use std::collections::BTreeSet;

use automations::Context;
use automations::paths::tidy;
use automations::scheduler;
use automations::validate::validate;
use common::Error;
use common::error::chain;
use explain::integrity;
use host::text;
use records::Installation;
use serde::Serialize;

pub use place::{Place, PlaceState};

use crate::callers::{CallKind, Caller, There, find_callers};
use crate::git_index;
use crate::hooks::{self, HookState};
use crate::record;
use place::place;

/// How many failures in a row are no accident.
const SEVERAL: u64 = 3;

/// The state of an installation.
#[derive(Debug, Serialize)]
pub struct Examination {
    /// The version of the suite.
    pub version: &'static str,
    /// The repository.
    pub repository: String,
    /// The paths of scripts where tools are installed.
    pub installed: Vec<Place>,
    /// What calls the scripts.
    pub callers: Vec<Caller>,
    /// The hooks of Git that call the checks.
    pub hooks: Vec<HookState>,
    /// Whether a scheduler is running.
    pub scheduler: bool,
    /// The next `timmy` on the PATH, which unknown commands are passed on to.
    pub next_timmy: Option<String>,
    /// What is broken, a line each.
    pub broken: Vec<String>,
    /// What else is to be known, a line each.
    pub notes: Vec<String>,
}

/// Examines an installation; `next_timmy` is the program that unknown commands are passed on to.
///
/// # Errors
/// The record of the installation is damaged.
pub fn examine(context: &Context, next_timmy: Option<String>) -> Result<Examination, Error> {
    let installation = record::read(&context.store)?;
    let bin = installation.as_ref().map(|installation| record::programs(&context.store, installation));
    let bin = bin.unwrap_or_else(|| context.store.programs());
    let recorded = installation.iter().flat_map(|record| &record.installed);
    let mut examination = Examination {
        version: context.toolset.version,
        repository: context.repo().root().display().to_string(),
        installed: recorded.map(|one| place(context, one, &bin)).collect(),
        callers: find_callers(context, None),
        hooks: hooks::examine(context, installation.as_ref()),
        scheduler: scheduler::is_running(context),
        next_timmy,
        broken: Vec::new(),
        notes: Vec::new(),
    };
    find_problems(context, installation.as_ref(), &mut examination);
    Ok(examination)
}

/// Everything that is broken and what else is to be known, a line each.
fn find_problems(context: &Context, installation: Option<&Installation>, examination: &mut Examination) {
    let (mut broken, mut notes) = (Vec::new(), Vec::new());
    for hook in &examination.hooks {
        broken.extend(hook.problem.iter().map(|problem| format!("{}: {problem}", hook.path)));
    }
    for place in &examination.installed {
        broken.extend(place.problem.iter().map(|problem| format!("{}: {problem}", place.path)));
    }
    broken.extend(strays::problems(context, installation, &script_paths(context)));
    hidden_paths(context, examination, &mut broken, &mut notes);
    // Before an installation, scripts are the business of those who wrote them.
    let is_installed = installation.is_some_and(|installation| !installation.installed.is_empty());
    let of_scripts = if is_installed { &mut broken } else { &mut notes };
    for caller in &examination.callers {
        let Caller { place, script, how, what_is_there, .. } = caller;
        if *what_is_there == There::Nothing && *how == CallKind::Path {
            of_scripts.push(format!("{place} calls {script}, which is missing"));
        }
        of_scripts.extend(caller.problem.iter().map(|problem| format!("{place} {} {script}: {problem}", how.verb())));
    }
    let (unreadable, others): (Vec<_>, Vec<_>) = validate(context)
        .into_iter()
        .partition(|problem| context.unreadable.iter().any(|one| one.error.to_string() == problem.error.to_string()));
    of_scripts.extend(others.iter().map(|problem| problem.error.to_string()));
    broken.extend(unreadable.iter().map(|problem| problem.error.to_string()));
    broken.extend(unwritable(context));
    broken.extend(integrity::damage(context));
    match integrity::foreign(context) {
        Ok(entries) => broken
            .extend(entries.iter().map(|entry| format!("{}: {}; timmy repair fixes it", entry.file, entry.problem()))),
        Err(error) => broken.push(error.chain()),
    }
    broken.extend(failing(context));
    notes.extend(examination.callers.iter().filter_map(Caller::note));
    (examination.broken, examination.notes) = (broken, notes);
}

/// Paths whose changes Git does not show.
fn hidden_paths(context: &Context, examination: &Examination, broken: &mut Vec<String>, notes: &mut Vec<String>) {
    let paths = script_paths(context);
    let installed = |path: &str| examination.installed.iter().find(|place| place.path == path);
    let all: BTreeSet<&str> =
        paths.iter().map(String::as_str).chain(examination.installed.iter().map(|place| place.path.as_str())).collect();
    let hidden = git_index::hidden(context.repo().root(), &all.into_iter().collect::<Vec<_>>());
    let hidden = hidden.unwrap_or_else(|error| {
        broken.push(error.chain());
        Vec::new()
    });
    for hidden in hidden {
        let (path, flag, command) = (&hidden.path, hidden.flag, hidden.command());
        if installed(path).is_some_and(|place| place.state == PlaceState::Link) {
            notes.push(format!(
                "{path}: {flag} hides the link from Git, but git pull stops once upstream changes the file; \
                 timmy install --shims or timmy uninstall ends that"
            ));
        } else if context.repo().root().join(path).symlink_metadata().is_ok() {
            broken.push(format!("{path}: Git does not see any change of it ({flag}); `{command}` ends that"));
        }
    }
}

/// The directories and logs of `.loop/` that this user cannot write.
fn unwritable(context: &Context) -> Option<String> {
    let names = match context.store.unwritable() {
        Ok(names) => names,
        Err(error) => return Some(chain(&error)),
    };
    let shown: Vec<String> = names.iter().map(|path| context.shown(path)).collect();
    (!shown.is_empty()).then(|| {
        format!(
            "this user cannot write {}: tools that record something end with 2; run them as the owner, or let this user write",
            shown.join(", ")
        )
    })
}

/// Automations that have failed several times in a row.
fn failing(context: &Context) -> Vec<String> {
    let state = context.automation_state();
    let failing = state.entries().filter(|(_, entry)| entry.consecutive_failures >= SEVERAL);
    failing
        .map(|(id, entry)| {
            let error = entry.last_error.as_deref().unwrap_or("timmy why automation tells more");
            let count = entry.consecutive_failures;
            format!("{}: failed {count} times in a row: {}", text::fit(id, 60), text::fit(error, 200))
        })
        .collect()
}

/// The paths where tools are or may be installed.
fn script_paths(context: &Context) -> BTreeSet<String> {
    let listed = context.manifest.listed().iter().filter_map(|listed| {
        let path = tidy(&context.base().join(&listed.entry.script));
        Some(path.strip_prefix(context.repo().root()).ok()?.to_string_lossy().into_owned())
    });
    listed.chain(context.toolset.automations().map(|(_, script)| script.to_owned())).collect()
}
