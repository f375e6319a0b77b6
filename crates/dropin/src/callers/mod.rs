//! Who calls the scripts, and whether the call goes on working: lines of crontabs, hooks, workflows and shell scripts that name
//! one, imports, and the manifest.

mod places;
mod text;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use automations::supervise::is_compiled;
use automations::{Context, shim};
use common::error::chain;
use git_hook::HookFile;
use git2::FileMode;
use host::child;
use host::files;
use serde::{Serialize, Serializer};

use crate::plan::{self, Kind};
use text::{Import, entry_points_in, imports_in, last, modules_run_in, of_notebook, paths_in, programs_in};

/// The largest file that is looked through, in bytes.
const LIMIT: u64 = 1 << 20;

/// Where the programs are.
const PROGRAMS: &str = ".loop/bin/";

/// A line that calls a script.
#[derive(Debug, Serialize)]
pub struct Caller {
    /// Its place: a file with the line, or where else it is.
    pub place: String,
    /// The script, or the module, as it is named.
    pub script: String,
    /// How it is called.
    pub how: CallKind,
    /// What is at that path.
    pub what_is_there: There,
    /// What is at that path in a clone, if it is called there.
    pub in_clone: Option<There>,
    /// Why the call fails, and what to do; nothing where it works.
    pub problem: Option<String>,
}

/// How a script is called.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// By its path.
    Path,
    /// As a module that Python runs, with `-m`.
    Module,
    /// By an import.
    Import,
}

impl CallKind {
    /// Returns the verb.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Path => "calls",
            Self::Module => "runs with -m",
            Self::Import => "imports",
        }
    }
}

/// What is at a script's path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum There {
    /// A tool of the suite.
    Ours,
    /// A shim, which runs a tool of the suite.
    Shim,
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
            Self::Shim => "a shim",
            Self::Script => "a script",
            Self::Nothing => "missing",
        }
    }
}

impl Serialize for There {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Ours => "ours",
            Self::Shim => "shim",
            Self::Script => "script",
            Self::Nothing => "nothing",
        })
    }
}

impl Caller {
    /// Whether it calls a program in `.loop/bin`, which an uninstallation removes.
    pub(crate) fn is_of_program(&self) -> bool {
        self.script.starts_with(PROGRAMS)
    }

    /// What differs on other machines, as far as the call runs there.
    pub(crate) fn note(&self) -> Option<String> {
        let there = match self.in_clone? {
            There::Script | There::Nothing if places::is_of_pre_commit(&self.place) => {
                "pre-commit puts aside what is not committed, and so runs the old script, or none; commit shims (timmy install \
                 --shims)"
            }
            There::Script if self.what_is_there != There::Script => {
                "a clone, as in CI, has the old script there; timmy install --shims makes files that can be committed"
            }
            There::Shim => {
                "a clone, as in CI, has the shim, but no program; have it run timmy install, or set TIMMY_HOME there"
            }
            There::Ours => {
                "a clone, as in CI, has a link there that leads nowhere; do not commit it, but timmy install --shims"
            }
            There::Nothing if self.what_is_there != There::Nothing => {
                "a clone, as in CI, has nothing there; timmy install --shims makes a file that can be committed"
            }
            _ => return None,
        };
        Some(format!("{} {} {}: {there}", self.place, self.how.verb(), self.script))
    }
}

/// Finds the callers; `planned` is what an installation is about to put at the paths.
pub(crate) fn find_callers(context: &Context, planned: Option<Kind>) -> Vec<Caller> {
    let root = context.repo().root();
    let mut search = Search { context, planned, places: plan::places(context).unwrap_or_default(), found: Vec::new() };
    match child::output("crontab".as_ref(), &["-l".into()], root, Duration::from_secs(5), 1 << 20) {
        Ok(printed) => search.calls("crontab", root, &String::from_utf8_lossy(&printed.out)),
        // Without the program there is no crontab.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => context.warn(&format!("cannot read the crontab: {error}")),
    }
    let is_skipped = |place: &Path| {
        // A program of the suite and a shim hold names of scripts, and the manifest is looked at below.
        is_compiled(place)
            || shim::is_at(place)
            || context.manifest.folder().is_some_and(|folder| place.starts_with(folder))
    };
    let read = |place: &Path| {
        let bytes = match files::read(place, LIMIT) {
            _ if is_skipped(place) => None,
            Ok(bytes) => bytes,
            Err(error) if error.is_no_file() || error.is_too_large() => None,
            Err(error) => {
                context.warn(&format!("callers are not looked for: {}", chain(&error)));
                None
            }
        };
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    for place in places::with_calls(context) {
        if let Some(text) = read(&place) {
            search.calls(&context.shown(&place), place.parent().unwrap_or(root), &text);
        }
    }
    let tools: Vec<&str> = search.places.iter().map(|(_, tool)| *tool).collect();
    for place in places::of_python(context) {
        // Most files name no tool, which is soon seen.
        let Some(text) = read(&place).filter(|text| tools.iter().any(|tool| text.contains(tool))) else { continue };
        let shown = context.shown(&place);
        match place.extension().map(OsStr::as_encoded_bytes) {
            Some(b"ipynb") => search.imports(&shown, &of_notebook(&text)),
            None if !text.starts_with("#!") || !text.lines().next().is_some_and(|line| line.contains("python")) => {}
            _ => search.imports(&shown, &text),
        }
    }
    search.manifest();
    let mut found = search.found;
    let mut seen = HashSet::new();
    found.retain(|caller| seen.insert((caller.place.clone(), caller.script.clone(), caller.how)));
    found
}

struct Search<'a, 'h> {
    context: &'a Context<'h>,
    planned: Option<Kind>,
    /// The paths of the tools.
    places: Vec<(String, &'static str)>,
    found: Vec<Caller>,
}

impl Search<'_, '_> {
    fn is_tool(&self) -> impl Fn(&str) -> bool + use<'_> {
        |name: &str| self.context.toolset.automation(name).is_some()
    }

    /// Adds the lines of a text that name a script of the suite: from the repository's root, or from the folder of the text.
    fn calls(&mut self, place: &str, folder: &Path, text: &str) {
        let root = self.context.repo().root();
        let mut found = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with('#') {
                continue;
            }
            let at = format!("{place}:{}", number + 1);
            for script in paths_in(line, self.is_tool()) {
                let from_root = self.there(&root.join(script));
                let is_from_root = from_root != There::Nothing;
                let there = if is_from_root { from_root } else { self.there(&folder.join(script)) };
                let is_elsewhere = places::is_of_ci(place) || places::is_of_pre_commit(place);
                let in_clone = is_elsewhere.then(|| in_clone(root, script.trim_start_matches("./")));
                found.push(Caller {
                    place: at.clone(),
                    script: script.to_owned(),
                    how: CallKind::Path,
                    what_is_there: there,
                    in_clone,
                    problem: None,
                });
            }
            for module in modules_run_in(line, self.is_tool()) {
                found.extend(self.module(place, at.clone(), module, CallKind::Module, &[]));
            }
            found.extend(self.entry_points(place, &at, line));
            found.extend(self.programs(&at, line));
        }
        self.found.extend(found);
    }

    /// The functions of scripts that a line of a project's configuration makes commands of.
    fn entry_points(&self, place: &str, at: &str, line: &str) -> Vec<Caller> {
        if !places::has_entry_points(place) {
            return Vec::new();
        }
        let points = entry_points_in(line, self.is_tool());
        let caller = |(module, name): (&str, &str)| {
            self.module(place, at.to_owned(), module, CallKind::Import, &[name.to_owned()])
        };
        points.filter_map(caller).collect()
    }

    /// The programs in `.loop/bin` that a line calls, other than our own line in a hook, which lets commits pass without it.
    fn programs(&self, at: &str, line: &str) -> Vec<Caller> {
        let root = self.context.repo().root();
        let shown = root.to_string_lossy();
        let is_program = |name: &str| name == "timmy" || self.is_tool()(name);
        let mut programs = programs_in(line, &shown, is_program).peekable();
        if programs.peek().is_none() || !HookFile::parse([line, "\n"].concat().into_bytes()).lines.is_empty() {
            return Vec::new();
        }
        let caller = |program: &str| Caller {
            place: at.to_owned(),
            script: program.to_owned(),
            how: CallKind::Path,
            what_is_there: if self.planned.is_some() { There::Ours } else { what_is_at(&root.join(program)) },
            in_clone: None,
            problem: None,
        };
        programs.map(caller).collect()
    }

    /// Adds the imports of a Python text, and what it has Python run.
    fn imports(&mut self, place: &str, text: &str) {
        let imports = imports_in(text, self.is_tool());
        let callers = imports.iter().filter_map(|Import { line, module, names }| {
            self.module(place, format!("{place}:{line}"), module, CallKind::Import, names)
        });
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
        let run = lines.flat_map(|(number, line)| {
            let at = format!("{place}:{}", number + 1);
            let modules = modules_run_in(line, self.is_tool());
            let of_line = modules.filter_map(|module| self.module(place, at.clone(), module, CallKind::Module, &[]));
            of_line.chain(self.entry_points(place, &at, line)).collect::<Vec<_>>()
        });
        let callers: Vec<Caller> = callers.chain(run).collect();
        self.found.extend(callers);
    }

    /// A call of a module; none where no script of that name is.
    fn module(&self, file: &str, at: String, module: &str, how: CallKind, names: &[String]) -> Option<Caller> {
        let (path, _) = self.places.iter().find(|(_, tool)| *tool == last(module))?;
        let there = self.there(&self.context.repo().root().join(path));
        let missing: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name != "main").collect();
        let problem = match (there, how) {
            (There::Ours, CallKind::Import) => Some(
                "Python cannot import a program (SyntaxError: null bytes); timmy install --shims makes it importable, with `main` \
                 and nothing else"
                    .to_owned(),
            ),
            (There::Ours, CallKind::Module) => Some(
                "Python cannot run a program with -m (SyntaxError: null bytes); timmy install --shims makes that work"
                    .to_owned(),
            ),
            (There::Shim, CallKind::Import) if !missing.is_empty() => Some(format!(
                "a shim has `main` and nothing else, and no {}; keep the old script under another name for that",
                missing.join(", ")
            )),
            _ => None,
        };
        // A module that is not here may be installed elsewhere.
        let is_meant = file != path && there != There::Nothing;
        let in_clone = places::is_of_ci(file).then(|| in_clone(self.context.repo().root(), path));
        let caller = Caller { place: at, script: module.to_owned(), how, what_is_there: there, in_clone, problem };
        is_meant.then_some(caller)
    }

    /// Adds the entries of the manifest that are tools.
    fn manifest(&mut self) {
        let context = self.context;
        for listed in context.manifest.listed().iter().filter(|_| !context.is_built_in) {
            if context.toolset.automation(&listed.entry.id).is_some() {
                let path = context.base().join(&listed.entry.script);
                let place = format!("the manifest ({})", listed.entry.id);
                // What the manifest names and is not there is run all the same: by its name.
                let is_there = files::is_there(&path).unwrap_or(true);
                let there = if is_there { self.there(&path) } else { There::Ours };
                self.found.push(Caller {
                    place,
                    script: listed.entry.script.clone(),
                    how: CallKind::Path,
                    what_is_there: there,
                    in_clone: None,
                    problem: None,
                });
            }
        }
    }

    fn there(&self, path: &Path) -> There {
        let root = self.context.repo().root();
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
        match self.planned {
            Some(kind) if self.places.iter().any(|(path, _)| *path == name.trim_start_matches("./")) => match kind {
                Kind::Links => There::Ours,
                Kind::Shims => There::Shim,
            },
            _ => what_is_at(path),
        }
    }
}

fn what_is_at(path: &Path) -> There {
    match path.canonicalize() {
        Err(_) => There::Nothing,
        Ok(real) if is_compiled(&real) => There::Ours,
        Ok(real) if shim::is_at(&real) => There::Shim,
        Ok(_) => There::Script,
    }
}

/// What a clone has at a path: what is committed.
fn in_clone(root: &Path, path: &str) -> There {
    let found = || {
        let repository = git_repository::discover(root).ok()?;
        let entry = repository.head().ok()?.peel_to_tree().ok()?.get_path(Path::new(path)).ok()?;
        let is_link = entry.filemode() == i32::from(FileMode::Link);
        let content = repository.find_blob(entry.id()).ok()?.content().to_vec();
        let is_ours = String::from_utf8_lossy(&content).contains(".loop/bin/");
        Some(match (is_link, shim::tool_of(&content)) {
            (true, _) if is_ours => There::Ours,
            (false, Some(_)) => There::Shim,
            _ => There::Script,
        })
    };
    found().unwrap_or(There::Nothing)
}
