//! The tools of the suite take the place of a repository's scripts, which are kept.

use std::path::{Path, PathBuf};

use automations::paths::tidy;
use automations::supervise::own_program;
use automations::{Context, shim};
use common::Error;
use host::files::{self, FileError};
use records::{Installation, Original};
use store::Store;

use crate::adoption;
use crate::callers::{Caller, find_callers};
use crate::git_index;
use crate::hooks;
pub use crate::plan::{Action, Kind};
use crate::plan::{Step, places, plan, refuse_dirty};
use crate::program::{self, hash};
use crate::record;

/// How to install.
#[derive(Clone, Debug, Default)]
pub struct InstallOptions {
    /// Nothing is changed.
    pub dry_run: bool,
    /// Scripts with uncommitted changes are replaced too.
    pub allow_dirty: bool,
    /// What is put at the paths; without it, the kind that is there already, or else links.
    pub kind: Option<Kind>,
    /// The directory of the programs; without one, `.loop/bin`, or that of an earlier installation.
    pub bin_dir: Option<PathBuf>,
}

/// What an installation did, or would do.
#[derive(Debug)]
pub struct InstallReport {
    /// What is at the paths.
    pub kind: Kind,
    /// The directory of the programs.
    pub bin: PathBuf,
    /// What is done at each path, with the tool that is there now.
    pub paths: Vec<PathReport>,
    /// The paths of shims that Git reports as changed: to be committed.
    pub to_commit: Vec<String>,
    /// The paths whose changes Git did not show, and shows again.
    pub shown_again: Vec<String>,
    /// Calls that fail with what is at the paths, each with what to do.
    pub failing_calls: Vec<String>,
    /// What is to be known of other calls.
    pub notes: Vec<String>,
    /// The hooks of Git whose line is brought up to date.
    pub renewed_hooks: Vec<String>,
}

/// What an installation did at one path.
#[derive(Debug)]
pub struct PathReport {
    /// The path, from the root of the repository.
    pub path: String,
    /// The tool.
    pub tool: String,
    /// What was done.
    pub action: Action,
}

/// Installs into a repository.
///
/// # Errors
/// It is not the root of a git work tree, a script has uncommitted changes or is outside, or a file cannot be written.
pub fn install(context: &Context, options: &InstallOptions) -> Result<InstallReport, Error> {
    let (repo, store) = (context.repo(), &context.store);
    if !files::is_there(&repo.root().join(".git"))? {
        return Err(Error::usage(
            format!("{} is not the root of a git work tree", repo.root().display()),
            "name the directory that contains .git",
        ));
    }
    let before = record::read(store)?;
    let bin = match (&options.bin_dir, &before) {
        (Some(named), _) => tidy(&context.host.current_dir().join(named)),
        (None, Some(before)) => record::programs(store, before),
        (None, None) => store.programs(),
    };
    let places = places(context)?;
    let adoption = adoption::complete(store, before.as_ref(), &places)?;
    let (kind, steps) = plan(context, &adoption, places, &bin, options.kind)?;
    if !options.allow_dirty {
        refuse_dirty(repo.root(), &steps)?;
    }
    let installation = before.unwrap_or_default();
    let (mut to_commit, mut shown_again) = (Vec::new(), Vec::new());
    for name in program_names(context) {
        let to = bin.join(name);
        program::check(&to, has_recorded_programs(store, &installation, &bin)).map_err(Error::io("install", &to))?;
    }
    // A hook that cannot be read is found before anything is changed.
    let mut renewed_hooks = hooks::renew(context, &mut installation.clone(), &bin, true)?;
    if !options.dry_run {
        renewed_hooks = apply(context, installation, &bin, &steps)?;
    }
    if kind == Kind::Shims {
        if !options.dry_run {
            let paths: Vec<&str> = steps.iter().map(|step| step.installed.path.as_str()).collect();
            // What Git does not see cannot be committed.
            shown_again = git_index::show_again(repo.root(), &paths)?;
        }
        to_commit = paths_to_commit(repo.root(), &steps, options.dry_run)?;
    }
    let callers = find_callers(context, Some(kind));
    let mut notes: Vec<String> = callers.iter().filter_map(Caller::note).collect();
    for path in steps.iter().map(|step| &step.installed.path).filter(|_| kind == Kind::Shims) {
        notes.extend(git_index::crlf_problem(repo.root(), path)?.map(|problem| format!("{path}: {problem}")));
    }
    let failing = callers.iter().filter_map(|caller| {
        let problem = caller.problem.as_ref()?;
        Some(format!("{} {} {}: {problem}", caller.place, caller.how.verb(), caller.script))
    });
    let paths = steps.into_iter().map(|Step { installed, action, .. }| PathReport {
        path: installed.path,
        tool: installed.tool,
        action,
    });
    Ok(InstallReport {
        kind,
        bin,
        paths: paths.collect(),
        to_commit,
        shown_again,
        failing_calls: failing.collect(),
        notes,
        renewed_hooks,
    })
}

/// The paths of shims that Git reports as changed, or would.
fn paths_to_commit(root: &Path, steps: &[Step], dry_run: bool) -> Result<Vec<String>, Error> {
    let mut paths = Vec::new();
    for Step { installed, action, .. } in steps {
        if (dry_run && *action != Action::Nothing) || git_index::is_changed(&root.join(&installed.path))? {
            paths.push(installed.path.clone());
        }
    }
    Ok(paths)
}

/// Puts the programs in their directory and the links at the scripts' paths, each step recorded before it is done.
fn apply(context: &Context, mut installation: Installation, bin: &Path, steps: &[Step]) -> Result<Vec<String>, Error> {
    let (host, store) = (context.host, &context.store);
    if !store.exists()? {
        installation.folders.push(".loop".to_owned());
    }
    store.prepare()?;
    // Also one that was cut short since.
    let are_ours = has_recorded_programs(store, &installation, bin);
    installation.version = 1;
    installation.installed_at = host.timestamp();
    context.toolset.version.clone_into(&mut installation.program_version);
    installation.bin = bin.strip_prefix(store.repo().root()).unwrap_or(bin).to_string_lossy().into_owned();
    store.installation().replace(&installation)?;
    for name in program_names(context) {
        let (from, to) = (own_program(host, name)?, bin.join(name));
        program::place(&from, &to, are_ours).map_err(Error::io("install", &to))?;
    }
    for step in steps {
        apply_step(store, &mut installation, step)?;
    }
    let renewed = hooks::renew(context, &mut installation, bin, false)?;
    store.installation().replace(&installation)?;
    Ok(renewed)
}

/// The names of the programs that are installed.
fn program_names(context: &Context) -> impl Iterator<Item = &'static str> {
    context.toolset.automations().map(|(tool, _)| tool.id).chain(["timmy"])
}

/// Whether what is in a directory of programs was put there by a recorded installation.
fn has_recorded_programs(store: &Store<'_>, installation: &Installation, bin: &Path) -> bool {
    record::programs(store, installation) == bin && !installation.installed.is_empty()
}

/// Keeps what is at a path, writes down what will be there, and puts our link or shim there: a process that is killed in between leaves
/// what is needed to take everything back.
fn apply_step(store: &Store<'_>, installation: &mut Installation, step: &Step) -> Result<(), Error> {
    let (root, path) = (store.repo().root(), &step.installed.path);
    let full = root.join(path);
    let mut installed = step.installed.clone();
    if let (Some(Original::File { kept, mode, sha256, .. }), Some(bytes)) =
        (&mut installed.original, &step.original_bytes)
    {
        *kept = keep(store, kept, bytes, mode, sha256)?;
    }
    if let Some(edited) = &step.edited {
        keep(store, path, edited, "0644", &hash(edited))?;
    }
    note_folders(root, &full, installation)?;
    installation.installed.retain(|other| other.path != *path);
    installation.installed.push(installed.clone());
    store.installation().replace(installation)?;
    if step.action == Action::Nothing {
        return Ok(());
    }
    full.parent().map_or(Ok(()), files::make_folder)?;
    if installed.shim.is_some() {
        let text = shim::text(&installed.tool);
        return program::replace(&full, text.as_bytes(), step.mode).map_err(Error::io("put the shim at", &full));
    }
    // Made next to it and moved over it, so that there is never nothing at the path.
    let temporary = program::beside(&full);
    files::remove(&temporary)?;
    let placed =
        files::make_link(Path::new(&installed.link), &temporary).and_then(|()| files::rename(&temporary, &full));
    if placed.is_err() {
        // Nothing is left of what is not in place; that it could not be is the error.
        let _ = files::remove(&temporary);
    }
    Ok(placed?)
}

/// Keeps the bytes of an original. Another original that is kept under that name stays; this one gets a number.
fn keep(store: &Store<'_>, name: &str, bytes: &[u8], mode: &str, sha256: &str) -> Result<String, Error> {
    for count in 0..1000 {
        let kept = if count == 0 { name.to_owned() } else { format!("{name}.{count}") };
        let place = store.originals().join(&kept);
        match files::read(&place, record::LIMIT)? {
            Some(present) if hash(&present) == sha256 => return Ok(kept),
            Some(_) => {}
            None => {
                if let Some(folder) = place.parent() {
                    files::make_folder(folder)?;
                }
                let mode = u32::from_str_radix(mode, 8).unwrap_or(0o644);
                program::replace(&place, bytes, mode).map_err(Error::io("keep the original as", &place))?;
                return Ok(kept);
            }
        }
    }
    Err(Error::failed(format!("{name} is kept a thousand times already"), "clean up .loop/originals"))
}

/// Notes the folders that have to be made above a path.
fn note_folders(root: &Path, full: &Path, installation: &mut Installation) -> Result<(), FileError> {
    let present = files::nearest_folder(full)?.unwrap_or(root);
    let missing: Vec<&Path> =
        full.ancestors().skip(1).take_while(|folder| *folder != root && *folder != present).collect();
    for folder in missing.iter().rev() {
        let name = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().into_owned();
        if !installation.folders.contains(&name) {
            installation.folders.push(name);
        }
    }
    Ok(())
}
