//! What a shell needs to complete our commands: it asks this program, so that a repository's own automations are known.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Command;
use clap::CommandFactory;
use clap_complete::CompleteEnv;
use common::{Error, Outcome};
use host::Host;

use crate::cli::{Cli, CompletionsArgs};
use crate::tools;

/// The variable by which a shell asks.
const ASKED: &str = "COMPLETE";

/// The whole command line: our own commands, and the tools that replace scripts, by name.
pub(crate) fn whole_command() -> Command {
    let mut tools: Vec<Command> = tools::automations().map(|(tool, _)| (tool.command)()).collect();
    tools.sort_by(|a, b| a.get_name().cmp(b.get_name()));
    Cli::command().subcommands(tools)
}

/// Answers a shell that asks for completions; false if none asks.
pub(crate) fn answer(host: &Host) -> bool {
    host.var(ASKED).is_some() && complete(host, host.args().to_vec())
}

fn complete(host: &Host, args: Vec<OsString>) -> bool {
    let folder: PathBuf = host.current_dir().to_owned();
    let environment = CompleteEnv::with_factory(whole_command).var(ASKED).bin("timmy");
    environment.try_complete(args, Some(&folder)).unwrap_or(false)
}

/// Prints the lines that a shell is to read.
pub(crate) fn print(host: &Host, args: &CompletionsArgs) -> Result<Outcome, Error> {
    // What the library prints for this shell when it is asked by its variable; `timmy` is then found on the PATH.
    let shells = clap_complete::env::Shells::builtins();
    let Some(shell) = shells.completer(&args.shell) else {
        return Err(Error::usage(format!("no completions for {}", args.shell), "bash, zsh or fish"));
    };
    let mut text = Vec::new();
    shell
        .write_registration(ASKED, "timmy", "timmy", "timmy", &mut text)
        .map_err(Error::io("write", "the completions"))?;
    host.say(String::from_utf8_lossy(&text).trim_end());
    Ok(Outcome::done(""))
}
