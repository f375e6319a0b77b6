//! The agenda as people read it: on a terminal of 80 columns in ten seconds, or as Markdown in an issue.

use std::collections::BTreeMap;

use common::{Page, View};
use host::text;
use records::{Agenda, FailureClass, Review, ReviewFailure};
use serde::{Serialize, Serializer};

/// How many failures and numbers are listed before the rest is counted.
const LISTED: usize = 5;

/// The least width of a text.
const NARROW: usize = 20;

/// An agenda, and the day that it is for.
pub(crate) struct AgendaView {
    pub agenda: Agenda,
    pub day: String,
}

impl Serialize for AgendaView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.agenda.serialize(serializer)
    }
}

impl View for AgendaView {
    /// Writes the agenda, and below it the day's summary.
    fn render(&self, page: &mut Page) {
        let (agenda, width) = (&self.agenda, page.width());
        page.say(format!(
            "Agenda for {}: {} of {} min, {} of {} candidates",
            self.day,
            agenda.planned_minutes,
            agenda.time_budget_minutes,
            agenda.items.len(),
            agenda.candidates
        ));
        for (at, item) in agenda.items.iter().enumerate() {
            let number = format!("#{}", item.number);
            let head = format!("{:>3}. {:<9} {:>2} min  {number:<6} ", at + 1, item.action.name(), item.minutes);
            page.entry(&head, &item.title);
            page.entry("     ", &item.why);
        }
        if agenda.items.is_empty() {
            page.line("  Nothing fits: no candidate is small enough, or there is none.");
        }
        for (at, line) in agenda.review.iter().flat_map(review_lines).enumerate() {
            if at == 0 {
                page.say(line);
            } else {
                let wrapped = text::wrap(&line, width.saturating_sub(4).max(NARROW));
                page.lines(
                    wrapped
                        .iter()
                        .enumerate()
                        .map(|(part, wrapped)| format!("{}{wrapped}", if part == 0 { "  " } else { "    " })),
                );
            }
        }
    }
}

impl AgendaView {
    /// Returns the lines of the agenda as Markdown, to be pasted into an issue: a box to tick for each item.
    pub(crate) fn markdown(&self) -> Vec<String> {
        let agenda = &self.agenda;
        let mut lines = vec![format!("## Agenda for {}", self.day), String::new()];
        lines.push(format!(
            "{} of {} minutes, {} of {} candidates.",
            agenda.planned_minutes,
            agenda.time_budget_minutes,
            agenda.items.len(),
            agenda.candidates
        ));
        lines.push(String::new());
        lines.extend(agenda.items.iter().map(|item| {
            format!(
                "- [ ] **{}** #{} {} ({} min): {}",
                item.action.name(),
                item.number,
                text::markdown(&item.title),
                item.minutes,
                text::markdown(&item.why)
            )
        }));
        for (at, line) in agenda.review.iter().flat_map(review_lines).enumerate() {
            let line = text::markdown(&line);
            if at == 0 {
                lines.extend([String::new(), format!("### {}", line.trim_end_matches(':')), String::new()]);
            } else {
                // Numbers of issues stay links.
                lines.push(format!("- {line}"));
            }
        }
        lines
    }
}

/// The day's summary: a heading, then a line for each thing.
fn review_lines(review: &Review) -> Vec<String> {
    let mut lines = vec![format!("Since {}:", review.since.get(..16).unwrap_or(&review.since).replace('T', " "))];
    match (&review.issues, &review.pulls) {
        (Some(issues), Some(pulls)) => {
            lines.push(format!(
                "issues: {} opened{}, {} closed{}, {} touched",
                issues.opened.len(),
                numbers(&issues.opened),
                issues.closed.len(),
                numbers(&issues.closed),
                issues.touched.len()
            ));
            lines.push(format!(
                "pulls:  {} merged{}, {} opened{}",
                pulls.merged.len(),
                numbers(&pulls.merged),
                pulls.opened.len(),
                numbers(&pulls.opened)
            ));
        }
        _ => lines.push("issues, pulls: unknown, because no list came from the forge".to_owned()),
    }
    let cycles = &review.cycles;
    let rate = cycles.success_rate.map_or(String::new(), |rate| format!(" ({:.0} %)", rate * 100.0));
    lines.push(format!("cycles: {}, {} succeeded{rate}", cycles.count, cycles.succeeded));
    lines.extend(failure_lines(&cycles.failures));
    let quarantined = numbers(&review.quarantined);
    lines.push(format!(
        "queue:  {} ready, {} in quarantine{quarantined}",
        review.queue_depth,
        review.quarantined.len()
    ));
    let tokens = &review.tokens;
    lines.push(format!("tokens: {:+} earned, {:+} spent, balance {}", tokens.earned, tokens.spent, tokens.balance));
    lines
}

/// Lists the failures of each issue, then those that were not the fault of an issue, by their class.
fn failure_lines(failures: &[ReviewFailure]) -> Vec<String> {
    let mut kinds: BTreeMap<(Option<&str>, Option<u64>, &str), usize> = BTreeMap::new();
    for failure in failures {
        let class = failure.failure_class;
        let issue = failure.issue.filter(|_| class.is_none());
        let reason = match (failure.reason.as_str(), class) {
            ("", Some(class)) => class.meaning(),
            ("", None) => "no reason given",
            (reason, _) => reason,
        };
        *kinds.entry((class.map(FailureClass::name), issue, reason)).or_default() += 1;
    }
    let mut lines = Vec::new();
    for ((class, issue, reason), count) in kinds.iter().take(LISTED) {
        let of = match (class, issue) {
            (Some(class), _) => format!("not the issue's fault, {class}"),
            (None, Some(issue)) => format!("#{issue}"),
            (None, None) => "no issue".to_owned(),
        };
        let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
        lines.push(format!("failed: {of}{times}: {}", text::fit(reason, 200)));
    }
    if kinds.len() > LISTED {
        lines.push(format!("failed: and {}", text::counted(kinds.len() - LISTED, "more kind")));
    }
    lines
}

/// Lists numbers behind their count: ` (#1, #2 …)`.
fn numbers(numbers: &[u64]) -> String {
    if numbers.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = numbers.iter().take(LISTED).map(|number| format!("#{number}")).collect();
    let more = if numbers.len() > LISTED { ", …" } else { "" };
    format!(" ({}{more})", shown.join(", "))
}
