//! Facts that their size alone makes a recommendation.

use serde_json::json;

use host::text;

use super::numbers::{fingerprint, numbers, percent};
use super::{Advice, Evidence, Severity};
use records::insights::{Finding, LostCycles};

impl Evidence<'_> {
    pub(super) fn lost(&self, advice: &mut Advice) {
        let [recent, previous] = self.lost;
        let share = recent.share.unwrap_or(0.0);
        let severity = if share >= self.settings.red_share_high {
            Some(Severity::High)
        } else {
            (share >= self.settings.red_share_medium).then_some(Severity::Medium)
        };
        let words = |lost: &LostCycles| match (lost.red, lost.outage) {
            (red, 0) => format!("{} to red main", text::counted(red, "cycle")),
            (0, outage) => format!("{} to outages", text::counted(outage, "cycle")),
            (red, outage) => format!("{} to red main and {outage} to outages", text::counted(red, "cycle")),
        };
        advice.judge(
            severity,
            "small_share",
            Finding {
                id: "red-main".to_owned(),
                category: "red_main".to_owned(),
                reason: "share_of_cycles_lost".to_owned(),
                finding: format!(
                    "Lost in {}: {} of {} ({}, {}, longest {}). Before that {} in {}.",
                    text::counted(self.window_days, "day"),
                    words(recent),
                    recent.cycles,
                    percent(share),
                    text::counted(recent.episodes, "episode"),
                    recent.longest,
                    percent(previous.share.unwrap_or(0.0)),
                    text::counted(previous.episodes, "episode")
                ),
                suggestion: "Have checks run before a merge, and the loop stop while main is red.".to_owned(),
                evidence: numbers(
                    json!({"cycles": recent.cycles, "red": recent.red, "outage": recent.outage, "share": share,
                "episodes": recent.episodes, "longest": recent.longest}),
                ),
                calculation: vec![format!(
                    "a fact: from {} on it is reported, from {} on it is urgent",
                    percent(self.settings.red_share_medium),
                    percent(self.settings.red_share_high)
                )],
                ..Finding::default()
            },
        );
    }

    pub(super) fn luck(&self, advice: &mut Advice) {
        let quarantine = self.quarantine;
        let enough = quarantine.first_tries >= 50 && quarantine.second_tries >= 50;
        let low = quarantine.luck_low.unwrap_or(0.0);
        let silence = if enough { "not_enough_evidence" } else { "too_few_tries" };
        let severity = (enough && low >= 0.6 && self.freed > 0).then_some(Severity::Low);
        advice.judge(severity, silence, Finding {
            id: "quarantine-luck".to_owned(),
            category: "quarantine".to_owned(),
            reason: "evidence_reached_its_threshold".to_owned(),
            finding: format!(
                "At least {} of quarantined issues are there by bad luck: {} of {} first tries fail, {} of {} after one failure.",
                percent(low.min(1.0)), quarantine.first_failures, quarantine.first_tries, quarantine.second_failures, quarantine.second_tries
            ),
            suggestion: format!("Set quarantine_failures to 3; of those in quarantine {} would be free.", self.freed),
            evidence: numbers(json!({"first_tries": quarantine.first_tries, "first_failures": quarantine.first_failures,
                "second_tries": quarantine.second_tries, "second_failures": quarantine.second_failures,
                "luck_share": quarantine.luck_share, "luck_low": quarantine.luck_low, "freed": self.freed})),
            calculation: vec![
                "lower Wilson end of the first rate over the upper end of the second".to_owned(),
                "reported from 0.6 on, with 50 tries of each".to_owned(),
            ],
            ..Finding::default()
        });
    }

    pub(super) fn new_reasons(&self, advice: &mut Advice) {
        for reason in self.reasons.iter().filter(|reason| reason.new) {
            advice.raise(
                Severity::Info,
                Finding {
                    id: format!("reason-{:08x}", fingerprint(&reason.template)),
                    category: "reason".to_owned(),
                    reason: "first_seen_in_the_period".to_owned(),
                    finding: format!(
                        "A new reason for failure: \"{}\", {} in {}.",
                        text::fit(&reason.example, 60),
                        text::counted(reason.cycles, "cycle"),
                        text::counted(reason.episodes, "episode")
                    ),
                    suggestion: "See whether something that changed lately explains it.".to_owned(),
                    evidence: numbers(
                        json!({"template": reason.template, "episodes": reason.episodes, "cycles": reason.cycles}),
                    ),
                    calculation: vec!["a fact: first seen in the period, in at least three episodes".to_owned()],
                    ..Finding::default()
                },
            );
        }
    }
}
