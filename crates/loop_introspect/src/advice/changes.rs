//! What changed: the last event of each stream, how urgent it is, and the words for it.

use change_detection::stats::{rates, real};
use change_detection::{Event, KINDS, Masks, STREAMS, Stream, place};
use host::text;
use serde_json::json;

use super::numbers::{date, numbers, percent, points, rounded};
use super::{Advice, Evidence, Severity};
use records::insights::{Effect, Finding};

use crate::events::event_id;

impl Evidence<'_> {
    /// Judges the last event of each stream; returns whether any is shown.
    pub(super) fn changes(&self, advice: &mut Advice) -> bool {
        let hold = i64::try_from(self.settings.hold_days).unwrap_or(365) * crate::facts::DAY;
        let last = |stream: usize| self.replay.events.iter().rev().find(|event| event.stream.place() == stream);
        let is_fresh = |event: &Event| self.end() - self.time(event.raised_after - 1) <= hold;
        // A change of all kinds of work together is news as long as one of its parts is.
        let is_part = |part: &Event, overall: &Event| {
            matches!(part.stream, Stream::SuccessOf(_))
                && overall.up == part.up
                && part.change_low <= overall.change_high
                && overall.change_low <= part.change_high
        };
        let has_fresh_part =
            |overall: &Event| (1..STREAMS).filter_map(last).any(|event| is_fresh(event) && is_part(event, overall));
        let overall = last(0).filter(|event| is_fresh(event) || has_fresh_part(event));
        let mut shown = false;
        for stream in 0..STREAMS {
            let Some(event) = last(stream) else {
                advice.silent("no_event", self.no_event(stream));
                continue;
            };
            let finding = self.change(event);
            let is_shown = is_fresh(event) || stream == 0 && overall.is_some();
            if !is_shown {
                advice.silent("held_long_enough", finding);
                continue;
            }
            if overall.is_some_and(|overall| is_part(event, overall)) {
                advice.silent("part_of_the_overall_change", finding);
                continue;
            }
            shown = true;
            let severity = self.severity(event);
            advice.raise(severity, finding);
        }
        shown
    }

    fn no_event(&self, stream: usize) -> Finding {
        let stream = match stream {
            0 => Stream::Success,
            6 => Stream::Duration,
            7 => Stream::Episodes,
            kind => Stream::SuccessOf(KINDS[kind - 1]),
        };
        let thresholds = &self.settings.parameters.thresholds;
        let threshold = match stream {
            Stream::Success => thresholds.success,
            Stream::SuccessOf(_) => thresholds.kind,
            Stream::Duration => thresholds.duration,
            Stream::Episodes => thresholds.episodes,
        };
        let looks = self.look / self.settings.parameters.look;
        Finding {
            id: stream.name(),
            category: "change".to_owned(),
            finding: format!("{} has not changed.", subject(stream)),
            evidence: numbers(json!({"looks": looks, "threshold": threshold})),
            period: Some(self.span(0, self.look)),
            calculation: vec![
                format!(
                    "{}, one after every {} cycles, tried every change point",
                    text::counted(looks, "look"),
                    self.settings.parameters.look
                ),
                format!(
                    "no scan reached {threshold:.2} after division by its dispersion, with a change that is large enough to report"
                ),
            ],
            ..Finding::default()
        }
    }

    /// The plain share of the cycles since a change that main was not red in: successes and cycles.
    fn since(&self, event: &Event) -> (usize, usize) {
        let low = event.change_at.saturating_sub(self.settings.parameters.baseline);
        let mut masks = Masks::default();
        masks.find(self.series, low..self.all(), low, &self.settings.parameters);
        let counted = |at: &usize| match event.stream {
            Stream::SuccessOf(kind) => usize::from(self.series.kind[*at]) == place(kind),
            _ => true,
        };
        let cycles: Vec<usize> =
            (event.change_at..self.all()).filter(|at| !masks.red[at - low]).filter(counted).collect();
        (cycles.iter().filter(|at| self.series.success[**at]).count(), cycles.len())
    }

    fn severity(&self, event: &Event) -> Severity {
        let lost = self.lost[0].share.unwrap_or(0.0);
        match event.stream {
            Stream::Success | Stream::SuccessOf(_) if event.up => Severity::Info,
            Stream::Duration | Stream::Episodes if !event.up => Severity::Info,
            Stream::Success => {
                let (successes, cycles) = self.since(event);
                match event.before - real(successes) / real(cycles.max(1)) {
                    drop if drop >= 0.20 => Severity::High,
                    drop if drop >= 0.10 => Severity::Medium,
                    _ => Severity::Low,
                }
            }
            Stream::SuccessOf(kind) => {
                let (successes, cycles) = self.since(event);
                let of_kind = self.series.kind[event.change_at..].iter();
                let share = real(of_kind.filter(|of| usize::from(**of) == place(kind)).count())
                    / real((self.all() - event.change_at).max(1));
                match event.before - real(successes) / real(cycles.max(1)) {
                    drop if drop >= 0.30 && share >= 0.15 => Severity::High,
                    drop if drop >= 0.15 => Severity::Medium,
                    _ => Severity::Low,
                }
            }
            Stream::Duration => match event.effect.exp() {
                factor if factor >= 2.0 => Severity::High,
                factor if factor >= 1.5 => Severity::Medium,
                _ => Severity::Low,
            },
            Stream::Episodes if lost >= 0.20 => Severity::High,
            Stream::Episodes => Severity::Medium,
        }
    }

    fn change(&self, event: &Event) -> Finding {
        let interval = event.interval();
        let told = |effect: f64| if event.is_factor() { effect.exp() } else { 100.0 * effect };
        let (value, low, high) = (told(event.effect), told(interval.low), told(interval.high));
        let around = format!(
            "since about cycle {} ({}, most likely {} to {})",
            self.before + event.change_at,
            date(self.time(event.change_at)),
            self.before + event.change_low,
            self.before + event.change_high
        );
        let suggestion = match (event.stream, event.up) {
            (Stream::Success | Stream::SuccessOf(_), true) => "Note what was done then, and keep it.",
            (Stream::Success | Stream::SuccessOf(_), false) => {
                "Look at what changed then: a model, a prompt, a dependency, a kind of issue. Read the failure reasons since."
            }
            (Stream::Duration, true) => "Look for slower tests, a slower model, or more retries since then.",
            (Stream::Episodes, true) => "Find what turns main red; a check before the merge is cheaper.",
            (Stream::Duration | Stream::Episodes, false) => "Nothing to do; note what was done then.",
        };
        let finding = match event.stream {
            Stream::Success | Stream::SuccessOf(_) => self.rate_in_words(event, [low, high], &around),
            Stream::Duration => format!(
                "Cycles take {value:.1} times as long ({low:.1} to {high:.1}) {around}, kinds of work and outcomes taken \
                 alike: {} cycles against {} before.",
                event.n_after, event.n_before
            ),
            Stream::Episodes => format!(
                "Main turns red, or an outage begins, {value:.1} times as often ({low:.1} to {high:.1}) {around}: {} times \
                 in {:.0} ordinary cycles against {} in {:.0} before.",
                event.n_after,
                event.n_after / event.after.max(f64::MIN_POSITIVE),
                event.n_before,
                event.n_before / event.before.max(f64::MIN_POSITIVE),
            ),
        };
        let unit = if event.is_factor() { "factor" } else { "points" };
        Finding {
            id: event_id(event, self.before),
            category: "change".to_owned(),
            reason: "evidence_reached_its_threshold".to_owned(),
            finding,
            suggestion: suggestion.to_owned(),
            evidence: numbers(
                json!({"stream": event.stream.name(), "r": event.r, "threshold": event.threshold, "phi": event.phi,
                "before": event.before, "n_before": event.n_before, "after": event.after, "n_after": event.n_after}),
            ),
            effect: Some(Effect { unit: unit.to_owned(), value, low, high }),
            period: Some(self.span(event.change_at, self.all())),
            calculation: self.calculation(event),
            ..Finding::default()
        }
    }

    fn rate_in_words(&self, event: &Event, [low, high]: [f64; 2], around: &str) -> String {
        let (successes, cycles) = self.since(event);
        let (n, before) = (rounded(event.n_before), rounded(event.before * event.n_before));
        let (earlier, later) = (rates::wilson(before, n, 0.95), rates::wilson(successes, cycles, 0.95));
        let verb = if event.up { "rose" } else { "fell" };
        let (least, most) = if event.up { (low, high) } else { (-high, -low) };
        let shift = real(successes) / real(cycles.max(1)) - event.before;
        let parts = if event.stream == Stream::Success { self.parts(event) } else { String::new() };
        format!(
            "{} {verb} by {} points (interval {least:.0} to {most:.0}) {around}: {successes} of {cycles} ({} to {}) against \
             {before} of {n} ({} to {}) before.{parts} Evidence {:.1}, needed {:.1}; failures are {:.1} times as clustered as \
             chance.",
            subject(event.stream),
            points(shift.abs()),
            percent(later.low),
            percent(later.high),
            percent(earlier.low),
            percent(earlier.high),
            event.r,
            event.threshold,
            event.phi
        )
    }

    fn calculation(&self, event: &Event) -> Vec<String> {
        let parameters = &self.settings.parameters;
        let raised = self.before + event.raised_after;
        let raw = event.r * event.phi.sqrt();
        vec![
            format!(
                "raised after cycle {raised}: the largest of the scan over change points {} to {} cycles back",
                parameters.min_recent, parameters.recent
            ),
            format!(
                "before: {:.4} of {:.1}; after: {:.4} of {:.1}",
                event.before, event.n_before, event.after, event.n_after
            ),
            format!(
                "dispersion {:.3}: the largest of 1, blocks of {} cycles, and clusters by issue",
                event.phi, parameters.block
            ),
            format!("evidence {:.3} = raw evidence {raw:.3} / square root of the dispersion", event.r),
            format!("needed {:.3}, which a month of looks at an unchanging loop seldom reaches", event.threshold),
            format!(
                "effect {:.4}{}, standard error {:.4}; the interval is {:.2} errors to either side, since the estimate was selected",
                event.effect,
                if event.is_factor() { " (the logarithm of the factor)" } else { "" },
                event.error,
                event.threshold
            ),
        ]
    }

    /// Which kinds of work make an overall change, and what was set aside.
    fn parts(&self, overall: &Event) -> String {
        let of_kinds: Vec<String> = self
            .replay
            .events
            .iter()
            .filter(|event| {
                matches!(event.stream, Stream::SuccessOf(_))
                    && event.up == overall.up
                    && event.change_low <= overall.change_high
                    && overall.change_low <= event.change_high
            })
            .map(|event| {
                format!("{} ({:+.0})", event.stream.name().trim_start_matches("success:"), 100.0 * event.effect)
            })
            .collect();
        let lost = self.lost[0];
        let aside = if lost.red + lost.outage > 0 {
            format!(
                " Set aside this week: {} of red main and outages in {}.",
                text::counted(lost.red + lost.outage, "cycle"),
                text::counted(lost.episodes, "episode")
            )
        } else {
            String::new()
        };
        if of_kinds.is_empty() { aside } else { format!(" Seen by itself in {}.{aside}", of_kinds.join(", ")) }
    }

    /// Says what would have shown: silence that says what it could have seen is half of the trust.
    pub(super) fn no_change(&self, advice: &mut Advice) {
        let parameters = &self.settings.parameters;
        let Some(level) = self.level else {
            // With nearly all set aside nothing could have shown.
            let finding = "Too few ordinary cycles to see a change of the success rate.".to_owned();
            return advice.unjudged("no-change", "change", "too_few_cycles", finding);
        };
        let (rate, phi) = (real(level.successes) / real(level.cycles), level.phi);
        let regime = self.look.saturating_sub(self.replay.regimes[0]);
        let (n2, threshold) = (300.0_f64.min(real(regime) / 2.0), parameters.thresholds.success);
        let n1 = (real(regime) - n2).clamp(1.0, real(parameters.baseline));
        let least = threshold * (phi * rate * (1.0 - rate) * (1.0 / n1 + 1.0 / n2)).sqrt();
        advice.raise(Severity::Info, Finding {
            id: "no-change".to_owned(),
            category: "change".to_owned(),
            reason: "nothing_reached_its_threshold".to_owned(),
            finding: format!(
                "No change found. A lasting drop of {} points or more in the last {n2:.0} cycles would have shown.",
                points(least)
            ),
            suggestion: String::new(),
            evidence: numbers(json!({"n_before": n1, "n_after": n2, "rate": rate, "phi": phi, "threshold": threshold, "least": least})),
            calculation: vec![format!(
                "{threshold:.3} x sqrt({phi:.3} x {rate:.3} x {:.3} x (1/{n1:.0} + 1/{n2:.0})) = {least:.3}", 1.0 - rate
            )],
            ..Finding::default()
        });
    }
}

fn subject(stream: Stream) -> String {
    match stream {
        Stream::Success => "Success".to_owned(),
        Stream::SuccessOf(kind) => format!("Success of `{}`", kind.name()),
        Stream::Duration => "The time that a cycle takes".to_owned(),
        Stream::Episodes => "How often main turns red or an outage begins".to_owned(),
    }
}
