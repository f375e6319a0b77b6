//! The tools in this binary, by name.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use common::child;
use common::host::Host;
use common::settings::{Layers, SettingsError};

/// A tool: runs in the given world, and returns its exit code.
pub type ToolRun = fn(&Host) -> u8;

/// Every tool that can be called by its name.
pub const TOOLS: [(&str, ToolRun); 8] = [
    ("backfill_retro", backfill_retro::run),
    ("cycle_retro", cycle_retro::run),
    ("demo_forge", demo_forge::run),
    ("loop_guard", loop_guard::run),
    ("loop_introspect", loop_introspect::run),
    ("orchestrator", orchestrator::run),
    ("pre_commit_checks", pre_commit_checks),
    ("triage_score", triage_score::run),
];

/// The tools that automations run.
pub const AUTOMATIONS: [&str; 7] = [
    "loop_guard",
    "cycle_retro",
    "triage_score",
    "orchestrator",
    "loop_introspect",
    "backfill_retro",
    "pre_commit_checks",
];

/// Takes every setting of a tool from the layers.
pub type TakeSettings = fn(&mut Layers) -> Result<(), SettingsError>;

/// Returns what takes the settings of a tool.
pub fn settings(id: &str) -> Option<TakeSettings> {
    Some(match id {
        "backfill_retro" => backfill_retro::settings,
        "cycle_retro" => cycle_retro::settings,
        "loop_guard" => loop_guard::settings,
        "loop_introspect" => loop_introspect::settings,
        "orchestrator" => orchestrator::settings,
        "pre_commit_checks" => pre_commit_checks::settings,
        "triage_score" => triage_score::settings,
        _ => return None,
    })
}

/// Returns the tool that a file's name or a word means, with or without `.py`.
pub fn tool(name: &OsStr) -> Option<ToolRun> {
    let name = Path::new(name).file_name()?.to_str()?;
    let name = name.strip_suffix(".py").unwrap_or(name);
    TOOLS.iter().find(|(known, _)| *known == name).map(|(_, run)| *run)
}

/// Runs the tool that the program was called by, or that its first argument names; none if neither is one.
pub fn run(host: &Host) -> Option<u8> {
    let args = host.args();
    if let Some(run) = args.first().and_then(|name| tool(name)) {
        return Some(run(host));
    }
    let run = args.get(1).filter(|word| !word.to_string_lossy().contains('/')).and_then(|word| tool(word))?;
    // The program's own name stays first: where the symlink lies that it was called through decides about the repository.
    let shifted: Vec<OsString> = args.iter().take(1).chain(args.iter().skip(2)).cloned().collect();
    Some(run(&host.calling(shifted)))
}

/// Hands over to the program `pre_commit_checks`, which lies beside this one: a parser of Python in it would double the
/// time in which a guard starts.
fn pre_commit_checks(host: &Host) -> u8 {
    let name = "pre_commit_checks";
    let beside = host.program().ok().and_then(|program| Some(program.canonicalize().ok()?.with_file_name(name)));
    let program = beside.filter(|path| path.is_file()).unwrap_or_else(|| name.into());
    // The name that it is called by stays: where the symlink lies decides about the repository.
    let called = host.args().first().map_or(OsStr::new(name), |called| called);
    let error = child::become_program(program.as_os_str(), called, &host.args()[1..], &[]);
    host.note(&format!("error: cannot run {}\n  caused by: {error}", program.display()));
    host.note(&format!("hint: install {name} next to timmy"));
    2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_found_by_every_name_they_are_called_by() {
        for name in ["loop_guard", "loop_guard.py", "/x/scripts/loop_guard.py", "./loop_guard"] {
            assert!(tool(OsStr::new(name)).is_some(), "{name}");
        }
        for name in ["timmy", "timmy.py", "loop_guard.sh", "loop_guard.py.py", ""] {
            assert!(tool(OsStr::new(name)).is_none(), "{name}");
        }
    }
}
