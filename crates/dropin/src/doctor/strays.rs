//! Links and shims at the paths of scripts that no installation here has recorded.

use std::collections::BTreeSet;
use std::fs;

use automations::{Context, shim};
use common::Error;
use host::files;
use records::Installation;

use crate::adoption::leads_to;
use crate::git_index;

/// Returns what is wrong with them, a line each.
pub(super) fn problems(
    context: &Context,
    installation: Option<&Installation>,
    paths: &BTreeSet<String>,
) -> Vec<String> {
    let is_recorded = |path: &str| installation.is_some_and(|installation| installation.of(path).is_some());
    let strays = paths.iter().filter(|path| !is_recorded(path));
    let problem = |path: &String| {
        let problem = problem(context, path).unwrap_or_else(|error| Some(error.chain()))?;
        Some(format!("{path}: {problem}"))
    };
    strays.filter_map(problem).collect()
}

fn problem(context: &Context, path: &str) -> Result<Option<String>, Error> {
    let root = context.repo().root();
    let full = root.join(path);
    let Some(entry) = files::entry(&full)? else { return Ok(None) };
    if entry.is_symlink() {
        let target = fs::read_link(&full).map_err(Error::io("read the link", &full))?;
        let is_ours = context.toolset.automations().any(|(tool, _)| leads_to(&full, &target, tool.id));
        let text = match (files::is_there(&full)?, is_ours) {
            (true, false) => return Ok(None),
            (true, true) => {
                "a link to a tool, but the record of the installation is gone; timmy install makes one, and timmy uninstall puts \
                 there what Git has"
            }
            (false, true) => {
                "a dangling link to a tool, as in a clone of an installed repository, or after git clean -fdx; timmy install fixes \
                 it, and timmy uninstall puts there what Git has"
            }
            (false, false) => "a dangling link",
        };
        return Ok(Some(text.to_owned()));
    }
    let Some(tool) = shim::tool_at(&full) else { return Ok(None) };
    if let Some(problem) = git_index::crlf_problem(root, path)? {
        return Ok(Some(problem));
    }
    let is_without = shim::program(context.host, root, &tool).is_none();
    let text = "a shim, but its program is not there, as in a clone; timmy install brings the programs";
    Ok(is_without.then(|| text.to_owned()))
}
