//! The counted log, field by field.

use std::collections::HashMap;

use common::records::IssueType;

use crate::place;

/// The counted log as the monitors see it: one entry a cycle in each list.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Whether it succeeded.
    pub success: Vec<bool>,
    /// Whether main was told to be red afterwards.
    pub red: Vec<bool>,
    /// The place of its kind of work.
    pub kind: Vec<u8>,
    /// The logarithm of its duration in seconds; not a number where that is unknown.
    pub log_duration: Vec<f64>,
    /// Its issue as a small number; a cycle without one has a number of its own.
    pub issue: Vec<u32>,
    numbers: HashMap<u64, u32>,
    /// How many different small numbers there are.
    pub issues: u32,
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
        self.success.push(success);
        self.red.push(main_green == Some(false));
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
            red: self.red[..end].to_vec(),
            kind: self.kind[..end].to_vec(),
            log_duration: self.log_duration[..end].to_vec(),
            issue: self.issue[..end].to_vec(),
            numbers: HashMap::new(),
            issues: self.issues,
        }
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
