//! The rules, ready to be applied: every pattern compiled, every name checked.

use std::collections::{BTreeMap, BTreeSet};

use records::IssueType;
use records::triage_rules::{Length, Order};
use regex::bytes::{Regex, RegexSet};

use crate::limits::QuarantineLimits;
use crate::pattern::regex;

/// The groups of `tags` that tell the type, in the order in which they count.
const TYPE_GROUPS: [(&str, IssueType); 4] = [
    ("bug", IssueType::Bug),
    ("feature", IssueType::Feature),
    ("refactor", IssueType::Refactor),
    ("meta", IssueType::Philosophy),
];

/// The rules in force.
#[derive(Debug)]
pub struct Rules {
    /// From which sum on an issue is ready.
    pub ready: i64,
    /// From which sum on it is marked.
    pub excellent: i64,
    /// Groups of labels and tags, in lower case.
    pub tags: BTreeMap<String, BTreeSet<String>>,
    /// Types, each with the place of its pattern in the set for titles.
    pub types: Vec<(IssueType, usize)>,
    /// Scope, acceptance, alignment.
    pub dimensions: [Dimension; 3],
    /// What decides the order of the queue.
    pub ordering: Vec<Order>,
    /// When an issue is quarantined.
    pub quarantine: QuarantineLimits,
    /// The patterns for titles.
    pub in_titles: PatternSet,
    /// The patterns for bodies.
    pub in_bodies: PatternSet,
}

/// One dimension.
#[derive(Debug)]
pub struct Dimension {
    /// Its name.
    pub name: &'static str,
    /// The most that its rules can add up to.
    pub max: i64,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, unique in its dimension.
    pub id: String,
    /// What it adds; below 0 it takes away.
    pub points: i64,
    /// What an author of an issue can do about it, where it takes points away.
    pub advice: Option<String>,
    /// What it looks for.
    pub patterns: Vec<Pattern>,
    /// How many of the patterns must be found.
    pub at_least: usize,
    /// Patterns of headings, as places in the set for bodies.
    pub sections: Vec<usize>,
    /// Groups of tags.
    pub tags: Vec<String>,
    /// Types.
    pub types: Vec<IssueType>,
    /// Characters of the title.
    pub title_length: Option<Length>,
    /// Characters of the body.
    pub body_length: Option<Length>,
}

/// A pattern's places in the sets for titles and bodies.
#[derive(Debug)]
pub struct Pattern {
    /// In [`Rules::in_titles`].
    pub in_titles: Option<usize>,
    /// In [`Rules::in_bodies`].
    pub in_bodies: Option<usize>,
}

/// Many patterns that are looked for in one pass.
#[derive(Debug)]
pub struct PatternSet {
    /// All of them, compiled.
    pub set: RegexSet,
    pub(crate) texts: Vec<String>,
}

impl Rules {
    /// Returns the highest sum that an issue can reach.
    pub fn most(&self) -> i64 {
        self.dimensions.iter().map(|dimension| dimension.max).sum()
    }

    /// Returns how many rules there are, and how many patterns.
    pub fn count(&self) -> (usize, usize) {
        let rules = self.dimensions.iter().map(|dimension| dimension.rules.len()).sum();
        (rules, self.in_titles.texts.len() + self.in_bodies.texts.len())
    }
}

impl PatternSet {
    /// Compiles one of the patterns by itself, to find where it matches.
    pub fn regex(&self, number: usize) -> Option<Regex> {
        regex(self.texts.get(number)?).ok()
    }
}

/// Returns the group's type, for the groups that tell one.
pub fn type_groups() -> impl Iterator<Item = (&'static str, IssueType)> {
    TYPE_GROUPS.into_iter()
}
