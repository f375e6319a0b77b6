//! What a program of the suite is: one descriptor, from which everything that must know the tools is made.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::error::Error;
use crate::exit::{self, ErrorView};
use crate::outcome::Outcome;
use crate::settings::{Layers, SettingsError};
use host::Host;
use host::text;

/// The flags that every tool takes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Common options")]
pub struct CommonArgs {
    /// The repository to work on [default: TIMMY_REPO_ROOT, else found from the symlink or the current directory]
    #[arg(long, value_name = "DIR")]
    pub repo_root: Option<PathBuf>,

    /// The directory of automations.json, daily_run.json and triage_rules.yaml
    #[arg(long, value_name = "DIR")]
    pub config_dir: Option<PathBuf>,

    /// Print one JSON document and nothing else on stdout
    #[arg(long)]
    pub json: bool,

    /// Print nothing but errors (and the JSON document, if asked for)
    #[arg(long, short, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Report on stderr where each setting comes from and each step
    #[arg(long, short)]
    pub verbose: bool,

    /// Run although the automation is disabled or paused
    #[arg(long)]
    pub force: bool,
}

/// The tools of the suite, as the programs that manage them need to know them.
#[derive(Clone, Copy, Debug)]
pub struct Toolset {
    /// Every tool.
    pub tools: &'static [Tool],
    /// The version of the program that contains them, with the commit that it was built from.
    pub version: &'static str,
}

impl Toolset {
    /// Returns the tools that replace a script, each with the script's usual path.
    pub fn automations(&self) -> impl Iterator<Item = (&'static Tool, &'static str)> + use<> {
        self.tools.iter().filter_map(|tool| Some((tool, tool.script?)))
    }

    /// Returns the tool with an id that replaces a script.
    pub fn automation(&self, id: &str) -> Option<&'static Tool> {
        self.automations().map(|(tool, _)| tool).find(|tool| tool.id == id)
    }

    /// Returns the tool that replaces a script and is named like a file, with or without `.py`.
    pub fn named_like(&self, path: &Path) -> Option<&'static Tool> {
        let name = path.file_name()?.to_str()?;
        self.automations().map(|(tool, _)| tool).find(|tool| tool.is_called(name))
    }
}

/// A tool of the suite. The list of all tools is `timmy::tools::TOOLS`.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// Its id in the manifest, which is also the name of its program.
    pub id: &'static str,
    /// What its lines begin with, without the brackets: logs are searched for it.
    pub prefix: &'static str,
    /// What it does, in a sentence: in the manifest and in the tables of the documents.
    pub about: &'static str,
    /// The path of the script that it replaces, from the root of a repository; none for a program that is no automation.
    pub script: Option<&'static str>,
    /// When the shipped manifest runs it.
    pub trigger: &'static str,
    /// What its exit codes mean, for the help topic.
    pub exit_codes: &'static str,
    /// Runs it in a world; returns its exit code.
    pub run: fn(&Host) -> u8,
    /// Returns its command line.
    pub command: fn() -> clap::Command,
    /// Resolves every setting, without flags: for showing and checking them.
    pub settings: fn(&mut Layers) -> Result<(), SettingsError>,
}

impl Tool {
    /// Runs the tool in the real world: the body of its `main`.
    pub fn main(&self) -> ExitCode {
        exit::main(self.run)
    }

    /// Returns whether a file's name, with or without `.py`, is this tool's.
    pub fn is_called(&self, name: &str) -> bool {
        name.strip_suffix(".py").unwrap_or(name) == self.id
    }
}

/// Runs a program in the given world: reads its flags, does its work, prints its error. Returns the exit code.
pub fn run<C: Parser>(host: &Host, work: impl FnOnce(&Host, &C) -> Result<Outcome, Error>) -> u8 {
    match arguments::<C>(host) {
        Ok(cli) => exit::end(host, &work(host, &cli)),
        Err(code) => code,
    }
}

/// Reads the command line. On `--help`, `--version` or a mistake the text is printed and the exit code (0 or 2) is the
/// error.
///
/// # Errors
/// The exit code to end with.
pub fn arguments<C: Parser>(host: &Host) -> Result<C, u8> {
    C::try_parse_from(host.args()).map_err(|error| {
        let text = text::lines(&error.render().to_string());
        if error.use_stderr() {
            host.note(text.trim_end());
            ErrorView::of_usage(&text, 2).print_json(host);
            2
        } else {
            host.show(text.trim_end());
            0
        }
    })
}

/// Reads a positive number of an issue, a pull request or a cycle.
pub fn number_parser() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=i64::MAX.unsigned_abs())
}
