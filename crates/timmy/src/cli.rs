//! The flags.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// One command over all tools of the suite
///
/// Called by a tool's name (a symlink loop_guard or loop_guard.py), it is that tool. `timmy TOOL …` is the tool too:
/// cycle_retro, loop_guard, orchestrator, triage_score, each with its own --help; demo_forge serves a project like a forge.
#[derive(Debug, Parser)]
#[command(name = "timmy", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What `timmy` itself does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one day of the loop on a sample project: triage, guard, agenda, three cycles
    Demo(DemoArgs),
}

/// The flags of `timmy demo`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Keep the repository with its files in this folder, which must be new or empty
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,

    /// Leave the forge running when the day is over, and say how to call the tools against it
    #[arg(long)]
    pub serve: bool,
}
