//! One command over all tools of the suite: each of them by its name, and a demonstration.
//!
//! - Reads and writes: what the tool does that it is called by; `timmy demo` works in a temporary folder, or in one that
//!   `--keep` names.
//! - Ends: as the tool ends; of `timmy demo`, 0 the day was played, 1 a step failed, 2 wrong usage.

pub mod cli;
mod demo;
pub mod multicall;

use std::process::ExitCode;

use common::exit;
use common::host::Host;
use common::run;

use crate::cli::{Cli, Command};

/// The program's main function.
pub fn main() -> ExitCode {
    exit::main(run)
}

/// Runs the program in the given world; returns its exit code.
pub fn run(host: &Host) -> u8 {
    if let Some(code) = multicall::run(host) {
        return code;
    }
    match run::arguments::<Cli>(host) {
        Ok(Cli { command: Command::Demo(args) }) => exit::end(host, &demo::demo(host, &args)),
        Err(code) => code,
    }
}
