//! From the records to the insights.

use std::collections::HashMap;
use std::ops::Range;

use change_detection::stats::{rates, real};
use change_detection::{Masks, Parameters, Replay, Series, replay};
use common::Error;
use common::run::Run;
use host::text;
use records::insights::{Effectiveness, FailureReason, Quarantine, RedMain, RepeatFailure, Timeouts};
use records::{Insights, TriageRun};
use store::json_lines::JsonLines;
use store::{Cycles, Log as _};

use crate::advice::{Advice, Evidence, SortedAdvice};
use crate::associations::{Associations, scores_before_first_tries};
use crate::claims::{InformativeCycles, Run as FailureRun, outage_now, stuck};
use crate::events::event_record;
use crate::facts::{self, DAY, Windows, moment};
use crate::scan::{Cycle, Log, scan};
use crate::settings::Settings;

/// How many days back the tries of issues are judged together.
const STUCK_DAYS: i64 = 14;

/// How many days back reasons must go for one to be new.
const HISTORY_DAYS: i64 = 28;

/// How many repeat failures are listed.
const LISTED: usize = 10;

/// What was computed from the records, before it is judged.
struct Analysis {
    windows: Windows,
    series: Series,
    replay: Replay,
    /// The last multiple of the look that the log has reached.
    look: usize,
    runs: Vec<FailureRun>,
    tried: usize,
    associations: Associations,
    /// The last multiple of the whole log at which associations are judged.
    associated: usize,
    red_main: RedMain,
    reasons: Vec<FailureReason>,
    quarantine: Quarantine,
    /// How many issues would not be in quarantine if it took three failures.
    freed: usize,
}

/// Reads the records and concludes.
pub(crate) fn introspect(run: &Run, cycles: &Cycles<'_>, settings: &Settings) -> Result<Insights, Error> {
    let log = scan(cycles, run.host.now().timestamp_micros())?;
    let analysis = Analysis::of(run, &log, settings)?;
    let advice = analysis.advice(&log, settings);
    analysis.insights(run, &log, settings, advice)
}

/// As many cycles before a position as there are, up to `count`.
fn back(to: usize, count: usize) -> usize {
    to.saturating_sub(count)
}

impl Analysis {
    fn of(run: &Run, log: &Log, settings: &Settings) -> Result<Self, Error> {
        let (cycles, parameters) = (&log.cycles, &settings.parameters);
        let series = facts::series(cycles);
        let replay = replay(&series, parameters);
        let regime = replay.regimes[0];
        let windows = Windows::find(cycles, settings.window_days);
        let (end, look) = (cycles.len(), cycles.len() / parameters.look * parameters.look);
        let days_before = |to: usize, days: i64| {
            let last = to.checked_sub(1).map_or(0, |at| cycles[at].time);
            cycles.partition_point(|cycle| cycle.time <= last.saturating_sub(days * DAY))
        };
        let (runs, tried) = stuck(&series, days_before(look, STUCK_DAYS)..look, parameters);
        // Positions on whole multiples of the counted log, whatever part of it is held here.
        let every = settings.association_every;
        let associated = ((log.before + end) / every * every).saturating_sub(log.before);
        let associations = associations(run, log, &series, settings, associated)?;
        let lost = |range: Range<usize>| facts::lost(&series, range, regime, parameters);
        let red_main = RedMain { recent: lost(windows.recent.clone()), previous: lost(windows.previous.clone()) };
        let reasons = facts::reasons(log, &windows, days_before(end, HISTORY_DAYS)..end)?;
        let (quarantine, freed) = quarantine(run, cycles, &series, parameters)?;
        Ok(Self {
            windows,
            series,
            replay,
            look,
            runs,
            tried,
            associations,
            associated,
            red_main,
            reasons,
            quarantine,
            freed,
        })
    }

    fn advice(&self, log: &Log, settings: &Settings) -> SortedAdvice {
        let (series, parameters, end) = (&self.series, &settings.parameters, log.cycles.len());
        let (look, regime) = (self.look, self.replay.regimes[0]);
        let whole = parameters.baseline + parameters.recent;
        let telling =
            InformativeCycles::find(series, back(look, whole)..look, regime.max(back(look, whole)), parameters);
        let evidence = Evidence {
            cycles: &log.cycles,
            series,
            replay: &self.replay,
            settings,
            before: log.before,
            look,
            level: telling.level(series, look, settings.success_target, parameters),
            kinds: telling.kinds(series, look, parameters),
            runs: &self.runs,
            tried: self.tried,
            outage: outage_now(series, back(end, whole)..end, regime.max(back(end, whole)), parameters),
            associations: &self.associations,
            associated: self.associated,
            lost: [&self.red_main.recent, &self.red_main.previous],
            reasons: &self.reasons,
            quarantine: &self.quarantine,
            freed: self.freed,
            window_days: settings.window_days,
        };
        Advice::of(&evidence).sorted(settings.max_recommendations)
    }

    fn insights(self, run: &Run, log: &Log, settings: &Settings, advice: SortedAdvice) -> Result<Insights, Error> {
        let cycles = &log.cycles;
        let recent = &cycles[self.windows.recent.clone()];
        let time = |at: usize| cycles.get(at).map_or_else(String::new, |cycle| moment(cycle.time));
        let from = self.windows.recent.start.checked_sub(1).map_or(i64::MIN, |at| cycles[at].time);
        Ok(Insights {
            generated_at: run.host.timestamp(),
            cycles: log.counts.cycles,
            rests_on: cycles.len(),
            damaged_lines: log.counts.damaged,
            undated_lines: log.counts.undated,
            future_lines: log.counts.future,
            backfilled: log.counts.backfilled,
            interrupted: log.counts.void,
            last_cycle_at: cycles.last().map(|cycle| moment(cycle.time)),
            window_days: settings.window_days,
            triage_runs: runs_since(&run.store.triage_runs(), from)?,
            deep_triage_runs: runs_since(&run.store.deep_triage_runs(), from)?,
            trends: self.windows.trends(log)?,
            by_type: facts::by_kind(&log.counts, recent),
            repeat_failures: repeat_failures(log, &self.runs, self.tried),
            duration_outliers: facts::outliers(log, &self.windows, settings.outlier_z),
            timeouts: timeouts(recent),
            failure_reasons: self.reasons,
            triage_effectiveness: effectiveness(&self.associations),
            red_main: self.red_main,
            quarantine: self.quarantine,
            events: self.replay.events.iter().map(|event| event_record(event, log.before, &time)).collect(),
            recommendations: advice.recommendations,
            details: advice.details,
            considered: advice.considered,
        })
    }
}

fn associations(
    run: &Run,
    log: &Log,
    series: &Series,
    settings: &Settings,
    associated: usize,
) -> Result<Associations, Error> {
    let (cycles, parameters) = (&log.cycles, &settings.parameters);
    let window = back(associated, settings.association_cycles)..associated;
    let ordinary = InformativeCycles::find(series, window.clone(), window.start, parameters);
    let runs = run.store.triage_runs();
    let (scores, damaged) = scores_before_first_tries(&runs, cycles, series, window)?;
    if damaged > 0 {
        let skipped = text::counted(damaged, "damaged line");
        run.warn(&format!("{}: {skipped} left out", runs.path().display()));
    }
    Ok(Associations::find(cycles, series, &ordinary.at, &scores, parameters))
}

fn effectiveness(associations: &Associations) -> Option<Effectiveness> {
    let score = associations.score.as_ref()?;
    Some(Effectiveness {
        auc: score.auc,
        low: score.interval.low,
        high: score.interval.high,
        succeeded: score.succeeded,
        failed: score.failed,
        adjusted_p: associations.adjusted[0].unwrap_or(1.0),
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
fn runs_since(runs: &JsonLines<TriageRun>, from: i64) -> Result<usize, Error> {
    let mut count = 0;
    runs.scan(0, |run| {
        let time = run.and_then(|run| run.time());
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
    let held = run.store.quarantine().read_intact("")?.unwrap_or_default();
    let freed = held.iter().filter(|(_, entry)| entry.failures.is_some_and(|failures| failures < 3)).count();
    let mut found = Quarantine { issues: held.numbers().collect(), ..Quarantine::default() };
    found.issues.sort_unstable();
    let mut masks = Masks::default();
    masks.find(series, 0..series.len(), 0, parameters);
    // How many tries an issue had, and whether all failed; the second is reported after one failure only.
    let mut tries: HashMap<u32, (usize, bool)> = HashMap::new();
    for at in (0..series.len()).filter(|at| !masks.contains(*at) && cycles[*at].issue.is_some()) {
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
