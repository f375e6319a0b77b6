//! From the records to the insights.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;

use common::document;
use common::journal;
use common::records::{PastTriageRun, lenient_number};
use common::run::Run;
use loop_monitor::stats::{rates, real};
use loop_monitor::{Masks, Parameters, Series, replay};
use serde_json::Value;

use crate::Error;
use crate::advice::{Advice, Evidence};
use crate::associations::{Associations, scores_before_first_tries};
use crate::claims::{Run as FailureRun, Telling, outage_now, stuck};
use crate::facts::{self, DAY, Windows, moment};
use crate::insights::{Effectiveness, EventRecord, Insights, Quarantine, RedMain, RepeatFailure, Timeouts};
use crate::scan::{Cycle, Log, scan};
use crate::settings::Settings;

/// How many days back the tries of issues are judged together.
const STUCK_DAYS: i64 = 14;

/// How many days back reasons must go for one to be new.
const HISTORY_DAYS: i64 = 28;

/// How many repeat failures are listed.
const LISTED: usize = 10;

/// Reads the records and concludes.
pub(crate) fn introspect(run: &Run, path: &Path, settings: &Settings) -> Result<Insights, Error> {
    let log = scan(path, run.host.now().timestamp_micros())?;
    let cycles = &log.cycles;
    let series = facts::series(cycles);
    let parameters = &settings.parameters;
    let replay = replay(&series, parameters);
    let regime = replay.regimes[0];
    let windows = Windows::find(cycles, settings.window_days);
    let (end, look) = (cycles.len(), cycles.len() / parameters.look * parameters.look);
    let back = |to: usize, count: usize| to.saturating_sub(count);
    let days_before = |to: usize, days: i64| {
        let last = to.checked_sub(1).map_or(0, |at| cycles[at].time);
        cycles.partition_point(|cycle| cycle.time <= last.saturating_sub(days * DAY))
    };
    let whole = parameters.baseline + parameters.recent;
    let telling = Telling::find(&series, back(look, whole)..look, regime.max(back(look, whole)), parameters);
    let (runs, tried) = stuck(&series, days_before(look, STUCK_DAYS)..look, parameters);
    // Places on whole multiples of the counted log, whatever part of it is held here.
    let every = settings.association_every;
    let associated = ((log.before + end) / every * every).saturating_sub(log.before);
    let window = back(associated, settings.association_cycles)..associated;
    let ordinary = Telling::find(&series, window.clone(), window.start, parameters);
    let (scores, damaged) = scores_before_first_tries(&run.repo.triage_log(), cycles, &series, window)?;
    if damaged > 0 {
        run.warn(&format!("{}: {damaged} damaged line(s) are skipped", run.repo.triage_log().display()));
    }
    let associations = Associations::find(cycles, &series, &ordinary.at, &scores, parameters);
    let lost = |range: Range<usize>| facts::lost(&series, range, regime, parameters);
    let red_main = RedMain { recent: lost(windows.recent.clone()), previous: lost(windows.previous.clone()) };
    let reasons = facts::reasons(&log, &windows, days_before(end, HISTORY_DAYS)..end);
    let (quarantine, freed) = quarantine(run, cycles, &series, parameters)?;
    let evidence = Evidence {
        cycles,
        series: &series,
        replay: &replay,
        settings,
        before: log.before,
        look,
        level: telling.level(&series, look, settings.success_target, parameters),
        kinds: telling.kinds(&series, look, parameters),
        runs: &runs,
        tried,
        outage: outage_now(&series, back(end, whole)..end, regime.max(back(end, whole)), parameters),
        associations: &associations,
        associated,
        lost: [&red_main.recent, &red_main.previous],
        reasons: &reasons,
        quarantine: &quarantine,
        freed,
        window_days: settings.window_days,
    };
    let advice = Advice::of(&evidence).sorted(settings.max_recommendations);
    let time = |at: usize| cycles.get(at).map_or_else(String::new, |cycle| moment(cycle.time));
    let from = windows.recent.start.checked_sub(1).map_or(i64::MIN, |at| cycles[at].time);
    Ok(Insights {
        generated_at: run.host.timestamp(),
        cycles: log.counts.cycles,
        rests_on: end,
        damaged_lines: log.counts.damaged,
        undated_lines: log.counts.undated,
        future_lines: log.counts.future,
        backfilled: log.counts.backfilled,
        last_cycle_at: cycles.last().map(|cycle| moment(cycle.time)),
        window_days: settings.window_days,
        triage_runs: runs_since(&run.repo.triage_log(), from)?,
        deep_triage_runs: runs_since(&run.repo.deep_triage_log(), from)?,
        trends: windows.trends(&log),
        by_type: facts::by_kind(&log.counts, &cycles[windows.recent.clone()]),
        repeat_failures: repeat_failures(&log, &runs, tried),
        duration_outliers: facts::outliers(&log, &windows, settings.outlier_z),
        timeouts: timeouts(&cycles[windows.recent.clone()]),
        failure_reasons: reasons.clone(),
        triage_effectiveness: associations.score.map(|score| Effectiveness {
            auc: score.auc,
            low: score.interval.low,
            high: score.interval.high,
            succeeded: score.succeeded,
            failed: score.failed,
            adjusted_p: associations.adjusted[0].unwrap_or(1.0),
        }),
        red_main: red_main.clone(),
        quarantine: quarantine.clone(),
        events: replay.events.iter().map(|event| EventRecord::of(event, log.before, &time)).collect(),
        recommendations: advice.recommendations,
        details: advice.details,
        considered: advice.considered,
    })
}

fn repeat_failures(log: &Log, runs: &[FailureRun], tried: usize) -> Vec<RepeatFailure> {
    let of = |run: &FailureRun| {
        let cycle = &log.cycles[run.last];
        Some(RepeatFailure {
            issue: cycle.issue?,
            kind: cycle.kind.name().to_owned(),
            failures: run.failures,
            base_rate: run.base,
            p: run.p,
            adjusted_p: run.adjusted,
            n: tried,
            last_failure: moment(cycle.time),
        })
    };
    runs.iter().filter_map(of).take(LISTED).collect()
}

fn timeouts(recent: &[Cycle]) -> Option<Timeouts> {
    let (count, duration) = facts::timeouts(recent)?;
    let n = recent.iter().filter(|cycle| !cycle.seconds.is_nan()).count();
    let interval = rates::wilson(count, n, 0.95);
    Some(Timeouts { cycles: count, n, share: real(count) / real(n), low: interval.low, high: interval.high, duration })
}

/// How many runs a log of triage runs has after `from`.
fn runs_since(path: &Path, from: i64) -> Result<usize, Error> {
    let mut count = 0;
    journal::scan(path, 0, |line| {
        let time = line.and_then(journal::parse::<PastTriageRun>).and_then(|run| run.time());
        count += usize::from(time.is_some_and(|time| time.timestamp_micros() > from));
    })?;
    Ok(count)
}

/// Who is in quarantine, and how issues that failed once fare; and how many would be free if it took three failures.
fn quarantine(
    run: &Run,
    cycles: &[Cycle],
    series: &Series,
    parameters: &Parameters,
) -> Result<(Quarantine, usize), Error> {
    let path = run.repo.quarantine();
    let held = document::read::<BTreeMap<String, Value>>(&path)?.intact_or(|error| run.warn(&error.to_string()));
    let held = held.unwrap_or_default();
    let failures = |entry: &Value| entry.get("failures").and_then(lenient_number);
    let freed = held.values().filter(|entry| failures(entry).is_some_and(|failures| failures < 3)).count();
    let mut found =
        Quarantine { issues: held.keys().filter_map(|issue| issue.parse().ok()).collect(), ..Quarantine::default() };
    found.issues.sort_unstable();
    let mut masks = Masks::default();
    masks.find(series, 0..series.len(), 0, parameters);
    // How many tries an issue had, and whether all failed; the second is told of after one failure only.
    let mut tries: HashMap<u32, (usize, bool)> = HashMap::new();
    for at in (0..series.len()).filter(|at| !masks.holds(*at) && cycles[*at].issue.is_some()) {
        let (count, failed_first) = tries.entry(series.issue[at]).or_default();
        let failed = usize::from(!series.success[at]);
        match (*count, *failed_first) {
            (0, _) => {
                found.first_tries += 1;
                found.first_failures += failed;
                *failed_first = failed == 1;
            }
            (1, true) => {
                found.second_tries += 1;
                found.second_failures += failed;
            }
            _ => {}
        }
        *count += 1;
    }
    if found.second_failures > 0 && found.first_tries > 0 {
        let first = real(found.first_failures) / real(found.first_tries);
        let second = real(found.second_failures) / real(found.second_tries);
        let low = rates::wilson(found.first_failures, found.first_tries, 0.95).low;
        let high = rates::wilson(found.second_failures, found.second_tries, 0.95).high;
        (found.luck_share, found.luck_low) = (Some(first / second), Some(low / high));
    }
    Ok((found, freed))
}
