//! The flags.

use clap::Parser;
use common::CommonArgs;

/// Reports whether there is work for the agent (exit 0) or not (exit 1), and how long to wait
#[derive(Debug, Parser)]
#[command(name = "loop_guard", version)]
pub(crate) struct Cli {
    /// When there is no work, wait for the backoff time, then exit with 1; exit with 0 as soon as work appears
    #[arg(long, conflicts_with = "status")]
    pub wait: bool,

    /// Print the state as JSON, and change nothing
    #[arg(long)]
    pub status: bool,

    #[command(flatten)]
    pub common: CommonArgs,
}
