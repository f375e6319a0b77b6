//! `timmy shadow report`: how often old and new agreed, and in what they did not.

use std::collections::BTreeMap;

use common::{Error, Outcome, Page, View};
use host::text;
use records::ShadowRun;
use serde::Serialize;
use store::Log;

use crate::context::Context;
use crate::table;

/// How many kinds of differences of one tool are shown.
const SHOWN: usize = 10;

/// What is known of one tool.
#[derive(Default, Serialize)]
struct Tool {
    runs: u64,
    agreed: u64,
    old_ms: u64,
    new_ms: u64,
    last: String,
    differences: BTreeMap<String, Kind>,
}

/// Differences of one kind: at the same place.
#[derive(Default, Serialize)]
struct Kind {
    count: u64,
    /// The latest.
    old: String,
    new: String,
}

/// The comparisons, by tool.
#[derive(Default, Serialize)]
struct Comparisons {
    tools: BTreeMap<String, Tool>,
    damaged_lines: u64,
}

impl Comparisons {
    fn add(&mut self, run: ShadowRun) {
        let tool = self.tools.entry(run.tool).or_default();
        tool.runs += 1;
        tool.agreed += u64::from(run.agree);
        tool.old_ms += run.old.duration_ms;
        tool.new_ms += run.new.duration_ms;
        tool.last = run.timestamp;
        for difference in run.differences {
            // Positions in lists are no kinds of their own.
            let place: String = difference.place.chars().filter(|c| !c.is_ascii_digit()).collect();
            let kind =
                tool.differences.entry(format!("{} {place}", difference.what).trim_end().to_owned()).or_default();
            (kind.count, kind.old, kind.new) = (kind.count + 1, difference.old, difference.new);
        }
    }
}

impl View for Comparisons {
    fn render(&self, page: &mut Page) {
        if self.tools.is_empty() {
            page.line(
                "No comparison is recorded: timmy shadow -- python3 .loop/originals/scripts/NAME.py ARGS records one",
            );
            return;
        }
        let mut rows = vec![["TOOL", "RUNS", "AGREED", "OLD", "NEW"].map(str::to_owned).to_vec()];
        for (name, tool) in &self.tools {
            let mean = |sum: u64| format!("{} ms", sum / tool.runs.max(1));
            let (runs, agreed) = (tool.runs.to_string(), tool.agreed.to_string());
            rows.push(vec![name.clone(), runs, agreed, mean(tool.old_ms), mean(tool.new_ms)]);
        }
        let lines = table::lay_out(&rows, 20, page.width());
        page.lines(lines);
        for (name, tool) in self.tools.iter().filter(|(_, tool)| !tool.differences.is_empty()) {
            page.line("");
            page.line(format!("{name} differed in:"));
            let mut kinds: Vec<_> = tool.differences.iter().collect();
            kinds.sort_by_key(|(_, kind)| std::cmp::Reverse(kind.count));
            for (place, kind) in kinds.iter().take(SHOWN) {
                page.line(format!("  {} x {}", kind.count, text::fit(place, 70)));
                page.line(format!("      old: {}", text::fit(&kind.old, 68)));
                page.line(format!("      new: {}", text::fit(&kind.new, 68)));
            }
        }
    }
}

/// Counts agreement by tool and shows the differences; exit 1 if there was one.
pub(crate) fn report(context: &Context) -> Result<Outcome, Error> {
    let runs = context.store.shadow_runs();
    let mut comparisons = Comparisons::default();
    runs.scan(0, |run| match run {
        Some(run) => comparisons.add(run),
        None => comparisons.damaged_lines += 1,
    })?;
    let damaged = comparisons.damaged_lines;
    context.present(&comparisons)?;
    if damaged > 0 {
        context.warn(&format!("{}: {damaged} line(s) cannot be read", runs.path().display()));
    }
    Ok(Outcome::yes_or_no(comparisons.tools.values().all(|tool| tool.agreed == tool.runs)))
}
