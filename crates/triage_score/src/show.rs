//! What the tool shows: the result of a triage run, of an explanation, of a check of the rules, and of a release.

use common::{Page, View};
use eligibility::quarantine;
use host::text;
use records::{InWork, IssueType, Reason, TriageRun, minute};
use serde::{Serialize, Serializer};
use triage_rules::Rules;

use crate::needs::needs;
use crate::score::{Explanation, Hit};
use crate::scorer::Scored;
use crate::triage::Triage;

/// How many issues of each kind are listed.
const LISTED: usize = 5;

/// The result of a triage run.
#[derive(Serialize)]
pub(crate) struct TriageView<'a> {
    run: &'a TriageRun,
    #[serde(serialize_with = "items")]
    queue: &'a [Scored],
    #[serde(serialize_with = "not_ready")]
    not_ready: NotReadyIssues<'a>,
    dry_run: bool,
    #[serde(skip)]
    excellent: i64,
}

/// The issues that are not ready, with what would make them ready.
struct NotReadyIssues<'a> {
    triage: &'a Triage,
    rules: &'a Rules,
    ready_from: i64,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    in_work: Option<InWork>,
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
    /// Makes the view of a run in which an issue is ready from a sum of `ready_from` on.
    pub(crate) fn new(
        run: &'a TriageRun,
        triage: &'a Triage,
        rules: &'a Rules,
        ready_from: i64,
        dry_run: bool,
    ) -> Self {
        let not_ready = NotReadyIssues { triage, rules, ready_from };
        Self { run, queue: &triage.ready, not_ready, dry_run, excellent: rules.excellent }
    }
}

impl View for TriageView<'_> {
    /// Writes the counts, the first ready ones, and those that come nearest to being ready with what they lack.
    fn render(&self, page: &mut Page) {
        let Self { not_ready: NotReadyIssues { triage, rules, ready_from }, excellent, dry_run, .. } = self;
        let Triage { ready, not_ready, in_work, quarantined, .. } = triage;
        if *dry_run {
            page.say("Dry run: nothing is written");
        }
        page.say(format!("Open: {} | Scored: {}", triage.total_open, triage.scored));
        page.say(format!(
            "Ready: {} | Not ready: {} | Quarantined: {}",
            ready.len(),
            triage.count_not_ready(),
            quarantined.len()
        ));
        for scored in ready.iter().take(LISTED) {
            let star = if scored.total() >= *excellent { "★" } else { " " };
            page.entry(&head(star, scored), &scored.item.title);
        }
        if ready.iter().take(LISTED).any(|scored| scored.total() >= *excellent) {
            page.line(format!("  ★ a score of {excellent} or more"));
        }
        if ready.len() > LISTED {
            page.line(format!("    … and {} more in .loop/queue.json", ready.len() - LISTED));
        }
        for scored in in_work.iter().take(LISTED) {
            page.say(format!("#{} is {}", scored.item.issue, in_pull(scored.in_work.as_ref())));
        }
        if in_work.len() > LISTED {
            page.say(format!("… and {} more in work", in_work.len() - LISTED));
        }
        if !not_ready.is_empty() {
            page.say("Nearest to ready:");
        }
        for scored in not_ready.iter().take(LISTED) {
            page.entry(&head("·", scored), &scored.item.title);
            page.entry("           needs: ", &needs(rules, *ready_from, scored));
        }
        for issue in &triage.newly_quarantined {
            page.say(quarantine::notice(*issue));
        }
    }
}

fn items<S: Serializer>(ready: &&[Scored], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ready.iter().map(|scored| &scored.item))
}

fn not_ready<S: Serializer>(issues: &NotReadyIssues, serializer: S) -> Result<S::Ok, S::Error> {
    let NotReadyIssues { triage, rules, ready_from } = issues;
    let view = |scored, reason, needs| {
        let Scored { item, .. }: &Scored = scored;
        let (issue, title, kind) = (item.issue, item.title.as_str(), item.kind);
        NotReady { issue, title, kind, score: scored.total(), reason, needs }
    };
    let in_work = triage.in_work.iter().map(|scored| {
        let pull = scored.in_work.as_ref().map_or(0, |in_work| in_work.pull);
        view(scored, Reason::InWork, format!("a review of the pull request #{pull}"))
    });
    let not_ready =
        triage.not_ready.iter().map(|scored| view(scored, Reason::NotReady, needs(rules, *ready_from, scored)));
    serializer.collect_seq(not_ready.chain(in_work))
}

/// Says in which pull request an issue is in work, and since when.
fn in_pull(in_work: Option<&InWork>) -> String {
    let InWork { pull, since } = in_work.cloned().unwrap_or_default();
    format!("in work: the pull request #{pull} is open since {}", minute(&since))
}

fn head(mark: &str, scored: &Scored) -> String {
    let number = format!("#{}", scored.item.issue);
    format!("  {mark} {number:>6}  {}  {:<10} ", scored.total(), scored.item.kind.name())
}

impl<'a> ExplanationView<'a> {
    /// Makes the view of an issue's score; from a sum of `ready_from` on it is ready.
    pub(crate) fn new(
        (issue, title): (u64, &'a str),
        explanation: &'a Explanation,
        ready_from: i64,
        quarantined: bool,
        in_work: Option<InWork>,
    ) -> Self {
        let score = explanation.score.total();
        let ready = score >= ready_from && !quarantined && in_work.is_none();
        Self {
            issue,
            title,
            kind: explanation.score.kind,
            type_because: &explanation.kind_because,
            score,
            ready_from,
            ready,
            quarantined,
            reason: match (ready, quarantined, &in_work) {
                (_, true, _) => Reason::Quarantined,
                (_, false, Some(_)) => Reason::InWork,
                (true, false, None) => Reason::Ready,
                (false, false, None) => Reason::NotReady,
            },
            in_work,
            dimensions: &explanation.dimensions,
        }
    }

    fn verdict(&self) -> String {
        match (self.ready, self.quarantined, &self.in_work) {
            (_, true, _) => "in quarantine".to_owned(),
            (_, false, Some(_)) => in_pull(self.in_work.as_ref()),
            (true, false, None) => format!("ready (from {} on)", self.ready_from),
            (false, false, None) => format!("not ready (from {} on)", self.ready_from),
        }
    }
}

impl View for ExplanationView<'_> {
    fn render(&self, page: &mut Page) {
        page.say_entry(&format!("#{} ", self.issue), self.title);
        page.line(format!("  type {}: {}", self.kind.name(), self.type_because));
        for (name, sum, max, hits) in self.dimensions {
            page.line(format!("  {name} {sum} of {max}"));
            for hit in hits {
                add_hit(page, hit);
            }
        }
        page.line(format!("  sum {}: {}", self.score, self.verdict()));
    }
}

fn add_hit(page: &mut Page, hit: &Hit) {
    let (mark, points) = if hit.holds { ("✓", format!("{:+}", hit.points)) } else { ("·", String::new()) };
    let because = hit.because.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ");
    let because = if hit.holds || !because.is_empty() { because } else { "not found".to_owned() };
    let head = format!("    {mark} {points:>3} {:<24} ", hit.id);
    page.entry(&head, &because);
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
        page.say(format!(
            "The rules are valid: {}, {} ({source})",
            text::counted(*rules, "rule"),
            text::counted(*patterns, "pattern")
        ));
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
