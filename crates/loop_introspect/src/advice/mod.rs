//! What to do: the findings that become recommendations, their urgency and their words, and why the others stay silent.

mod associations;
mod changes;
mod facts;
mod numbers;
mod present;

use serde_json::json;

use crate::associations::Associations;
use crate::claims::{Low, Outage, Run};
use crate::scan::Cycle;
use crate::settings::Settings;
use change_detection::{Parameters, Replay, Series};
use numbers::numbers;
use records::insights::{FailureReason, Finding, LostCycles, Quarantine, Span};

/// The fewest cycles before anything is claimed.
pub(crate) fn earliest(parameters: &Parameters) -> usize {
    parameters.min_baseline + parameters.min_recent
}

/// All that a judgement rests on.
pub(crate) struct Evidence<'a> {
    pub cycles: &'a [Cycle],
    pub series: &'a Series,
    pub replay: &'a Replay,
    pub settings: &'a Settings,
    /// Counted cycles before the first of `cycles`.
    pub before: usize,
    /// The place after the last look.
    pub look: usize,
    pub level: Option<Low>,
    pub kinds: [Option<Low>; 5],
    pub runs: &'a [Run],
    pub tried: usize,
    pub outage: Option<Outage>,
    pub associations: &'a Associations,
    /// The place after the last judgement of associations.
    pub associated: usize,
    pub lost: [&'a LostCycles; 2],
    pub reasons: &'a [FailureReason],
    pub quarantine: &'a Quarantine,
    pub freed: usize,
    pub window_days: u64,
}

/// How urgent a recommendation is, the most urgent first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Severity {
    High,
    Medium,
    Low,
    Info,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// What was judged: recommendations with their urgency, and what stays silent.
#[derive(Default)]
pub(crate) struct Advice {
    raised: Vec<(Severity, Finding)>,
    silent: Vec<Finding>,
}

/// The recommendations, those beyond the most that are made, and what stays silent.
pub(crate) struct SortedAdvice {
    pub recommendations: Vec<Finding>,
    pub details: Vec<Finding>,
    pub considered: Vec<Finding>,
}

impl Advice {
    /// Judges everything.
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let mut advice = Self::default();
        let counted = evidence.before + evidence.cycles.len();
        let needed = earliest(&evidence.settings.parameters);
        if counted < needed {
            let finding = format!("Too early to say anything: {counted} of {needed} cycles.");
            advice.raise(
                Severity::Info,
                Finding {
                    id: "too-early".to_owned(),
                    category: "record".to_owned(),
                    reason: "too_few_cycles".to_owned(),
                    finding,
                    suggestion: "Let the loop run; until then this report only counts.".to_owned(),
                    evidence: numbers(json!({"cycles": counted, "needed": needed})),
                    calculation: vec![format!(
                        "a change needs a baseline of {} cycles and {} after it",
                        evidence.settings.parameters.min_baseline, evidence.settings.parameters.min_recent
                    )],
                    ..Finding::default()
                },
            );
            return advice;
        }
        evidence.outage_now(&mut advice);
        let changed = evidence.changes(&mut advice);
        evidence.level(&mut advice);
        evidence.kinds(&mut advice);
        evidence.stuck(&mut advice);
        evidence.lost(&mut advice);
        evidence.associations(&mut advice);
        evidence.luck(&mut advice);
        evidence.new_reasons(&mut advice);
        evidence.bursts(&mut advice);
        if !changed {
            evidence.no_change(&mut advice);
        }
        advice
    }

    /// Sorts by urgency; of equals the earlier judged comes first.
    pub(crate) fn sorted(mut self, most: usize) -> SortedAdvice {
        self.raised.sort_by_key(|(severity, _)| *severity);
        let mut all = self.raised.into_iter().map(|(_, finding)| finding);
        let recommendations = all.by_ref().take(most).collect();
        SortedAdvice { recommendations, details: all.collect(), considered: self.silent }
    }

    fn raise(&mut self, severity: Severity, finding: Finding) {
        self.raised.push((severity, Finding { severity: Some(severity.name().to_owned()), ..finding }));
    }

    fn silent(&mut self, reason: &str, finding: Finding) {
        self.silent.push(Finding { reason: reason.to_owned(), severity: None, suggestion: String::new(), ..finding });
    }

    /// What could not be judged at all, with the reason.
    fn unjudged(&mut self, id: &str, category: &str, reason: &str, finding: String) {
        self.silent(
            reason,
            Finding { id: id.to_owned(), category: category.to_owned(), finding, ..Finding::default() },
        );
    }

    fn judge(&mut self, severity: Option<Severity>, silence: &str, finding: Finding) {
        match severity {
            Some(severity) => self.raise(severity, finding),
            None => self.silent(silence, finding),
        }
    }
}

impl Evidence<'_> {
    fn time(&self, at: usize) -> i64 {
        self.cycles.get(at).or(self.cycles.last()).map_or(0, |cycle| cycle.time)
    }

    fn end(&self) -> i64 {
        self.cycles.last().map_or(0, |cycle| cycle.time)
    }

    fn span(&self, from: usize, to: usize) -> Span {
        let moment = |at: usize| crate::facts::moment(self.time(at));
        Span { from: moment(from), to: moment(to.saturating_sub(1)), cycles: to.saturating_sub(from) }
    }

    /// The place after the last cycle.
    fn all(&self) -> usize {
        self.cycles.len()
    }
}
