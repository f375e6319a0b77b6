//! The flags.

use std::ffi::{OsStr, OsString};

use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Command, Parser};
use common::tool::{CommonArgs, number_parser};
use records::{FailureClass, IssueType};

/// Records what happened in a cycle, and updates the summary
#[derive(Debug, Parser)]
#[command(name = "cycle_retro", version)]
pub(crate) struct Cli {
    /// The cycle's number
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub cycle: u64,

    #[command(flatten)]
    pub outcome: OutcomeArgs,

    /// The main branch's checks were green afterwards
    #[arg(long, conflicts_with = "no_main_green")]
    pub main_green: bool,

    /// The main branch's checks were not green afterwards
    #[arg(long)]
    pub no_main_green: bool,

    /// The issue that was worked on [default: from cycle_result.json, else from the branch's name]
    #[arg(long, value_name = "N", value_parser = number_parser(), allow_negative_numbers = true)]
    pub issue: Option<u64>,

    /// What kind of work it was, or a label for it, such as fix or enhancement [default: from cycle_result.json, else unknown]
    #[arg(long = "type", value_name = "TYPE", value_parser = TypeParser)]
    pub kind: Option<String>,

    /// How long it took, in seconds
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub duration: Option<u64>,

    /// How many tests passed
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub tests_passed: Option<u64>,

    /// How many tests are new
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub tests_added: Option<u64>,

    /// How many files changed
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub files_changed: Option<u64>,

    /// How many lines were added
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub lines_added: Option<u64>,

    /// How many lines were removed
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub lines_removed: Option<u64>,

    /// How many panes of Kimi ran in parallel
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub kimi_panes: Option<u64>,

    /// The pull request
    #[arg(long, value_name = "N", value_parser = number_parser(), allow_negative_numbers = true)]
    pub pr: Option<u64>,

    /// Why it failed
    #[arg(long, value_name = "TEXT", value_parser = any_text(), allow_hyphen_values = true)]
    pub reason: Option<String>,

    /// Whose fault a failure was, where it was not the issue's; it then counts for no issue [default: red_main where the agent
    /// ended cleanly and main is not green]
    #[arg(long, value_name = "CLASS", value_parser = failure_class())]
    pub failure_class: Option<FailureClass>,

    /// Further notes
    #[arg(long, value_name = "TEXT", value_parser = any_text(), allow_hyphen_values = true)]
    pub notes: Option<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// How the agent ended.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct OutcomeArgs {
    /// The agent ended cleanly
    #[arg(long)]
    pub success: bool,

    /// The agent failed
    #[arg(long)]
    pub failure: bool,
}

/// Takes any word as a type, and offers the names: a record is not lost because an agent uses another word.
#[derive(Clone)]
struct TypeParser;

impl TypedValueParser for TypeParser {
    type Value = String;

    fn parse_ref(&self, _: &Command, _: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        Ok(value.to_string_lossy().into_owned())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(IssueType::ALL.into_iter().map(|kind| PossibleValue::new(kind.name()).help(kind.meaning()))))
    }
}

fn failure_class() -> impl TypedValueParser<Value = FailureClass> {
    let values = FailureClass::ALL.map(|class| PossibleValue::new(class.name()).help(class.meaning()));
    PossibleValuesParser::new(values).map(|name: String| FailureClass::from_name(&name).unwrap_or(FailureClass::Other))
}

/// Takes a text whatever its bytes: a record is not lost because an agent printed half a character.
fn any_text() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().map(|text: OsString| text.to_string_lossy().into_owned())
}
