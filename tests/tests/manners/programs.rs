//! Every command line of the suite that takes `--json`.

use clap::Command;

/// Returns the words of every command that takes `--json`, the program first.
pub(crate) fn with_json() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let tools = timmy::tools::TOOLS.iter().map(|tool| (tool.command)());
    for command in tools.chain([timmy::command()]) {
        add(&command, &[], &mut found);
    }
    found
}

fn add(command: &Command, above: &[String], found: &mut Vec<Vec<String>>) {
    let words: Vec<String> = above.iter().cloned().chain([command.get_name().to_owned()]).collect();
    if command.get_arguments().any(|argument| argument.get_long() == Some("json")) {
        found.push(words.clone());
    }
    command.get_subcommands().for_each(|inner| add(inner, &words, found));
}
