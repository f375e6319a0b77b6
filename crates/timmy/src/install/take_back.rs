//! `timmy uninstall`.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{chown, symlink};
use std::path::{Component, Path};
use std::time::{Duration, SystemTime};

use common::files;
use common::host::Host;
use common::layout::Repo;
use common::run::CommonArgs;
use common::text;
use serde_json::json;

use super::program::{self, hash};
use super::record::{Installed, Original, Record};
use crate::cli::UninstallArgs;
use crate::error::{Error, Verdict};
use crate::multicall::AUTOMATIONS;
use crate::scheduler;
use crate::suite::Suite;

/// What becomes of one path.
enum Outcome {
    /// What was there is there again.
    Restored,
    /// It was there already.
    Untouched,
    /// Somebody has put something else there, which stays.
    Kept,
}

/// Puts everything back that an installation has replaced.
pub(crate) fn uninstall(host: &Host, args: &UninstallArgs) -> Result<Verdict, Error> {
    let common =
        CommonArgs { repo_root: Some(args.from.clone()), json: args.json, quiet: args.quiet, ..CommonArgs::default() };
    let repo = Repo::find(host, common.repo_root.as_deref())?;
    // A manifest that is broken must not keep anybody from going back.
    let suite = Suite::without_configuration(host, repo, &common);
    let repo = &suite.repo;
    if scheduler::is_running(&suite) && !args.dry_run && !args.force {
        return Err(Error::failed(
            "a scheduler is running for this repository",
            "stop it first (and remove its unit or its line of the crontab), or use --force",
        ));
    }
    let Some(record) = Record::read(repo)? else {
        suite.say("Nothing is installed here");
        suite.json(&json!({"paths": []}))?;
        return Ok(Verdict::Yes);
    };
    for installed in &record.installed {
        let is_inside = |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
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
    let (mut paths, mut is_whole) = (Vec::new(), true);
    for installed in &record.installed {
        let outcome = put_back(repo, installed, args)?;
        let words = match (&outcome, args.dry_run) {
            (Outcome::Restored, false) => "is restored",
            (Outcome::Restored, true) => "would be restored",
            (Outcome::Untouched, _) => "is unchanged",
            (Outcome::Kept, _) => "is no longer the installed link, and is not changed (--force restores the original)",
        };
        is_whole &= !matches!(outcome, Outcome::Kept);
        suite.say(&format!("{} {words}", installed.path));
        paths.push(json!({"path": installed.path, "restored": matches!(outcome, Outcome::Restored), "kept": matches!(outcome, Outcome::Kept)}));
    }
    if is_whole && !args.dry_run {
        tidy_up(repo, &record)?;
        if !record.bin(repo).starts_with(repo.in_loop("")) {
            suite.say(&format!("The programs in {} are not removed: other repositories may use them", record.bin));
        }
    }
    suite.json(&json!({"dry_run": args.dry_run, "whole": is_whole, "paths": paths}))?;
    Ok(Verdict::of(is_whole))
}

fn put_back(repo: &Repo, installed: &Installed, args: &UninstallArgs) -> Result<Outcome, Error> {
    let full = repo.root().join(&installed.path);
    if !args.dry_run {
        // What an installation that was killed may have left.
        files::remove(&program::beside(&full))?;
    }
    let is_there = fs::symlink_metadata(&full).is_ok();
    if is_there && !installed.is_in_place(repo.root()) {
        if is_original(&full, installed.original.as_ref()) {
            return Ok(Outcome::Untouched);
        }
        if !args.force {
            return Ok(Outcome::Kept);
        }
    }
    if args.dry_run {
        return Ok(Outcome::Restored);
    }
    if is_there && !installed.is_in_place(repo.root()) {
        // What somebody has put there is not lost either.
        let aside = Record::folder(repo).join(format!("{}.replaced", installed.path));
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
            let place = Record::folder(repo).join(kept);
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
    Ok(Outcome::Restored)
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
fn tidy_up(repo: &Repo, record: &Record) -> Result<(), Error> {
    for installed in &record.installed {
        if let Some(Original::File { kept, .. }) = &installed.original {
            let kept = Record::folder(repo).join(kept);
            files::remove(&program::beside(&kept))?;
            files::remove(&kept)?;
        }
    }
    // Programs elsewhere may be those of other repositories too.
    let bin = record.bin(repo);
    if bin.starts_with(repo.in_loop("")) {
        for tool in AUTOMATIONS.into_iter().chain(["timmy"]) {
            files::remove(&program::beside(&bin.join(tool)))?;
            files::remove(&bin.join(tool))?;
        }
        let _ = fs::remove_dir(&bin);
    }
    files::remove(&Record::folder(repo).join("install.json"))?;
    files::remove(&Record::folder(repo).join(".install.json.lock"))?;
    remove_empty(&Record::folder(repo));
    for folder in record.folders.iter().rev() {
        let path = repo.root().join(folder);
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
