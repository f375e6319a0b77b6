//! `triage_rules.yaml`, as it is written; the crate of that name checks and compiles it.

use std::collections::BTreeMap;

use crate::issue_type::IssueType;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_yaml::Spanned;

/// The file `triage_rules.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "triage_rules.yaml")]
pub struct RulesFile {
    /// The version of this format: 1.
    #[serde(default = "one")]
    #[schemars(with = "u64")]
    pub version: Spanned<u64>,
    /// Which sums matter.
    pub thresholds: Thresholds,
    /// Groups of label names and `[tags]`, in lower case.
    pub tags: BTreeMap<String, Vec<String>>,
    /// Words of the title that tell the type where neither labels nor tags do.
    #[serde(default)]
    pub types: Vec<TypeWords>,
    /// The three dimensions.
    pub dimensions: Dimensions,
    /// What comes first in the queue.
    #[serde(default = "usual_order")]
    #[schemars(with = "Vec<Order>")]
    pub ordering: Vec<Spanned<Order>>,
    /// When an issue is kept out.
    pub quarantine: QuarantineRules,
}

/// Sums of the three dimensions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// From here on an issue is ready.
    #[schemars(with = "i64")]
    pub ready: Spanned<i64>,
    /// From here on it is marked with a star.
    #[schemars(with = "i64")]
    pub excellent: Spanned<i64>,
}

/// Patterns of one type.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TypeWords {
    /// The type.
    #[serde(rename = "type")]
    #[schemars(with = "String")]
    pub kind: IssueType,
    /// Regular expressions, of which one is to be found in the title.
    #[schemars(with = "Vec<String>")]
    pub patterns: Vec<Spanned<String>>,
}

/// The dimensions of a score.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dimensions {
    /// Does it say where the work is?
    pub scope: Dimension,
    /// Does it say when the work is done?
    pub acceptance: Dimension,
    /// Is it what the loop is for?
    pub alignment: Dimension,
}

/// One dimension.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// The most that its rules can add up to.
    #[schemars(with = "i64")]
    pub max: Spanned<i64>,
    /// Its rules.
    pub rules: Vec<RuleFile>,
}

/// One rule: it holds when everything that it names holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Its name, unique in its dimension.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// What it adds; below 0 it takes away.
    #[schemars(with = "i64")]
    pub points: Spanned<i64>,
    /// What an author of an issue can do about it, where it takes points away: an imperative that is shown as it is.
    #[serde(default)]
    pub advice: Option<String>,
    /// Where the patterns are looked for; both by default.
    #[serde(default, rename = "in")]
    pub places: Option<Vec<Place>>,
    /// Regular expressions.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub patterns: Vec<Spanned<String>>,
    /// How many of the patterns must be found.
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    pub at_least: Option<Spanned<u64>>,
    /// Regular expressions, of which one matches the beginning of a heading of the body.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub sections: Vec<Spanned<String>>,
    /// Groups of `tags`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub tags: Vec<Spanned<String>>,
    /// Types.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub types: Vec<IssueType>,
    /// Characters of the title, without its `[tags]`.
    #[serde(default)]
    pub title_length: Option<Length>,
    /// Characters of the body.
    #[serde(default)]
    pub body_length: Option<Length>,
}

/// A range of lengths, both ends included.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Length {
    /// At least.
    #[serde(default)]
    pub min: Option<usize>,
    /// At most.
    #[serde(default)]
    pub max: Option<usize>,
}

/// Where a pattern is looked for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In the title, without its `[tags]`.
    Title,
    /// In the body.
    Body,
}

/// What decides the order of the queue.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Bugs before everything else.
    BugsFirst,
    /// The higher score.
    Score,
    /// The issue that was opened earlier.
    OldestFirst,
    /// The lower number.
    Number,
}

/// When an issue is kept out of the queue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuarantineRules {
    /// The number of failed cycles without a success.
    #[schemars(with = "u64")]
    pub failures: Spanned<u64>,
    /// The number of records at the end of the log that are looked at.
    #[schemars(with = "u64")]
    pub lookback: Spanned<u64>,
}

fn one() -> Spanned<u64> {
    unplaced(1)
}

fn usual_order() -> Vec<Spanned<Order>> {
    [Order::BugsFirst, Order::Score, Order::Number].map(unplaced).into()
}

fn unplaced<T>(value: T) -> Spanned<T> {
    Spanned::new(value, serde_yaml::Location::UNKNOWN, serde_yaml::Location::UNKNOWN)
}
