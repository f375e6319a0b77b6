//! Measures the tools against floors: small programs that do only what cannot be left out.
//!
//! Every comparison runs its variants in turns, round after round, and prints medians and their ratio to the floor, with
//! the bar that the ratio is held to. CPU time is the children's user and system time together.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement stops at the first thing that is not as it should be, and prints to people"
)]

mod checks;
mod measure;
mod subjects;

use clap::Parser;

/// Measures the tools against floors, as ratios in one run
#[derive(Debug, Parser)]
struct Cli {
    /// Only the comparisons whose name holds this
    filter: Option<String>,

    /// How many rounds, in each of which every variant has its turn
    #[arg(long, default_value_t = 9)]
    rounds: usize,

    /// Run a program so many times and print what it used (for the measurement's own use)
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
