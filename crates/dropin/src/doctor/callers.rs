//! Who calls the scripts: lines of crontabs, hooks, workflows and shell scripts that name one, and the manifest.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use automations::supervise::is_compiled;
use automations::{Context, shim};
use host::child;
use host::files;
use serde::{Serialize, Serializer};

/// The largest file that is looked through, in bytes.
const LIMIT: u64 = 1 << 20;

/// How many files of a folder are looked through.
const MOST_FILES: usize = 500;

/// The folders of a repository in which callers may be.
const FOLDERS: [&str; 6] =
    [".gitea/workflows", ".forgejo/workflows", ".github/workflows", "scripts", "timmy_automations", "bin"];

/// Files in a repository's root that may call.
const FILES: [&str; 6] = ["Makefile", "justfile", "tox.ini", ".pre-commit-config.yaml", ".gitlab-ci.yml", "Procfile"];

/// A line that calls a script.
#[derive(Debug, Serialize)]
pub struct Caller {
    /// Its place: a file with the line, or where else it is.
    pub place: String,
    /// The script as it is named.
    pub script: String,
    /// What is at that path.
    pub what_is_there: There,
}

/// What is at a script's path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum There {
    /// A tool of the suite.
    Ours,
    /// A script that is not ours.
    Script,
    /// Nothing.
    Nothing,
}

impl There {
    /// Returns it in a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Script => "a script",
            Self::Nothing => "missing",
        }
    }
}

impl Serialize for There {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Ours => "ours",
            Self::Script => "script",
            Self::Nothing => "nothing",
        })
    }
}

/// Finds the callers.
pub(super) fn find_callers(context: &Context) -> Vec<Caller> {
    let root = context.repo().root();
    let mut callers = Vec::new();
    let crontab = child::output("crontab".as_ref(), &["-l".into()], root, Duration::from_secs(5), 1 << 20);
    if let Ok(said) = crontab {
        look_through(context, "crontab", root, &said.out, &mut callers);
    }
    let hooks = git2::Repository::open(root).ok().map(|repository| {
        let configured = repository.config().and_then(|config| config.get_path("core.hooksPath"));
        configured.map_or_else(|_| repository.commondir().join("hooks"), |path| root.join(path))
    });
    let mut places: Vec<PathBuf> = FILES.iter().map(|name| root.join(name)).collect();
    for folder in hooks.into_iter().chain(FOLDERS.iter().map(|name| root.join(name))) {
        places.extend(files_in(&folder));
    }
    places.extend(files_in(root).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "sh")));
    places.sort();
    places.dedup();
    for place in places {
        // A program of the suite holds the names of all of them, and the manifest is looked at below.
        if is_compiled(&place) || context.manifest.folder().is_some_and(|folder| place.starts_with(folder)) {
            continue;
        }
        if let Ok(Some(bytes)) = files::read(&place, LIMIT) {
            look_through(context, &context.shown(&place), place.parent().unwrap_or(root), &bytes, &mut callers);
        }
    }
    for listed in context.manifest.listed().iter().filter(|_| !context.is_built_in) {
        if context.toolset.automation(&listed.entry.id).is_some() {
            let path = context.base().join(&listed.entry.script);
            let place = format!("the manifest ({})", listed.entry.id);
            // What the manifest names and is not there is run all the same: by its name.
            let there = if path.exists() { what_is_at(&path) } else { There::Ours };
            callers.push(Caller { place, script: listed.entry.script.clone(), what_is_there: there });
        }
    }
    callers
}

/// The regular files of a folder, and of one more level of folders in it.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten().take(MOST_FILES) {
            match entry.file_type() {
                Ok(kind) if kind.is_file() && !entry.file_name().to_string_lossy().ends_with(".sample") => {
                    found.push(entry.path());
                }
                Ok(kind) if kind.is_dir() && depth == 0 && folder != Path::new("/") => {
                    folders.push((entry.path(), depth + 1));
                }
                _ => {}
            }
        }
    }
    found
}

/// Adds the lines of a text that name a script of the suite: from the repository's root, or from the folder of the text.
fn look_through(context: &Context, place: &str, folder: &Path, text: &[u8], callers: &mut Vec<Caller>) {
    for (number, line) in String::from_utf8_lossy(text).lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        for script in scripts_in(line, |name| context.toolset.automation(name).is_some()) {
            let from_root = what_is_at(&context.repo().root().join(script));
            let there = if from_root == There::Nothing { what_is_at(&folder.join(script)) } else { from_root };
            let place = format!("{place}:{}", number + 1);
            callers.push(Caller { place, script: script.to_owned(), what_is_there: there });
        }
    }
}

/// The words of a line that are the path of a script with a tool's name.
fn scripts_in<'a>(line: &'a str, is_tool: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = &'a str> {
    let is_of_path = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '~');
    line.split(move |c: char| !is_of_path(c)).filter(move |word| {
        let Some((folder, name)) = word.rsplit_once('/') else { return false };
        let is_plain = !folder.contains("originals") && !folder.contains(".loop/");
        is_plain && name.strip_suffix(".py").is_some_and(&is_tool)
    })
}

fn what_is_at(path: &Path) -> There {
    match path.canonicalize() {
        Err(_) => There::Nothing,
        Ok(real) if is_compiled(&real) || shim::is_at(&real) => There::Ours,
        Ok(_) => There::Script,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_found_in_a_line_however_they_are_called() {
        let found = |line: &'static str| {
            scripts_in(line, |name| ["loop_guard", "cycle_retro", "triage_score"].contains(&name)).collect::<Vec<_>>()
        };
        assert_eq!(found("*/5 * * * * cd /r && python3 scripts/triage_score.py --quiet"), ["scripts/triage_score.py"]);
        assert_eq!(
            found("run: ./scripts/loop_guard.py; /abs/cycle_retro.py"),
            ["./scripts/loop_guard.py", "/abs/cycle_retro.py"]
        );
        assert_eq!(found("import loop_guard.py"), [""; 0]);
        assert_eq!(found("python3 .loop/originals/scripts/loop_guard.py"), [""; 0]);
        assert_eq!(found("scripts/loop_guards.py"), [""; 0]);
    }
}
