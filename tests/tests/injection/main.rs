//! One system call of one run fails, or the process is killed there: is a promise broken?
//!
//! A [scenario](scenarios) is a repository and a command. The command runs once under `strace`, which counts its calls, and once
//! more on what it left, which shows what a repetition does. Then, for a sample of the calls and of the [faults](faults) of
//! each, it runs on a fresh copy with that one fault, and once more without a fault. [`judge`] compares the exit code, the
//! output and every file with the undisturbed runs. Short writes are real ones: a limit of the size of a file.
//!
//! `strace` and minutes are needed, so a named step of `.ci/run` runs it. The environment variables `INJECTION_PROGRAMS` (the
//! directory of the programs; by default those of the tests), `INJECTION_MINUTES` (when it stops; 4), `INJECTION_PLACES` (how
//! many places of each system call; 6), `INJECTION_SEED` (which part of a sample comes first; 1) and `INJECTION_SCENARIOS`
//! (names; all) change its extent.

#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test sets its world up, knows its own file names and fails by panicking"
)]

mod faults;
mod judge;
mod lab;
mod plan;
mod scenarios;
mod tree;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::judge::Finding;
use crate::lab::Lab;
use crate::plan::Plan;

/// Reads a number that the caller may set.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

#[test]
#[ignore = "needs strace"]
fn no_fault_at_a_system_call_breaks_a_promise() {
    let deadline = Instant::now() + Duration::from_secs(60 * number("INJECTION_MINUTES", 4));
    let places = usize::try_from(number("INJECTION_PLACES", 6)).unwrap();
    let names = std::env::var("INJECTION_SCENARIOS").unwrap_or_default();
    let chosen: Vec<_> = scenarios::all()
        .into_iter()
        .filter(|scenario| names.is_empty() || names.split(',').any(|name| name == scenario.name))
        .collect();
    assert!(!chosen.is_empty(), "no scenario is called {names}");
    let labs: Vec<Mutex<(Lab, Plan)>> = chosen
        .into_iter()
        .map(|scenario| {
            let lab = Lab::new(scenario);
            let plan = Plan::new(&lab, places, number("INJECTION_SEED", 1));
            Mutex::new((lab, plan))
        })
        .collect();
    let (findings, runs) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for worker in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            let (labs, findings, runs) = (&labs, &findings, &runs);
            scope.spawn(move || work(worker, labs, deadline, findings, runs));
        }
    });
    let mut left_out = BTreeMap::new();
    for lab in &labs {
        let (lab, plan) = &*lab.lock().unwrap();
        left_out.insert(lab.scenario.name, plan.left_out());
    }
    let (findings, runs) = (findings.into_inner().unwrap(), runs.into_inner());
    println!("{runs} runs with a fault; not made: {left_out:?}");
    assert!(runs > 0, "a fault reaches a program");
    let texts: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{} of {runs} runs break a promise:\n{}", texts.len(), texts.join("\n"));
}

/// Takes the next injection of one scenario after the other, so that a deadline leaves the same part of each.
fn work(
    first: usize,
    labs: &[Mutex<(Lab, Plan)>],
    deadline: Instant,
    findings: &Mutex<Vec<Finding>>,
    runs: &AtomicUsize,
) {
    let mut ended = 0;
    for at in (first..).map(|at| at % labs.len()) {
        if ended == labs.len() || Instant::now() > deadline {
            return;
        }
        // Another worker is at this scenario.
        let Ok(mut held) = labs[at].try_lock() else { continue };
        let (lab, plan) = &mut *held;
        let Some(injection) = plan.next() else {
            ended += 1;
            continue;
        };
        ended = 0;
        if let Some(found) = lab.inject(&injection) {
            runs.fetch_add(1, Ordering::Relaxed);
            findings.lock().unwrap().extend(found);
        }
    }
}
