//! What a person sees of a triage run.

use common::run::Run;
use common::text;

use crate::Triage;
use crate::queue::Scored;
use crate::score::Explanation;

/// How many issues of each kind are listed.
const LISTED: usize = 5;

/// The least width of a title.
const NARROW: usize = 20;

/// Prints the counts, the first ready ones, and those that come nearest to being ready with what they lack.
pub(crate) fn triage(run: &Run, triage: &Triage, excellent: i64) {
    let width = run.host.width();
    run.say(&format!("Open: {} | Scored: {}", triage.total_open, triage.scored));
    run.say(&format!(
        "Ready: {} | Not ready: {} | Quarantined: {}",
        triage.ready.len(),
        triage.not_ready.len(),
        triage.quarantined.len()
    ));
    for scored in triage.ready.iter().take(LISTED) {
        let star = if scored.item.score >= excellent { "★" } else { " " };
        run.show(&row(star, scored, &scored.item.title, width));
    }
    more(run, triage.ready.len());
    if !triage.not_ready.is_empty() {
        run.say("Nearest to ready:");
    }
    for scored in triage.not_ready.iter().take(LISTED) {
        run.show(&row("·", scored, &scored.item.title, width));
        run.show(&format!("           needs: {}", lacking(scored)));
    }
    for issue in &triage.newly_quarantined {
        run.say(&format!("#{issue} is quarantined (--release {issue} releases it)"));
    }
}

fn row(mark: &str, scored: &Scored, title: &str, width: usize) -> String {
    let number = format!("#{}", scored.item.issue);
    let head = format!("  {mark} {number:>6}  {}  {:<10} ", scored.item.score, scored.item.kind.name());
    let used = head.chars().count();
    format!("{head}{}", text::fit(title, width.saturating_sub(used).max(NARROW)))
}

fn more(run: &Run, count: usize) {
    if count > LISTED {
        run.show(&format!("    … and {} more in .loop/queue.json", count - LISTED));
    }
}

/// Says what would make an issue ready: the dimensions in which it has least.
pub(crate) fn lacking(scored: &Scored) -> String {
    let item = &scored.item;
    let mut parts = [
        (item.scope, "say where the work is (files, functions)"),
        (item.acceptance, "say when it is done (criteria, tests)"),
        (item.alignment, "a type (bug, feature, refactor) that the loop is for"),
    ];
    parts.sort_by_key(|(points, _)| *points);
    let least = parts.first().map_or(0, |(points, _)| *points);
    let words: Vec<&str> =
        parts.iter().filter(|(points, _)| *points <= least.max(1)).map(|(_, words)| *words).collect();
    words.join("; ")
}

/// Prints an issue's score rule by rule.
pub(crate) fn explanation(run: &Run, number: u64, title: &str, explanation: &Explanation, verdict: &str) {
    let width = run.host.width();
    run.say(&format!("#{number} {}", text::fit(title, width.saturating_sub(20).max(NARROW))));
    run.show(&format!("  type {}: {}", explanation.score.kind.name(), explanation.kind_because));
    for (name, sum, max, hits) in &explanation.dimensions {
        run.show(&format!("  {name} {sum} of {max}"));
        for hit in hits {
            let (mark, points) = if hit.holds { ("✓", format!("{:+}", hit.points)) } else { ("·", String::new()) };
            let because = hit.because.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ");
            let because = if hit.holds || !because.is_empty() { because } else { "not found".to_owned() };
            let head = format!("    {mark} {points:>3} {:<24} ", hit.id);
            run.show(&format!("{head}{}", text::fit(&because, width.saturating_sub(head.chars().count()).max(NARROW))));
        }
    }
    run.show(&format!("  sum {}: {verdict}", explanation.score.total()));
}
