//! What Git knows of a path: whether it sees its changes, and which there are.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use automations::shim;
use common::Error;
use git_repository::{uninterrupted, unreadable};
use git2::{
    AttrCheckFlags, AttrValue, ErrorCode, IndexEntryExtendedFlag, IndexEntryFlag, ObjectType, Oid, Repository, Status,
};
use host::child::{self, ExitOutcome};
use host::files;

use crate::record;

/// How long `git update-index` may take.
const LIMIT: Duration = Duration::from_mins(1);

/// A path that Git was asked to look away from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hidden {
    /// The path, from the root of the repository.
    pub(crate) path: String,
    /// The flag: `skip-worktree` or `assume-unchanged`.
    pub(crate) flag: &'static str,
}

impl Hidden {
    /// Returns the command that has Git see the path again.
    pub(crate) fn command(&self) -> String {
        format!("git update-index --no-{} {}", self.flag, self.path)
    }
}

/// Returns those of these paths whose changes Git does not see, because `git update-index` hid them.
///
/// # Errors
/// The index cannot be read.
pub(crate) fn hidden(root: &Path, paths: &[&str]) -> Result<Vec<Hidden>, Error> {
    let Some(repository) = git_repository::if_there(git_repository::discover(root))? else { return Ok(Vec::new()) };
    let Some(index) = git_repository::index(&repository)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for path in paths {
        let Some(entry) = index.get_path(Path::new(path), 0) else { continue };
        let skipped = entry.flags_extended & IndexEntryExtendedFlag::SKIP_WORKTREE.bits() != 0;
        let unchanged = entry.flags & IndexEntryFlag::VALID.bits() != 0;
        for (is_set, flag) in [(skipped, "skip-worktree"), (unchanged, "assume-unchanged")] {
            if is_set {
                found.push(Hidden { path: (*path).to_owned(), flag });
            }
        }
    }
    Ok(found)
}

/// Has Git see the changes of these paths again, as far as something is there: a path that a sparse checkout leaves out stays
/// hidden. Returns the paths.
///
/// # Errors
/// `git` fails.
pub(crate) fn show_again(root: &Path, paths: &[&str]) -> Result<Vec<String>, Error> {
    let mut shown = Vec::new();
    for hidden in hidden(root, paths)? {
        if files::entry(&root.join(&hidden.path))?.is_none() {
            continue;
        }
        let option = format!("--no-{}", hidden.flag);
        let args = ["update-index", &option, "--", &hidden.path].map(Into::into);
        let ended = child::output("git".as_ref(), &args, root, LIMIT, 1 << 16);
        if !ended.as_ref().is_ok_and(|output| output.ended == ExitOutcome::Code(0)) {
            let reason = match ended {
                Ok(output) => String::from_utf8_lossy(&output.err).trim().to_owned(),
                Err(error) => error.to_string(),
            };
            let message = format!("Git does not see changes of {} ({}): {reason}", hidden.path, hidden.flag);
            return Err(Error::failed(message, hidden.command()));
        }
        shown.push(hidden.path);
    }
    shown.dedup();
    Ok(shown)
}

/// Returns whether Git reports a path as changed or untracked, by the repository that it really lies in (which may be a submodule).
///
/// # Errors
/// Git cannot be asked.
pub(crate) fn is_changed(path: &Path) -> Result<bool, Error> {
    Ok(status(path)?.is_some_and(|status| !status.is_empty() && !status.is_ignored()))
}

/// Returns whether a path is as it is committed. A path whose changes Git does not show is not known to be.
///
/// # Errors
/// Git cannot be asked.
pub(crate) fn is_as_committed(root: &Path, path: &str) -> Result<bool, Error> {
    let full = root.join(path);
    Ok(files::entry(&full)?.is_some() && status(&full)? == Some(Status::CURRENT) && hidden(root, &[path])?.is_empty())
}

/// Returns whether Git has a file with this content, in whichever commit.
///
/// # Errors
/// Git cannot be asked.
pub(crate) fn has_content(root: &Path, content: &[u8]) -> Result<bool, Error> {
    let Some(repository) = git_repository::if_there(git_repository::discover(root))? else { return Ok(false) };
    let id = Oid::hash_object(ObjectType::Blob, content).map_err(unreadable(root))?;
    match uninterrupted(|| repository.find_blob(id)) {
        Ok(_) => Ok(true),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
        Err(error) => Err(unreadable(root)(error).into()),
    }
}

/// Returns whether Git has something else at a path than is there.
///
/// # Errors
/// Git cannot be asked.
pub(crate) fn differs_from_commit(path: &Path) -> Result<bool, Error> {
    Ok(is_changed(path)? && status(path)? != Some(Status::WT_NEW))
}

/// Returns the status of a path; none where there is no repository, or neither Git nor the system has it.
///
/// # Errors
/// Git cannot be asked, or the path cannot be read.
pub(crate) fn status(path: &Path) -> Result<Option<Status>, Error> {
    let Some(Located { repository, tree, name }) = locate(path)? else { return Ok(None) };
    let name = name.as_path();
    let present = id_on_disk(path)?;
    let unreadable = || unreadable(&tree);
    let index = git_repository::index(&repository)?;
    let staged = index.and_then(|index| index.get_path(name, 0)).map(|entry| (entry.id, entry.mode));
    let Some(staged) = staged else {
        let is_ignored = || uninterrupted(|| repository.is_path_ignored(name)).map_err(unreadable());
        return Ok(match present {
            None => None,
            Some(_) if is_ignored()? => Some(Status::IGNORED),
            Some(_) => Some(Status::WT_NEW),
        });
    };
    // The library takes a file that it cannot open for a changed one.
    if present == Some(staged.0)
        && uninterrupted(|| committed(&repository, name)).map_err(unreadable())? == Some(staged)
    {
        let is_executable = || Ok::<_, Error>(files::entry(path)?.is_some_and(|entry| entry.mode() & 0o100 != 0));
        let has_modes = repository.config().and_then(|config| config.get_bool("core.fileMode")).unwrap_or(true);
        let is_file = staged.1 & 0o170_000 == 0o100_000;
        if !has_modes || !is_file || is_executable()? == (staged.1 & 0o100 != 0) {
            return Ok(Some(Status::CURRENT));
        }
    }
    match uninterrupted(|| repository.status_file(name)) {
        Ok(status) => Ok(Some(status)),
        // It may be a folder for Git, or two paths.
        Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Ambiguous) => Ok(Some(Status::WT_NEW)),
        Err(error) => Err(unreadable()(error).into()),
    }
}

/// Returns what is wrong with the line ends of a shim, which no shell runs with CRLF: of the one that is there, or of one that Git
/// checks out. None where there is nothing wrong.
///
/// # Errors
/// Git cannot be asked.
pub(crate) fn crlf_problem(root: &Path, path: &str) -> Result<Option<String>, Error> {
    let Some(repository) = git_repository::if_there(git_repository::open(root))? else { return Ok(None) };
    let attribute = |name: &str| {
        let value = uninterrupted(|| {
            let value = repository.get_attr_bytes(Path::new(path), name, AttrCheckFlags::default())?;
            Ok(value.map(<[u8]>::to_vec))
        });
        value.map_err(unreadable(root))
    };
    let (text, eol) = (attribute("text")?, attribute("eol")?);
    let is_binary = matches!(AttrValue::from_bytes(text.as_deref()), AttrValue::False);
    let is_text = !matches!(AttrValue::from_bytes(text.as_deref()), AttrValue::Unspecified);
    let config = repository.config().map_err(unreadable(root))?;
    let is_set = |key: &str, value: &str| config.get_string(key).is_ok_and(|set| set.eq_ignore_ascii_case(value));
    let is_crlf = match eol.as_deref() {
        Some(eol) => eol == b"crlf",
        None => is_set("core.autocrlf", "true") || is_text && is_set("core.eol", "crlf"),
    };
    if is_crlf && !is_binary {
        return Ok(Some(format!(
            "Git checks it out with CRLF line ends, which no shell runs: put `/{path} text eol=lf` at the end of .gitattributes, \
             commit that, and run timmy install --shims"
        )));
    }
    let has_crlf = shim::has_crlf(&root.join(path));
    Ok(has_crlf.then(|| "it has CRLF line ends, which no shell runs; timmy install --shims fixes it".to_owned()))
}

/// A file or a link that is committed.
pub(crate) struct Committed {
    /// Whether it is a symbolic link; its content is then the target.
    pub(crate) is_link: bool,
    /// Whether it is a program.
    pub(crate) is_executable: bool,
    /// The bytes that a checkout writes, with the line ends and by the filters that are set.
    pub(crate) content: Vec<u8>,
}

/// Returns what is committed at a path; none where there is no repository, or nothing is committed there.
///
/// # Errors
/// Git cannot be asked.
pub(crate) fn committed_at(path: &Path) -> Result<Option<Committed>, Error> {
    let Some(Located { repository, tree, name }) = locate(path)? else { return Ok(None) };
    let found = uninterrupted(|| committed(&repository, &name)).map_err(unreadable(&tree))?;
    let Some((_, mode)) = found.filter(|(_, mode)| matches!(mode & 0o170_000, 0o100_000 | 0o120_000)) else {
        return Ok(None);
    };
    let object = ["HEAD:", &name.to_string_lossy()].concat();
    let args = ["cat-file", "--filters", &object].map(Into::into);
    let most = usize::try_from(record::LIMIT).unwrap_or(usize::MAX);
    let printed = child::output("git".as_ref(), &args, &tree, LIMIT, most).map_err(Error::io("run", "git"))?;
    if printed.ended != ExitOutcome::Code(0) {
        let reason = String::from_utf8_lossy(&printed.err).trim().to_owned();
        return Err(Error::failed(
            format!("git cannot read {object}: {reason}"),
            format!("git checkout -- {}", name.display()),
        ));
    }
    let is_link = mode & 0o170_000 == 0o120_000;
    Ok(Some(Committed { is_link, is_executable: mode & 0o100 != 0, content: printed.out }))
}

/// A path in the repository that it really lies in.
struct Located {
    repository: Repository,
    /// The work tree.
    tree: PathBuf,
    /// The path from there.
    name: PathBuf,
}

/// Finds the repository that a path really lies in, which may be a submodule; none where there is none.
fn locate(path: &Path) -> Result<Option<Located>, Error> {
    let Some(folder) = real_folder(path)? else { return Ok(None) };
    let Some(repository) = git_repository::if_there(git_repository::discover(&folder))? else { return Ok(None) };
    let Some(tree) = repository.workdir() else { return Ok(None) };
    let tree = fs::canonicalize(tree).map_err(Error::io("find", tree))?;
    let real: PathBuf = folder.join(path.file_name().unwrap_or_default());
    let Ok(name) = real.strip_prefix(&tree).map(Path::to_owned) else { return Ok(None) };
    Ok(Some(Located { repository, tree, name }))
}

/// The name that Git would give to what is at a path; none where nothing is.
fn id_on_disk(path: &Path) -> Result<Option<Oid>, Error> {
    let Some(entry) = files::entry(path)? else { return Ok(None) };
    let content = if entry.is_symlink() {
        fs::read_link(path).map_err(Error::io("read the link", path))?.into_os_string().into_encoded_bytes()
    } else if entry.is_file() {
        files::read_existing(path, record::LIMIT)?
    } else {
        return Ok(Some(Oid::ZERO_SHA1));
    };
    Ok(Some(Oid::hash_object(ObjectType::Blob, &content).map_err(unreadable(path))?))
}

/// What is committed at a path, with its mode; none where nothing is, or nothing is committed yet.
fn committed(repository: &Repository, name: &Path) -> Result<Option<(Oid, u32)>, git2::Error> {
    let head = match repository.head() {
        Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::UnbornBranch) => return Ok(None),
        head => head?,
    };
    match head.peel_to_tree()?.get_path(name) {
        Ok(entry) => Ok(Some((entry.id(), u32::try_from(entry.filemode()).unwrap_or(0)))),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The folder that a path really lies in; none where there is none.
fn real_folder(path: &Path) -> Result<Option<PathBuf>, Error> {
    let Some(folder) = path.parent() else { return Ok(None) };
    match fs::canonicalize(folder) {
        Ok(real) => Ok(Some(real)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("find", folder)(error)),
    }
}
