//! `timmy help` and `timmy man`.

use std::ffi::OsString;
use std::fs;

use automations::declared;
use clap::Command;
use clap_mangen::Man;
use common::settings::Resolved;
use common::{Error, Outcome};
use host::Host;
use host::files;
use host::text;
use records::stored_files::{CONFIG_FILES, LOOP_FILES};

use crate::cli::{HelpArgs, ManArgs};
use crate::completions::whole_command;
use crate::{fallback, tools};

/// A page by its name, and what makes its text.
type Topic = (&'static str, fn() -> Result<String, Error>);

/// What there is to be read besides the commands.
const TOPICS: [Topic; 3] =
    [("exit-codes", || Ok(exit_codes())), ("environment", environment), ("files", || Ok(stored_files()))];

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
    let saved = "damaged bytes of the document NAME, saved before it is rewritten";
    lines.extend(file_rows("NAME.bad", saved, "the tool that rewrites it"));
    lines.extend(file_rows("NAME.damaged", "damaged data of NAME", "timmy repair"));
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
    let mut found = &mut command;
    for word in &args.topic {
        let names: Vec<String> = found.get_subcommands().map(|one| one.get_name().to_owned()).collect();
        found = match found.find_subcommand_mut(word) {
            Some(found) => found,
            None if fallback::find(host).is_some() => {
                let args: Vec<OsString> =
                    ["help".into()].into_iter().chain(args.topic.iter().map(Into::into)).collect();
                return fallback::delegate(host, &args);
            }
            None => return Err(no_help(word, &names)),
        };
    }
    host.show(found.render_long_help().to_string().trim_end());
    Ok(Outcome::done(""))
}

fn no_help(word: &str, names: &[String]) -> Error {
    let names = names.iter().map(String::as_str).chain(TOPICS.iter().map(|(name, _)| *name));
    let hint = text::nearest(word, names).map_or_else(
        || "timmy --help lists the commands; the topics are exit-codes, environment, files".to_owned(),
        |nearest| format!("did you mean `{nearest}`?"),
    );
    Error::usage(format!("there is no help for `{}`", text::fit(word, 60)), hint)
}

/// Prints a manual page, or writes all.
pub(crate) fn man(host: &Host, args: &ManArgs) -> Result<Outcome, Error> {
    let mut whole = whole_command();
    whole.build();
    if let Some(folder) = &args.out {
        let folder = host.current_dir().join(folder);
        files::make_folder(&folder)?;
        for (name, page) in pages(&whole)? {
            let path = folder.join(format!("{name}.1"));
            let mut file = fs::File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)
                .map_err(Error::io("write", &path))?;
            std::io::Write::write_all(&mut file, &page).map_err(Error::io("write", &path))?;
            host.say(&format!("{}", path.display()));
        }
        return Ok(Outcome::done(""));
    }
    let name = args.command.as_deref().unwrap_or("timmy");
    let page = pages(&whole)?.into_iter().find(|(page, _)| page == name || *page == format!("timmy-{name}"));
    let Some((_, page)) = page else {
        let names: Vec<String> = whole.get_subcommands().map(|one| one.get_name().to_owned()).collect();
        return Err(no_help(name, &names));
    };
    host.say(String::from_utf8_lossy(&page).trim_end());
    Ok(Outcome::done(""))
}

/// The manual pages: of `timmy`, of each of its commands as `timmy-COMMAND`, and of the tools by their own names.
fn pages(whole: &Command) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut pages = Vec::new();
    let own: Vec<Command> = whole.get_subcommands().cloned().collect();
    for command in std::iter::once(whole.clone()).chain(own) {
        let name = command.get_name().to_owned();
        let is_ours = tools::TOOLSET.automation(&name).is_some() || name == "timmy";
        let name = if is_ours { name } else { format!("timmy-{name}") };
        let mut page = Vec::new();
        let command = command.bin_name(name.replace("timmy-", "timmy ")).disable_help_subcommand(true);
        Man::new(command).title(name.to_uppercase()).render(&mut page).map_err(Error::io("render", "the page"))?;
        pages.push((name, page));
    }
    Ok(pages)
}
