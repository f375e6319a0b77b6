//! What the tool shows: the result of a triage run, of an explanation, of a check of the rules, and of a release.

use common::{Page, View};
use host::text;
use records::{IssueType, Reason, TriageRun};
use serde::{Serialize, Serializer};

use crate::score::{Explanation, Hit};
use crate::scorer::Scored;
use crate::triage::Triage;

/// How many issues of each kind are listed.
const LISTED: usize = 5;

/// The least width of a title.
const NARROW: usize = 20;

/// The result of a triage run.
#[derive(Serialize)]
pub(crate) struct TriageView<'a> {
    run: &'a TriageRun,
    #[serde(serialize_with = "items")]
    queue: &'a [Scored],
    #[serde(serialize_with = "not_ready")]
    not_ready: &'a [Scored],
    dry_run: bool,
    #[serde(skip)]
    triage: &'a Triage,
    #[serde(skip)]
    excellent: i64,
}

/// An issue that is not ready, as JSON.
#[derive(Serialize)]
struct NotReady<'a> {
    issue: u64,
    title: &'a str,
    #[serde(rename = "type")]
    kind: IssueType,
    score: i64,
    reason: Reason,
    needs: String,
}

/// The score of an issue, rule by rule.
#[derive(Serialize)]
pub(crate) struct ExplanationView<'a> {
    issue: u64,
    title: &'a str,
    #[serde(rename = "type")]
    kind: IssueType,
    type_because: &'a str,
    score: i64,
    ready_from: i64,
    ready: bool,
    quarantined: bool,
    reason: Reason,
    #[serde(serialize_with = "by_name")]
    dimensions: &'a [(&'static str, i64, i64, Vec<Hit>)],
}

/// A dimension, as JSON.
#[derive(Serialize)]
struct DimensionView<'a> {
    points: i64,
    max: i64,
    rules: &'a [Hit],
}

/// That the rules are valid.
#[derive(Serialize)]
pub(crate) struct RulesView {
    pub valid: bool,
    pub rules: usize,
    pub patterns: usize,
    pub source: String,
}

/// Whether an issue was released from quarantine.
#[derive(Serialize)]
pub(crate) struct ReleaseView {
    pub issue: u64,
    pub released: bool,
}

impl<'a> TriageView<'a> {
    /// Makes the view of a run; from a sum of `excellent` on an issue is marked.
    pub(crate) fn new(run: &'a TriageRun, triage: &'a Triage, excellent: i64, dry_run: bool) -> Self {
        Self { run, queue: &triage.ready, not_ready: &triage.not_ready, dry_run, triage, excellent }
    }
}

impl View for TriageView<'_> {
    /// Writes the counts, the first ready ones, and those that come nearest to being ready with what they lack.
    fn render(&self, page: &mut Page) {
        let Self { triage, excellent, dry_run, .. } = self;
        let Triage { ready, not_ready, quarantined, .. } = triage;
        if *dry_run {
            page.say("Dry run: nothing is written");
        }
        page.say(format!("Open: {} | Scored: {}", triage.total_open, triage.scored));
        page.say(format!(
            "Ready: {} | Not ready: {} | Quarantined: {}",
            ready.len(),
            not_ready.len(),
            quarantined.len()
        ));
        for scored in ready.iter().take(LISTED) {
            let star = if scored.total() >= *excellent { "★" } else { " " };
            page.line(row(star, scored, page.width()));
        }
        if ready.len() > LISTED {
            page.line(format!("    … and {} more in .loop/queue.json", ready.len() - LISTED));
        }
        if !not_ready.is_empty() {
            page.say("Nearest to ready:");
        }
        for scored in not_ready.iter().take(LISTED) {
            page.line(row("·", scored, page.width()));
            page.line(format!("           needs: {}", lacking(scored)));
        }
        for issue in &triage.newly_quarantined {
            page.say(format!("#{issue} is quarantined (--release {issue} releases it)"));
        }
    }
}

fn items<S: Serializer>(ready: &&[Scored], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ready.iter().map(|scored| &scored.item))
}

fn not_ready<S: Serializer>(not_ready: &&[Scored], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(not_ready.iter().map(|scored| NotReady {
        issue: scored.item.issue,
        title: &scored.item.title,
        kind: scored.item.kind,
        score: scored.total(),
        reason: Reason::NotReady,
        needs: lacking(scored),
    }))
}

fn row(mark: &str, scored: &Scored, width: usize) -> String {
    let number = format!("#{}", scored.item.issue);
    let head = format!("  {mark} {number:>6}  {}  {:<10} ", scored.total(), scored.item.kind.name());
    let used = head.chars().count();
    format!("{head}{}", text::fit(&scored.item.title, width.saturating_sub(used).max(NARROW)))
}

/// Says what would make an issue ready: the dimensions in which it has least.
fn lacking(scored: &Scored) -> String {
    let item = &scored.item;
    let mut parts = [
        (item.scope.unwrap_or_default(), "say where the work is (files, functions)"),
        (item.acceptance.unwrap_or_default(), "say when it is done (criteria, tests)"),
        (item.alignment.unwrap_or_default(), "a type (bug, feature, refactor) that the loop is for"),
    ];
    parts.sort_by_key(|(points, _)| *points);
    let least = parts.first().map_or(0, |(points, _)| *points);
    let words: Vec<&str> =
        parts.iter().filter(|(points, _)| *points <= least.max(1)).map(|(_, words)| *words).collect();
    words.join("; ")
}

impl<'a> ExplanationView<'a> {
    /// Makes the view of an issue's score; from a sum of `ready_from` on it is ready.
    pub(crate) fn new(
        (issue, title): (u64, &'a str),
        explanation: &'a Explanation,
        ready_from: i64,
        quarantined: bool,
    ) -> Self {
        let score = explanation.score.total();
        let ready = score >= ready_from && !quarantined;
        Self {
            issue,
            title,
            kind: explanation.score.kind,
            type_because: &explanation.kind_because,
            score,
            ready_from,
            ready,
            quarantined,
            reason: match (ready, quarantined) {
                (_, true) => Reason::Quarantined,
                (true, false) => Reason::Ready,
                (false, false) => Reason::NotReady,
            },
            dimensions: &explanation.dimensions,
        }
    }

    fn verdict(&self) -> String {
        match (self.ready, self.quarantined) {
            (_, true) => "in quarantine".to_owned(),
            (true, false) => format!("ready (from {} on)", self.ready_from),
            (false, false) => format!("not ready (from {} on)", self.ready_from),
        }
    }
}

impl View for ExplanationView<'_> {
    fn render(&self, page: &mut Page) {
        let width = page.width();
        page.say(format!("#{} {}", self.issue, text::fit(self.title, width.saturating_sub(20).max(NARROW))));
        page.line(format!("  type {}: {}", self.kind.name(), self.type_because));
        for (name, sum, max, hits) in self.dimensions {
            page.line(format!("  {name} {sum} of {max}"));
            page.lines(hits.iter().map(|hit| hit_row(hit, width)));
        }
        page.line(format!("  sum {}: {}", self.score, self.verdict()));
    }
}

fn hit_row(hit: &Hit, width: usize) -> String {
    let (mark, points) = if hit.holds { ("✓", format!("{:+}", hit.points)) } else { ("·", String::new()) };
    let because = hit.because.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ");
    let because = if hit.holds || !because.is_empty() { because } else { "not found".to_owned() };
    let head = format!("    {mark} {points:>3} {:<24} ", hit.id);
    format!("{head}{}", text::fit(&because, width.saturating_sub(head.chars().count()).max(NARROW)))
}

fn by_name<S: Serializer>(
    dimensions: &&[(&'static str, i64, i64, Vec<Hit>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        dimensions.iter().map(|(name, points, max, rules)| (name, DimensionView { points: *points, max: *max, rules })),
    )
}

impl View for RulesView {
    fn render(&self, page: &mut Page) {
        let Self { rules, patterns, source, .. } = self;
        page.say(format!("The rules are valid: {rules} rules, {patterns} patterns ({source})"));
    }

    /// Without spaces, as its callers know it.
    fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl View for ReleaseView {
    fn render(&self, page: &mut Page) {
        let number = self.issue;
        page.say(if self.released {
            format!("#{number} is released from quarantine; the next triage decides about it again")
        } else {
            format!("#{number} is not in quarantine")
        });
    }

    /// Without spaces, as its callers know it.
    fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
