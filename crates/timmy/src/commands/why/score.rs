//! An issue's score, rule by rule, as it is shown.

use common::Page;
use explain::score::ScoreStory;
use host::text;
use records::minute;

use crate::table;

/// Writes the score as a person reads it.
pub(super) fn render(story: &ScoreStory, all: bool, page: &mut Page) {
    let ScoreStory { score, kind, ready_from, triaged_at, rules } = story;
    let triaged_at = minute(triaged_at);
    page.line(format!("  Score {score} (ready from {ready_from} on), type {kind}, triaged {triaged_at}:"));
    let rows: Vec<Vec<String>> = rules
        .iter()
        .filter(|rule| rule.holds || all)
        .map(|rule| {
            let points = if rule.holds { format!("{:+}", rule.points) } else { format!("({:+})", rule.points) };
            let holds = if rule.holds { "yes" } else { "no" };
            vec![format!("    {holds}"), points, rule.dimension.clone(), rule.id.clone()]
        })
        .collect();
    table::add_rows(page, &rows);
    let others = rules.len() - rows.len();
    if others > 0 {
        let hold = if others == 1 { "does" } else { "do" };
        page.line(format!("    … and {} that {hold} not hold (--all shows them)", text::counted(others, "rule")));
    }
}
