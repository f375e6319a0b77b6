//! The flags.

use std::path::PathBuf;

use clap::Parser;
use common::CommonArgs;

/// Plans the daily ten minutes: what to do, in what order, why, and how long it takes
#[derive(Debug, Parser)]
#[command(name = "orchestrator", version)]
pub(crate) struct Cli {
    /// Add the summary of the last hours: issues, pull requests, cycles, quarantine, queue, tokens
    #[arg(long)]
    pub review: bool,

    /// List no more items than this
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100))]
    pub max_items: Option<u64>,

    /// Print Markdown, to paste into an issue
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,

    /// Read the issues from a file (or from stdin: -) in the format of the API, without a forge
    #[arg(long, value_name = "FILE")]
    pub issues: Option<PathBuf>,

    #[command(flatten)]
    pub common: CommonArgs,
}
