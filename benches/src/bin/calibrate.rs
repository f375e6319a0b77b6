//! `calibrate [LOGS]`: compares what `loop_introspect` concludes from simulated loops with what it promises. It uses all
//! processors and takes some minutes with the default of 1000 logs per scenario (a third of that for changes, a sixth for claims).

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, reason = "a table for people")]

use std::sync::atomic::{AtomicU64, Ordering};

use change_detection::stats::real;
use change_detection::{Event, Parameters, Series, Stream, replay};
use loop_introspect::claims::{self, InformativeCycles};
use records::IssueType;
use simulated_loop::{Bursts, Change, Scenario};

/// Two weeks, and two weeks plus the month after them, at a hundred cycles a day.
const WEEKS: usize = 1400;
const LOG: usize = 4400;

fn main() {
    let logs = std::env::args().nth(1).map_or(1000, |count| count.parse().unwrap());
    println!("False changes, of {logs} logs of 44 days: in the month after two weeks; in the first month; bars");
    for (name, scenario, most) in stationary() {
        let found = each(logs, |seed| {
            let events = events(&scenario, seed, days(&scenario, 44));
            let (weeks, month) = (days(&scenario, 14), days(&scenario, 30));
            let late = events.iter().any(|event| event.raised_after > weeks);
            [late, events.iter().any(|event| event.raised_after <= month)]
        });
        let [late, early] = [0, 1].map(|column| found.iter().filter(|row| row[column]).count());
        let ok = per_mille(late, logs) <= most && per_mille(early, logs) <= 50.0;
        println!("  {} {name:<44} {late:>4} {early:>4}   ({most}, 50 of 1000)", mark(ok));
    }
    let logs = logs.div_ceil(3);
    println!("Delays, of {logs} logs: found within 7 days, median and 90 % in cycles; bars");
    for (name, scenario, wanted, bars) in changes() {
        let found = each(logs, |seed| {
            let events = events(&scenario, seed, WEEKS + 1400);
            let first = events.iter().find(|event| event.raised_after > WEEKS && wanted(event));
            let covers = first.is_none_or(|event| {
                let Some((_, Change::Success(after))) = scenario.change else { return true };
                (event.interval().low..=event.interval().high).contains(&(after - scenario.success))
            });
            let accused = events.iter().any(|event| match (scenario.change, event.stream) {
                (Some((_, Change::SuccessOf(kind, _))), Stream::SuccessOf(other)) => other != kind,
                _ => false,
            });
            (first.map(|event| event.raised_after - WEEKS), covers, accused)
        });
        let mut delays: Vec<usize> = found.iter().map(|row| row.0.unwrap_or(usize::MAX)).collect();
        delays.sort_unstable();
        let at = |share: usize| delays[(delays.len() * share / 100).min(delays.len() - 1)];
        let week = delays.iter().filter(|delay| **delay <= 700).count();
        let (median, ninety) = (at(50), at(90));
        let (covered, accused) = (found.iter().filter(|row| row.1).count(), found.iter().filter(|row| row.2).count());
        let [share, bar_median, bar_ninety] = bars;
        let ok = per_mille(week, logs) >= real(share) * 10.0 && median <= bar_median && ninety <= bar_ninety;
        let shown = |delay: usize| if delay == usize::MAX { "-".to_owned() } else { delay.to_string() };
        let bar = |bar: usize| if bar == usize::MAX { "-".to_owned() } else { bar.to_string() };
        println!(
            "  {} {name:<34} {:>4.0}% {:>5} {:>5}  ({share}%, {}, {})  covered {:.0}%, others accused {:.1}%",
            mark(ok),
            per_mille(week, logs) / 10.0,
            shown(median),
            shown(ninety),
            bar(bar_median),
            bar(bar_ninety),
            per_mille(covered, logs) / 10.0,
            per_mille(accused, logs) / 10.0
        );
    }
    claims_of(logs);
}

fn stationary() -> Vec<(String, Scenario, f64)> {
    let base = Scenario::default;
    let mut all = Vec::new();
    for success in [0.5, 0.7, 0.9] {
        all.push((format!("independent {success}"), Scenario { success, ..base() }, 25.0));
    }
    for success in [0.5, 0.7, 0.9] {
        all.push((
            format!("labelled bursts {success}"),
            Scenario { success, bursts: Bursts::Reported, ..base() },
            45.0,
        ));
    }
    for success in [0.7, 0.9] {
        all.push((
            format!("unlabelled bursts {success}"),
            Scenario { success, bursts: Bursts::Unreported, ..base() },
            50.0,
        ));
    }
    let rest = [
        ("flags that echo failures", Scenario { bursts: Bursts::Echo, ..base() }, 50.0),
        ("issues of unequal difficulty", Scenario { success: 0.7, unequal: 1.0, ..base() }, 50.0),
        ("3 % impossible issues", Scenario { success: 0.7, impossible: 0.03, ..base() }, 60.0),
        ("nights 10 points worse", Scenario { success: 0.7, night: 0.1, ..base() }, 50.0),
        ("slow and fast hours", Scenario { success: 0.7, slow_hours: 0.5, ..base() }, 50.0),
        ("20 a day, independent 0.7", Scenario { success: 0.7, per_day: 20, ..base() }, 50.0),
        (
            "20 a day, labelled bursts 0.7",
            Scenario { success: 0.7, per_day: 20, bursts: Bursts::Reported, ..base() },
            50.0,
        ),
    ];
    all.extend(rest.map(|(name, scenario, most)| (name.to_owned(), scenario, most)));
    all
}

/// A change: its name, the loop, the event that shows it, and the limits: found within 7 days (%), median, 90 %.
type Changed = (String, Scenario, fn(&Event) -> bool, [usize; 3]);

fn changes() -> Vec<Changed> {
    const NONE: usize = usize::MAX;
    let mut all: Vec<Changed> = Vec::new();
    for (bursts, more, word) in [(Bursts::None, 0, ""), (Bursts::Reported, 20, ", labelled bursts")] {
        for (before, after, bars) in [
            (0.9, 0.8, [92, NONE, NONE]),
            (0.9, 0.7, [0, 120 + more, 220 + more]),
            (0.9, 0.6, [0, 100 + more, 140 + more]),
            (0.7, 0.6, [50, NONE, NONE]),
            (0.7, 0.5, [0, 220 + more, 380 + more]),
            (0.7, 0.4, [0, 160 + more, 260 + more]),
            (0.9, 0.1, [0, 220 + more, NONE]),
        ] {
            // The limits for a loss of ten points apply to independent loops only.
            let bars = if bursts == Bursts::None || bars[0] == 0 { bars } else { [0, NONE, NONE] };
            let change = Some((WEEKS, Change::Success(after)));
            let scenario = Scenario { success: before, bursts, change, ..Scenario::default() };
            let fell = |event: &Event| event.stream == Stream::Success && !event.up;
            all.push((format!("{before} to {after}{word}"), scenario, fell, bars));
        }
    }
    let slower = |event: &Event| event.stream == Stream::Duration && event.up;
    for (factor, bars) in [(1.5, [0, 80, 140]), (2.0, [0, 60, NONE])] {
        let change = Some((WEEKS, Change::Duration(factor)));
        let scenario = Scenario { success: 0.7, change, ..Scenario::default() };
        all.push((format!("cycles take {factor} times as long"), scenario, slower, bars));
    }
    let of_kind = |kind, rate| Scenario { change: Some((WEEKS, Change::SuccessOf(kind, rate))), ..Scenario::default() };
    let bug = |event: &Event| event.stream == Stream::SuccessOf(IssueType::Bug) && !event.up;
    all.push(("bug 0.9 to 0.6".to_owned(), of_kind(IssueType::Bug, 0.6), bug, [0, 140, NONE]));
    let refactor = |event: &Event| event.stream == Stream::SuccessOf(IssueType::Refactor) && !event.up;
    all.push(("refactor 0.9 to 0.6".to_owned(), of_kind(IssueType::Refactor, 0.6), refactor, [0, 260, NONE]));
    all
}

/// Judges the claims about the present at every look of the month after two weeks, as if the tool had run at each look.
fn claims_of(logs: u64) {
    println!("Claims at every look of a month, of {logs} logs; bars");
    let parameters = Parameters::default();
    for (name, bursts) in [("independent", Bursts::None), ("labelled bursts", Bursts::Reported)] {
        let scenario = Scenario { success: 0.7, bursts, ..Scenario::default() };
        let found = each(logs.div_ceil(2), |seed| {
            let series = series(&scenario, seed, LOG);
            let (mut level, mut kind, mut stuck) = (false, false, 0);
            let mut named = std::collections::BTreeSet::new();
            for look in (WEEKS..=LOG).step_by(parameters.look) {
                let prefix = series.prefix(look);
                // A loop that does not change has one regime.
                let low = look.saturating_sub(parameters.baseline + parameters.recent);
                let telling = InformativeCycles::find(&prefix, low..look, low, &parameters);
                level |= telling.level(&prefix, look, 0.7, &parameters).is_some_and(|low| low.r >= claims::LEVEL);
                let kinds = telling.kinds(&prefix, look, &parameters);
                kind |= kinds.iter().flatten().any(|low| low.r >= claims::KIND);
                let (runs, _) = claims::stuck(&prefix, look - WEEKS..look, &parameters);
                for run in runs.iter().filter(|run| run.failures >= claims::STUCK && run.adjusted <= 0.1) {
                    stuck += usize::from(named.insert(prefix.issue[run.last]));
                }
            }
            (level, kind, stuck)
        });
        let share = |hits: usize| per_mille(hits, logs.div_ceil(2)) / 10.0;
        let level = share(found.iter().filter(|row| row.0).count());
        let kind = share(found.iter().filter(|row| row.1).count());
        let stuck = real(found.iter().map(|row| row.2).sum()) / real(found.len());
        println!(
            "  {} {name:<14} below its target {level:.1}% of months (2), a kind below the others {kind:.1}% (2), stuck issues falsely named {stuck:.3} a month (0.1)",
            mark(level <= 2.0 && kind <= 2.0 && stuck <= 0.1)
        );
    }
    let change = Some((WEEKS, Change::Success(0.1)));
    let scenario = Scenario { change, ..Scenario::default() };
    let mut delays: Vec<usize> = each(logs, |seed| {
        let series = series(&scenario, seed, WEEKS + 60);
        (1..60).find(|after| {
            let end = WEEKS + after;
            let outage = claims::outage_now(&series.prefix(end), 0..end, 0, &parameters);
            outage.is_some_and(|outage| outage.evidence >= 12.0)
        })
    })
    .into_iter()
    .map(|delay| delay.unwrap_or(usize::MAX))
    .collect();
    delays.sort_unstable();
    let (median, ninety) = (delays[delays.len() / 2], delays[delays.len() * 9 / 10]);
    println!("  {} 0.9 to 0.1: outage reported after {median} cycles, 90 % within {ninety} (20)", mark(ninety <= 20));
}

fn series(scenario: &Scenario, seed: u64, cycles: usize) -> Series {
    let mut series = Series::default();
    for cycle in scenario.cycles(seed, cycles) {
        let seconds = Some(f64::from(cycle.seconds));
        series.push(cycle.success, cycle.main_green, cycle.kind, seconds, Some(cycle.issue));
    }
    series
}

fn events(scenario: &Scenario, seed: u64, cycles: usize) -> Vec<Event> {
    replay(&series(scenario, seed, cycles), &Parameters::default()).events
}

fn days(scenario: &Scenario, days: usize) -> usize {
    scenario.per_day * days
}

/// Returns the results for this number of seeds, in the order of the seeds, computed on all processors.
fn each<T: Send>(logs: u64, of: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut found: Vec<(u64, T)> = std::thread::scope(|scope| {
        let work = || {
            let mut own = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= logs {
                    return own;
                }
                own.push((seed, of(50_000 + seed)));
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    found.sort_by_key(|(seed, _)| *seed);
    found.into_iter().map(|(_, result)| result).collect()
}

fn per_mille(count: usize, of: u64) -> f64 {
    1000.0 * real(count) / real(usize::try_from(of).unwrap())
}

fn mark(ok: bool) -> &'static str {
    if ok { "ok  " } else { "MISS" }
}
