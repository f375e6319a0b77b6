//! `timmy shadow`: an old script and the tool that replaces it, side by side.

use std::time::Duration;

use automations::Context;
use common::{Error, Outcome, Page};
use dropin::shadow::{self, Comparisons, ShadowOptions, comparisons};
use host::Host;
use host::text;

use crate::cli::{ShadowArgs, ShadowCommand};
use crate::present::present;
use crate::table;
use crate::tools::TOOLSET;

/// How many kinds of differences of one tool are shown.
const SHOWN: usize = 10;

/// Runs both and ends as the old script does, or shows how often they agreed.
pub(crate) fn command(host: &Host, args: &ShadowArgs) -> Result<Outcome, Error> {
    if let Some(ShadowCommand::Report(args)) = &args.command {
        return report(&Context::open_anyway(host, TOOLSET, &args.common)?);
    }
    let context = Context::open(host, TOOLSET, &args.common)?;
    let (live, timeout, call) = (args.live, Duration::from_secs(args.timeout), args.call.clone());
    Ok(Outcome::exit(shadow::shadow(&context, &ShadowOptions { live, timeout, call })?, ""))
}

/// Shows agreement by tool and the differences; exit 1 if there was one.
fn report(context: &Context) -> Result<Outcome, Error> {
    let comparisons = comparisons(context)?;
    present(context, &comparisons, render)?;
    let damaged = comparisons.damaged_lines;
    if damaged > 0 {
        let runs = context.store.shadow_runs();
        context.warn(&format!("{}: {} cannot be read", runs.path().display(), text::counted(damaged, "line")));
    }
    Ok(Outcome::yes_or_no(comparisons.tools.values().all(|tool| tool.agreed == tool.runs)))
}

fn render(comparisons: &Comparisons, page: &mut Page) {
    if comparisons.tools.is_empty() {
        page.line(
            "No comparison is recorded: timmy shadow -- python3 .loop/originals/scripts/NAME.py ARGS records one",
        );
        return;
    }
    let mut rows = Vec::new();
    for (name, tool) in &comparisons.tools {
        let mean = |sum: u64| format!("{} ms", sum / tool.runs.max(1));
        let (runs, agreed) = (tool.runs.to_string(), tool.agreed.to_string());
        rows.push(vec![name.clone(), runs, agreed, mean(tool.old_ms), mean(tool.new_ms)]);
    }
    table::add(page, &["TOOL", "RUNS", "AGREED", "OLD", "NEW"], &rows);
    for (name, tool) in comparisons.tools.iter().filter(|(_, tool)| !tool.differences.is_empty()) {
        page.line("");
        page.line(format!("{name} differed in:"));
        let mut kinds: Vec<_> = tool.differences.iter().collect();
        kinds.sort_by_key(|(_, kind)| std::cmp::Reverse(kind.count));
        for (place, kind) in kinds.iter().take(SHOWN) {
            page.entry(&format!("  {} x ", kind.count), place);
            page.entry("      old: ", &kind.old);
            page.entry("      new: ", &kind.new);
        }
    }
}
