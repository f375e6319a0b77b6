//! All tools behind one command, with the commands that install, schedule, run and explain them.
//!
//! - Reads and writes: what the tool does that it is called by. Its own commands read the manifest, and write:
//!   `automation enable`, `disable` and `new` the manifest; `pause`, `.loop/pauses.json`; a run, `.loop/logs/` and what the
//!   automation itself does; the scheduler, `.loop/schedule.json`; `install`, the scripts' paths, `.loop/bin/` and
//!   `.loop/originals/`; `shadow`, `.loop/shadow.jsonl`; `repair`, the damaged files. `demo` works in a temporary folder.
//! - Ends: as the tool ends; of its own commands, 0 done and all is well, 1 done and something is not, 2 wrong usage or
//!   configuration. A command that is unknown here ends as the next `timmy` on the PATH does.

mod candidates;
mod cli;
mod command_line;
mod commands;
mod completions;
mod demo;
mod diagnostic;
mod fallback;
mod help;
mod manual;
mod present;
mod table;
pub mod tools;
mod version;

use std::process::ExitCode;

use common::exit;
use common::tool;
use host::Host;

pub use version::VERSION;

use crate::cli::{Cli, Command, ServiceCommand};
use crate::commands::{
    automation, doctor, explain, install, repair, schedule, service, shadow, tokens, trigger, uninstall, verify, why,
};

/// Returns the command line of the program without those of the tools.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// The program's main function.
pub fn main() -> ExitCode {
    exit::main(run)
}

/// Runs the program in the given world; returns its exit code.
pub fn run(host: &Host) -> u8 {
    if let Some(code) = tools::run(host) {
        return code;
    }
    if completions::answer(host) {
        return 0;
    }
    if let [_, only] = host.args()
        && (only == "--version" || only == "-V")
    {
        // What is asked for most needs no command line to be built.
        host.say(&format!("timmy {VERSION}"));
        return 0;
    }
    if fallback::is_meant(host) {
        return exit::end(host, &fallback::delegate(host, &host.args()[1..]));
    }
    let command = match tool::arguments::<Cli>(host) {
        Ok(cli) => cli.command,
        Err(code) => return code,
    };
    let result = match &command {
        Command::Automation(command) => automation::command(host, command),
        Command::Trigger(args) => trigger::trigger(host, args),
        Command::Schedule(command) => schedule::command(host, command),
        Command::Service(ServiceCommand::Print(args)) => service::print(host, args),
        Command::Install(args) => install::command(host, args),
        Command::Uninstall(args) => uninstall::command(host, args),
        Command::Doctor(args) => doctor::doctor(host, args),
        Command::Shadow(args) => shadow::command(host, args),
        Command::Why(args) => why::why(host, args),
        Command::Explain(args) => explain::explain(host, args),
        Command::Tokens(args) => tokens::show(host, args),
        Command::Verify(args) => verify::verify(host, args),
        Command::Repair(args) => repair::repair(host, args),
        Command::Completions(args) => completions::print(host, args),
        Command::Man(args) => manual::man(host, args),
        Command::Help(args) => help::help(host, args),
        Command::Demo(args) => demo::demo(host, args),
        Command::Other(args) => fallback::delegate(host, args),
    };
    exit::end(host, &result)
}
