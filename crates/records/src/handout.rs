//! `handout.json`: the issue that the guard gave out last.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::issue_type::IssueType;
use crate::lenient;
use crate::object::OtherFields;

/// The issue that the guard gave out, until its cycle is recorded: an agent may remove or overwrite the file that names it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default)]
pub struct Handout {
    /// Its number; none where no issue is given out.
    #[serde(deserialize_with = "lenient::number_field")]
    pub issue: Option<u64>,
    /// What kind of work it is.
    #[serde(rename = "type", deserialize_with = "lenient::field")]
    pub kind: Option<IssueType>,
    /// When it was given out.
    #[serde(deserialize_with = "lenient::field")]
    pub given_out_at: Option<String>,
    /// Fields that only other programs know.
    #[serde(flatten)]
    pub other: OtherFields,
}
