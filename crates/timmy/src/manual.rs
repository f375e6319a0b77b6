//! `timmy man`: the manual pages of the programs and of each of their commands.

use std::fs;
use std::io::Write;

use clap::{Arg, ArgAction, Command};
use clap_mangen::Man;
use common::{Error, Outcome};
use host::Host;
use host::files;
use host::text;

use crate::cli::ManArgs;
use crate::command_line::whole_command;
use crate::tools::TOOLS;

/// A page: the words of its command, the program first.
struct Page {
    words: Vec<String>,
    command: Command,
}

/// Prints a manual page, or writes all.
pub(crate) fn man(host: &Host, args: &ManArgs) -> Result<Outcome, Error> {
    if let Some(folder) = &args.out {
        let folder = host.current_dir().join(folder);
        files::make_folder(&folder)?;
        for page in pages() {
            let path = folder.join(format!("{}.1", page.name()));
            let mut file = fs::File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)
                .map_err(Error::io("write", &path))?;
            file.write_all(&page.render()?).map_err(Error::io("write", &path))?;
            host.say(&format!("{}", path.display()));
        }
        return Ok(Outcome::done(""));
    }
    let asked = args.command.join("-");
    let is_asked = |page: &Page| page.name() == asked || page.short_name() == asked;
    let Some(page) =
        pages().into_iter().find(|page| if asked.is_empty() { page.words.len() == 1 } else { is_asked(page) })
    else {
        return Err(no_page(&args.command.join(" ")));
    };
    host.say(String::from_utf8_lossy(&page.render()?).trim_end());
    Ok(Outcome::done(""))
}

/// Returns the names by which the pages are asked for.
pub(crate) fn names() -> Vec<String> {
    pages().iter().map(Page::short_name).collect()
}

fn no_page(asked: &str) -> Error {
    let names = names();
    let hint = text::nearest(asked, names.iter().map(String::as_str)).map_or_else(
        || "timmy man, timmy man COMMAND, or timmy man --out DIR for all pages".to_owned(),
        |nearest| format!("did you mean `timmy man {nearest}`?"),
    );
    Error::usage(format!("there is no manual page for `{}`", text::fit(asked, 60)), hint)
}

/// The pages: of `timmy`, of the tools by their own names, and of each of their commands.
fn pages() -> Vec<Page> {
    let mut whole = whole_command();
    whole.build();
    let mut pages = Vec::new();
    let name = whole.get_name().to_owned();
    add(&whole, &[name], &mut pages);
    pages
}

fn add(command: &Command, words: &[String], pages: &mut Vec<Page>) {
    pages.push(Page { words: words.to_vec(), command: command.clone() });
    for one in command.get_subcommands() {
        let is_program = TOOLS.iter().any(|tool| tool.id == one.get_name());
        let above = if is_program { &[] } else { words };
        add(one, &[above, &[one.get_name().to_owned()]].concat(), pages);
    }
}

impl Page {
    /// Its name, as that of a file.
    fn name(&self) -> String {
        self.words.join("-")
    }

    /// Its name without that of `timmy`.
    fn short_name(&self) -> String {
        let name = self.name();
        name.strip_prefix("timmy-").unwrap_or(&name).to_owned()
    }

    fn render(&self) -> Result<Vec<u8>, Error> {
        let call = self.words.join(" ");
        let command = self
            .command
            .clone()
            .bin_name(call.clone())
            .display_name(self.name())
            .override_usage(synopsis(&call, &self.command))
            .disable_help_subcommand(true);
        let mut page = Vec::new();
        let man = Man::new(command)
            .title(self.name().to_uppercase())
            .source(concat!("Timmy Automations ", env!("CARGO_PKG_VERSION")))
            .manual("Timmy Automations");
        man.render(&mut page).map_err(Error::io("render", "the page"))?;
        Ok(page)
    }
}

/// How a command is called: every flag with the name of its value.
fn synopsis(call: &str, command: &Command) -> String {
    let mut parts = vec![call.to_owned()];
    let groups: Vec<Vec<&Arg>> = command
        .get_groups()
        .filter(|group| group.is_required_set())
        .map(|group| group.get_args().filter_map(|id| command.get_arguments().find(|arg| arg.get_id() == id)).collect())
        .collect();
    let shown = |arg: &&Arg| !arg.is_hide_set() && !groups.iter().flatten().any(|one| one.get_id() == arg.get_id());
    let optional = |arg: &Arg, text: String| if arg.is_required_set() { text } else { format!("[{text}]") };
    parts.extend(command.get_opts().chain(flags(command)).filter(shown).map(|arg| optional(arg, flag(arg))));
    parts.extend(
        groups.iter().map(|group| format!("<{}>", group.iter().map(|arg| flag(arg)).collect::<Vec<_>>().join("|"))),
    );
    for arg in command.get_positionals().filter(shown) {
        let several = if matches!(arg.get_action(), ArgAction::Append) { "..." } else { "" };
        let escape = if arg.is_last_set() { "-- " } else { "" };
        parts.push(optional(arg, format!("{escape}{}{several}", value(arg))));
    }
    if command.has_subcommands() {
        parts.push(if command.is_subcommand_required_set() { "COMMAND".to_owned() } else { "[COMMAND]".to_owned() });
    }
    parts.join(" ")
}

/// The flags without a value.
fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_positional() && !arg.get_action().takes_values())
}

/// A flag, with the name of its value.
fn flag(arg: &Arg) -> String {
    let names = [arg.get_short().map(|short| format!("-{short}")), arg.get_long().map(|long| format!("--{long}"))];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join("|");
    if arg.get_action().takes_values() { format!("{name} {}", value(arg)) } else { name }
}

fn value(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
