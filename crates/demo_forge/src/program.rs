//! The program `demo_forge`: serves a project until it is interrupted.

use std::io::Read;
use std::path::PathBuf;

use clap::{CommandFactory, Parser};
use common::tool::{self, Tool};
use common::{Error, Outcome};
use host::Host;

use crate::access::Access;
use crate::fault::Order;
use crate::flavour::Flavour;
use crate::project::Project;
use crate::server::{DemoForge, Options};

/// Serves a project as a Gitea or Forgejo server does, on loopback, read-only, until it is interrupted
#[derive(Debug, Parser)]
#[command(name = "demo_forge", version)]
pub(crate) struct Cli {
    /// A JSON file of issues and pulls, or a directory with issues.json and pulls.json [default: the sample project]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,

    /// The name of the repository [default: that of the data]
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug)]
    pub slug: Option<(String, String)>,

    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,

    /// A fault to inject, for every request or (502*2) for the next two: latency=MS, page-cap=N, 429=SECONDS, 502, 500,
    /// 500-json, cut-body, cut-json, drop, hang, moving, not-json, null-entries, no-total, drip, redirect=URL, bad-token
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<Order>,

    /// The one valid token; the project is private with it [default: every token is taken]
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,

    /// What the token may do, such as read:issue, read:repository or public-only [default: everything]
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', requires = "token")]
    pub scope: Vec<String>,

    /// Let everybody read the project, also with --token
    #[arg(long, requires = "token")]
    pub public: bool,

    /// The largest page, as MAX_RESPONSE_ITEMS sets it on a server [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_response_items: Option<u16>,

    /// Answer as this server: gitea-1.26, forgejo-17, gitea-1.23 or forgejo-15 [default: forgejo-17]
    #[arg(long, value_name = "SERVER", conflicts_with = "gitea")]
    pub server: Option<Flavour>,

    /// Answer as Gitea, short for --server gitea-1.26
    #[arg(long)]
    pub gitea: bool,
}

/// The descriptor of the program.
pub const TOOL: Tool = Tool {
    id: "demo_forge",
    prefix: "demo_forge",
    about: "A read-only forge with a sample project, for demos and tests; only reachable from the same machine.",
    script: None,
    trigger: "manual",
    exit_codes: "0 stopped",
    run: |host| tool::run(host, serve),
    command: Cli::command,
    settings: |_| Ok(()),
};

/// Reads `owner/name`, of the characters that the servers allow.
fn slug(text: &str) -> Result<(String, String), String> {
    let is_name = |name: &str| {
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        is_plain && !name.is_empty() && name != "." && name != ".."
    };
    let parts = text.split_once('/').filter(|(owner, name)| is_name(owner) && is_name(name));
    let parts = parts.map(|(owner, name)| (owner.to_owned(), name.to_owned()));
    parts.ok_or_else(|| "a repository is named as OWNER/NAME, of letters, digits and - _ .".to_owned())
}

/// Returns a text as one word of the shell.
fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

fn serve(host: &Host, cli: &Cli) -> Result<Outcome, Error> {
    let mut project = match &cli.data {
        Some(path) => Project::load(&host.current_dir().join(path))?,
        None => Project::sample()?,
    };
    if let Some((owner, name)) = cli.slug.clone() {
        (project.owner, project.name) = (owner, name);
    }
    let options = Options {
        port: cli.port,
        access: Access {
            token: cli.token.clone(),
            scopes: cli.scope.clone(),
            private: cli.token.is_some() && !cli.public,
            sign_in_required: false,
        },
        flavour: cli.server.unwrap_or(if cli.gitea { Flavour::Gitea } else { Flavour::Forgejo }),
        root_url: None,
        max_response_items: cli.max_response_items.map(usize::from),
    };
    let forge = DemoForge::start(&project, options).map_err(|error| {
        let error = Error::caused(format!("cannot serve on 127.0.0.1:{}", cli.port))(error);
        error.with_code(1).with_hint("choose another port, or 0 for a free one")
    })?;
    for order in &cli.fault {
        forge.order(order.fault.clone(), order.times);
    }
    let signals = |error: std::io::Error| Error::caused("cannot wait for a signal")(error).with_code(1);
    let (mut wake, _) = Host::wake_on_signal().map_err(signals)?;
    let token = cli.token.as_ref().map_or(String::new(), |token| format!(" GITEA_TOKEN={}", shell_word(token)));
    host.say(&format!("export GITEA_API={} REPO_SLUG={}{token}", forge.api(), project.slug()));
    host.flush().map_err(signals)?;
    // Ends at a signal.
    let _ = wake.read(&mut [0]);
    Ok(Outcome::done("interrupted"))
}
