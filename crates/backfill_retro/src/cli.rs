//! The flags.

use chrono::NaiveDate;
use clap::Parser;
use common::CommonArgs;

/// Seeds the cycle log from pull requests that were merged before the log existed
#[derive(Debug, Parser)]
#[command(name = "backfill_retro", version)]
pub(crate) struct Cli {
    /// Do not use the forge: find merged pull requests in the commit messages of the local history
    #[arg(long)]
    pub from_git: bool,

    /// Only add what was merged on this day (YYYY-MM-DD, UTC) or later
    #[arg(long, value_name = "DATE")]
    pub since: Option<NaiveDate>,

    /// Add at most N records, the oldest first; 0 means all
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,

    /// Show what would be added, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub common: CommonArgs,
}
