//! The whole command line: our own commands, and the tools by name.

use clap::{Command, CommandFactory};

use crate::cli::Cli;
use crate::tools::TOOLS;

/// Returns the command line with the tools as commands.
pub(crate) fn whole_command() -> Command {
    let mut tools: Vec<Command> = TOOLS.iter().map(|tool| (tool.command)()).collect();
    tools.sort_by(|a, b| a.get_name().cmp(b.get_name()));
    Cli::command().subcommands(tools)
}

/// Returns the command that these words lead to, as far as they name commands, and the first word that does not.
pub(crate) fn find<'c, 'w>(command: &'c Command, words: &'w [String]) -> (&'c Command, Option<&'w str>) {
    match words {
        [] => (command, None),
        [word, rest @ ..] => match command.find_subcommand(word) {
            Some(inner) => find(inner, rest),
            None => (command, Some(word)),
        },
    }
}
