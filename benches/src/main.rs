//! Measures the tools against floors: small programs that do only the necessary part of the same work.
//!
//! Every comparison runs its variants in turns, in several rounds, and prints the medians and their ratio to the floor, with
//! the bar: the limit for that ratio. CPU time is the sum of the user and system time of the child processes.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement stops at the first error, and prints for people"
)]

mod checks;
mod duckdb;
mod measure;
mod programs;
mod subjects;

use clap::Parser;

/// Measures the tools against floors, as ratios in one run
#[derive(Debug, Parser)]
struct Cli {
    /// Run only the comparisons whose name contains this text
    filter: Option<String>,

    /// The number of rounds; each round runs every variant once
    #[arg(long, default_value_t = 9)]
    rounds: usize,

    /// Run a program this number of times and print what it used (for internal use)
    #[arg(long, num_args = 2.., hide = true, allow_hyphen_values = true, value_names = ["TIMES", "PROGRAM"])]
    child: Option<Vec<String>>,
}

fn main() {
    let cli = Cli::parse();
    if let Some(call) = &cli.child {
        return measure::run_child(call);
    }
    let wanted = |name: &str| cli.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()));
    for (name, subject) in subjects::ALL {
        if wanted(name) {
            println!("\n{name}");
            subject(cli.rounds.max(1));
        }
    }
}
