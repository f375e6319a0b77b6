//! What goes with success.

use change_detection::stats::real;
use serde_json::{Value, json};

use super::numbers::{numbers, percent};
use super::{Advice, Evidence, Severity};
use crate::associations::{OfHours, OfPanes, OfScore};
use records::insights::Finding;

/// How many claims a month the budget is spent on: three, twice.
const CLAIMS: f64 = 6.0;

/// Below this the score tells nothing, when there is enough to see it.
const NOTHING: f64 = 0.55;

/// How many first tries of either outcome are enough.
const ENOUGH: usize = 200;

impl Evidence<'_> {
    pub(super) fn associations(&self, advice: &mut Advice) {
        let [of_score, of_panes, of_hours] = self.associations.adjusted;
        match &self.associations.score {
            Some(score) => self.score(advice, score, of_score),
            None => unknown(advice, "score"),
        }
        match &self.associations.panes {
            Some(panes) => self.panes(advice, panes, of_panes),
            None => unknown(advice, "panes"),
        }
        match &self.associations.hours {
            Some(hours) => self.hours(advice, hours, of_hours),
            None => unknown(advice, "hours"),
        }
    }

    fn score(&self, advice: &mut Advice, score: &OfScore, adjusted: Option<f64>) {
        let OfScore { auc, interval, succeeded, failed, p } = *score;
        let says_nothing = interval.high < NOTHING && succeeded >= ENOUGH && failed >= ENOUGH;
        let goes = self.is_found(adjusted);
        let (severity, suggestion) = if says_nothing {
            let rules = "The score does not tell which issues succeed: read `triage_score --explain` of some failures, and \
                         change the rules.";
            (Some(Severity::Medium), rules)
        } else if goes && auc > 0.5 {
            (Some(Severity::Info), "The score tells something: raising ready_threshold trades work for success.")
        } else {
            (goes.then_some(Severity::Medium), "Lower scores go with success: look at the rules.")
        };
        let text = format!(
            "Of two issues the one that succeeds at its first try has the higher triage score in {} of cases ({} to {}; 50% \
             tells nothing).",
            percent(auc),
            percent(interval.low),
            percent(interval.high)
        );
        let evidence = json!({"auc": auc, "low": interval.low, "high": interval.high, "succeeded": succeeded, "failed": failed,
            "p": p, "adjusted_p": adjusted});
        let step = format!("Mann and Whitney over {succeeded} and {failed} first tries: p = {p:.3e}");
        advice.judge(severity, "not_enough_evidence", self.association("score", text, suggestion, evidence, step));
    }

    fn panes(&self, advice: &mut Advice, panes: &OfPanes, adjusted: Option<f64>) {
        let OfPanes { z, p, cycles } = *panes;
        let direction = if z > 0.0 { "more" } else { "fewer" };
        let text = format!("Success goes with {direction} panes (z {:.1}, {cycles} cycles).", z.abs());
        let suggestion = "It goes with it, and need not be why: try another number for a week.";
        let evidence = json!({"z": z, "p": p, "adjusted_p": adjusted, "n": cycles});
        let step = format!("score test for a trend, its variance over issues: p = {p:.3e}");
        let severity = self.is_found(adjusted).then_some(Severity::Medium);
        advice.judge(severity, "not_enough_evidence", self.association("panes", text, suggestion, evidence, step));
    }

    fn hours(&self, advice: &mut Advice, hours: &OfHours, adjusted: Option<f64>) {
        let OfHours { bins, statistic, phi, p } = hours;
        let rate = |(successes, cycles): &(usize, usize)| real(*successes) / real((*cycles).max(1));
        let tried = bins.iter().enumerate().filter(|(_, (_, cycles))| *cycles >= 20);
        let worst = tried.min_by(|(_, a), (_, b)| rate(a).total_cmp(&rate(b)));
        let worst = worst.map_or(String::new(), |(at, bin)| {
            format!("; lowest from {:02} to {:02} UTC: {} of {} cycles", 4 * at, 4 * at + 4, percent(rate(bin)), bin.1)
        });
        let found = self.is_found(adjusted);
        let verdict = if found { "depends" } else { "is not shown to depend" };
        let text = format!("Success {verdict} on the hour{worst}.");
        let suggestion = "Look at what runs at that hour: backups, limits of an API, people at work.";
        let counts: Vec<[usize; 2]> = bins.iter().map(|(successes, cycles)| [*successes, *cycles]).collect();
        let evidence = json!({"bins": counts, "statistic": statistic, "phi": phi, "p": p, "adjusted_p": adjusted});
        let step = format!("chi-square {statistic:.2} over dispersion {phi:.3}, 5 degrees of freedom: p = {p:.3e}");
        let severity = found.then_some(Severity::Medium);
        advice.judge(severity, "not_enough_evidence", self.association("hours", text, suggestion, evidence, step));
    }

    fn is_found(&self, adjusted: Option<f64>) -> bool {
        adjusted.is_some_and(|p| p <= self.settings.association_budget / CLAIMS)
    }

    fn association(&self, id: &str, finding: String, suggestion: &str, evidence: Value, step: String) -> Finding {
        let from = self.associated.saturating_sub(self.settings.association_cycles);
        let when = format!(
            "judged at cycle {}, every {} cycles; among the three, p must be at most {:.5} (Holm)",
            self.before + self.associated,
            self.settings.association_every,
            self.settings.association_budget / CLAIMS
        );
        Finding {
            id: id.to_owned(),
            category: "association".to_owned(),
            reason: "evidence_reached_its_threshold".to_owned(),
            finding,
            suggestion: suggestion.to_owned(),
            evidence: numbers(evidence),
            period: Some(self.span(from, self.associated)),
            calculation: vec![step, when],
            ..Finding::default()
        }
    }
}

fn unknown(advice: &mut Advice, id: &str) {
    let finding = "The record says too little of it to tell whether it goes with success.".to_owned();
    advice.unjudged(id, "association", "too_few_cycles", finding);
}
