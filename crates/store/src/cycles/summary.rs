//! `summary.json`: the last cycles in numbers.

use std::collections::BTreeMap;

use records::{Cycle, IssueType, RecentFailure, Summary, TypeSummary, rate};

use super::index::Index;
use crate::json_file::JsonFile;
use host::files::FileError;

/// How many failures are listed.
const RECENT_FAILURES: usize = 5;

/// How many failures in the window make an issue a candidate for quarantine.
const CANDIDATE: u64 = 2;

/// Rewrites the summary; fields that other programs put into it stay.
///
/// # Errors
/// The file cannot be read or written.
pub(crate) fn write(
    file: &JsonFile<'_, Summary>,
    window: &[Cycle],
    index: &Index,
    updated_at: String,
) -> Result<(), FileError> {
    file.replace_fields(&summarize(window, index, updated_at), &Summary::FIELDS)
}

fn summarize(window: &[Cycle], index: &Index, updated_at: String) -> Summary {
    let failed = || window.iter().filter(|cycle| cycle.is_rated() && !cycle.success);
    let mut failures: BTreeMap<u64, u64> = BTreeMap::new();
    for issue in failed().filter(|cycle| cycle.outcome_for_issue() == Some(false)).filter_map(|cycle| cycle.issue) {
        *failures.entry(issue).or_default() += 1;
    }
    failures.retain(|_, count| *count >= CANDIDATE);
    let by_type = IssueType::ALL.into_iter().map(|kind| {
        let of_kind: Vec<&Cycle> = window.iter().filter(|cycle| cycle.kind == kind).collect();
        (kind.name().to_owned(), of_kind)
    });
    let told = || window.iter().filter_map(|cycle| cycle.main_green.is_green());
    let recent: Vec<&Cycle> = failed().collect();
    Summary {
        updated_at,
        current_epoch: window.last().and_then(|cycle| cycle.epoch.clone()),
        window: window.len(),
        total_cycles: index.counts().lines,
        success_rate: success_rate(window),
        main_green_rate: rate(told().filter(|green| *green).count(), told().count()),
        avg_duration_seconds: average(durations(window)),
        median_duration_seconds: median(durations(window)),
        total_lines_added: window.iter().filter_map(|cycle| cycle.lines_added).fold(0, u64::saturating_add),
        total_lines_removed: window.iter().filter_map(|cycle| cycle.lines_removed).fold(0, u64::saturating_add),
        total_prs_merged: window.iter().filter(|cycle| cycle.pr.is_some() && cycle.success).count(),
        by_type: by_type
            .filter(|(_, cycles)| !cycles.is_empty())
            .map(|(name, cycles)| {
                let entry = TypeSummary {
                    count: cycles.len(),
                    success: cycles.iter().filter(|cycle| cycle.success).count(),
                    success_rate: success_rate(cycles.iter().copied()),
                    avg_duration: average(durations(cycles.iter().copied())),
                };
                (name, entry)
            })
            .collect(),
        by_week: index.counts().by_week.clone(),
        by_weekday: index.counts().all_weekdays(),
        quarantine_candidates: failures,
        recent_failures: recent[recent.len().saturating_sub(RECENT_FAILURES)..]
            .iter()
            .map(|cycle| RecentFailure {
                cycle: cycle.cycle,
                epoch: cycle.epoch.clone(),
                issue: cycle.issue,
                reason: cycle.reason.clone(),
            })
            .collect(),
        damaged_lines: index.counts().damaged,
    }
}

/// The share of successes among the cycles that count in rates.
fn success_rate<'a>(cycles: impl IntoIterator<Item = &'a Cycle>) -> Option<f64> {
    let rated: Vec<&Cycle> = cycles.into_iter().filter(|cycle| cycle.is_rated()).collect();
    rate(rated.iter().filter(|cycle| cycle.success).count(), rated.len())
}

/// Known durations of the cycles that count in rates, in seconds. A backfilled one is the time that a pull request was open.
fn durations<'a>(cycles: impl IntoIterator<Item = &'a Cycle>) -> Vec<f64> {
    cycles.into_iter().filter(|cycle| cycle.is_rated()).filter_map(Cycle::seconds).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
fn average(durations: Vec<f64>) -> u64 {
    let count = durations.len().max(1);
    whole(durations.into_iter().sum::<f64>() / count as f64)
}

fn median(mut durations: Vec<f64>) -> u64 {
    durations.sort_by(f64::total_cmp);
    match durations.as_slice() {
        [] => 0,
        sorted => whole(f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds between 0 and a year")]
fn whole(seconds: f64) -> u64 {
    seconds.round_ties_even() as u64
}

#[cfg(test)]
mod tests {
    use crate::lines;
    use serde_json::{Value, json};

    use super::*;

    fn cycles(lines: &[Value]) -> Vec<Cycle> {
        lines.iter().map(|line| lines::parse(line.to_string().as_bytes()).unwrap()).collect()
    }

    fn summary(lines: &[Value]) -> Value {
        let window = cycles(lines);
        let mut index = Index::empty();
        for cycle in &window {
            index.add(cycle);
        }
        serde_json::to_value(summarize(&window, &index, "now".to_owned())).unwrap()
    }

    #[test]
    fn the_window_is_put_in_numbers() {
        let summary = summary(&[
            json!({"timestamp": "2026-03-20T12:00:00Z", "cycle": 1, "issue": 85, "type": "bug", "success": false, "reason": "a", "duration": 100}),
            json!({"timestamp": "2026-03-21T12:00:00Z", "cycle": 2, "issue": 85, "type": "bug", "success": false, "main_green": false, "duration": 201}),
            json!({"timestamp": "2026-03-21T12:00:00Z", "cycle": 3, "issue": 90, "type": "feature", "success": true, "main_green": true, "pr": 7, "lines_added": 5, "duration": 0}),
            json!({"timestamp": "2026-03-22T12:00:00Z", "type": "feature", "success": true, "backfilled": true, "pr": 8, "duration": 9999}),
        ]);
        for (key, expected) in [
            ("window", json!(4)),
            ("total_cycles", json!(4)),
            ("success_rate", json!(0.33)),
            ("main_green_rate", json!(0.5)),
            ("avg_duration_seconds", json!(150)),
            ("median_duration_seconds", json!(150)),
            ("total_lines_added", json!(5)),
            ("total_prs_merged", json!(2)),
            ("by_week", json!({"2026-W12": 4})),
            ("by_weekday", json!({"1": 0, "2": 0, "3": 0, "4": 0, "5": 1, "6": 2, "7": 1})),
            ("quarantine_candidates", json!({"85": 2})),
            (
                "by_type",
                json!({"bug": {"count": 2, "success": 0, "success_rate": 0.0, "avg_duration": 150},
                               "feature": {"count": 2, "success": 2, "success_rate": 1.0, "avg_duration": 0}}),
            ),
        ] {
            assert_eq!(summary[key], expected, "{key}");
        }
        assert_eq!(summary["recent_failures"][0], json!({"cycle": 1, "epoch": null, "issue": 85, "reason": "a"}));
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        let summary = summary(&[]);
        assert_eq!((&summary["success_rate"], &summary["avg_duration_seconds"]), (&Value::Null, &json!(0)));
    }
}
