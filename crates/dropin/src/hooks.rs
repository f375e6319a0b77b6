//! The hooks of Git that call the checks: parts of an installation.

use std::path::{Path, PathBuf};

use automations::Context;
use common::Error;
use common::error::chain;
use git_hook::{HookLine, Removal, known_places};
use host::files;
use records::Installation;
use serde::Serialize;

use crate::record;

/// What becomes of a hook when an installation is taken back.
#[derive(Debug, Serialize)]
pub struct HookReport {
    /// Its path, from the root of the repository where it is inside.
    pub path: String,
    /// What is done to it.
    pub fate: HookFate,
}

/// What becomes of a hook.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HookFate {
    /// It held nothing but our call, and is removed.
    Removed,
    /// Our line is removed; the rest stays.
    LineRemoved,
    /// It is a link, and a person has to remove our line.
    KeptLink,
    /// A line that is not ours calls what is removed, and a person has to change it.
    KeptCall,
}

/// The state of a hook that calls the checks.
#[derive(Debug, Serialize)]
pub struct HookState {
    /// Its path, from the root of the repository where it is inside.
    pub path: String,
    /// The program that it calls.
    pub program: String,
    /// What is wrong; nothing where all is well.
    pub problem: Option<String>,
}

/// Removes our lines from the hooks, as far as they call what this installation has brought, or a program that is gone.
///
/// # Errors
/// A hook cannot be read or written.
pub(crate) fn take_back(
    context: &Context,
    installation: Option<&Installation>,
    dry_run: bool,
) -> Result<Vec<HookReport>, Error> {
    let store = &context.store;
    let programs = Programs::of(context, installation);
    let mut reports = Vec::new();
    for path in known_places(store, installation) {
        let is_recorded = installation.is_some_and(|installation| is_recorded(context, installation, &path));
        let is_taken_back = |line: &HookLine| {
            programs.contain(line) || !is_there(line) || (is_recorded && !is_of_another_repository(line))
        };
        let fate = match git_hook::remove(&path, is_taken_back, dry_run)? {
            Removal::Nothing => None,
            Removal::Hook => Some(HookFate::Removed),
            Removal::Lines => Some(HookFate::LineRemoved),
            Removal::Link => Some(HookFate::KeptLink),
        };
        let shown = context.shown(&path);
        reports.extend(fate.map(|fate| HookReport { path: shown.clone(), fate }));
        if fate != Some(HookFate::Removed) && programs.are_named_in(&path)? {
            reports.push(HookReport { path: shown, fate: HookFate::KeptCall });
        }
    }
    Ok(reports)
}

/// Brings the hooks that call the installed programs up to date, and into the record. Returns those that are changed, or would be.
///
/// # Errors
/// A hook cannot be read or written.
pub(crate) fn renew(
    context: &Context,
    installation: &mut Installation,
    bin: &Path,
    dry_run: bool,
) -> Result<Vec<String>, Error> {
    let programs = Programs { folders: vec![bin.to_owned()] };
    let mut renewed = Vec::new();
    for path in known_places(&context.store, Some(installation)) {
        let Some(hook) = git_hook::read(&path)? else { continue };
        if !hook.lines.iter().any(|line| programs.contain(line)) {
            continue;
        }
        if !is_recorded(context, installation, &path) {
            installation.hooks.push(context.shown(&path));
        }
        let is_changed = if dry_run { hook.renewed().is_some() } else { hook.renew(&path)? };
        renewed.extend(is_changed.then(|| context.shown(&path)));
    }
    Ok(renewed)
}

/// Returns the state of every hook that calls the checks; one that cannot be read is a problem too.
pub(crate) fn examine(context: &Context, installation: Option<&Installation>) -> Vec<HookState> {
    let mut states = Vec::new();
    for path in known_places(&context.store, installation) {
        let mut add = |program: String, problem: Option<String>| {
            states.push(HookState { path: context.shown(&path), program, problem });
        };
        match git_hook::read(&path) {
            Ok(hook) => {
                for line in hook.unwrap_or_default().lines {
                    add(context.shown(&line.program), problem(&line).map(str::to_owned));
                }
            }
            Err(error) => add(String::new(), Some(chain(&error))),
        }
    }
    states
}

/// Whether the program of a line is there; what cannot be looked at is not known to be gone.
fn is_there(line: &HookLine) -> bool {
    files::is_there(&line.program).unwrap_or(true)
}

/// What is wrong with a line.
fn problem(line: &HookLine) -> Option<&'static str> {
    match (is_there(line), line.is_guarded) {
        (true, true) => None,
        (true, false) => Some("it blocks every commit once its program is gone; timmy install renews it"),
        (false, true) => Some("its program is gone, and commits are not checked; timmy install or uninstall fixes it"),
        (false, false) => Some("its program is gone, and it blocks every commit; timmy install or uninstall fixes it"),
    }
}

/// The directories of the programs that an installation has brought.
struct Programs {
    folders: Vec<PathBuf>,
}

impl Programs {
    /// Those of `.loop/`, which an uninstallation removes. Programs elsewhere may be those of other repositories too.
    fn of(context: &Context, installation: Option<&Installation>) -> Self {
        let store = &context.store;
        let named = installation.map(|installation| record::programs(store, installation));
        let folders = named.into_iter().filter(|folder| store.contains(folder)).chain([store.programs()]);
        Self { folders: folders.collect() }
    }

    fn contain(&self, line: &HookLine) -> bool {
        let Some(folder) = line.program.parent() else { return false };
        self.folders.iter().any(|ours| folder == ours || ours.canonicalize().is_ok_and(|real| folder == real))
    }

    /// Whether a hook names one of them in a line that is not ours.
    fn are_named_in(&self, path: &Path) -> Result<bool, Error> {
        let hook = git_hook::read(path)?.unwrap_or_default();
        Ok(self.folders.iter().any(|folder| hook.names(folder)) || hook.names(Path::new(".loop/bin/")))
    }
}

fn is_recorded(context: &Context, installation: &Installation, path: &Path) -> bool {
    installation.hooks.iter().any(|name| context.repo().root().join(name) == path)
}

/// Whether a line calls the program of another repository, which the same hook may serve.
fn is_of_another_repository(line: &HookLine) -> bool {
    line.program.parent().is_some_and(|folder| folder.ends_with(".loop/bin"))
}
