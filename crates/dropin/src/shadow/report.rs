//! How often old and new agreed, and in what they did not.

use std::collections::BTreeMap;

use automations::Context;
use common::Error;
use records::ShadowRun;
use serde::Serialize;
use store::Log;

/// What is known of one tool.
#[derive(Debug, Default, Serialize)]
pub struct ToolComparison {
    /// How often both ran.
    pub runs: u64,
    /// How often they agreed.
    pub agreed: u64,
    /// How long the old script took in all, in milliseconds.
    pub old_ms: u64,
    /// How long the tool took in all.
    pub new_ms: u64,
    /// When they last ran.
    pub last: String,
    /// Their differences, by place.
    pub differences: BTreeMap<String, DifferenceKind>,
}

/// Differences of one kind: at the same place.
#[derive(Debug, Default, Serialize)]
pub struct DifferenceKind {
    /// How often.
    pub count: u64,
    /// What the old script had, the last time.
    pub old: String,
    /// The same of the tool.
    pub new: String,
}

/// The comparisons, by tool.
#[derive(Debug, Default, Serialize)]
pub struct Comparisons {
    /// By tool.
    pub tools: BTreeMap<String, ToolComparison>,
    /// How many lines cannot be read.
    pub damaged_lines: u64,
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

/// Counts agreement by tool, with the differences.
///
/// # Errors
/// The log cannot be read.
pub fn comparisons(context: &Context) -> Result<Comparisons, Error> {
    let mut comparisons = Comparisons::default();
    context.store.shadow_runs().scan(0, |run| match run {
        Some(run) => comparisons.add(run),
        None => comparisons.damaged_lines += 1,
    })?;
    Ok(comparisons)
}
