//! The flags.

use chrono::NaiveDate;
use clap::Parser;
use common::run::CommonArgs;

/// Says from the record what goes well, what does not, and what to change
#[derive(Debug, Parser)]
#[command(name = "loop_introspect", version)]
pub struct Cli {
    /// Print the report as Markdown, to paste into an issue
    #[arg(long, conflicts_with_all = ["json", "explain"])]
    pub markdown: bool,

    /// Only show events since that day (YYYY-MM-DD, UTC); what is computed stays the same
    #[arg(long, value_name = "DATE")]
    pub since: Option<NaiveDate>,

    /// How many days are set beside as many before [default: 7]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=365))]
    pub window_days: Option<u64>,

    /// Show the whole calculation of a finding, recommended or not; `list` shows what there is
    #[arg(long, value_name = "ID")]
    pub explain: Option<String>,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}
