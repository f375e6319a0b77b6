//! Which injections are made, in which order.

use std::collections::{BTreeMap, BTreeSet};

use crate::faults::{ERRORS, Fault, Injection};
use crate::lab::Lab;

/// The injections of a scenario that are still to be made.
pub(crate) struct Plan {
    injections: Vec<Injection>,
}

impl Plan {
    /// Takes for each system call at most so many places, spread evenly, in a random order: what a deadline leaves out is then
    /// a sample.
    pub(crate) fn new(lab: &Lab, most: usize, seed: u64) -> Self {
        let mut injections = Vec::new();
        for (call, count) in counts(&lab.trace) {
            let Some((call, errors)) = ERRORS.iter().find(|(name, _)| *name == call) else { continue };
            for at in places(count, most) {
                let faults = errors.iter().map(|error| Fault::Error(error)).chain([Fault::Kill]);
                injections.extend(faults.map(|fault| Injection { call, at, fault }));
            }
        }
        let limits = limits(lab).into_iter().map(Fault::FileLimit);
        injections.extend(limits.map(|fault| Injection { call: "write", at: 0, fault }));
        shuffle(&mut injections, seed);
        Self { injections }
    }

    /// How many injections are left.
    pub(crate) fn left_out(&self) -> usize {
        self.injections.len()
    }

    /// Takes the next injection.
    pub(crate) fn next(&mut self) -> Option<Injection> {
        self.injections.pop()
    }
}

/// Up to `most` numbers from 1 to `count`, evenly spread, with both ends.
fn places(count: usize, most: usize) -> BTreeSet<usize> {
    if count <= most || most < 2 {
        return (1..=count.min(most)).collect();
    }
    (0..most).map(|at| 1 + at * (count - 1) / (most - 1)).collect()
}

/// How often each system call comes in a thread, at most.
fn counts(trace: &str) -> BTreeMap<&str, usize> {
    let (mut seen, mut most) = (BTreeMap::new(), BTreeMap::new());
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((call, _)) = rest.trim_start().split_once('(') else { continue };
        let count = seen.entry((thread, call)).or_insert(0);
        *count += 1;
        let before = most.entry(call).or_insert(0);
        *before = (*before).max(*count);
    }
    most
}

/// Sizes in the middle of each file that the command writes, before its last byte, and just behind what was there of a log.
fn limits(lab: &Lab) -> BTreeSet<u64> {
    let mut limits = BTreeSet::new();
    for (name, item) in &lab.after[0] {
        let before = lab.before.get(name);
        let size = item.content.len() as u64;
        if before.is_some_and(|before| before.content == item.content) || size < 2 {
            continue;
        }
        limits.extend([size / 2, size - 1]);
        if let Some(before) = before.filter(|_| name.ends_with(".jsonl")) {
            limits.insert(before.content.len() as u64 + 1);
        }
    }
    limits
}

/// Brings a list into an order that only the seed decides (xorshift).
fn shuffle(list: &mut [Injection], seed: u64) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for at in (1..list.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        list.swap(at, usize::try_from(state % (at as u64 + 1)).unwrap());
    }
}

#[test]
fn the_first_and_the_last_place_are_in_every_sample() {
    assert_eq!(places(100, 3), BTreeSet::from([1, 50, 100]));
    assert_eq!(places(2, 6), BTreeSet::from([1, 2]));
    assert_eq!(counts("7 read(3) = 0\n7 read(3) = 1\n8 read(3) = 1\n8 close(3) = 0\n")["read"], 2);
}
