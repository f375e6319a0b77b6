//! What a shell needs to complete our commands: it asks this program, so that a repository's own automations are known.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use common::{Error, Outcome, Tool};
use host::Host;
use host::files;

use crate::candidates::{candidate, findings, issues};
use crate::cli::CompletionsArgs;
use crate::command_line::{find, whole_command};
use crate::help::TOPIC_NAMES;
use crate::manual;
use crate::tools;

/// The variable by which a shell asks.
const ASKED: &str = "COMPLETE";

/// Answers a shell that asks for completions; false if none asks.
pub(crate) fn answer(host: &Host) -> bool {
    host.var(ASKED).is_some() && complete(host, host.args().to_vec())
}

fn complete(host: &Host, args: Vec<OsString>) -> bool {
    let folder: PathBuf = host.current_dir().to_owned();
    let words: Vec<OsString> = args.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    // The tools are programs of their own, too.
    let tool = words.first().and_then(|name| tools::called(name));
    let command = || tool.map_or_else(|| own_command(words_before(host, &words)), tool_command);
    let environment = CompleteEnv::with_factory(command).var(ASKED).bin("timmy");
    environment.try_complete(args, Some(&folder)).unwrap_or(false)
}

/// The command line of `timmy`, with the values that only the whole of it can complete.
fn own_command(before: Vec<String>) -> Command {
    let tools = tools::TOOLS.iter().map(|tool| tool.id);
    let whole = tools.fold(whole_command(), |whole, id| whole.mut_subcommand(id, with_values));
    let topics = ArgValueCompleter::new(move |current: &OsStr| topics(&before, current));
    let pages = ArgValueCandidates::new(|| manual::names().iter().map(|name| candidate(name, "")).collect());
    whole
        .mut_subcommand("help", |help| help.mut_arg("topic", |topic| topic.add(topics)))
        .mut_subcommand("man", |man| man.mut_arg("command", |name| name.add(pages)))
}

/// The command line of a tool, with the values of its flags.
fn tool_command(tool: &Tool) -> Command {
    with_values((tool.command)())
}

/// Adds what completes the values of a tool's flags.
fn with_values(command: Command) -> Command {
    match command.get_name() {
        "cycle_retro" => command.mut_arg("issue", |issue| issue.add(issues())),
        "triage_score" => {
            command.mut_arg("explain", |issue| issue.add(issues())).mut_arg("release", |issue| issue.add(issues()))
        }
        "loop_introspect" => command.mut_arg("explain", |finding| finding.add(findings())),
        _ => command,
    }
}

/// The words before the one that is completed, without the program.
fn words_before(host: &Host, words: &[OsString]) -> Vec<String> {
    let index =
        host.var("_CLAP_COMPLETE_INDEX").and_then(|index| index.parse().ok()).unwrap_or(words.len().saturating_sub(1));
    words.iter().take(index).skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The topics of `timmy help`, or the commands below the one that the words before name.
fn topics(before: &[String], current: &OsStr) -> Vec<CompletionCandidate> {
    let before = before.get(1..).unwrap_or_default();
    let whole = whole_command();
    let (command, unknown) = find(&whole, before);
    if unknown.is_some() {
        return Vec::new();
    }
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let commands = command.get_subcommands().map(|inner| candidate(inner.get_name(), &about(inner)));
    let topics = TOPIC_NAMES.into_iter().filter(|_| before.is_empty()).map(|name| candidate(name, ""));
    let current = current.to_string_lossy();
    commands.chain(topics).filter(|one| one.get_value().to_string_lossy().starts_with(&*current)).collect()
}

/// Prints the lines that a shell is to read.
pub(crate) fn print(host: &Host, args: &CompletionsArgs) -> Result<Outcome, Error> {
    let shells = clap_complete::env::Shells::builtins();
    let Some(shell) = shells.completer(&args.shell) else {
        return Err(Error::usage(format!("no completions for {}", args.shell), "bash, zsh or fish"));
    };
    let program = program(host);
    let registration = |name: &str| {
        let mut text = Vec::new();
        let written = shell.write_registration(ASKED, "timmy", name, &program, &mut text);
        written.map_err(Error::io("write", "the completions"))?;
        Ok::<String, Error>(String::from_utf8_lossy(&text).trim().to_owned())
    };
    let names = names();
    let all = names.join(" ");
    let text = match args.shell.as_str() {
        "bash" => registration(&all)?,
        "zsh" => {
            let one = registration("timmy")?;
            let (head, rest) = (format!("#compdef {all}"), one.strip_prefix("#compdef timmy").unwrap_or(&one));
            let tools = names.iter().skip(1).cloned().collect::<Vec<_>>().join(" ");
            format!("{head}{rest}\ncompdef _clap_dynamic_completer_timmy {tools}")
        }
        _ => names.iter().map(|name| registration(name)).collect::<Result<Vec<_>, _>>()?.join("\n"),
    };
    host.say(&text);
    Ok(Outcome::done(""))
}

/// The names of the programs whose command lines are completed: `timmy` first, then the tools with and without `.py`.
fn names() -> Vec<String> {
    let tools = tools::TOOLS.iter().flat_map(|tool| {
        let script = tool.script.and_then(|script| Path::new(script).file_name()?.to_str());
        [Some(tool.id), script].into_iter().flatten()
    });
    std::iter::once("timmy").chain(tools).map(str::to_owned).collect()
}

/// How a shell calls this program: by its name where the PATH leads to it, else by its path.
fn program(host: &Host) -> String {
    let ours = host.program().ok().and_then(|path| path.canonicalize().ok());
    let path = host.var("PATH").unwrap_or_default();
    let first = path
        .split(':')
        .map(|folder| host.current_dir().join(folder).join("timmy"))
        .find(|path| files::is_file(path).unwrap_or(false));
    match (ours, first.and_then(|first| first.canonicalize().ok())) {
        (Some(ours), first) if first.as_ref() != Some(&ours) => ours.to_string_lossy().into_owned(),
        _ => "timmy".to_owned(),
    }
}
