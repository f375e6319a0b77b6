//! The counted log, field by field.

use std::collections::HashMap;
use std::ops::Range;

use records::IssueType;

use crate::streams::place;

/// The counted log as the monitors see it: one entry a cycle in each list.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Whether it succeeded.
    pub success: Vec<bool>,
    /// The place of its kind of work.
    pub kind: Vec<u8>,
    /// The logarithm of its duration in seconds; not a number where that is unknown.
    pub log_duration: Vec<f64>,
    /// Its issue as a small number; a cycle without one has a number of its own.
    pub issue: Vec<u32>,
    numbers: HashMap<u64, u32>,
    /// How many different small numbers there are.
    pub issues: u32,
    /// The places of the failures, and of the cycles after which main was reported red.
    failures: Vec<usize>,
    reported_red: Vec<usize>,
}

impl Series {
    /// Adds a cycle. A duration that is not above 0 is unknown.
    pub fn push(
        &mut self,
        success: bool,
        main_green: Option<bool>,
        kind: IssueType,
        seconds: Option<f64>,
        issue: Option<u64>,
    ) {
        if !success {
            self.failures.push(self.len());
        }
        if main_green == Some(false) {
            self.reported_red.push(self.len());
        }
        self.success.push(success);
        self.kind.push(u8::try_from(place(kind)).unwrap_or(0));
        self.log_duration.push(seconds.filter(|seconds| *seconds > 0.0).map_or(f64::NAN, f64::ln));
        let fresh = self.issues;
        let small = issue.map_or(fresh, |issue| *self.numbers.entry(issue).or_insert(fresh));
        self.issues += u32::from(small == fresh);
        self.issue.push(small);
    }

    /// The log as it was after its first `end` cycles.
    #[must_use]
    pub fn prefix(&self, end: usize) -> Self {
        Self {
            success: self.success[..end].to_vec(),
            kind: self.kind[..end].to_vec(),
            log_duration: self.log_duration[..end].to_vec(),
            issue: self.issue[..end].to_vec(),
            numbers: HashMap::new(),
            issues: self.issues,
            failures: self.failures(&(0..end)).to_vec(),
            reported_red: self.reported_red(&(0..end)).to_vec(),
        }
    }

    /// The places of the failures in a window, in ascending order.
    pub(crate) fn failures(&self, window: &Range<usize>) -> &[usize] {
        within(&self.failures, window)
    }

    /// The places in a window after which main was reported red, in ascending order.
    pub(crate) fn reported_red(&self, window: &Range<usize>) -> &[usize] {
        within(&self.reported_red, window)
    }

    /// How many cycles there are.
    pub fn len(&self) -> usize {
        self.success.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.success.is_empty()
    }
}

fn within<'a>(places: &'a [usize], window: &Range<usize>) -> &'a [usize] {
    let before = |end: usize| places.partition_point(|at| *at < end);
    &places[before(window.start)..before(window.end)]
}
