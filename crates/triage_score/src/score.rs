//! The score of one issue: which rules hold, what they add up to, and why.

use std::collections::BTreeSet;

use gitea::Issue;
use host::text;
use records::IssueType;
use serde::Serialize;
use triage_rules::{Length, Rule, Rules, type_groups};

/// How much of a body is looked at, in bytes: what is behind 64 KiB makes no issue clearer.
const BODY_LIMIT: usize = 64 << 10;

/// The longest piece of matched text that an explanation shows, in columns.
const SHOWN: usize = 40;

/// The score of an issue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Score {
    /// What kind of work it asks for.
    pub kind: IssueType,
    /// Does it say where the work is?
    pub scope: i64,
    /// Does it say when the work is done?
    pub acceptance: i64,
    /// Is it what the loop is for?
    pub alignment: i64,
}

/// The score of an issue with the rules that made it.
#[derive(Debug)]
pub struct Explanation {
    /// The score.
    pub score: Score,
    /// Why it is of its type.
    pub kind_because: String,
    /// The dimensions: name, sum as it counts, its maximum, and the rules.
    pub dimensions: Vec<(&'static str, i64, i64, Vec<Hit>)>,
}

/// Whether a rule holds for an issue.
#[derive(Debug, Serialize)]
pub struct Hit {
    /// The rule's name.
    pub id: String,
    /// What it adds when it holds.
    pub points: i64,
    /// Whether it holds.
    pub holds: bool,
    /// The texts that it found, or what else made it hold.
    pub because: Vec<String>,
}

/// An issue as rules see it.
struct View<'a> {
    /// The title without its `[tags]`.
    title: &'a str,
    title_length: usize,
    body: &'a str,
    body_length: usize,
    /// The groups that its labels and tags belong to.
    groups: BTreeSet<&'a str>,
    kind: IssueType,
    in_title: regex::bytes::SetMatches,
    in_body: regex::bytes::SetMatches,
}

impl Score {
    /// Returns the sum of the dimensions.
    pub fn total(&self) -> i64 {
        self.scope + self.acceptance + self.alignment
    }
}

/// Scores an issue: one pass over its title and one over its body, for all patterns.
pub fn score(rules: &Rules, issue: &Issue) -> Score {
    score_with_rules(rules, issue).0
}

/// Scores an issue, and says which rules hold: their places among the rules of all dimensions.
pub(crate) fn score_with_rules(rules: &Rules, issue: &Issue) -> (Score, Vec<u16>) {
    let view = view(rules, issue);
    let (mut holding, mut place) = (Vec::new(), 0);
    let [scope, acceptance, alignment] = rules.dimensions.each_ref().map(|dimension| {
        let mut sum = 0;
        for rule in &dimension.rules {
            if view.matches(rule) {
                sum += rule.points;
                holding.push(place);
            }
            place += 1;
        }
        sum.clamp(0, dimension.max)
    });
    (Score { kind: view.kind, scope, acceptance, alignment }, holding)
}

/// Scores an issue and says why, rule by rule, with the text that matched.
pub(crate) fn explain(rules: &Rules, issue: &Issue) -> Explanation {
    let view = view(rules, issue);
    let score = score(rules, issue);
    let sums = [score.scope, score.acceptance, score.alignment];
    let dimensions = rules.dimensions.iter().zip(sums).map(|(dimension, sum)| {
        let hits = dimension.rules.iter().map(|rule| hit(rules, rule, &view)).collect();
        (dimension.name, sum, dimension.max, hits)
    });
    let dimensions = dimensions.collect();
    Explanation { score, kind_because: kind_because(rules, issue, &view), dimensions }
}

fn view<'a>(rules: &'a Rules, issue: &'a Issue) -> View<'a> {
    let (tags, title) = title_tags(&issue.title);
    let names: Vec<String> = issue.label_names().chain(tags).map(|name| name.trim().to_lowercase()).collect();
    let groups: BTreeSet<&str> = rules
        .tags
        .iter()
        .filter(|(_, members)| names.iter().any(|name| candidates(name).any(|name| members.contains(name))))
        .map(|(group, _)| group.as_str())
        .collect();
    let in_title = rules.in_titles.set.matches(title.as_bytes());
    let body = cut(&issue.body, BODY_LIMIT);
    let from_words = || rules.types.iter().find(|(_, pattern)| in_title.matched(*pattern)).map(|(kind, _)| *kind);
    let from_groups = type_groups().find(|(group, _)| groups.contains(group)).map(|(_, kind)| kind);
    View {
        title,
        title_length: title.chars().count(),
        body,
        body_length: issue.body.chars().count(),
        kind: from_groups.or_else(from_words).unwrap_or_default(),
        in_body: rules.in_bodies.set.matches(body.as_bytes()),
        groups,
        in_title,
    }
}

fn kind_because(rules: &Rules, issue: &Issue, view: &View) -> String {
    if let Some((group, _)) = type_groups().find(|(group, _)| view.groups.contains(group)) {
        let (tags, _) = title_tags(&issue.title);
        let name = issue.label_names().chain(tags).find(|name| {
            let name = name.trim().to_lowercase();
            rules.tags.get(group).is_some_and(|members| candidates(&name).any(|name| members.contains(name)))
        });
        return format!("the label or tag {:?}", text::fit(name.unwrap_or_default(), SHOWN));
    }
    let words = rules.types.iter().find(|(_, pattern)| view.in_title.matched(*pattern));
    match words.and_then(|(_, pattern)| found(&rules.in_titles.regex(*pattern)?, view.title)) {
        Some(words) => format!("the title's {words:?}"),
        None => "no label, tag or word of the title tells".to_owned(),
    }
}

fn hit(rules: &Rules, rule: &Rule, view: &View) -> Hit {
    let mut because = Vec::new();
    for pattern in &rule.patterns {
        let title = pattern.in_titles.filter(|number| view.in_title.matched(*number));
        let body = pattern.in_bodies.filter(|number| view.in_body.matched(*number));
        because.extend(title.and_then(|number| found(&rules.in_titles.regex(number)?, view.title)));
        because.extend(body.and_then(|number| found(&rules.in_bodies.regex(number)?, view.body)));
    }
    let section = rule.sections.iter().find(|number| view.in_body.matched(**number));
    because.extend(section.and_then(|number| found(&rules.in_bodies.regex(*number)?, view.body)));
    because.extend(
        rule.tags.iter().filter(|group| view.groups.contains(group.as_str())).map(|group| format!("tagged {group}")),
    );
    because.extend(rule.types.iter().filter(|kind| **kind == view.kind).map(|kind| format!("type {}", kind.name())));
    if rule.title_length.is_some() {
        because.push(format!("title of {} characters", view.title_length));
    }
    if rule.body_length.is_some() {
        because.push(format!("body of {} characters", view.body_length));
    }
    because.dedup();
    Hit { id: rule.id.clone(), points: rule.points, holds: view.matches(rule), because }
}
impl View<'_> {
    fn matches(&self, rule: &Rule) -> bool {
        let is_found = |pattern: &&triage_rules::Pattern| {
            pattern.in_titles.is_some_and(|number| self.in_title.matched(number))
                || pattern.in_bodies.is_some_and(|number| self.in_body.matched(number))
        };
        (rule.types.is_empty() || rule.types.contains(&self.kind))
            && (rule.tags.is_empty() || rule.tags.iter().any(|group| self.groups.contains(group.as_str())))
            && is_in(rule.title_length, self.title_length)
            && is_in(rule.body_length, self.body_length)
            && (rule.sections.is_empty() || rule.sections.iter().any(|number| self.in_body.matched(*number)))
            && (rule.patterns.is_empty() || rule.patterns.iter().filter(is_found).count() >= rule.at_least)
    }
}

fn is_in(length: Option<Length>, value: usize) -> bool {
    length.is_none_or(|length| length.min.is_none_or(|min| value >= min) && length.max.is_none_or(|max| value <= max))
}

/// Takes the `[tags]` off the beginning of a title: `[loop-cycle-3] [bug] Crash` gives both and `Crash`.
pub(crate) fn title_tags(title: &str) -> (impl Iterator<Item = &str>, &str) {
    let mut rest = title.trim_start();
    let mut tags = Vec::new();
    while let Some((tag, after)) = rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        // A link or an index is no tag.
        if tag.is_empty() || tag.len() > 40 || tag.contains('[') || after.starts_with('(') {
            break;
        }
        tags.push(tag);
        rest = after.trim_start();
    }
    (tags.into_iter(), rest)
}

/// Returns those of an issue's labels and tags that belong to one of these groups.
pub(crate) fn members<'a>(rules: &Rules, groups: &[String], tags: &'a [String]) -> Vec<&'a str> {
    let belongs = |tag: &&String| {
        let name = tag.trim().to_lowercase();
        let mut all = groups.iter().filter_map(|group| rules.tags.get(group));
        all.any(|members| candidates(&name).any(|name| members.contains(name)))
    };
    tags.iter().filter(belongs).map(String::as_str).collect()
}

/// The forms in which a group may know a label: whole, and the last part of a scoped one (`kind/bug`, `type: bug`).
fn candidates(name: &str) -> impl Iterator<Item = &str> {
    let last = name.rfind(['/', ':']).map(|at| name[at + 1..].trim());
    std::iter::once(name).chain(last)
}

/// The first piece of text that a pattern matches, for people.
fn found(regex: &regex::bytes::Regex, text: &str) -> Option<String> {
    let matched = regex.find(text.as_bytes())?;
    Some(text::fit(String::from_utf8_lossy(matched.as_bytes()).trim(), SHOWN))
}

/// The beginning of a text, cut between characters.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use gitea::Label;
    use host::source::Source;
    use proptest::prelude::*;

    use super::*;

    fn rules() -> &'static Rules {
        static RULES: LazyLock<Rules> =
            LazyLock::new(|| Rules::parse(&Source::new("rules.yaml", triage_rules::SHIPPED)).unwrap());
        &RULES
    }

    fn issue(title: &str, body: &str, labels: &[&str]) -> Issue {
        let labels = labels.iter().map(|name| Label { name: (*name).to_owned() }).collect();
        Issue { number: 1, title: title.to_owned(), body: body.to_owned(), labels, ..Issue::default() }
    }

    #[test]
    fn the_type_comes_from_labels_then_tags_then_words() {
        for (title, labels, expected) in [
            ("Add a page", vec!["bug"], IssueType::Bug),
            ("Crash on start", vec!["kind/enhancement"], IssueType::Feature),
            ("Crash on start", vec!["type: refactor"], IssueType::Refactor),
            ("[loop-generated] [bug] Tidy the drawer", vec![], IssueType::Bug),
            ("[philosophy] What is a queue?", vec![], IssueType::Philosophy),
            ("Crash when config is empty", vec![], IssueType::Bug),
            ("show --json doesn't include the type", vec![], IssueType::Bug),
            ("Add a flag for the port", vec![], IssueType::Feature),
            ("Extract the duplicate parser", vec![], IssueType::Refactor),
            ("Should the agent dream?", vec![], IssueType::Philosophy),
            ("Miscellaneous", vec![], IssueType::Unknown),
        ] {
            assert_eq!(score(rules(), &issue(title, "", &labels)).kind, expected, "{title}");
        }
    }

    #[test]
    fn a_good_issue_is_ready_and_a_hopeless_one_is_not() {
        let good = issue(
            "Crash when the config file is empty",
            "`load_config()` in src/config.py raises a KeyError.\n\n## Steps to reproduce\n1. Make an empty file\n\n## Expected\nIt should use the defaults. Add a test for it.",
            &["bug"],
        );
        assert!(score(rules(), &good).total() >= 8, "{:?}", score(rules(), &good));
        for (title, body) in [("make it faster", ""), ("???", ""), ("Should an agent be allowed to dream?", "Discuss.")]
        {
            assert!(score(rules(), &issue(title, body, &[])).total() < 5, "{title}");
        }
        let blocked =
            Issue { labels: vec![Label { name: "blocked".to_owned() }, Label { name: "bug".to_owned() }], ..good };
        assert!(score(rules(), &blocked).total() < 5);
    }

    #[test]
    fn an_explanation_shows_the_text_that_matched() {
        let explanation = explain(rules(), &issue("Crash in store.py", "It must not lose data\u{1b}[31m.", &[]));
        assert_eq!(explanation.kind_because, "the title's \"Crash\"");
        let hit = |id: &str| {
            let hits = explanation.dimensions.iter().flat_map(|(_, _, _, hits)| hits);
            hits.into_iter().find(|hit| hit.id == id).unwrap()
        };
        assert_eq!(hit("names_a_file").because, ["store.py"]);
        assert!(hit("is_severe").holds && hit("is_severe").because.contains(&"lose data".to_owned()));
        assert!(!hit("has_criteria").holds);
    }

    #[test]
    fn tags_are_taken_off_the_title() {
        for (title, tags, rest) in [
            ("[a] [b-c] rest", vec!["a", "b-c"], "rest"),
            ("rest [a]", vec![], "rest [a]"),
            ("[a](link) rest", vec![], "[a](link) rest"),
            ("[] x", vec![], "[] x"),
            ("[unclosed", vec![], "[unclosed"),
        ] {
            let (found, left) = title_tags(title);
            assert_eq!((found.collect::<Vec<_>>(), left), (tags, rest), "{title}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_issue_is_scored_in_range_and_as_it_is_explained(title in "(?s).{0,100}", body in "(?s).{0,2000}") {
            let (rules, issue) = (rules(), issue(&title, &body, &[]));
            let score = score(rules, &issue);
            for value in [score.scope, score.acceptance, score.alignment] {
                prop_assert!((0..=3).contains(&value));
            }
            for (_, sum, max, hits) in explain(rules, &issue).dimensions {
                let points: i64 = hits.iter().filter(|hit| hit.holds).map(|hit| hit.points).sum();
                prop_assert_eq!(points.clamp(0, max), sum);
            }
        }
    }
}
