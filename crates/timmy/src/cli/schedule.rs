//! The flags of `timmy schedule` and `timmy service`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use common::CommonArgs;

use super::plain::PlainArgs;

/// The scheduler.
#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Stay in the foreground and run what is due, until SIGTERM
    Run(PlainArgs),
    /// Run what is due once, and exit: for cron
    Tick(PlainArgs),
    /// List the next runs
    Next(NextArgs),
}

/// The flags of `timmy schedule next`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct NextArgs {
    /// List at most N runs
    #[arg(long, short = 'n', value_name = "N", default_value = "20")]
    pub count: usize,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// Units.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Print units that keep the scheduler of this repository running
    Print(ServiceArgs),
}

/// The flags of `timmy service print`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServiceArgs {
    /// The service manager that keeps the scheduler running
    #[arg(value_enum, value_name = "MANAGER")]
    pub manager: Manager,

    /// Write each unit to a file of its own in this directory
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// Who keeps a service running.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Manager {
    /// systemd, as a service of the user.
    Systemd,
    /// launchd, on macOS.
    Launchd,
    /// cron.
    Cron,
}

impl From<Manager> for automations::service::Manager {
    fn from(manager: Manager) -> Self {
        match manager {
            Manager::Systemd => Self::Systemd,
            Manager::Launchd => Self::Launchd,
            Manager::Cron => Self::Cron,
        }
    }
}
