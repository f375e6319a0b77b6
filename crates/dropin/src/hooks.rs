//! The hooks of Git that call the checks: parts of an installation.

use std::path::{Path, PathBuf};

use automations::Context;
use common::Error;
use common::error::chain;
use git_hook::{HookFile, HookLine, Owner, Removal, Viewpoint, known_places};
use records::Installation;
use serde::Serialize;

use crate::record;

/// The program that a hook calls.
const PROGRAM: &str = "pre_commit_checks";

/// What becomes of a hook when an installation is taken back.
#[derive(Debug, Serialize)]
pub struct HookReport {
    /// Its path, from the root of the repository where it is inside.
    pub path: String,
    /// What is done to it.
    pub fate: HookFate,
    /// The work trees whose lines stay in it, and whether those check the commits in this work tree too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherInstallation>,
}

/// Another installation whose line is in the same hook.
#[derive(Clone, Debug, Serialize)]
pub struct OtherInstallation {
    /// Its work tree, or its program where the line names none.
    pub root: String,
    /// Whether it checks the commits in this work tree too.
    pub checks_here: bool,
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
    /// It has no line of this installation any more, but those of others, which stay.
    Kept,
    /// A line that is not ours calls what is removed, and a person has to change it.
    KeptCall,
}

/// The state of a hook that calls the checks.
#[derive(Debug, Serialize)]
pub struct HookState {
    /// Its path, from the root of the repository where it is inside.
    pub path: String,
    /// The program that it calls; empty where it is about the whole hook.
    pub program: String,
    /// The work tree of another installation, whose line it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// What is wrong; nothing where all is well.
    pub problem: Option<String>,
}

/// Removes the lines of this installation from the hooks; those of others stay.
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
        let view = Viewpoint::new(context.repo().root(), &path);
        let is_recorded = installation.is_some_and(|installation| is_recorded(context, installation, &path));
        let is_taken_back = |line: &HookLine| {
            let is_of_this = programs.contain(line) || !line.has_program() || is_recorded;
            match view.owner(line) {
                Owner::Here => is_of_this,
                // Where other repositories use the hook, the line of a work tree that is not there may be theirs.
                Owner::Unknown => is_of_this && (line.root.is_none() || !view.is_shared()),
                Owner::Sibling | Owner::Elsewhere => false,
            }
        };
        let lines = git_hook::read(&path)?.unwrap_or_default().lines;
        let others = lines.iter().filter(|line| !is_taken_back(line)).map(|line| OtherInstallation {
            root: line.shown(),
            checks_here: line.has_program() && view.owner(line) != Owner::Elsewhere,
        });
        let others: Vec<OtherInstallation> = others.collect();
        let fate = match git_hook::remove(&path, is_taken_back, dry_run)? {
            Removal::Nothing if is_recorded && !others.is_empty() => Some(HookFate::Kept),
            Removal::Nothing => None,
            Removal::Hook => Some(HookFate::Removed),
            Removal::Lines => Some(HookFate::LineRemoved),
            Removal::Link => Some(HookFate::KeptLink),
        };
        let shown = context.shown(&path);
        reports.extend(fate.map(|fate| HookReport { path: shown.clone(), fate, others }));
        if fate != Some(HookFate::Removed) && programs.are_named_in(&path)? {
            reports.push(HookReport { path: shown, fate: HookFate::KeptCall, others: Vec::new() });
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
    let root = context.repo().root();
    let mut renewed = Vec::new();
    for path in known_places(&context.store, Some(installation)) {
        let Some(hook) = git_hook::read(&path)? else { continue };
        let view = Viewpoint::new(root, &path);
        let is_recorded = is_recorded(context, installation, &path);
        let belongs_here = |line: &HookLine| is_own(line, &view, bin, is_recorded);
        let Some(own) = hook.lines.iter().find(|line| belongs_here(line)) else { continue };
        if !is_recorded {
            installation.hooks.push(context.shown(&path));
        }
        let program = if own.has_program() { own.program.clone() } else { bin.join(PROGRAM) };
        let after = hook.with_call(&git_hook::call(&program, Some(root)), belongs_here, |_| false);
        let is_changed = after != hook.content() && (dry_run || hook.replace(&path, &after)?);
        renewed.extend(is_changed.then(|| context.shown(&path)));
    }
    Ok(renewed)
}

/// Whether a line is that of this installation, whose programs are, or are about to be, in `bin`.
fn is_own(line: &HookLine, view: &Viewpoint, bin: &Path, is_recorded: bool) -> bool {
    let is_in_bin = Programs { folders: vec![bin.to_owned()] }.contain(line);
    match view.owner(line) {
        Owner::Here => is_in_bin || is_recorded || !line.has_program(),
        // After a move of the repository, the line names its former place.
        Owner::Unknown => !view.is_shared() && (is_in_bin || (is_recorded && !line.has_program())),
        Owner::Sibling | Owner::Elsewhere => false,
    }
}

/// Returns the state of every hook that calls the checks, or is recorded to do so; one that cannot be read is a problem too.
pub(crate) fn examine(context: &Context, installation: Option<&Installation>) -> Vec<HookState> {
    let root = context.repo().root();
    let mut states = Vec::new();
    for path in known_places(&context.store, installation) {
        let mut add = |program: String, of: Option<String>, problem: Option<String>| {
            states.push(HookState { path: context.shown(&path), program, of, problem });
        };
        let hook = match git_hook::read(&path) {
            Ok(hook) => hook.unwrap_or_default(),
            Err(error) => {
                add(String::new(), None, Some(chain(&error)));
                continue;
            }
        };
        let view = Viewpoint::new(root, &path);
        for line in &hook.lines {
            let is_of_another = matches!(view.owner(line), Owner::Sibling | Owner::Elsewhere);
            let of = is_of_another.then(|| line.shown());
            add(context.shown(&line.program), of.clone(), problem(line, of.as_deref()));
        }
        let is_missed = installation.is_some_and(|installation| is_recorded(context, installation, &path));
        if is_missed && git_hook::place(root).is_ok_and(|place| is_same(&place, &path)) {
            add(String::new(), None, missing_line(&hook, &view));
        }
    }
    states.retain(|state| !state.program.is_empty() || state.problem.is_some());
    states
}

/// What is wrong with a hook that is recorded, where our line is not in it any more.
fn missing_line(hook: &HookFile, view: &Viewpoint) -> Option<String> {
    if hook.lines.iter().any(|line| matches!(view.owner(line), Owner::Here | Owner::Unknown)) {
        return None;
    }
    let checks_here = |line: &&HookLine| line.has_program() && view.owner(line) == Owner::Sibling;
    let instead = match hook.lines.iter().find(checks_here) {
        Some(line) => format!("commits are checked by that of {} only", line.shown()),
        None => "commits are not checked".to_owned(),
    };
    Some(format!(
        "the line of this installation is not in it any more, and {instead}; {PROGRAM} install-hook puts it back"
    ))
}

/// What is wrong with a line, which may be that of another installation.
fn problem(line: &HookLine, of: Option<&str>) -> Option<String> {
    let (is_there, is_guarded) = (line.has_program(), line.is_guarded);
    if let (Some(root), false) = (of, is_there) {
        let effect = if is_guarded { "it checks nothing" } else { "it blocks every commit" };
        return Some(format!(
            "the program {} that it calls for {root} is gone, and {effect}; timmy install there brings it back, {PROGRAM} \
             install-hook here removes the line",
            line.program.display()
        ));
    }
    let problem = match (is_there, is_guarded) {
        (true, true) => return None,
        (true, false) => "it blocks every commit once its program is gone; timmy install renews it",
        (false, true) => "its program is gone, and commits are not checked; timmy install or uninstall fixes it",
        (false, false) => "its program is gone, and it blocks every commit; timmy install or uninstall fixes it",
    };
    Some(problem.to_owned())
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
    installation.hooks.iter().any(|name| is_same(&context.repo().root().join(name), path))
}

/// Whether two paths are those of one hook.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.parent().and_then(|folder| folder.canonicalize().ok());
    one == other || real(one).is_some_and(|folder| Some(folder) == real(other))
}
