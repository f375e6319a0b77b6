//! `timmy repair`: damaged bytes are moved out of the files under `.loop/`, and the loop's user can write them.

use automations::Context;
use common::{Error, Outcome, Page};
use explain::integrity::{self, HandOver, Repair, Repairs};
use host::Host;
use host::text;

use crate::cli::RepairArgs;
use crate::present::present;
use crate::tools::TOOLSET;

/// Repairs every damaged file; exit 1 if one could not be read.
pub(crate) fn repair(host: &Host, args: &RepairArgs) -> Result<Outcome, Error> {
    let context = Context::open_anyway(host, TOOLSET, &args.common)?;
    let repairs = integrity::repair(&context, args.dry_run)?;
    present(&context, &repairs, render)?;
    Ok(Outcome::yes_or_no(repairs.is_whole))
}

fn render(repairs: &Repairs, page: &mut Page) {
    let would = if repairs.dry_run { "would be " } else { "" };
    for Repair { file, lines, moved_to } in &repairs.repaired {
        page.line(match (lines, moved_to) {
            (Some(lines), Some(side)) => format!("{file}: {} {would}moved to {side}", text::counted(*lines, "line")),
            (_, Some(kept)) => {
                format!("{file}: moved to {kept}; its content is no longer used, and its tool recreates it")
            }
            (_, None) => format!("{file}: would be moved"),
        });
    }
    for HandOver { entry, done } in &repairs.handed_over {
        page.line(match (done, repairs.dry_run) {
            (true, false) => format!("{}: now {} can write it", entry.file, entry.user),
            (true, true) => format!("{}: {}; this would be repaired", entry.file, entry.problem()),
            (false, _) => format!("{}: {}; run `timmy repair` as root", entry.file, entry.problem()),
        });
    }
    page.lines(
        repairs.removed.iter().map(|file| format!("{file}: {would}removed (a writer that was killed has left it)")),
    );
    if repairs.repaired.is_empty() && repairs.handed_over.is_empty() && repairs.removed.is_empty() && repairs.is_whole {
        page.line("Nothing is damaged");
    }
    page.lines(repairs.unused.iter().map(|unused| format!("{}: {}", unused.file, unused.about)));
}
