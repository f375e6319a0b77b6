//! The present state: an open outage, success below its target, kinds of work and issues that fail more than others.

use change_detection::KINDS;
use change_detection::stats::real;
use serde_json::json;

use super::numbers::{date, grouped, numbers, percent};
use super::{Advice, Evidence, Severity};
use crate::claims::{KIND, LEVEL, STUCK};
use records::insights::{Effect, Finding};

/// From which dispersion on the tool says that the bursts have an unlabelled source.
const BURSTY: f64 = 2.0;

impl Evidence<'_> {
    pub(super) fn outage_now(&self, advice: &mut Advice) {
        let alert = self.settings.outage_alert;
        let Some(outage) = self.outage else {
            return advice.unjudged("outage-now", "outage", "none_open", "The last cycles are no outage.".to_owned());
        };
        let severity =
            (outage.evidence >= alert).then_some(if outage.cycles > 20 { Severity::High } else { Severity::Medium });
        let failed = outage.failures;
        advice.judge(severity, "not_enough_evidence", Finding {
            id: "outage-now".to_owned(),
            category: "outage".to_owned(),
            reason: "evidence_reached_its_threshold".to_owned(),
            finding: format!(
                "Something is broken now: {failed} of the last {} cycles failed (since {}), where {} do.",
                outage.cycles,
                date(self.time(outage.begun)),
                percent(outage.base)
            ),
            suggestion: "Look at the last cycle's reason: a key, a disk, an unreachable API. Pause the loop until it works again.".to_owned(),
            evidence: numbers(json!({"evidence": outage.evidence, "threshold": alert, "cycles": outage.cycles, "failed": failed,
                "base_failure_rate": outage.base})),
            period: Some(self.span(outage.begun, self.all())),
            calculation: vec![
                format!(
                    "each failure adds ln(0.95 / {:.3}), each success ln(0.05 / {:.3}); red cycles are left out",
                    outage.base,
                    1.0 - outage.base
                ),
                format!("the sum peaked at {:.2}, needed {alert}, and has not fallen to 0 or by {}", outage.evidence, self.settings.parameters.outage_score),
            ],
            ..Finding::default()
        });
    }

    pub(super) fn level(&self, advice: &mut Advice) {
        let target = self.settings.success_target;
        let Some(level) = self.level else {
            let finding = format!("Fewer than 100 ordinary cycles tell whether success is below {}.", percent(target));
            return advice.unjudged("level", "level", "too_few_cycles", finding);
        };
        let interval = level.interval();
        let severity = (level.r >= LEVEL).then_some(if interval.high <= target - 0.10 {
            Severity::High
        } else {
            Severity::Medium
        });
        let rate = real(level.successes) / real(level.cycles);
        let relation = if severity.is_some() { "is below" } else { "is not shown to be below" };
        advice.judge(severity, "not_enough_evidence", Finding {
            id: "level".to_owned(),
            category: "level".to_owned(),
            reason: "evidence_reached_its_threshold".to_owned(),
            finding: format!(
                "Success {relation} its target of {}: {} of {} ordinary cycles, {} ({} to {}).",
                percent(target), level.successes, level.cycles, percent(rate), percent(interval.low), percent(interval.high)
            ),
            suggestion: "Take smaller issues, or raise ready_threshold so that only clear ones get in.".to_owned(),
            evidence: numbers(json!({"successes": level.successes, "n": level.cycles, "rate": rate, "target": target, "r": level.r,
                "threshold": LEVEL, "phi": level.phi})),
            effect: Some(Effect { unit: "share".to_owned(), value: rate, low: interval.low, high: interval.high }),
            period: Some(self.span(self.look.saturating_sub(self.settings.parameters.recent), self.look)),
            calculation: vec![
                format!("of the last {} cycles of this regime, {} are ordinary", self.settings.parameters.recent, level.cycles),
                format!("root of the likelihood ratio against {target}, over the dispersion {:.3}: {:.3}", level.phi, level.r),
                format!("needed {LEVEL}"),
            ],
            ..Finding::default()
        });
    }

    pub(super) fn kinds(&self, advice: &mut Advice) {
        for (kind, low) in KINDS.iter().zip(&self.kinds) {
            let (id, category) = (format!("below-{}", kind.name()), "type".to_owned());
            let Some(low) = low else {
                let finding = format!("There are too few cycles to compare `{}` with the others.", kind.name());
                advice.unjudged(&id, &category, "too_few_cycles", finding);
                continue;
            };
            let severity = (low.r >= KIND).then_some(Severity::Medium);
            let (rate, interval) = (real(low.successes) / real(low.cycles), low.interval());
            let verdict = if severity.is_some() {
                "succeeds less than the others"
            } else {
                "is not shown to succeed less than the others"
            };
            advice.judge(
                severity,
                "not_enough_evidence",
                Finding {
                    id,
                    category,
                    reason: "evidence_reached_its_threshold".to_owned(),
                    finding: format!(
                        "`{}` {verdict}: {} of {} ({} to {}) against {} of {}.",
                        kind.name(),
                        low.successes,
                        low.cycles,
                        percent(interval.low),
                        percent(interval.high),
                        percent(low.against),
                        low.against_cycles
                    ),
                    suggestion: format!(
                        "Split `{}` issues, or say in them more exactly when they are done.",
                        kind.name()
                    ),
                    evidence: numbers(
                        json!({"successes": low.successes, "n": low.cycles, "rate": rate, "others_rate": low.against,
                    "others_n": low.against_cycles, "r": low.r, "threshold": KIND, "phi": low.phi}),
                    ),
                    effect: Some(Effect {
                        unit: "share".to_owned(),
                        value: rate,
                        low: interval.low,
                        high: interval.high,
                    }),
                    period: Some(self.span(self.look.saturating_sub(self.settings.parameters.baseline), self.look)),
                    calculation: vec![
                        format!(
                            "root of the likelihood ratio of two rates, over the dispersion {:.3}: {:.3}",
                            low.phi, low.r
                        ),
                        format!("needed {KIND}"),
                    ],
                    ..Finding::default()
                },
            );
        }
    }

    pub(super) fn stuck(&self, advice: &mut Advice) {
        let week = self.lost[0].cycles;
        for run in self.runs {
            let Some(issue) = self.cycles[run.last].issue else { continue };
            let is_named = run.failures >= STUCK && run.adjusted <= self.settings.issue_fdr;
            if !is_named && run.failures < STUCK {
                continue;
            }
            let share = real(run.failures) / real(week.max(1));
            let severity =
                is_named.then_some(if run.failures >= 5 || share > 0.05 { Severity::High } else { Severity::Medium });
            advice.judge(severity, "chance_explains_it", Finding {
                id: format!("stuck-{issue}"),
                category: "issue".to_owned(),
                reason: "evidence_reached_its_threshold".to_owned(),
                finding: format!(
                    "#{issue} failed {} times in a row; by chance ({} fail) one issue in {} does, and {} were tried.",
                    run.failures, percent(run.base), grouped((1.0 / run.p).round()), self.tried
                ),
                suggestion: "Split it, describe it better, or take it out of the queue.".to_owned(),
                evidence: numbers(json!({"issue": issue, "failures": run.failures, "base_failure_rate": run.base, "p": run.p,
                    "adjusted_p": run.adjusted, "issues_tried": self.tried, "issue_fdr": self.settings.issue_fdr})),
                calculation: vec![
                    format!("p = {:.4} ^ {} = {:.3e}", run.base, run.failures, run.p),
                    format!(
                        "among {} issues tried in 14 days that is {:.3e} (Benjamini and Hochberg); at most {} is named",
                        self.tried, run.adjusted, self.settings.issue_fdr
                    ),
                    "the base rate is that of its kind of work without it, drawn to the overall rate by 20 cycles".to_owned(),
                ],
                ..Finding::default()
            });
        }
    }

    pub(super) fn bursts(&self, advice: &mut Advice) {
        let Some(level) = self.level else { return };
        let severity = (level.phi > BURSTY && level.cycles >= 500).then_some(Severity::Info);
        advice.judge(
            severity,
            "small",
            Finding {
                id: "bursts".to_owned(),
                category: "bursts".to_owned(),
                reason: "dispersion".to_owned(),
                finding: format!(
                    "Failures are {:.1} times as clustered as chance, red main and outages set aside.",
                    level.phi
                ),
                suggestion:
                    "Something makes them come together that nobody has labelled: look at the times of failures."
                        .to_owned(),
                evidence: numbers(json!({"phi": level.phi, "n": level.cycles, "threshold": BURSTY})),
                calculation: vec!["the largest of 1, blocks of 20 cycles, and clusters by issue".to_owned()],
                ..Finding::default()
            },
        );
    }
}
