//! The tools of the suite take the place of a repository's scripts, which are kept.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use automations::Context;
use automations::paths::tidy;
use automations::supervise::own_program;
use common::Error;
use host::files;
use records::{Installation, InstalledPath, Original};
use store::Store;

use crate::hooks;
use crate::program::{self, hash};
use crate::record;

/// What is done at one path.
struct Step {
    installed: InstalledPath,
    action: Action,
    /// The bytes of the file there, which is to be kept.
    bytes: Option<Vec<u8>>,
}

/// What an installation does at one path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// The link is there.
    Nothing,
    /// What is there is kept, and the link put in its place.
    Replace,
    /// The link is made.
    Create,
}

/// How to install.
#[derive(Clone, Debug, Default)]
pub struct InstallOptions {
    /// Nothing is changed.
    pub dry_run: bool,
    /// Scripts with uncommitted changes are replaced too.
    pub allow_dirty: bool,
    /// The directory of the programs; without one, `.loop/bin`, or that of an earlier installation.
    pub bin_dir: Option<PathBuf>,
}

/// What an installation did, or would do.
#[derive(Debug)]
pub struct InstallReport {
    /// The directory of the programs.
    pub bin: PathBuf,
    /// What is done at each path, with the tool that is there now.
    pub paths: Vec<PathReport>,
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
    if !repo.root().join(".git").exists() {
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
    let steps = plan(context, before.as_ref(), &bin)?;
    if !options.allow_dirty {
        refuse_dirty(repo.root(), &steps)?;
    }
    let mut installation = before.unwrap_or_default();
    let renewed_hooks = if options.dry_run {
        hooks::renew(context, &mut installation, &bin, true)?
    } else {
        apply(context, installation, &bin, &steps)?
    };
    let paths = steps.into_iter().map(|Step { installed, action, .. }| PathReport {
        path: installed.path,
        tool: installed.tool,
        action,
    });
    Ok(InstallReport { bin, paths: paths.collect(), renewed_hooks })
}

/// Puts the programs in their directory and the links at the scripts' paths, each step recorded before it is done.
fn apply(context: &Context, mut installation: Installation, bin: &Path, steps: &[Step]) -> Result<Vec<String>, Error> {
    let (host, store) = (context.host, &context.store);
    if !store.exists() {
        installation.folders.push(".loop".to_owned());
    }
    store.prepare()?;
    // Also one that was cut short since.
    let are_ours = record::programs(store, &installation) == bin && !installation.installed.is_empty();
    installation.version = 1;
    installation.installed_at = host.timestamp();
    context.toolset.version.clone_into(&mut installation.program_version);
    installation.bin = bin.strip_prefix(store.repo().root()).unwrap_or(bin).to_string_lossy().into_owned();
    store.installation().replace(&installation)?;
    for name in context.toolset.automations().map(|(tool, _)| tool.id).chain(["timmy"]) {
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

/// Where each tool goes: to where the manifest has its script, else to the script's usual path.
fn places(context: &Context) -> Result<Vec<(String, &'static str)>, Error> {
    let root = context.repo().root();
    let mut places = Vec::new();
    for (tool, usual) in context.toolset.automations() {
        let tool = tool.id;
        let listed = context.manifest.find(tool).map(|listed| tidy(&context.base().join(&listed.entry.script)));
        let path = match listed {
            None => root.join(usual),
            Some(path) => path,
        };
        let Ok(relative) = path.strip_prefix(root) else {
            return Err(Error::usage(
                format!("the manifest has the script of {tool} outside the repository: {}", path.display()),
                "fix its `script`",
            ));
        };
        // A link on the way could lead anywhere.
        let folder = path.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(root);
        if !folder.canonicalize().is_ok_and(|real| real.starts_with(root)) {
            return Err(Error::usage(
                format!("{} leads out of the repository", folder.display()),
                "replace that link by a directory",
            ));
        }
        let path = relative.to_string_lossy().into_owned();
        if let Some((_, other)) = places.iter().find(|(taken, _): &&(String, &str)| *taken == path) {
            return Err(Error::usage(
                format!("the manifest has the same script for {other} and {tool}: {path}"),
                "give each its own `script`",
            ));
        }
        places.push((path, tool));
    }
    Ok(places)
}

fn plan(context: &Context, before: Option<&Installation>, bin: &Path) -> Result<Vec<Step>, Error> {
    let root = context.repo().root();
    let mut steps = Vec::new();
    for (path, tool) in places(context)? {
        let full = root.join(&path);
        let link = link_text(root, &full, &bin.join(tool))?;
        let known = before.and_then(|before| before.of(&path));
        let (what, original, bytes) = match files::entry(&full)? {
            None => (Action::Create, known.and_then(|known| known.original.clone()), None),
            Some(metadata) if metadata.is_symlink() => {
                let target = fs::read_link(&full).map_err(Error::io("read the link", &full))?;
                let known = known.filter(|known| [&link, &known.link].iter().any(|ours| target == Path::new(ours)));
                if let Some(known) = known {
                    let what = if target == Path::new(&link) { Action::Nothing } else { Action::Replace };
                    (what, known.original.clone(), None)
                } else {
                    // Also a link to a tool that is not in the record: it came with a clone, and is what was there before.
                    let Some(target) = target.to_str().map(str::to_owned) else {
                        return Err(Error::usage(
                            format!("{} is a link to a name that is not UTF-8", full.display()),
                            "move it to another place",
                        ));
                    };
                    (Action::Replace, Some(Original::Link { target }), None)
                }
            }
            Some(metadata) if metadata.is_file() => {
                let bytes = fs::read(&full).map_err(Error::io("read", &full))?;
                let original = Original::File {
                    kept: path.clone(),
                    mode: format!("{:04o}", metadata.permissions().mode() & 0o7777),
                    sha256: hash(&bytes),
                    modified: (metadata.mtime(), u32::try_from(metadata.mtime_nsec()).unwrap_or(0)),
                    owner: Some((metadata.uid(), metadata.gid())),
                };
                (Action::Replace, Some(original), Some(bytes))
            }
            Some(_) => {
                return Err(Error::usage(format!("{} is not a file", full.display()), "move it to another place"));
            }
        };
        let installed = InstalledPath { path, tool: tool.to_owned(), link, original };
        steps.push(Step { installed, action: what, bytes });
    }
    Ok(steps)
}

/// What the link says: the way from its folder, wherever links on the way lead, to a program in the repository; or the
/// program's path elsewhere.
fn link_text(root: &Path, link: &Path, program: &Path) -> Result<String, Error> {
    let above = link.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(root);
    let real = above.canonicalize().map_err(Error::io("find", above))?;
    let rest = link.parent().and_then(|folder| folder.strip_prefix(above).ok()).unwrap_or(Path::new(""));
    let folder = real.join(rest);
    let text = match program.strip_prefix(root).ok().zip(folder.strip_prefix(root).ok()) {
        Some((program, folder)) => Path::new(&"../".repeat(folder.components().count())).join(program),
        None => program.to_owned(),
    };
    text.to_str().map(str::to_owned).ok_or_else(|| {
        Error::usage(
            format!("{} is not UTF-8", program.display()),
            "name a directory with a UTF-8 name for the programs",
        )
    })
}

/// Refuses scripts with changes that are not committed: git has no copy of them.
fn refuse_dirty(root: &Path, steps: &[Step]) -> Result<(), Error> {
    let replaced = steps.iter().filter(|step| step.action == Action::Replace && step.installed.original.is_some());
    let dirty: Vec<&str> =
        replaced.map(|step| step.installed.path.as_str()).filter(|path| is_dirty(&root.join(path))).collect();
    match dirty.as_slice() {
        [] => Ok(()),
        paths => Err(Error::usage(
            format!("changed, but not committed: {}", paths.join(", ")),
            "commit or stash it, or use --allow-dirty: it is kept under .loop/originals either way",
        )),
    }
}

/// Whether a file has changes, by the repository that it really lies in (which may be a submodule). Where there is none there is
/// nothing to be clean against, and the originals are kept anyhow.
fn is_dirty(path: &Path) -> bool {
    let Some(folder) = path.parent().and_then(|folder| folder.canonicalize().ok()) else { return false };
    let Ok(repository) = git2::Repository::discover(&folder) else { return false };
    let Some(tree) = repository.workdir().and_then(|tree| tree.canonicalize().ok()) else { return false };
    let real = folder.join(path.file_name().unwrap_or_default());
    let Ok(name) = real.strip_prefix(tree) else { return false };
    let status = repository.status_file(name).unwrap_or(git2::Status::WT_NEW);
    // A link in the place of a committed script is ours, or was put there on purpose.
    let is_link_for_script = real.is_symlink() && status == git2::Status::WT_TYPECHANGE;
    !status.is_empty() && !is_link_for_script
}

/// Keeps what is at a path, writes down what will be there, and puts our link there: a process that is killed in between leaves
/// what is needed to take everything back.
fn apply_step(store: &Store<'_>, installation: &mut Installation, step: &Step) -> Result<(), Error> {
    let (root, path) = (store.repo().root(), &step.installed.path);
    let full = root.join(path);
    let mut installed = step.installed.clone();
    if let (Some(Original::File { kept, mode, sha256, .. }), Some(bytes)) = (&mut installed.original, &step.bytes) {
        *kept = keep(store, kept, bytes, mode, sha256)?;
    }
    note_folders(root, &full, installation);
    installation.installed.retain(|other| other.path != *path);
    installation.installed.push(installed.clone());
    store.installation().replace(installation)?;
    if step.action == Action::Nothing {
        return Ok(());
    }
    full.parent().map_or(Ok(()), files::make_folder)?;
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
        match fs::read(&place) {
            Ok(present) if hash(&present) == sha256 => return Ok(kept),
            Ok(_) => {}
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io("read", &place)(error)),
            Err(_) => {
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
fn note_folders(root: &Path, full: &Path, installation: &mut Installation) {
    let missing: Vec<&Path> =
        full.ancestors().skip(1).take_while(|folder| *folder != root && !folder.exists()).collect();
    for folder in missing.iter().rev() {
        let name = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().into_owned();
        if !installation.folders.contains(&name) {
            installation.folders.push(name);
        }
    }
}
