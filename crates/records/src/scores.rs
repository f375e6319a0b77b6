//! `scores.json`: each issue's score of the last triage, rule by rule, so that a verdict can be explained without the forge.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::issue_type::IssueType;

/// The scores of one triage run.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
pub struct Scores<'a> {
    /// When they were computed.
    pub generated_at: String,
    /// The sum from which an issue is ready.
    pub ready_from: i64,
    /// The most that the rules of a dimension add up to; the least is 0.
    #[serde(default)]
    pub most: BTreeMap<Cow<'a, str>, i64>,
    /// The rules of all dimensions; an issue names them by their positions here, from 0.
    pub rules: Vec<ScoreRule<'a>>,
    /// The issues.
    pub issues: ScoredIssues<'a>,
    /// Those that were not open any more although a cycle worked on them lately, as the last triage that saw them open left
    /// them: one that is opened again may have changed meanwhile.
    #[serde(default, skip_serializing_if = "ScoredIssues::is_empty")]
    pub not_open: ScoredIssues<'a>,
}

/// A rule.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct ScoreRule<'a> {
    /// Its name.
    pub id: Cow<'a, str>,
    /// Its dimension.
    pub dimension: Cow<'a, str>,
    /// What it adds; below 0 it takes away.
    pub points: i64,
}

/// The score of one issue.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct ScoredIssue<'a> {
    /// The issue's title.
    pub title: Cow<'a, str>,
    /// What kind of work it asks for.
    #[serde(rename = "type")]
    pub kind: IssueType,
    /// The sum.
    pub score: i64,
    /// The reason code of the verdict.
    pub reason: Cow<'a, str>,
    /// The positions of the rules that hold.
    pub holds: Cow<'a, [u16]>,
    /// What tells its text and labels from any others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<u64>,
    /// When its text or labels changed, where a triage saw that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Cow<'a, str>>,
    /// The pull request in which it is in work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_work: Option<InWork>,
}

/// That an issue is in work.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct InWork {
    /// The open pull request that closes it; the oldest where there are several.
    pub pull: u64,
    /// When that was opened.
    #[serde(default)]
    pub since: String,
}

/// Issues with their scores, in the order of the file: an object with the numbers as keys.
#[derive(Clone, Debug, Default)]
pub struct ScoredIssues<'a>(pub Vec<(u64, ScoredIssue<'a>)>);

impl<'a> ScoredIssues<'a> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the score of an issue.
    pub fn get(&self, number: u64) -> Option<&ScoredIssue<'a>> {
        self.0.iter().find(|(issue, _)| *issue == number).map(|(_, scored)| scored)
    }
}

impl Serialize for ScoredIssues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(issue, scored)| (issue, scored)))
    }
}

impl<'de> Deserialize<'de> for ScoredIssues<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Issues<'a>(PhantomData<&'a ()>);

        impl<'de, 'a> Visitor<'de> for Issues<'a> {
            type Value = ScoredIssues<'a>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of issues by number")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut issues = Vec::new();
                while let Some((issue, scored)) = map.next_entry::<Cow<'_, str>, ScoredIssue<'a>>()? {
                    issues.extend(issue.parse().ok().map(|issue| (issue, scored)));
                }
                Ok(ScoredIssues(issues))
            }
        }

        deserializer.deserialize_map(Issues(PhantomData))
    }
}

impl JsonSchema for ScoredIssues<'_> {
    fn schema_name() -> Cow<'static, str> {
        "ScoredIssues".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, ScoredIssue<'_>>::json_schema(generator)
    }
}
