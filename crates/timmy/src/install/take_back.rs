//! `timmy uninstall`.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{chown, symlink};
use std::path::{Component, Path};
use std::time::{Duration, SystemTime};

use common::{CommonArgs, Error, Outcome, Page, View};
use host::Host;
use host::files;
use host::text;
use records::{Installation, InstalledPath, Original};
use serde::Serialize;
use store::{Repo, Store};

use super::program::{self, hash};
use super::record::{self, is_in_place};
use crate::cli::UninstallArgs;
use crate::context::Context;
use crate::scheduler;
use crate::tools;

/// What becomes of one path.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Restoration {
    /// What was there is there again.
    Restored,
    /// It was there already.
    Untouched,
    /// Somebody has put something else there, which stays.
    Kept,
}

/// One path, as it is shown.
#[derive(Serialize)]
struct PathView {
    path: String,
    restored: bool,
    kept: bool,
}

/// What was put back, or would be.
#[derive(Serialize)]
struct Uninstalled {
    dry_run: bool,
    whole: bool,
    paths: Vec<PathView>,
    /// The directory of the programs, where it stays.
    #[serde(skip)]
    kept_programs: Option<String>,
}

/// That there is no installation.
#[derive(Serialize)]
struct NotInstalled {
    paths: [PathView; 0],
}

impl View for Uninstalled {
    fn render(&self, page: &mut Page) {
        for PathView { path, restored, kept } in &self.paths {
            let verdict = match (restored, kept, self.dry_run) {
                (true, _, false) => "is restored",
                (true, _, true) => "would be restored",
                (_, true, _) => "is no longer the installed link, and is not changed (--force restores the original)",
                _ => "is unchanged",
            };
            page.line(format!("{path} {verdict}"));
        }
        if let Some(bin) = &self.kept_programs {
            page.line(format!("The programs in {bin} are not removed: other repositories may use them"));
        }
    }
}

impl View for NotInstalled {
    fn render(&self, page: &mut Page) {
        page.line("Nothing is installed here");
    }
}

/// Puts everything back that an installation has replaced.
pub(crate) fn uninstall(host: &Host, args: &UninstallArgs) -> Result<Outcome, Error> {
    let common =
        CommonArgs { repo_root: Some(args.from.clone()), json: args.json, quiet: args.quiet, ..CommonArgs::default() };
    let repo = Repo::find(host, common.repo_root.as_deref())?;
    // A broken manifest must not prevent going back.
    let context = Context::without_configuration(host, repo, &common);
    let (repo, store) = (context.repo(), &context.store);
    if scheduler::is_running(&context) && !args.dry_run && !args.force {
        return Err(Error::failed(
            "a scheduler is running for this repository",
            "stop it first (and remove its unit or its line of the crontab), or use --force",
        ));
    }
    let Some(installation) = record::read(store)? else {
        context.present(&NotInstalled { paths: [] })?;
        return Ok(Outcome::done(""));
    };
    refuse_paths_outside(&installation)?;
    let mut paths = Vec::new();
    for installed in &installation.installed {
        let restoration = put_back(store, installed, args)?;
        paths.push(PathView {
            path: installed.path.clone(),
            restored: restoration == Restoration::Restored,
            kept: restoration == Restoration::Kept,
        });
    }
    let whole = paths.iter().all(|path| !path.kept);
    let mut kept_programs = None;
    if whole && !args.dry_run {
        tidy_up(store, &installation)?;
        let is_ours = store.contains(&record::programs(repo, &installation));
        kept_programs = (!is_ours).then(|| installation.bin.clone());
    }
    context.present(&Uninstalled { dry_run: args.dry_run, whole, paths, kept_programs })?;
    Ok(Outcome::yes_or_no(whole))
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

fn put_back(store: &Store<'_>, installed: &InstalledPath, args: &UninstallArgs) -> Result<Restoration, Error> {
    let root = store.repo().root();
    let full = root.join(&installed.path);
    if !args.dry_run {
        // What an installation that was killed may have left.
        files::remove(&program::beside(&full))?;
    }
    let is_there = fs::symlink_metadata(&full).is_ok();
    if is_there && !is_in_place(root, installed) {
        if is_original(&full, installed.original.as_ref()) {
            return Ok(Restoration::Untouched);
        }
        if !args.force {
            return Ok(Restoration::Kept);
        }
    }
    if args.dry_run {
        return Ok(Restoration::Restored);
    }
    if is_there && !is_in_place(root, installed) {
        // What somebody has put there is not lost either.
        let aside = store.originals().join(format!("{}.replaced", installed.path));
        if let Some(folder) = aside.parent() {
            files::make_folder(folder)?;
        }
        files::rename(&full, &aside)?;
    }
    match &installed.original {
        None => files::remove(&full)?,
        Some(Original::Link { target }) => {
            files::remove(&full)?;
            symlink(target, &full).map_err(Error::io("create the link", &full))?;
        }
        Some(Original::File { kept, mode, sha256, modified, owner }) => {
            let place = store.originals().join(kept);
            let bytes = fs::read(&place).map_err(Error::io("read the original", &place))?;
            if hash(&bytes) != *sha256 {
                return Err(Error::failed(
                    format!("{} is not the file that was kept: its hash differs", place.display()),
                    "restore the script from git: git checkout -- PATH",
                ));
            }
            if let Some(folder) = full.parent() {
                files::make_folder(folder)?;
            }
            let mode = u32::from_str_radix(mode, 8).unwrap_or(0o644);
            program::replace(&full, &bytes, mode).map_err(Error::io("restore", &full))?;
            if let Some((user, group)) = *owner {
                // Only root may give a file to somebody else, and only then it was somebody else's.
                let _ = chown(&full, Some(user), Some(group));
            }
            let (seconds, nanoseconds) = *modified;
            if let Ok(seconds) = u64::try_from(seconds) {
                let time = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
                // Only a convenience.
                let _ = File::open(&full).and_then(|file| file.set_times(FileTimes::new().set_modified(time)));
            }
        }
    }
    Ok(Restoration::Restored)
}

/// Whether the original is at its path again already.
fn is_original(path: &Path, original: Option<&Original>) -> bool {
    match original {
        None => false,
        Some(Original::Link { target }) => fs::read_link(path).is_ok_and(|link| link == Path::new(target)),
        Some(Original::File { sha256, .. }) => {
            !path.is_symlink() && fs::read(path).is_ok_and(|bytes| hash(&bytes) == *sha256)
        }
    }
}

/// Takes away what the installation has added, now that nothing needs it. What is not ours in those folders stays.
fn tidy_up(store: &Store<'_>, installation: &Installation) -> Result<(), Error> {
    for installed in &installation.installed {
        if let Some(Original::File { kept, .. }) = &installed.original {
            let kept = store.originals().join(kept);
            files::remove(&program::beside(&kept))?;
            files::remove(&kept)?;
        }
    }
    // Programs elsewhere may be those of other repositories too.
    let bin = record::programs(store.repo(), installation);
    if store.contains(&bin) {
        for tool in tools::automations().map(|(tool, _)| tool.id).chain(["timmy"]) {
            files::remove(&program::beside(&bin.join(tool)))?;
            files::remove(&bin.join(tool))?;
        }
        let _ = fs::remove_dir(&bin);
    }
    store.installation().remove()?;
    remove_empty(&store.originals());
    for folder in installation.folders.iter().rev() {
        let path = store.repo().root().join(folder);
        if folder == ".loop" && fs::read_dir(&path).is_ok_and(|entries| entries.count() == 1) {
            // What nobody has used but the installation: the file that hides it is all that is in it.
            files::remove(&path.join(".gitignore"))?;
        }
        // Only if it is empty.
        let _ = fs::remove_dir(path);
    }
    Ok(())
}

/// Removes a folder and the folders in it, as far as they are empty.
fn remove_empty(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    let _ = fs::remove_dir(folder);
}
