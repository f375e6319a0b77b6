//! The tools in this binary, by name.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use common::host::Host;

/// A tool: runs in the given world, and returns its exit code.
pub type ToolRun = fn(&Host) -> u8;

/// Every tool that can be called by its name.
pub const TOOLS: [(&str, ToolRun); 7] = [
    ("backfill_retro", backfill_retro::run),
    ("cycle_retro", cycle_retro::run),
    ("demo_forge", demo_forge::run),
    ("loop_guard", loop_guard::run),
    ("loop_introspect", loop_introspect::run),
    ("orchestrator", orchestrator::run),
    ("triage_score", triage_score::run),
];

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
