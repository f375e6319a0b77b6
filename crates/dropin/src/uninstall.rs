//! The scripts of a repository take their places again, byte for byte.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::lchown;
use std::path::{Component, Path};
use std::time::{Duration, SystemTime};

use automations::Context;
use automations::scheduler;
use common::Error;
use host::files;
use host::text;
use records::{Installation, InstalledPath, Original};
use store::Store;

use crate::adoption::{self, Adoption};
use crate::callers::{Caller, find_callers};
use crate::git_index;
use crate::hooks::{self, HookReport};
use crate::plan;
use crate::program::{self, hash};
use crate::record::{self, Presence};

/// How to uninstall.
#[derive(Clone, Copy, Debug, Default)]
pub struct UninstallOptions {
    /// Nothing is changed.
    pub dry_run: bool,
    /// Scripts are restored also where another file took the place of the installed link (which is kept), and while a scheduler
    /// is running.
    pub force: bool,
}

/// What becomes of one path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Restoration {
    /// What was there is there again.
    Restored,
    /// Nothing was there, and nothing is there again.
    Removed,
    /// It was there already.
    Untouched,
    /// Git has put another version there, which stays.
    Superseded,
    /// Something else was put there, which stays.
    Kept,
}

/// What was restored, or would be.
#[derive(Debug, Default)]
pub struct UninstallReport {
    /// What becomes of each path.
    pub paths: Vec<(String, Restoration)>,
    /// Those of them that no record mentions, such as after `git clean -fdx`: what Git has is put there.
    pub adopted: Vec<String>,
    /// What becomes of the hooks of Git that call the checks.
    pub hooks: Vec<HookReport>,
    /// The restored paths whose changes Git did not show, and shows again.
    pub shown_again: Vec<String>,
    /// The restored paths where Git has something else, such as shims that were committed.
    pub changed: Vec<String>,
    /// The kept files that stay, because neither their place nor Git has them.
    pub kept_originals: Vec<String>,
    /// The directory of the programs, where it stays.
    pub kept_programs: Option<String>,
    /// The lines that call a program which is removed, such as that of a scheduler or of pre-commit.
    pub failing_calls: Vec<String>,
}

/// Restores everything that an installation has replaced; none if nothing is installed.
///
/// # Errors
/// A scheduler is running, the record of the installation is damaged, or a file cannot be written.
pub fn uninstall(context: &Context, options: UninstallOptions) -> Result<Option<UninstallReport>, Error> {
    let store = &context.store;
    if scheduler::is_running(context) && !options.force {
        return Err(Error::failed(
            "a scheduler is running for this repository",
            "stop it first (and remove its unit or its line of the crontab), or use --force",
        ));
    }
    let record = record::read(store)?;
    let Adoption { installation, adopted, contents } = find_installation(context, record.as_ref())?;
    if record.is_none() && adopted.is_empty() {
        // A hook may be left of an installation that an earlier version took back.
        let hooks = hooks::take_back(context, None, options.dry_run)?;
        let report = UninstallReport { hooks, ..UninstallReport::default() };
        return Ok((!report.hooks.is_empty()).then_some(report));
    }
    refuse_paths_outside(&installation)?;
    let restore_all = |options| {
        let put_back_one = |installed: &InstalledPath| {
            let from_git = contents.get(&installed.path).map(Vec::as_slice);
            Ok((installed.path.clone(), restore(store, installed, from_git, options)?))
        };
        installation.installed.iter().map(put_back_one).collect::<Result<Vec<_>, Error>>()
    };
    // What is in the way is found before anything is changed, and by a dry run too.
    hooks::take_back(context, Some(&installation), true)?;
    let mut paths = restore_all(UninstallOptions { dry_run: true, ..options })?;
    if !options.dry_run {
        paths = restore_all(options)?;
    }
    let is_whole = paths.iter().all(|(_, restoration)| *restoration != Restoration::Kept);
    let (mut kept_programs, mut hooks, mut kept_originals) = (None, Vec::new(), Vec::new());
    if is_whole {
        hooks = hooks::take_back(context, Some(&installation), options.dry_run)?;
    }
    let (mut shown_again, mut changed) = (Vec::new(), Vec::new());
    if !options.dry_run {
        let restored = paths.iter().filter(|(_, restoration)| *restoration != Restoration::Kept);
        let restored: Vec<&str> = restored.map(|(path, _)| path.as_str()).collect();
        // An edit of a script that Git does not see would be lost silently.
        shown_again = git_index::show_again(store.repo().root(), &restored)?;
        for path in restored {
            if git_index::differs_from_commit(&store.repo().root().join(path))? {
                changed.push(path.to_owned());
            }
        }
    }
    if is_whole && !options.dry_run {
        kept_originals = tidy_up(context, &installation, &paths, |path| contents.contains_key(path))?;
        let is_ours = store.contains(&record::programs(store, &installation));
        kept_programs = (!is_ours).then(|| installation.bin.clone());
    }
    let failing_calls = if is_whole { failing_calls(context, &hooks) } else { Vec::new() };
    Ok(Some(UninstallReport {
        paths,
        adopted,
        hooks,
        shown_again,
        changed,
        kept_originals,
        kept_programs,
        failing_calls,
    }))
}

/// The lines that call a program in `.loop/bin`. What is left in a hook is reported with the hook.
fn failing_calls(context: &Context, hooks: &[HookReport]) -> Vec<String> {
    let callers = find_callers(context, None).into_iter().filter(Caller::is_of_program);
    let calls = callers.map(|caller| format!("{} calls {}", caller.place, caller.script));
    calls.filter(|call| !hooks.iter().any(|hook| call.starts_with(&format!("{}:", hook.path)))).collect()
}

/// What is installed, recorded or not. What Git has at a path is not ours to take back.
fn find_installation(context: &Context, record: Option<&Installation>) -> Result<Adoption, Error> {
    let root = context.repo().root();
    // A broken manifest must not prevent going back.
    let places = plan::places(context).unwrap_or_default();
    let mut adoption = adoption::complete(&context.store, record, &places)?;
    let mut adopted = Vec::new();
    for path in std::mem::take(&mut adoption.adopted) {
        if git_index::is_as_committed(root, &path)? {
            adoption.installation.installed.retain(|installed| installed.path != path);
        } else {
            adopted.push(path);
        }
    }
    adoption.adopted = adopted;
    Ok(adoption)
}

fn refuse_paths_outside(installation: &Installation) -> Result<(), Error> {
    let is_inside = |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    for installed in &installation.installed {
        let kept = match &installed.original {
            Some(Original::File { kept, .. }) => kept.as_str(),
            _ => "",
        };
        if !is_inside(&installed.path) || installed.path.is_empty() || !is_inside(kept) {
            return Err(Error::failed(
                format!("install.json has a path that leads out of the repository: {}", text::line(&installed.path)),
                "the file was changed; fix it by hand",
            ));
        }
    }
    Ok(())
}

/// Puts what was at a path there again; `content` is that of an original that is not kept, because Git has it.
fn restore(
    store: &Store<'_>,
    installed: &InstalledPath,
    content: Option<&[u8]>,
    options: UninstallOptions,
) -> Result<Restoration, Error> {
    let root = store.repo().root();
    let full = root.join(&installed.path);
    if !options.dry_run {
        // What an installation that was killed may have left.
        files::remove(&program::beside(&full))?;
    }
    let presence = record::presence(root, installed)?;
    // Also a link that was there before: it came with a clone.
    if presence != Presence::Nothing && record::is_original(&full, installed.original.as_ref())? {
        return Ok(Restoration::Untouched);
    }
    // Git has brought this version meanwhile, such as by a pull after `git reset --hard`: it is newer than what was there before.
    if (presence == Presence::Other || installed.from_git) && git_index::is_as_committed(root, &installed.path)? {
        return Ok(if installed.from_git { Restoration::Untouched } else { Restoration::Superseded });
    }
    if presence == Presence::Other && !options.force {
        return Ok(Restoration::Kept);
    }
    let (original, bytes) = original(store, installed, content)?;
    let restoration = if original.is_some() { Restoration::Restored } else { Restoration::Removed };
    if options.dry_run {
        return Ok(restoration);
    }
    if matches!(presence, Presence::Other | Presence::OtherShim) {
        // What was put there is not lost either.
        let aside = store.originals().join(format!("{}.replaced", installed.path));
        if let Some(folder) = aside.parent() {
            files::make_folder(folder)?;
        }
        files::rename(&full, &aside)?;
    }
    put_back(&full, original.as_ref(), &bytes)?;
    Ok(restoration)
}

/// What was at a path, or what Git has there, with its bytes where it is a file.
fn original(
    store: &Store<'_>,
    installed: &InstalledPath,
    content: Option<&[u8]>,
) -> Result<(Option<Original>, Vec<u8>), Error> {
    if installed.from_git {
        let full = store.repo().root().join(&installed.path);
        let Some(committed) = git_index::committed_at(&full)? else { return Ok((None, Vec::new())) };
        let present = files::entry(&full)?;
        let original = adoption::committed_original(&installed.path, present.as_ref(), &committed)?;
        return Ok((Some(original), committed.content));
    }
    let bytes = match (content, &installed.original) {
        (Some(content), _) => content.to_owned(),
        (None, Some(original)) => kept_bytes(store, original)?.unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    Ok((installed.original.clone(), bytes))
}

/// The bytes of an original that is kept; none where it is no file.
fn kept_bytes(store: &Store<'_>, original: &Original) -> Result<Option<Vec<u8>>, Error> {
    let Original::File { kept, sha256, .. } = original else { return Ok(None) };
    let place = store.originals().join(kept);
    let bytes = files::read_existing(&place, record::LIMIT)?;
    if hash(&bytes) != *sha256 {
        return Err(Error::failed(
            format!("{} is not the file that was kept: its hash differs", place.display()),
            "restore the script from git: git checkout -- PATH",
        ));
    }
    Ok(Some(bytes))
}

/// Puts what was at a path there again.
fn put_back(full: &Path, original: Option<&Original>, bytes: &[u8]) -> Result<(), Error> {
    match original {
        None => files::remove(full)?,
        Some(Original::Link { target }) => {
            files::remove(full)?;
            files::make_link(Path::new(target), full)?;
        }
        Some(Original::File { mode, modified, owner, .. }) => {
            if let Some(folder) = full.parent() {
                files::make_folder(folder)?;
            }
            let mode = u32::from_str_radix(mode, 8).unwrap_or(0o644);
            program::replace(full, bytes, mode).map_err(Error::io("restore", full))?;
            if let Some((user, group)) = *owner {
                // Only root may give a file to another user, and only then it was another user's.
                let _ = lchown(full, Some(user), Some(group));
            }
            let (seconds, nanoseconds) = *modified;
            if let Ok(seconds) = u64::try_from(seconds) {
                let time = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
                // Only a convenience.
                let _ = File::open(full).and_then(|file| file.set_times(FileTimes::new().set_modified(time)));
            }
        }
    }
    Ok(())
}

/// Takes away what the installation has added, now that nothing needs it. What is not ours in those folders stays, and so does what
/// was kept under the name of an original that `is_from_git`.
fn tidy_up(
    context: &Context,
    installation: &Installation,
    paths: &[(String, Restoration)],
    is_from_git: impl Fn(&str) -> bool,
) -> Result<Vec<String>, Error> {
    let store = &context.store;
    for (installed, (_, restoration)) in installation.installed.iter().zip(paths) {
        if let Some(Original::File { kept, .. }) = &installed.original {
            let kept = store.originals().join(kept);
            files::remove(&program::beside(&kept))?;
            // What was not put back may be nowhere else.
            if *restoration != Restoration::Superseded && !is_from_git(&installed.path) {
                files::remove(&kept)?;
            }
        }
    }
    let kept_originals = remove_what_git_has(context, &store.originals())?;
    // Programs elsewhere may be those of other repositories too.
    let bin = record::programs(store, installation);
    if store.contains(&bin) {
        for tool in context.toolset.automations().map(|(tool, _)| tool.id).chain(["timmy"]) {
            files::remove(&program::beside(&bin.join(tool)))?;
            files::remove(&bin.join(tool))?;
        }
        let _ = fs::remove_dir(&bin);
    }
    store.installation().remove()?;
    remove_empty(&store.originals());
    for folder in installation.folders.iter().rev() {
        let path = store.repo().root().join(folder);
        if folder == ".loop" && files::list(&path)?.len() == 1 {
            // What only the installation has used: the file that hides it is all that is in it.
            files::remove(&path.join(".gitignore"))?;
        }
        // Only if it is empty.
        let _ = fs::remove_dir(path);
    }
    Ok(kept_originals)
}

/// Removes those of the kept files that are in Git too, such as the scripts of earlier installations. Returns the others.
fn remove_what_git_has(context: &Context, folder: &Path) -> Result<Vec<String>, Error> {
    let mut others = Vec::new();
    for entry in files::list(folder)? {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            others.extend(remove_what_git_has(context, &path)?);
        } else if path != context.store.installation().path() && !is_lock(&path) {
            let bytes = files::read_existing(&path, record::LIMIT)?;
            if git_index::has_content(context.repo().root(), &bytes)? {
                files::remove(&path)?;
            } else {
                others.push(context.shown(&path));
            }
        }
    }
    others.sort();
    Ok(others)
}

/// Whether a file is the lock of another one.
fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "lock")
}

/// Removes a folder and the folders in it, as far as they are empty.
fn remove_empty(folder: &Path) {
    for entry in files::list(folder).unwrap_or_default() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    let _ = fs::remove_dir(folder);
}
