//! What would make an issue ready, as advice to its author: first what costs it points, then what it does not say.

use host::text;
use records::IssueType;
use triage_rules::{Rule, Rules};

use crate::score::members;
use crate::scorer::Scored;

/// The longest label that is named, in columns.
const LABEL: usize = 40;

/// Says what would make an issue ready that needs a sum of `ready_from`.
pub(crate) fn needs(rules: &Rules, ready_from: i64, scored: &Scored) -> String {
    let mut parts = Vec::new();
    for rule in costing(rules, scored) {
        let advice = advice(rules, rule, scored);
        if !parts.contains(&advice) {
            parts.push(advice);
        }
    }
    let sums = sums_without_cost(rules, scored);
    if sums.iter().sum::<i64>() < ready_from {
        parts.extend(lacking(sums, scored.item.kind).map(str::to_owned));
    }
    parts.join("; ")
}

/// The rules that hold for an issue and take points away.
fn costing<'r>(rules: &'r Rules, scored: &'r Scored) -> impl Iterator<Item = &'r Rule> {
    holding(rules, scored).filter(|(_, rule)| rule.points < 0).map(|(_, rule)| rule)
}

/// The rules that hold for an issue, each with the place of its dimension.
fn holding<'r>(rules: &'r Rules, scored: &'r Scored) -> impl Iterator<Item = (usize, &'r Rule)> {
    let dimensions = rules.dimensions.iter().enumerate();
    let all = dimensions.flat_map(|(at, dimension)| dimension.rules.iter().map(move |rule| (at, rule)));
    let holds = |place: usize| scored.holding.iter().any(|held| usize::from(*held) == place);
    all.enumerate().filter(move |(place, _)| holds(*place)).map(|(_, rule)| rule)
}

/// What to do about a rule that takes points away, with the labels that make it hold.
fn advice(rules: &Rules, rule: &Rule, scored: &Scored) -> String {
    let advice = rule.advice.clone().unwrap_or_else(|| format!("change what makes `{}` hold", rule.id));
    let labels: Vec<String> =
        members(rules, &rule.tags, &scored.item.tags).into_iter().map(|label| text::fit(label, LABEL)).collect();
    if labels.is_empty() { advice } else { format!("{advice} ({})", labels.join(", ")) }
}

/// The sums of the dimensions as they would be if no rule took points away.
fn sums_without_cost(rules: &Rules, scored: &Scored) -> [i64; 3] {
    let mut sums = [0; 3];
    for (at, rule) in holding(rules, scored) {
        sums[at] += rule.points.max(0);
    }
    let most = rules.dimensions.each_ref().map(|dimension| dimension.max);
    std::array::from_fn(|at| sums[at].min(most[at]))
}

/// What an issue does not say: the dimensions in which it has least.
fn lacking([scope, acceptance, alignment]: [i64; 3], kind: IssueType) -> impl Iterator<Item = &'static str> {
    let mut parts = vec![
        (scope, "say where the work is (files, functions)"),
        (acceptance, "say when it is done (criteria, tests)"),
    ];
    if matches!(kind, IssueType::Unknown | IssueType::Philosophy) {
        parts.push((alignment, "give it a type (bug, feature, refactor) that the loop is for"));
    }
    parts.sort_by_key(|(points, _)| *points);
    let least = parts[0].0;
    parts.into_iter().filter(move |(points, _)| *points <= least.max(1)).map(|(_, words)| words)
}

#[cfg(test)]
mod tests {
    use gitea::{Issue, Label};
    use host::source::Source;

    use super::*;
    use crate::scorer::Scorer;

    const CLEAR: &str = "`load_config()` in src/config.py raises a KeyError.\n\n## Steps to reproduce\n1. Make an empty file\n\n\
        ## Expected\nIt should use the defaults. Add a test for it.";

    fn needs_of(title: &str, body: &str, labels: &[&str]) -> String {
        let rules = Rules::parse(&Source::new("rules.yaml", triage_rules::SHIPPED)).unwrap();
        let labels = labels.iter().map(|name| Label { name: (*name).to_owned() }).collect();
        let issue = Issue { number: 1, title: title.to_owned(), body: body.to_owned(), labels, ..Issue::default() };
        let scored = Scorer::new(&rules, rules.ready).score(issue);
        assert!(scored.total() < rules.ready, "{title}");
        needs(&rules, rules.ready, &scored)
    }

    #[test]
    fn what_costs_points_is_named_and_not_what_is_there() {
        for (title, body, labels, expected) in [
            ("Crash on start", CLEAR, &["bug", "needs-human"][..], "remove the label that holds it back (needs-human)"),
            (
                "Crash",
                CLEAR,
                &["kind/bug", "status/blocked", "wip"],
                "remove the label that holds it back (status/blocked, wip)",
            ),
            (
                "Epic: rewrite the store",
                "`load()` in src/store.py must be new. It has sub-tasks:\n- [ ] add tests in tests/test_store.py\n- [ ] write it",
                &[],
                "split it: it is too large for one cycle; open its parts as issues of their own: it is an epic",
            ),
            (
                "Is a queue a list?",
                "",
                &[],
                "describe it: it has no text; say what to build: it is a question or a discussion; \
                 say where the work is (files, functions); say when it is done (criteria, tests); \
                 give it a type (bug, feature, refactor) that the loop is for",
            ),
        ] {
            assert_eq!(needs_of(title, body, labels), expected, "{title}");
        }
    }

    #[test]
    fn a_rule_without_an_advice_is_named() {
        let rules = triage_rules::SHIPPED.replace("        advice: 'remove the label that holds it back'\n", "");
        let rules = Rules::parse(&Source::new("rules.yaml", &rules)).unwrap();
        let labels = vec![Label { name: "blocked".to_owned() }, Label { name: "bug".to_owned() }];
        let issue = Issue { title: "Crash on start".to_owned(), body: CLEAR.to_owned(), labels, ..Issue::default() };
        let scored = Scorer::new(&rules, rules.ready).score(issue);
        assert_eq!(needs(&rules, rules.ready, &scored), "change what makes `is_blocked` hold (blocked)");
    }
}
