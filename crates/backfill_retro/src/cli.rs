//! The flags.

use chrono::NaiveDate;
use clap::Parser;
use common::run::CommonArgs;

/// Seeds the log of cycles from pull requests that were merged before anyone kept it
#[derive(Debug, Parser)]
#[command(name = "backfill_retro", version)]
pub struct Cli {
    /// Ask no forge: find merged pull requests in the local history's commit messages
    #[arg(long)]
    pub from_git: bool,

    /// Only what was merged on that day (YYYY-MM-DD, UTC) or later
    #[arg(long, value_name = "DATE")]
    pub since: Option<NaiveDate>,

    /// Add at most so many records, the oldest first; 0 means all
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,

    /// Say what would be added, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}
