//! Every command line of the suite that takes `--json`.

use clap::Command;

/// Returns the words of every command that is no group of others, the program first.
pub(crate) fn all() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let tools = timmy::tools::TOOLS.iter().map(|tool| (tool.command)());
    for command in tools.chain([timmy::command()]) {
        add(&command, &[], &mut found, &|command| !command.is_subcommand_required_set());
    }
    found.retain(|words| words.len() > 1 || words[0] != "timmy");
    found
}

/// Returns the words of every command that takes `--json`, the program first.
pub(crate) fn with_json() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let tools = timmy::tools::TOOLS.iter().map(|tool| (tool.command)());
    for command in tools.chain([timmy::command()]) {
        add(&command, &[], &mut found, &|command| {
            command.get_arguments().any(|argument| argument.get_long() == Some("json"))
        });
    }
    found
}

fn add(command: &Command, above: &[String], found: &mut Vec<Vec<String>>, is_wanted: &dyn Fn(&Command) -> bool) {
    let words: Vec<String> = above.iter().cloned().chain([command.get_name().to_owned()]).collect();
    if is_wanted(command) {
        found.push(words.clone());
    }
    command.get_subcommands().for_each(|inner| add(inner, &words, found, is_wanted));
}
