//! One path of a script, and what is there.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use automations::{Context, shim};
use host::files;
use records::InstalledPath;
use serde::Serialize;

use crate::git_index;
use crate::program::is_runnable_by_python;
use crate::record::{self, Presence};

/// One path of a script, and what is there.
#[derive(Debug, Serialize)]
pub struct Place {
    /// The path, from the root of the repository.
    pub path: String,
    /// The tool that was installed there.
    pub tool: String,
    /// What is there now.
    pub state: PlaceState,
    /// The program that a call of the path runs.
    pub leads_to: Option<String>,
    /// What is wrong; nothing where all is well.
    pub problem: Option<String>,
    /// Whether the original script is kept.
    pub original_kept: bool,
}

/// What is at a path where a tool was installed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceState {
    /// The link.
    Link,
    /// The shim.
    Shim,
    /// The script of before, or the one that is committed, as after `git reset --hard`.
    Original,
    /// Another file.
    Other,
    /// Nothing.
    Missing,
}

impl PlaceState {
    /// Whether a call of the path is meant to run the tool.
    pub fn is_tool(self) -> bool {
        matches!(self, Self::Link | Self::Shim)
    }
}

/// Looks at a path; `bin` is the directory of the programs.
pub(super) fn place(context: &Context, installed: &InstalledPath, bin: &Path) -> Place {
    let root = context.repo().root();
    let full = root.join(&installed.path);
    let is_shim = installed.shim.is_some();
    let presence = record::presence(root, installed).unwrap_or(Presence::Other);
    let state = match presence {
        Presence::Nothing => PlaceState::Missing,
        Presence::Other => {
            let is_original = record::is_original(&full, installed.original.as_ref()).unwrap_or(false);
            let is_committed = || git_index::is_as_committed(root, &installed.path).unwrap_or(false);
            if is_original || is_committed() { PlaceState::Original } else { PlaceState::Other }
        }
        _ if is_shim => PlaceState::Shim,
        _ => PlaceState::Link,
    };
    let program = match state {
        PlaceState::Link => full.canonicalize().ok(),
        PlaceState::Shim => shim::program(context.host, root, &installed.tool),
        _ => None,
    };
    let what = if is_shim { "shim" } else { "link" };
    let has_crlf = is_shim && matches!(state, PlaceState::Shim | PlaceState::Other);
    let crlf = (has_crlf || shim::has_crlf(&full))
        .then(|| git_index::crlf_problem(root, &installed.path).unwrap_or_else(|error| Some(error.chain())))
        .flatten();
    let problem = match (state, &program) {
        _ if crlf.is_some() => crlf,
        (PlaceState::Missing, _) => Some("it is missing; timmy install or timmy uninstall fixes it".to_owned()),
        (PlaceState::Original, _) => Some(
            "the script of the repository is there again, as after git reset --hard; timmy install puts the tool back, \
             timmy uninstall forgets it"
                .to_owned(),
        ),
        (PlaceState::Other, _) => Some(format!("the installed {what} was replaced; timmy install restores it")),
        (PlaceState::Link, None) => Some(format!("a dangling link to {}; timmy install fixes it", installed.link)),
        (PlaceState::Link, Some(program)) if !is_executable(program) => {
            Some(format!("{} is not executable; timmy install fixes it", context.shown(program)))
        }
        (PlaceState::Shim, None) => Some(unfound_program(context, &bin.join(&installed.tool))),
        // A shim may find a program elsewhere, which only has to be a program.
        (_, Some(program))
            if (state == PlaceState::Link || program.starts_with(bin)) && !is_runnable_by_python(program) =>
        {
            Some(format!("python3 cannot run it: {} was changed; timmy install fixes it", context.shown(program)))
        }
        (PlaceState::Shim, _) if !is_executable(&full) => {
            Some("the shim is not executable; timmy install --shims fixes it".to_owned())
        }
        _ => None,
    };
    Place {
        path: installed.path.clone(),
        tool: installed.tool.clone(),
        state,
        leads_to: program.map(|program| context.shown(&program)),
        problem,
        original_kept: installed.original.is_some(),
    }
}

/// Why a shim does not find its program, which belongs at a path.
fn unfound_program(context: &Context, program: &Path) -> String {
    let shown = context.shown(program);
    if !files::is_file(program).unwrap_or(true) {
        format!("its program {shown} is missing; timmy install fixes it")
    } else if !is_executable(program) {
        format!("{shown} is not executable; timmy install fixes it")
    } else {
        let folder = program.parent().unwrap_or(program);
        format!("the shim does not find its program; set TIMMY_HOME={}", context.shown(folder))
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}
