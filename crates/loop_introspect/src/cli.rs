//! The flags.

use chrono::NaiveDate;
use clap::Parser;
use common::CommonArgs;

/// Reports from the cycle log what goes well, what does not, and what to change
#[derive(Debug, Parser)]
#[command(name = "loop_introspect", version)]
pub(crate) struct Cli {
    /// Print the report as Markdown, to paste into an issue
    #[arg(long, conflicts_with_all = ["json", "explain"])]
    pub markdown: bool,

    /// Only show events since this day (YYYY-MM-DD, UTC); the computation stays the same
    #[arg(long, value_name = "DATE")]
    pub since: Option<NaiveDate>,

    /// How many days are compared with as many days before them [default: 7]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=365))]
    pub window_days: Option<u64>,

    /// Show the whole calculation of a finding, recommended or not; `list` lists the ids
    #[arg(long, value_name = "ID")]
    pub explain: Option<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}
