//! `timmy help`.

use std::ffi::OsString;

use automations::declared;
use common::settings::Resolved;
use common::{Error, Outcome};
use host::Host;
use host::text;
use records::stored_files::{CONFIG_FILES, LOOP_FILES};

use crate::cli::HelpArgs;
use crate::command_line::{find, whole_command};
use crate::{fallback, tools};

/// A page by its name, and what makes its text.
type Topic = (&'static str, fn() -> Result<String, Error>);

/// What there is to be read besides the commands.
const TOPICS: [Topic; 3] =
    [("exit-codes", || Ok(exit_codes())), ("environment", environment), ("files", || Ok(stored_files()))];

/// The names of the topics.
pub(crate) const TOPIC_NAMES: [&str; 3] = [TOPICS[0].0, TOPICS[1].0, TOPICS[2].0];

/// Columns of a topic.
const WIDTH: usize = 80;

/// Columns before what the topics say of a command, of a file, and of a variable.
const COMMANDS: usize = 28;
const FILES: usize = 29;
const VARIABLES: usize = 32;

/// What the exit codes mean, of the tools as their descriptors have it.
fn exit_codes() -> String {
    let rows = tools::automations().flat_map(|(tool, _)| rows(tool.id, COMMANDS, tool.exit_codes));
    include_str!("help/exit-codes.txt").replace("{tools}", &rows.collect::<Vec<_>>().join("\n"))
}

/// The environment variables; those of settings are made from the declarations.
fn environment() -> Result<String, Error> {
    let (scheduler, forge) = (declared::declared(declared::scheduler)?, declared::declared(declared::forge)?);
    let keys = |of: &[Resolved]| of.iter().map(|setting| setting.key.to_uppercase()).collect::<Vec<_>>().join(", ");
    let scheduler = format!("a setting of the scheduler: {}", keys(&scheduler));
    let shared = format!("a setting of the forge, for all tools: {}", keys(&forge));
    // One short name of each; docs/settings.md has them all.
    let aliases: Vec<&str> = forge.iter().filter_map(|setting| setting.aliases.first().copied()).collect();
    let aliases = text::wrap(&aliases.join(", "), WIDTH - 2);
    Ok(include_str!("help/environment.txt")
        .replace("{scheduler}", &rows("TIMMY_SCHEDULER_<KEY>", VARIABLES, &scheduler).join("\n"))
        .replace("{shared}", &rows("TIMMY_AUTOMATION_<KEY>", VARIABLES, &shared).join("\n"))
        .replace("{aliases}", &aliases.join("\n  ")))
}

/// The stored files: what each holds, and who writes it.
fn stored_files() -> String {
    let mut lines = vec!["FILES".to_owned()];
    for (title, files) in [
        ("Configuration, in timmy_automations/config/ or config/:", &CONFIG_FILES[..]),
        ("Under .loop/ (damaged data is kept, see `timmy verify`):", &LOOP_FILES[..]),
    ] {
        lines.extend([String::new(), title.to_owned()]);
        lines.extend(files.iter().flat_map(|file| file_rows(&file.shown(), file.about, file.writers)));
    }
    let saved =
        "damaged bytes of the document NAME, saved before it is rewritten or removed; a result that no cycle recorded";
    lines.extend(file_rows("NAME.bad", saved, "the tool that rewrites it, timmy repair, loop_guard"));
    lines.extend(file_rows("NAME.damaged", "damaged lines of the log NAME", "timmy repair"));
    lines.extend(file_rows(".NAME.tmp", "the new content of NAME while it is written", "the tool that writes NAME"));
    let replaced = "what was in the place of a link when it was to be removed";
    lines.extend(file_rows("originals/NAME.replaced", replaced, "timmy uninstall"));
    lines.join("\n")
}

/// A file: what it holds, and who writes it.
fn file_rows(name: &str, about: &str, writers: &str) -> Vec<String> {
    [rows(name, FILES, about), rows("", FILES, &format!("by: {writers}"))].concat()
}

/// A name, and in a column to its right a text about it.
fn rows(name: &str, column: usize, about: &str) -> Vec<String> {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    let about = text::wrap(&about.replace('`', ""), WIDTH - column);
    names.zip(about).map(|(name, about)| format!("  {name:<0$}{about}", column - 2)).collect()
}

/// Prints a topic, or the help of a command.
pub(crate) fn help(host: &Host, args: &HelpArgs) -> Result<Outcome, Error> {
    let mut command = whole_command();
    let Some(first) = args.topic.first() else {
        host.show(command.render_long_help().to_string().trim_end());
        host.show("\nMore: timmy help exit-codes, timmy help environment, timmy help files");
        return Ok(Outcome::done(""));
    };
    if let Some((_, text)) = TOPICS.iter().find(|(name, _)| name == first) {
        host.show(text()?.trim_end());
        return Ok(Outcome::done(""));
    }
    command.build();
    match find(&command, &args.topic) {
        (found, None) => {
            host.show(found.clone().render_long_help().to_string().trim_end());
            Ok(Outcome::done(""))
        }
        (_, Some(_)) if fallback::find(host).is_some() => {
            let args: Vec<OsString> = ["help".into()].into_iter().chain(args.topic.iter().map(Into::into)).collect();
            fallback::delegate(host, &args)
        }
        (found, Some(word)) => Err(no_help(word, found.get_subcommands().map(clap::Command::get_name))),
    }
}

fn no_help<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Error {
    let hint = text::nearest(word, names.chain(TOPIC_NAMES)).map_or_else(
        || format!("timmy --help lists the commands; the topics are {}", TOPIC_NAMES.join(", ")),
        |nearest| format!("did you mean `{nearest}`?"),
    );
    Error::usage(format!("there is no help for `{}`", text::fit(word, 60)), hint)
}
