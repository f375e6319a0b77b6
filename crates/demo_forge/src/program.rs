//! The program `demo_forge`: serves a project until it is interrupted.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use common::exit::{self, Answer, Failure};
use common::host::Host;
use common::run;

use crate::access::Access;
use crate::fault::Order;
use crate::project::{Flavour, Project, ProjectError};
use crate::server::{DemoForge, Options};

/// Serves a project as a Gitea or Forgejo server does, on loopback, until it is interrupted
#[derive(Debug, Parser)]
#[command(name = "demo_forge", version)]
pub struct Cli {
    /// A JSON file of issues and pulls, or a directory with issues.json and pulls.json [default: the sample project]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,

    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,

    /// A fault to inject, for every request or (502*2) for the next two: latency=MS, page-cap=N, 429=SECONDS, 502, 500,
    /// cut-body, drop, hang, moving, not-json, null-entries, no-total, drip, redirect=URL, bad-token
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<Order>,

    /// The one valid token; the project is private with it
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,

    /// Answer like Gitea 1.23 where it differs from Forgejo 16
    #[arg(long)]
    pub gitea: bool,
}

/// The forge was interrupted, which is how it ends.
struct Interrupted;

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error("cannot serve on 127.0.0.1:{0}")]
    Listen(u16, #[source] std::io::Error),
    #[error("cannot wait for a signal")]
    Signal(#[from] std::io::Error),
}

impl Answer for Interrupted {
    fn code(&self) -> u8 {
        0
    }

    fn in_words(&self) -> String {
        "interrupted".to_owned()
    }
}

impl Failure for Error {
    fn code(&self) -> u8 {
        match self {
            Self::Project(_) => 2,
            Self::Listen(..) | Self::Signal(_) => 1,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Project(ProjectError::File(error)) => error.hint(),
            Self::Listen(..) => Some("choose another port, or 0 for a free one".to_owned()),
            Self::Project(_) | Self::Signal(_) => None,
        }
    }
}

/// The program's main function.
pub fn main() -> ExitCode {
    exit::main(run)
}

/// Runs the program in the given world; returns its exit code.
pub fn run(host: &Host) -> u8 {
    run::tool(host, serve)
}

fn serve(host: &Host, cli: &Cli) -> Result<Interrupted, Error> {
    let project = match &cli.data {
        Some(path) => Project::load(&host.current_dir().join(path))?,
        None => Project::sample()?,
    };
    let options = Options {
        port: cli.port,
        access: Access { token: cli.token.clone(), private: cli.token.is_some(), ..Access::default() },
        flavour: if cli.gitea { Flavour::Gitea } else { Flavour::Forgejo },
        root_url: None,
    };
    let forge = DemoForge::start(&project, options).map_err(|error| Error::Listen(cli.port, error))?;
    for order in &cli.fault {
        forge.order(order.fault.clone(), order.times);
    }
    let (mut wake, _) = Host::wake_on_signal()?;
    host.say(&format!("export GITEA_API={} REPO_SLUG={}", forge.api(), project.slug()));
    host.flush()?;
    // Ends at a signal.
    let _ = wake.read(&mut [0]);
    Ok(Interrupted)
}
