//! What is installed, what calls it, and what is broken.

mod callers;

use std::collections::BTreeSet;
use std::path::Path;

use automations::Context;
use automations::paths::tidy;
use automations::scheduler;
use automations::validate::validate;
use common::Error;
use explain::integrity;
use host::text;
use records::{Installation, InstalledPath};
use serde::Serialize;

pub use callers::{Caller, There};

use crate::hooks::{self, HookState};
use crate::program::is_runnable_by_python;
use crate::record::{self, is_in_place};
use callers::find_callers;

/// How many failures in a row are no accident.
const SEVERAL: u64 = 3;

/// One path of a script, and what is there.
#[derive(Debug, Serialize)]
pub struct Place {
    /// The path, from the root of the repository.
    pub path: String,
    /// The tool that is installed there.
    pub tool: String,
    /// What the link there leads to.
    pub leads_to: Option<String>,
    /// What is wrong; nothing where all is well.
    pub problem: Option<String>,
    /// Whether the original script is kept.
    pub original_kept: bool,
}

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
}

/// Examines an installation; `next_timmy` is the program that unknown commands are passed on to.
///
/// # Errors
/// The record of the installation is damaged.
pub fn examine(context: &Context, next_timmy: Option<String>) -> Result<Examination, Error> {
    let installation = record::read(&context.store)?;
    let installed: Vec<Place> =
        installation.iter().flat_map(|record| &record.installed).map(|one| place(context, one)).collect();
    let callers = find_callers(context);
    let hooks = hooks::examine(context, installation.as_ref())?;
    let mut broken = broken(context, installation.as_ref(), &installed, &callers);
    let of_hooks = hooks.iter().filter_map(|hook| Some(format!("{}: {}", hook.path, hook.problem.as_ref()?)));
    broken.splice(0..0, of_hooks);
    Ok(Examination {
        version: context.toolset.version,
        repository: context.repo().root().display().to_string(),
        installed,
        callers,
        hooks,
        scheduler: scheduler::is_running(context),
        next_timmy,
        broken,
    })
}

/// Everything that is broken, a line each.
fn broken(
    context: &Context,
    installation: Option<&Installation>,
    installed: &[Place],
    callers: &[Caller],
) -> Vec<String> {
    let mut broken: Vec<String> = Vec::new();
    for place in installed {
        broken.extend(place.problem.iter().map(|problem| format!("{}: {problem}", place.path)));
    }
    for path in stray_links(context, installation) {
        broken.push(format!(
            "{path}: a dangling link to a tool, as in a clone of an installed repository; timmy install fixes it"
        ));
    }
    for Caller { place, script, what_is_there } in callers {
        if *what_is_there == There::Nothing {
            broken.push(format!("{place} calls {script}, which is missing"));
        }
    }
    broken.extend(validate(context).iter().map(|problem| problem.error.to_string()));
    broken.extend(integrity::damage(context));
    match integrity::foreign(context) {
        Ok(entries) => broken
            .extend(entries.iter().map(|entry| format!("{}: {}; timmy repair fixes it", entry.file, entry.problem()))),
        Err(error) => broken.push(error.chain()),
    }
    broken.extend(failing(context));
    broken
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

/// Links at the scripts' paths that lead nowhere, and that no installation here has noted.
fn stray_links(context: &Context, installation: Option<&Installation>) -> Vec<String> {
    let root = context.repo().root();
    let listed = context.manifest.listed().iter().filter_map(|listed| {
        let path = tidy(&context.base().join(&listed.entry.script));
        Some(path.strip_prefix(root).ok()?.to_string_lossy().into_owned())
    });
    let usual = context.toolset.automations().map(|(_, script)| script.to_owned());
    let all: BTreeSet<String> = listed.chain(usual).collect();
    all.into_iter()
        .filter(|path| {
            let full = root.join(path);
            let is_noted = installation.is_some_and(|installation| installation.of(path).is_some());
            !is_noted && full.is_symlink() && !full.exists()
        })
        .collect()
}

fn place(context: &Context, installed: &InstalledPath) -> Place {
    let root = context.repo().root();
    let full = root.join(&installed.path);
    let real = full.canonicalize().ok();
    let problem = match &real {
        None if full.is_symlink() => Some(format!("a dangling link to {}; timmy install fixes it", installed.link)),
        None => Some("it is missing; timmy install or timmy uninstall fixes it".to_owned()),
        Some(_) if !is_in_place(root, installed).unwrap_or(false) => {
            Some("the installed link was replaced; timmy install restores it".to_owned())
        }
        Some(real) if !is_runnable_by_python(real) => {
            Some(format!("python3 cannot run it: {} was changed; timmy install fixes it", context.shown(real)))
        }
        Some(_) => None,
    };
    Place {
        path: installed.path.clone(),
        tool: installed.tool.clone(),
        leads_to: real.as_deref().map(|real: &Path| context.shown(real)),
        problem,
        original_kept: installed.original.is_some(),
    }
}
