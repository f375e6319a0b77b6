//! What an installation does at each path, decided before anything is changed.

use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use automations::paths::tidy;
use automations::{Context, shim};
use common::Error;
use host::files;
use records::{Installation, InstalledPath, Original};

use crate::adoption::{Adoption, present_original};
use crate::git_index;
use crate::program::hash;
use crate::record::LIMIT;

/// What is done at one path.
pub(crate) struct Step {
    pub(crate) installed: InstalledPath,
    pub(crate) action: Action,
    /// The bytes of the original, where they are to be kept.
    pub(crate) original_bytes: Option<Vec<u8>>,
    /// The bytes of a shim there that was edited, and is kept next to the originals.
    pub(crate) edited: Option<Vec<u8>>,
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
fn kind_there(root: &Path, before: &Installation, places: &[(String, &str)]) -> Kind {
    let is_shim = |path: &str| {
        let full = root.join(path);
        // Through a link it is another's shim.
        !files::entry(&full).is_ok_and(|entry| entry.is_some_and(|entry| entry.is_symlink())) && shim::is_at(&full)
            || before.of(path).is_some_and(|known| known.shim.is_some())
    };
    if places.iter().any(|(path, _)| is_shim(path)) { Kind::Shims } else { Kind::Links }
}

/// Decides what is done at each path; `asked` is the kind that the caller asked for.
pub(crate) fn plan(
    context: &Context,
    before: &Adoption,
    places: Vec<(String, &'static str)>,
    bin: &Path,
    asked: Option<Kind>,
) -> Result<(Kind, Vec<Step>), Error> {
    let root = context.repo().root();
    let kind = asked.unwrap_or_else(|| kind_there(root, &before.installation, &places));
    let mut steps = Vec::new();
    for (path, tool) in places {
        let known = before.installation.of(&path);
        let link = match kind {
            Kind::Links => link_text(root, &root.join(&path), &bin.join(tool))?,
            Kind::Shims => String::new(),
        };
        let shim = (kind == Kind::Shims).then(|| hash(shim::text(tool).as_bytes()));
        let original_bytes = before.contents.get(&path).cloned();
        let original = known.and_then(|known| known.original.clone());
        let from_git = known.is_some_and(|known| known.from_git);
        let installed = InstalledPath { path, tool: tool.to_owned(), link, shim, original, from_git };
        let undecided = Step { installed, action: Action::Create, original_bytes, edited: None, mode: 0o755 };
        steps.push(decide(root, undecided, known, asked.is_some())?);
    }
    Ok((kind, steps))
}

/// Decides what is done at one path.
fn decide(root: &Path, mut step: Step, known: Option<&InstalledPath>, is_asked: bool) -> Result<Step, Error> {
    let full = root.join(&step.installed.path);
    match files::entry(&full)? {
        None => {}
        Some(entry) if entry.is_symlink() => at_link(&full, &mut step, known)?,
        Some(entry) if entry.is_file() => {
            let content = files::read_existing(&full, LIMIT)?;
            match known.and_then(|known| known.shim.as_ref()) {
                Some(known) if shim::tool_of(&content) == Some(&step.installed.tool) => {
                    at_shim(&mut step, &entry, content, known, is_asked);
                }
                _ => {
                    step.action = Action::Replace;
                    step.installed.from_git = false;
                    step.installed.original = Some(present_original(&step.installed.path, &entry, hash(&content)));
                    step.original_bytes = Some(content);
                }
            }
        }
        Some(_) => {
            return Err(Error::usage(format!("{} is not a file", full.display()), "move it to another place"));
        }
    }
    if let Some(Original::File { mode: before, .. }) = &step.installed.original {
        let readable = u32::from_str_radix(before, 8).unwrap_or(0o644);
        // Who may read the script may run the shim.
        step.mode = readable | (readable & 0o444) >> 2;
    }
    Ok(step)
}

/// Decides what is done where a link is: our own, which is known, or what was there before.
fn at_link(full: &Path, step: &mut Step, known: Option<&InstalledPath>) -> Result<(), Error> {
    let target = fs::read_link(full).map_err(Error::io("read the link", full))?;
    let is_link = |text: &str| !text.is_empty() && target == Path::new(text);
    let is_ours = known.is_some_and(|known| is_link(&known.link) || is_link(&step.installed.link));
    step.action = match is_ours {
        true if is_link(&step.installed.link) => Action::Nothing,
        true => Action::Exchange,
        false => Action::Replace,
    };
    if !is_ours {
        step.installed.from_git = false;
        step.installed.original = Some(original_link(full, &target)?);
        step.original_bytes = None;
    }
    Ok(())
}

/// Decides what is done where a shim of the tool is; `known` is the hash of the one that was put there, or that came with Git.
fn at_shim(step: &mut Step, entry: &Metadata, content: Vec<u8>, known: &str, is_asked: bool) {
    let current = shim::text(&step.installed.tool);
    let plain = shim::with_line_feeds(&content);
    let has_crlf = plain != content;
    let is_current = plain == current.as_bytes();
    let is_unedited = is_current || hash(&plain) == known;
    let is_usable = !has_crlf && entry.permissions().mode() & 0o111 != 0;
    if step.installed.shim.is_some() && !has_crlf && (is_current && is_usable || !is_asked) {
        // Another version of a shim that came with a pull runs the program as well.
        step.action = Action::Nothing;
        step.installed.shim = Some(known.to_owned());
    } else if is_unedited {
        step.action = Action::Exchange;
    } else {
        step.action = Action::Replace;
        step.edited = Some(content);
    }
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
