//! What an installation does at each path, decided before anything is changed.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use automations::paths::tidy;
use automations::{Context, shim};
use common::Error;
use host::files;
use records::{Installation, InstalledPath, Original};

use crate::git_index;
use crate::program::hash;
use crate::record::LIMIT;

/// What is done at one path.
pub(crate) struct Step {
    pub(crate) installed: InstalledPath,
    pub(crate) action: Action,
    /// The bytes of the file there, which is to be kept.
    pub(crate) bytes: Option<Vec<u8>>,
    /// The permissions of the shim.
    pub(crate) mode: u32,
}

/// What an installation does at one path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// The link or the shim is there.
    Nothing,
    /// What is there is kept, and the link or the shim put in its place.
    Replace,
    /// A link or a shim of an earlier installation is replaced by another one.
    Exchange,
    /// The link or the shim is made.
    Create,
}

/// What an installation puts at the paths of the scripts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Symbolic links to the programs: for trying out, not to be committed.
    Links,
    /// Files that find the programs, to be committed.
    Shims,
}

/// Where each tool goes: to where the manifest has its script, else to the script's usual path.
pub(crate) fn places(context: &Context) -> Result<Vec<(String, &'static str)>, Error> {
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
        let folder = files::nearest_folder(&path)?.unwrap_or(root);
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

/// Returns the kind that is there: shims where one of the files is a shim, such as in a clone, or was recorded as one.
pub(crate) fn kind_there(root: &Path, before: Option<&Installation>, places: &[(String, &str)]) -> Kind {
    let is_shim = |path: &str| {
        let full = root.join(path);
        // Through a link it is another's shim.
        !files::entry(&full).is_ok_and(|entry| entry.is_some_and(|entry| entry.is_symlink())) && shim::is_at(&full)
            || before.and_then(|before| before.of(path)).is_some_and(|known| known.shim.is_some())
    };
    if places.iter().any(|(path, _)| is_shim(path)) { Kind::Shims } else { Kind::Links }
}

/// Decides what is done at each path; `asked` is the kind that the caller asked for.
pub(crate) fn plan(
    context: &Context,
    before: Option<&Installation>,
    bin: &Path,
    asked: Option<Kind>,
) -> Result<(Kind, Vec<Step>), Error> {
    let root = context.repo().root();
    let places = places(context)?;
    let kind = asked.unwrap_or_else(|| kind_there(root, before, &places));
    let mut steps = Vec::new();
    for (path, tool) in places {
        let known = before.and_then(|before| before.of(&path));
        let link = match kind {
            Kind::Links => link_text(root, &root.join(&path), &bin.join(tool))?,
            Kind::Shims => String::new(),
        };
        let shim = (kind == Kind::Shims).then(|| hash(shim::text(tool).as_bytes()));
        let wanted = InstalledPath { path, tool: tool.to_owned(), link, shim, original: None };
        steps.push(step(root, wanted, known, asked.is_some())?);
    }
    Ok((kind, steps))
}

/// Decides what is done at one path.
fn step(root: &Path, mut wanted: InstalledPath, known: Option<&InstalledPath>, is_asked: bool) -> Result<Step, Error> {
    let full = root.join(&wanted.path);
    let original = known.and_then(|known| known.original.clone());
    let (mut action, mut bytes, mut is_ours, mut mode) = (Action::Replace, None, false, 0o755);
    match files::entry(&full)? {
        None => {
            action = Action::Create;
            wanted.original = original;
        }
        Some(metadata) if metadata.is_symlink() => {
            let target = fs::read_link(&full).map_err(Error::io("read the link", &full))?;
            let is_link = |text: &str| !text.is_empty() && target == Path::new(text);
            is_ours = known.is_some_and(|known| is_link(&known.link) || is_link(&wanted.link));
            wanted.original = if is_ours { original } else { Some(original_link(&full, &target)?) };
            // Also a link to a tool that is not in the record: it came with a clone, and is what was there before.
            if is_ours && is_link(&wanted.link) {
                action = Action::Nothing;
            }
        }
        Some(metadata) if metadata.is_file() => {
            let content = files::read_existing(&full, LIMIT)?;
            let present = hash(&content);
            let is_shim = shim::tool_of(&content) == Some(&wanted.tool);
            let is_known = known.is_some_and(|known| known.shim.as_ref() == Some(&present));
            let is_current = wanted.shim.as_ref() == Some(&present) && metadata.permissions().mode() & 0o111 != 0;
            is_ours = is_shim && (is_known || known.is_some_and(|known| known.shim.is_some()) && is_current);
            if is_shim && wanted.shim.is_some() && (is_current || !is_asked) {
                // Another version of a shim that came with a clone or a pull runs the program as well.
                action = Action::Nothing;
                wanted.shim = Some(present.clone());
            }
            wanted.original = if is_ours {
                original
            } else {
                let original = original_file(&wanted.path, &metadata, present);
                bytes = Some(content);
                Some(original)
            };
        }
        Some(_) => {
            return Err(Error::usage(format!("{} is not a file", full.display()), "move it to another place"));
        }
    }
    if is_ours && action == Action::Replace {
        action = Action::Exchange;
    }
    if let Some(Original::File { mode: before, .. }) = &wanted.original {
        let readable = u32::from_str_radix(before, 8).unwrap_or(0o644);
        // Who may read the script may run the shim.
        mode = readable | (readable & 0o444) >> 2;
    }
    Ok(Step { installed: wanted, action, bytes, mode })
}

fn original_link(full: &Path, target: &Path) -> Result<Original, Error> {
    let Some(target) = target.to_str().map(str::to_owned) else {
        return Err(Error::usage(
            format!("{} is a link to a name that is not UTF-8", full.display()),
            "move it to another place",
        ));
    };
    Ok(Original::Link { target })
}

fn original_file(path: &str, metadata: &Metadata, sha256: String) -> Original {
    Original::File {
        kept: path.to_owned(),
        mode: format!("{:04o}", metadata.permissions().mode() & 0o7777),
        sha256,
        modified: (metadata.mtime(), u32::try_from(metadata.mtime_nsec()).unwrap_or(0)),
        owner: Some((metadata.uid(), metadata.gid())),
    }
}

/// What the link says: the way from its folder, wherever links on the way lead, to a program in the repository; or the
/// program's path elsewhere.
fn link_text(root: &Path, link: &Path, program: &Path) -> Result<String, Error> {
    let above = files::nearest_folder(link)?.unwrap_or(root);
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
pub(crate) fn refuse_dirty(root: &Path, steps: &[Step]) -> Result<(), Error> {
    let replaced = steps.iter().filter(|step| step.action == Action::Replace);
    let mut dirty = Vec::new();
    for path in replaced.map(|step| step.installed.path.as_str()) {
        if is_dirty(&root.join(path))? {
            dirty.push(path);
        }
    }
    match dirty.as_slice() {
        [] => Ok(()),
        paths => Err(Error::usage(
            format!("changed, but not committed: {}", paths.join(", ")),
            "commit or stash it, or use --allow-dirty: it is kept under .loop/originals either way",
        )),
    }
}

/// Whether a file has changes. Where there is no repository there is nothing to be clean against, and the originals are kept anyhow.
fn is_dirty(path: &Path) -> Result<bool, Error> {
    let Some(status) = git_index::status(path)? else { return Ok(false) };
    // A link in the place of a committed script is ours, or was put there on purpose.
    let is_link_for_script =
        files::entry(path)?.is_some_and(|entry| entry.is_symlink()) && status == git2::Status::WT_TYPECHANGE;
    Ok(!status.is_empty() && !is_link_for_script)
}
