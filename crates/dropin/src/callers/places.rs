//! The files that may call scripts: workflows, hooks, crontabs, shell scripts, Python files.

use std::path::{Path, PathBuf};

use automations::Context;
use common::error::chain;
use host::files;

/// How many files of a folder are looked through.
const MOST_FILES: usize = 500;

/// How many Python files are looked through.
const MOST_PYTHON_FILES: usize = 5000;

/// The folders of a repository in which callers may be.
const FOLDERS: [&str; 18] = [
    ".ci",
    ".circleci",
    ".forgejo/workflows",
    ".gitea/workflows",
    ".githooks",
    ".github/workflows",
    ".husky",
    ".woodpecker",
    "bin",
    "ci",
    "cron",
    "cron.d",
    "deploy",
    "etc",
    "ops",
    "scripts",
    "systemd",
    "timmy_automations",
];

/// Files in a repository's root that may call.
const FILES: [&str; 16] = [
    ".drone.yml",
    ".gitlab-ci.yml",
    ".pre-commit-config.yaml",
    ".travis.yml",
    "Jenkinsfile",
    "Justfile",
    "Makefile",
    "Procfile",
    "Taskfile.yml",
    "justfile",
    "noxfile.py",
    "package.json",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "tox.ini",
];

/// Beginnings and endings of the names of such files.
const BEGINNINGS: [&str; 5] = [".woodpecker", "Dockerfile", "compose.", "crontab", "docker-compose"];
const ENDINGS: [&str; 9] = [".bash", ".cron", ".crontab", ".fish", ".plist", ".service", ".sh", ".timer", ".zsh"];

/// Places whose callers run in a clone, on another machine.
const IN_CLONES: [&str; 11] = [
    ".circleci/",
    ".drone.yml",
    ".forgejo/workflows/",
    ".gitea/workflows/",
    ".github/workflows/",
    ".gitlab-ci.yml",
    ".travis.yml",
    ".woodpecker",
    "Dockerfile",
    "Jenkinsfile",
    "azure-pipelines",
];

/// Returns whether what a file calls is called in a clone; the path is one from the root of the repository.
pub(super) fn is_of_ci(path: &str) -> bool {
    IN_CLONES.iter().any(|beginning| path.starts_with(beginning))
}

/// Returns whether what a file calls is called by the program pre-commit, which puts aside what is not committed.
pub(super) fn is_of_pre_commit(path: &str) -> bool {
    path.starts_with(".pre-commit-config.yaml")
}

/// Returns whether a file of a project makes commands of functions.
pub(super) fn has_entry_points(path: &str) -> bool {
    matches!(path, "pyproject.toml" | "setup.cfg" | "setup.py")
}

/// Returns the files in which a line may call a script.
pub(super) fn with_calls(context: &Context) -> Vec<PathBuf> {
    let root = context.repo().root();
    let hooks = git_repository::if_there(git_hook::folder(root)).unwrap_or_else(|error| {
        context.warn(&chain(&error));
        None
    });
    let mut places: Vec<PathBuf> = FILES.iter().map(|name| root.join(name)).collect();
    for folder in hooks.into_iter().chain(FOLDERS.iter().map(|name| root.join(name))) {
        places.extend(files_in(context, &folder, 1));
    }
    places.extend(files_in(context, root, 0).into_iter().filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
            || ENDINGS.iter().any(|ending| name.ends_with(ending))
    }));
    places.sort();
    places.dedup();
    places
}

/// Returns the files that may be in Python, also notebooks and programs without an ending: those that Git knows, and those of the
/// folders in which callers may be.
pub(super) fn of_python(context: &Context) -> Vec<PathBuf> {
    let root = context.repo().root();
    let is_python = |path: &Path| path.extension().is_none_or(|ending| ending == "py" || ending == "ipynb");
    let repository = git_repository::if_there(git_repository::discover(root));
    let index = repository.and_then(|repository| repository.as_ref().map_or(Ok(None), git_repository::index));
    let index = index.unwrap_or_else(|error| {
        context.warn(&chain(&error));
        None
    });
    let known = index.iter().flat_map(git2::Index::iter).map(|entry| {
        use std::os::unix::ffi::OsStrExt;
        root.join(std::ffi::OsStr::from_bytes(&entry.path))
    });
    let mut places: Vec<PathBuf> = known.filter(|path| is_python(path)).take(MOST_PYTHON_FILES).collect();
    let folders = FOLDERS.iter().map(|name| (root.join(name), 1)).chain([(root.to_owned(), 0)]);
    places.extend(folders.flat_map(|(folder, depth)| files_in(context, &folder, depth)).filter(|path| is_python(path)));
    places.sort();
    places.dedup();
    places
}

/// The regular files of a folder, and of so many levels of folders in it.
fn files_in(context: &Context, folder: &Path, depth: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), depth)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match files::list(&folder) {
            Err(error) if error.is_no_file() => continue,
            Err(error) => {
                context.warn(&format!("callers are not looked for there: {}", chain(&error)));
                continue;
            }
            Ok(entries) => entries.into_iter().take(MOST_FILES),
        };
        for entry in entries {
            match entry.file_type() {
                Ok(kind) if kind.is_file() && !entry.file_name().to_string_lossy().ends_with(".sample") => {
                    found.push(entry.path());
                }
                Ok(kind) if kind.is_dir() && depth > 0 && folder != Path::new("/") => {
                    folders.push((entry.path(), depth - 1));
                }
                _ => {}
            }
        }
    }
    found
}
