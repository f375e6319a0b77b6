//! `agenda.json`: the last agenda, and the summary of the day.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure_class::FailureClass;
use crate::lenient;

/// An agenda.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default, expecting = "a map")]
pub struct Agenda {
    /// When it was made.
    #[serde(deserialize_with = "lenient::or_default")]
    pub generated_at: String,
    /// The minutes that are available.
    #[serde(deserialize_with = "lenient::or_default")]
    pub time_budget_minutes: u64,
    /// The minutes of its items.
    #[serde(deserialize_with = "lenient::or_default")]
    pub planned_minutes: u64,
    /// How many candidates there were.
    #[serde(deserialize_with = "lenient::or_default")]
    pub candidates: usize,
    /// The items, in the order of doing.
    #[serde(deserialize_with = "lenient::items")]
    pub items: Vec<AgendaItem>,
    /// The summary of the day; null unless it was asked for.
    #[serde(deserialize_with = "lenient::field")]
    pub review: Option<Review>,
    /// What was a candidate, or could be one, and is not among the items, with the reason.
    #[serde(deserialize_with = "lenient::items")]
    pub left_out: Vec<LeftOut>,
}

/// One thing to do.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct AgendaItem {
    /// The number of the issue or pull request.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its page.
    pub url: String,
    /// What to do.
    pub action: Action,
    /// How long it takes.
    pub minutes: u64,
    /// The size that a label gives it.
    pub size: Option<String>,
    /// The layer that a label gives it.
    pub layer: Option<String>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who works on it.
    pub assignee: Option<String>,
    /// Why it is here.
    pub why: String,
}

/// What to do with an item.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Review a pull request: its author waits.
    Review,
    /// See whether it is solved, and close it.
    Close,
    /// Say what is missing, so that work can go on.
    Clarify,
    /// Fix a bug.
    Fix,
    /// Build what is asked for.
    #[default]
    Implement,
}

/// An issue or a pull request that is not on the agenda.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct LeftOut {
    /// Its number.
    pub number: u64,
    /// The reason code.
    pub reason: String,
}

/// What happened in a stretch of time.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct Review {
    /// Its beginning.
    pub since: String,
    /// Its end.
    pub until: String,
    /// What the forge reports of issues; null when it could not be asked.
    pub issues: Option<ReviewIssues>,
    /// What the forge reports of pull requests; null when it could not be asked.
    pub pulls: Option<ReviewPulls>,
    /// The cycles.
    pub cycles: ReviewCycles,
    /// The issues in quarantine.
    pub quarantined: Vec<u64>,
    /// How many issues are ready and not in quarantine.
    pub queue_depth: usize,
    /// What was earned and spent.
    pub tokens: ReviewTokens,
}

/// Issues by number.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct ReviewIssues {
    /// Opened.
    pub opened: Vec<u64>,
    /// Closed.
    pub closed: Vec<u64>,
    /// Everything that was changed or commented, those above included.
    pub touched: Vec<u64>,
}

/// Pull requests by number.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct ReviewPulls {
    /// Merged.
    pub merged: Vec<u64>,
    /// Opened.
    pub opened: Vec<u64>,
}

/// The observed cycles.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct ReviewCycles {
    /// How many.
    pub count: usize,
    /// How many of them succeeded.
    pub succeeded: usize,
    /// The share of successes with two decimals; null of no cycles.
    pub success_rate: Option<f64>,
    /// The failures, oldest first.
    pub failures: Vec<ReviewFailure>,
}

/// A failed cycle.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct ReviewFailure {
    /// The caller's number.
    pub cycle: Option<u64>,
    /// The issue that was worked on.
    pub issue: Option<u64>,
    /// Why it failed.
    pub reason: String,
    /// Whose fault it was, where it was not the issue's.
    #[serde(deserialize_with = "lenient::field", skip_serializing_if = "Option::is_none")]
    pub failure_class: Option<FailureClass>,
}

/// Movements of the token ledger.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct ReviewTokens {
    /// The sum of what was earned.
    pub earned: i64,
    /// The sum of what was spent, below 0.
    pub spent: i64,
    /// The balance at the end.
    pub balance: i64,
}

impl Agenda {
    /// The names of its fields; the others of the file are those of other programs.
    pub const FIELDS: [&str; 7] =
        ["generated_at", "time_budget_minutes", "planned_minutes", "candidates", "items", "review", "left_out"];

    /// Returns the item of an issue or a pull request.
    pub fn item(&self, number: u64) -> Option<&AgendaItem> {
        self.items.iter().find(|item| item.number == number)
    }
}

impl Action {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Close => "close",
            Self::Clarify => "clarify",
            Self::Fix => "fix",
            Self::Implement => "implement",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_its_fields_are_all_of_them() {
        let agenda = serde_json::to_value(Agenda::default()).unwrap();
        assert_eq!(agenda.as_object().unwrap().keys().collect::<Vec<_>>(), Agenda::FIELDS.iter().collect::<Vec<_>>());
    }
}
