//! The flags.

use std::path::PathBuf;

use clap::Parser;
use common::tool::{CommonArgs, number_parser};

/// Scores the open issues, and writes the queue of those that are ready for the agent
#[derive(Debug, Parser)]
#[command(name = "triage_score", version)]
pub(crate) struct Cli {
    /// Score and show, but write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Show the score of one issue rule by rule, and write nothing
    #[arg(long, value_name = "N", value_parser = number_parser(), conflicts_with_all = ["dry_run", "check_rules", "release"])]
    pub explain: Option<u64>,

    /// Check the rules, and do nothing else
    #[arg(long, conflicts_with_all = ["dry_run", "release"])]
    pub check_rules: bool,

    /// Release an issue from quarantine: its failures up to now no longer count
    #[arg(long, value_name = "N", value_parser = number_parser(), conflicts_with = "dry_run")]
    pub release: Option<u64>,

    /// Score the issues of a file (or of stdin: -) in the format of the API, without a forge
    #[arg(long, value_name = "FILE")]
    pub issues: Option<PathBuf>,

    #[command(flatten)]
    pub common: CommonArgs,
}
