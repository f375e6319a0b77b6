//! `timmy shadow report`: how often old and new agreed, and in what they did not.

use std::collections::BTreeMap;

use common::journal;
use common::text;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{Error, Verdict};
use crate::suite::Suite;
use crate::table;

/// How many kinds of differences of one tool are shown.
const SHOWN: usize = 10;

#[derive(Deserialize)]
struct Line {
    timestamp: String,
    tool: String,
    agree: bool,
    old: Side,
    new: Side,
    #[serde(default)]
    differences: Vec<Told>,
}

#[derive(Deserialize)]
struct Side {
    duration_ms: u64,
}

#[derive(Deserialize)]
struct Told {
    what: String,
    place: String,
    old: String,
    new: String,
}

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

/// Counts agreement by tool and shows the differences; exit 1 if there was one.
pub(crate) fn report(suite: &Suite) -> Result<Verdict, Error> {
    let path = suite.repo.in_loop("shadow.jsonl");
    let (mut tools, mut damaged) = (BTreeMap::<String, Tool>::new(), 0_u64);
    journal::scan(&path, 0, |line| {
        let Some(line) = line.and_then(journal::parse::<Line>) else {
            damaged += 1;
            return;
        };
        let tool = tools.entry(line.tool).or_default();
        tool.runs += 1;
        tool.agreed += u64::from(line.agree);
        tool.old_ms += line.old.duration_ms;
        tool.new_ms += line.new.duration_ms;
        tool.last = line.timestamp;
        for told in line.differences {
            // Positions in lists are no kinds of their own.
            let place: String = told.place.chars().filter(|c| !c.is_ascii_digit()).collect();
            let kind = tool.differences.entry(format!("{} {place}", told.what).trim_end().to_owned()).or_default();
            (kind.count, kind.old, kind.new) = (kind.count + 1, told.old, told.new);
        }
    })?;
    if tools.is_empty() {
        suite
            .say("No comparison is recorded: timmy shadow -- python3 .loop/originals/scripts/NAME.py ARGS records one");
    }
    let mut rows = vec![["TOOL", "RUNS", "AGREED", "OLD", "NEW"].map(str::to_owned).to_vec()];
    for (name, tool) in &tools {
        let mean = |sum: u64| format!("{} ms", sum / tool.runs.max(1));
        rows.push(vec![
            name.clone(),
            tool.runs.to_string(),
            tool.agreed.to_string(),
            mean(tool.old_ms),
            mean(tool.new_ms),
        ]);
    }
    if !tools.is_empty() {
        for line in table::lay_out(&rows, 20, suite.host.width()) {
            suite.say(&line);
        }
    }
    for (name, tool) in tools.iter().filter(|(_, tool)| !tool.differences.is_empty()) {
        suite.say("");
        suite.say(&format!("{name} differed in:"));
        let mut kinds: Vec<_> = tool.differences.iter().collect();
        kinds.sort_by_key(|(_, kind)| std::cmp::Reverse(kind.count));
        for (place, kind) in kinds.iter().take(SHOWN) {
            suite.say(&format!("  {} x {}", kind.count, text::fit(place, 70)));
            suite.say(&format!("      old: {}", text::fit(&kind.old, 68)));
            suite.say(&format!("      new: {}", text::fit(&kind.new, 68)));
        }
    }
    if damaged > 0 {
        suite.warn(&format!("{}: {damaged} line(s) cannot be read", path.display()));
    }
    suite.json(&json!({"tools": tools, "damaged_lines": damaged}))?;
    Ok(Verdict::of(tools.values().all(|tool| tool.agreed == tool.runs)))
}
