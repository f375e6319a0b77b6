//! `scores.json`: each issue's score of the last triage, rule by rule, so that a verdict can be explained without the forge.

use std::collections::BTreeMap;

use common::files::{self, Durability, FileError};
use common::pyjson;
use common::reason::Reason;
use common::records::IssueType;
use common::run::Run;
use serde::ser::{Serialize, SerializeMap, Serializer};
use triage_rules::Rules;

use crate::Triage;
use crate::queue::Scored;

/// The file.
#[derive(serde::Serialize)]
struct Scores<'a> {
    generated_at: String,
    /// From which sum on an issue is ready.
    ready_from: i64,
    /// The most that the rules of a dimension add up to; the least is 0.
    most: BTreeMap<&'a str, i64>,
    /// The rules of all dimensions; an issue names them by their places here, from 0.
    rules: Vec<RuleName<'a>>,
    issues: Issues<'a>,
}

#[derive(serde::Serialize)]
struct RuleName<'a> {
    id: &'a str,
    dimension: &'a str,
    points: i64,
}

#[derive(serde::Serialize)]
struct Entry<'a> {
    title: &'a str,
    #[serde(rename = "type")]
    kind: IssueType,
    score: i64,
    reason: Reason,
    holds: &'a [u16],
}

/// The issues under their numbers.
struct Issues<'a>(&'a Triage);

impl Serialize for Issues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Triage { ready, not_ready, quarantined, .. } = self.0;
        let lists = [(Reason::Ready, ready), (Reason::NotReady, not_ready), (Reason::Quarantined, quarantined)];
        let mut map = serializer.serialize_map(None)?;
        for (reason, list) in lists {
            for Scored { item, holding, .. } in list {
                let entry = Entry { title: &item.title, kind: item.kind, score: item.score, reason, holds: holding };
                map.serialize_entry(&item.issue, &entry)?;
            }
        }
        map.end()
    }
}

/// Writes the scores of a triage run.
pub(crate) fn write(run: &Run, rules: &Rules, ready_from: i64, triage: &Triage) -> Result<(), FileError> {
    let names = rules.dimensions.iter().flat_map(|dimension| {
        dimension.rules.iter().map(|rule| RuleName { id: &rule.id, dimension: dimension.name, points: rule.points })
    });
    let most = rules.dimensions.iter().map(|dimension| (dimension.name, dimension.max)).collect();
    let scores =
        Scores { generated_at: run.host.timestamp(), ready_from, most, rules: names.collect(), issues: Issues(triage) };
    let path = run.repo.scores();
    let text = pyjson::to_line(&scores).map_err(|error| FileError::writing(&path, error.into()))?;
    files::lock(&path)?.replace(text.as_bytes(), Durability::Derived)
}
