//! Files under `.loop/` that no tool reads: what killed writers have left, and data that was kept.

use automations::Context;
use common::Error;
use common::error::chain;
use serde::Serialize;
use store::leftovers::{Leftover, LeftoverKind};

/// A file that no tool reads.
#[derive(Debug, Serialize)]
pub struct UnusedFile {
    /// The file.
    pub file: String,
    /// What it is, and what to do about it.
    pub about: &'static str,
}

/// Finds the files that no tool reads. Where a directory cannot be listed, that is a warning, and none is found.
pub fn unused_files(context: &Context) -> Vec<UnusedFile> {
    let leftovers = context.store.leftovers().unwrap_or_else(|error| {
        context.warn(&format!("{}: files that no tool reads are not looked for", chain(&error)));
        Vec::new()
    });
    let unused = |leftover: &Leftover| UnusedFile { file: context.shown(leftover.path()), about: about(leftover.kind) };
    leftovers.iter().map(unused).collect()
}

/// Removes what killed writers have left; with `dry_run` nothing is changed. Returns what is removed, and the rest.
pub(super) fn remove_temporary(context: &Context, dry_run: bool) -> Result<(Vec<String>, Vec<UnusedFile>), Error> {
    let mut removed = Vec::new();
    for leftover in context.store.leftovers()?.iter().filter(|leftover| leftover.kind == LeftoverKind::Temporary) {
        let done = if dry_run { Ok(true) } else { leftover.remove() };
        match done {
            Ok(true) => removed.push(context.shown(leftover.path())),
            Ok(false) => {}
            Err(error) => context.warn(&chain(&error)),
        }
    }
    let rest = unused_files(context).into_iter().filter(|unused| !removed.contains(&unused.file)).collect();
    Ok((removed, rest))
}

fn about(kind: LeftoverKind) -> &'static str {
    match kind {
        LeftoverKind::Temporary => "a temporary file of a writer that was killed; `timmy repair` removes it",
        LeftoverKind::Damaged => "damaged data that was kept; delete it when you no longer need it",
        LeftoverKind::Result => {
            "a result of the agent that no cycle has recorded; delete it when you no longer need it"
        }
        LeftoverKind::Replaced => {
            "what an uninstallation found in the place of a link; delete it when you no longer need it"
        }
    }
}
