//! The one list of the tools. Dispatch, installation, completions, manual pages, the reference and CI are made from it.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use common::tool::Toolset;
use common::{Error, Tool, exit};
use host::Host;
use host::child;
use host::files;

/// Every tool of the suite that is a part of this program, or next to it.
pub const TOOLS: [Tool; 8] = [
    cycle_retro::TOOL,
    loop_guard::TOOL,
    triage_score::TOOL,
    loop_introspect::TOOL,
    backfill_retro::TOOL,
    // A parser of Python in this program would double the time in which a guard starts.
    Tool { run: run_next_to_this, ..pre_commit_checks::TOOL },
    orchestrator::TOOL,
    demo_forge::TOOL,
];

/// The suite, as what manages its tools needs to know it.
pub const TOOLSET: Toolset = Toolset { tools: &TOOLS, version: crate::version::VERSION };

/// Returns the tools that replace a script, each with the script's usual path.
pub fn automations() -> impl Iterator<Item = (&'static Tool, &'static str)> {
    TOOLSET.automations()
}

/// Returns the tool that a file's name or a word means, with or without `.py`.
pub(crate) fn called(name: &OsStr) -> Option<&'static Tool> {
    let name = Path::new(name).file_name()?.to_str()?;
    TOOLS.iter().find(|tool| tool.is_called(name))
}

/// Runs the tool that the program was called by, or that its first argument names; none if neither is one.
pub(crate) fn run(host: &Host) -> Option<u8> {
    let args = host.args();
    if let Some(tool) = args.first().and_then(|name| called(name)) {
        return Some((tool.run)(host));
    }
    let tool = args.get(1).filter(|word| !word.to_string_lossy().contains('/')).and_then(|word| called(word))?;
    // The program's own name stays first: the place of the symlink that it was called through decides about the repository.
    let shifted: Vec<OsString> = args.iter().take(1).chain(args.iter().skip(2)).cloned().collect();
    Some((tool.run)(&host.calling(shifted)))
}

/// Hands over to the program of `pre_commit_checks`, which is next to this one.
fn run_next_to_this(host: &Host) -> u8 {
    let name = pre_commit_checks::TOOL.id;
    let neighbour = host.program().ok().and_then(|program| Some(program.canonicalize().ok()?.with_file_name(name)));
    let program = neighbour.filter(|path| files::is_file(path).unwrap_or(false)).unwrap_or_else(|| name.into());
    // The name that it is called by stays: the place of the symlink decides about the repository.
    let called = host.args().first().map_or(OsStr::new(name), |called| called);
    let error = child::exec(program.as_os_str(), called, &host.args()[1..], &[]);
    let error = Error::caused(format!("cannot run {}", program.display()))(error);
    exit::end(host, &Err(error.with_hint(format!("install {name} next to timmy"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_found_by_every_name_they_are_called_by() {
        for name in ["loop_guard", "loop_guard.py", "/x/scripts/loop_guard.py", "./loop_guard"] {
            assert!(called(OsStr::new(name)).is_some(), "{name}");
        }
        for name in ["timmy", "timmy.py", "loop_guard.sh", "loop_guard.py.py", ""] {
            assert!(called(OsStr::new(name)).is_none(), "{name}");
        }
        assert!(TOOLSET.automation("demo_forge").is_none() && TOOLSET.automation("loop_guard").is_some());
    }
}
