//! What a person sees: a report that fits one screen, the same as Markdown, and a finding with its whole calculation.

use common::run::Run;
use common::{Error, Page, View};
use host::text;
use records::Insights;
use records::insights::{FailureReason, Finding, LostCycles, Period};
use serde::{Serialize, Serializer};

/// The steps of a small bar.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How many reasons are named.
const REASONS: usize = 3;

/// The widths of a row's name and of its first value.
const NAME: usize = 10;
const COLUMN: usize = 32;

/// The report that fits one screen.
pub(crate) struct Report<'a>(pub &'a Insights);

/// The findings, judged as recommendations or not.
struct FindingList<'a>(Vec<&'a Finding>);

/// A finding with its whole calculation.
struct Explanation<'a>(&'a Finding);

impl Serialize for Report<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl View for Report<'_> {
    fn render(&self, page: &mut Page) {
        let insights = self.0;
        let width = page.width().min(100);
        page.say(headline(insights));
        for Row { name, recent, previous } in rows(insights) {
            let head = format!("  {}", text::column(name, NAME));
            if previous.is_empty() {
                page.entry(&head, &recent);
            } else if text::width(&head) + COLUMN + 1 + text::width(&previous) <= width {
                page.line(format!("{head}{} {previous}", text::column(&recent, COLUMN)));
            } else {
                page.entry(&head, &recent);
                page.entry(&" ".repeat(NAME + 2), &previous);
            }
        }
        for finding in &insights.recommendations {
            let severity = finding.severity.as_deref().unwrap_or_default().to_uppercase();
            let advice = format!("{} {}", finding.finding, arrow(&finding.suggestion));
            for (at, line) in text::wrap(advice.trim(), width.saturating_sub(10)).iter().enumerate() {
                let head = if at == 0 { severity.as_str() } else { "" };
                page.line(format!("  {}{line}", text::column(head, 8)));
            }
        }
        if !insights.details.is_empty() {
            page.line(format!("  … and {} more under `details` in .loop/retro/insights.json", insights.details.len()));
        }
        page.line("  Why, and why not: loop_introspect --explain list");
    }
}

impl Serialize for FindingList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|finding| &finding.id))
    }
}

impl View for FindingList<'_> {
    fn render(&self, page: &mut Page) {
        for finding in &self.0 {
            let verdict = finding
                .severity
                .as_deref()
                .map_or_else(|| format!("not shown: {}", words(&finding.reason)), str::to_uppercase);
            page.line(format!("  {}{verdict}", text::column(&finding.id, 28)));
        }
    }
}

impl Serialize for Explanation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl View for Explanation<'_> {
    fn render(&self, page: &mut Page) {
        let finding = self.0;
        let width = page.width().min(100);
        let reason = words(&finding.reason);
        let verdict = match &finding.severity {
            Some(severity) => format!("recommended, {severity}: {reason}"),
            None => format!("not recommended: {reason}"),
        };
        page.say(format!("{} ({verdict})", finding.id));
        let mut texts = vec![finding.finding.clone()];
        texts.extend(Some(arrow(&finding.suggestion)).filter(|arrow| !arrow.is_empty()));
        texts.extend(finding.calculation.iter().map(|step| format!("- {step}")));
        texts.extend(finding.evidence.iter().map(|(key, value)| format!("{key} = {value}")));
        texts.extend(finding.effect.as_ref().map(|effect| {
            format!("effect = {:.3} {} ({:.3} to {:.3})", effect.value, effect.unit, effect.low, effect.high)
        }));
        texts.extend(
            finding
                .period
                .as_ref()
                .map(|period| format!("period = {} to {}, {} cycles", period.from, period.to, period.cycles)),
        );
        for text in texts {
            page.lines(text::wrap(&text, width.saturating_sub(2)).into_iter().map(|line| format!("  {line}")));
        }
    }
}

/// The text of the reason of a finding.
fn words(reason: &str) -> String {
    match reason {
        "no_event" => "no change was found".to_owned(),
        "held_long_enough" => "it was found more than hold_days ago".to_owned(),
        "part_of_the_overall_change" => "it is a part of the overall change".to_owned(),
        "none_open" => "there is none now".to_owned(),
        "small" => "it is small".to_owned(),
        "small_share" => "the share is small".to_owned(),
        other => other.replace('_', " "),
    }
}

fn arrow(suggestion: &str) -> String {
    if suggestion.is_empty() { String::new() } else { format!("→ {suggestion}") }
}

fn headline(insights: &Insights) -> String {
    let Some(last) = &insights.last_cycle_at else {
        return format!("No cycles yet{}", left_out(insights));
    };
    let rests = if insights.rests_on < insights.cycles {
        format!(" (what follows rests on the last {})", insights.rests_on)
    } else {
        String::new()
    };
    let cycles = text::counted(insights.cycles, "cycle");
    format!("{cycles} up to {}{rests}{}", day_and_time(last), left_out(insights))
}

fn left_out(insights: &Insights) -> String {
    let parts = [
        (insights.damaged_lines, "damaged"),
        (insights.undated_lines, "undated"),
        (insights.future_lines, "in the future"),
        (insights.backfilled, "backfilled"),
        (insights.interrupted, "interrupted"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if parts.is_empty() { String::new() } else { format!("; left out: {}", parts.join(", ")) }
}

/// A row of the table: one thing in the recent period, and in the one before where that tells something.
struct Row {
    name: &'static str,
    recent: String,
    previous: String,
}

fn rows(insights: &Insights) -> Vec<Row> {
    let (recent, previous) = (&insights.trends.recent, &insights.trends.previous);
    let mut rows = Vec::new();
    if recent.cycles == 0 && previous.cycles == 0 {
        return rows;
    }
    let days = insights.window_days;
    let mut both = |name, recent, previous| rows.push(Row { name, recent, previous });
    both("", format!("last {}", text::counted(days, "day")), format!("{} before", text::counted(days, "day")));
    both("success", rate(recent), rate(previous));
    let bars: String = insights.trends.daily.iter().map(|day| bar(day.successes, day.cycles)).collect();
    both("by day", format!("{bars}  the oldest first; a full bar is 100%"), String::new());
    both("duration", duration(recent), duration(previous));
    both("pulls", pulls(recent), pulls(previous));
    both("lost", lost(&insights.red_main.recent), lost(&insights.red_main.previous));
    let mut one = |name, value| rows.push(Row { name, recent: value, previous: String::new() });
    let kinds: Vec<String> = insights
        .by_type
        .iter()
        .filter(|(_, of)| of.recent_cycles > 0)
        .map(|(kind, of)| format!("{kind} {}/{}", of.recent_successes, of.recent_cycles))
        .collect();
    one("by type", kinds.join(", "));
    for (at, reason) in insights.failure_reasons.iter().take(REASONS).enumerate() {
        one(if at == 0 { "reasons" } else { "" }, of_reason(reason));
    }
    if let Some(timeouts) = &insights.timeouts {
        one("time-outs", format!("{} of {} at {} s", timeouts.cycles, timeouts.n, timeouts.duration));
    }
    if let Some(outlier) = insights.duration_outliers.first() {
        let more = insights.duration_outliers.len() - 1;
        let issue = outlier.issue.map_or(String::new(), |issue| format!("#{issue} "));
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let (took, usual) = (outlier.duration, outlier.median_duration);
        one("outliers", format!("{issue}{} took {took:.0} s, where {usual:.0} s is usual{more}", outlier.kind));
    }
    rows
}

fn of_reason(reason: &FailureReason) -> String {
    let new = if reason.new { ", new" } else { "" };
    let cycles = text::counted(reason.cycles, "cycle");
    let episodes = format!(" in {}", text::counted(reason.episodes, "episode"));
    let episodes = if reason.episodes < reason.cycles { episodes } else { String::new() };
    format!("{} ({cycles}{episodes}{new})", text::fit(&reason.example, 200))
}

fn rate(period: &Period) -> String {
    match (period.success_rate, period.low, period.high) {
        (Some(rate), Some(low), Some(high)) => {
            format!("{:.0}% ({:.0} to {:.0}%) of {}", 100.0 * rate, 100.0 * low, 100.0 * high, period.cycles)
        }
        _ => "no cycles".to_owned(),
    }
}

fn duration(period: &Period) -> String {
    match (period.median_duration, period.avg_duration) {
        (Some(median), Some(mean)) => format!("median {median:.0} s, mean {mean:.0} s"),
        _ => "not known".to_owned(),
    }
}

fn pulls(period: &Period) -> String {
    format!(
        "{}, +{} -{} lines",
        text::counted(period.pull_requests, "pull request"),
        period.lines_added,
        period.lines_removed
    )
}

#[expect(clippy::integer_division, reason = "a step of eight")]
fn bar(successes: usize, cycles: usize) -> char {
    BARS[(successes * BARS.len() / cycles.max(1)).min(BARS.len() - 1)]
}

fn day_and_time(timestamp: &str) -> String {
    timestamp.get(..16).unwrap_or(timestamp).replace('T', " ")
}

/// What red main and outages cost.
fn lost(lost: &LostCycles) -> String {
    let LostCycles { red, outage, cycles, .. } = lost;
    match (*cycles, red + outage) {
        (0, _) => "no cycles".to_owned(),
        (cycles, 0) => format!("none of {}", text::counted(cycles, "cycle")),
        (cycles, _) => format!("{red} to red main, {outage} to outages, of {}", text::counted(cycles, "cycle")),
    }
}

/// Prints the report as Markdown, to paste into an issue.
pub(crate) fn markdown(run: &Run, insights: &Insights) {
    let mut lines = vec![format!("## Loop report: {}", headline(insights)), String::new()];
    let mut rows = rows(insights).into_iter();
    if let Some(Row { recent, previous, .. }) = rows.next() {
        lines.extend([format!("| | {recent} | {previous} |"), "|---|---|---|".to_owned()]);
        lines.extend(rows.map(|Row { name, recent, previous }| {
            format!("| {name} | {} | {} |", text::markdown(&recent), text::markdown(&previous))
        }));
        lines.push(String::new());
    }
    for finding in &insights.recommendations {
        let severity = finding.severity.as_deref().unwrap_or_default();
        let words = format!("{} {}", finding.finding, arrow(&finding.suggestion));
        lines.push(format!("- **{severity}** ({}): {}", finding.id, text::markdown(words.trim())));
    }
    for line in lines {
        run.host.say(&line);
    }
}

/// Prints a finding with its whole calculation, or with `list` what there is.
///
/// # Errors
/// There is no such finding.
pub(crate) fn explain(run: &Run, insights: &Insights, id: &str) -> Result<(), Error> {
    let all = || insights.recommendations.iter().chain(&insights.details).chain(&insights.considered);
    if id == "list" {
        return run.present(&FindingList(all().collect()));
    }
    let event = insights.events.iter().find(|event| event.id == id);
    match (all().find(|finding| finding.id == id), event) {
        (Some(finding), _) => run.present(&Explanation(finding)),
        // A later event of its stream has superseded it, so no finding names it.
        (None, Some(event)) => run.print(event),
        (None, None) => {
            let nearest = text::nearest(id, all().map(|finding| finding.id.as_str()));
            let hint = nearest.map_or("--explain list lists the ids".to_owned(), |id| format!("did you mean `{id}`?"));
            Err(Error::failed(format!("there is no finding `{}`", text::fit(id, 60)), hint))
        }
    }
}
