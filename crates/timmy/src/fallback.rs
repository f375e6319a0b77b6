//! The next `timmy` on the PATH: a repository may have had one before us, with commands of its own.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::{Error, Outcome};
use host::Host;
use host::child;
use host::text;

use crate::cli::Cli;
use crate::tools;

/// Names the programs that a command has been handed on from, so that two of them do not hand it back and forth.
const PASSED_ON: &str = "TIMMY_PASSED_ON";

/// Returns the next program called `timmy` on the PATH that is not this one, and has not handed on the command already.
pub(crate) fn find(host: &Host) -> Option<PathBuf> {
    let passed: Vec<PathBuf> = passed(host);
    host.var("PATH")?
        .split(':')
        .filter(|folder| !folder.is_empty())
        .map(|folder| host.current_dir().join(folder).join("timmy"))
        .find(|candidate| {
            let is_program = candidate
                .metadata()
                .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0);
            is_program && candidate.canonicalize().is_ok_and(|real| !passed.contains(&real))
        })
}

/// This program, and those that have handed on the command before.
fn passed(host: &Host) -> Vec<PathBuf> {
    let ours = host.program().ok().and_then(|path| path.canonicalize().ok());
    let before = host.var(PASSED_ON).unwrap_or_default();
    before.split(':').filter(|path| !path.is_empty()).map(PathBuf::from).chain(ours).collect()
}

/// Whether the command line begins with a flag that only another `timmy` can know, and there is one.
pub(crate) fn is_meant(host: &Host) -> bool {
    let first = host.args().get(1).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    first.starts_with('-') && !["-h", "--help", "-V", "--version"].contains(&first.as_str()) && find(host).is_some()
}

/// Hands an unknown command, with its arguments, to the next `timmy`. Returns only if there is none.
///
/// # Errors
/// There is no other `timmy`, or it cannot be run.
pub(crate) fn delegate(host: &Host, args: &[OsString]) -> Result<Outcome, Error> {
    let command = args.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(next) = find(host) else { return Err(unknown(&command)) };
    // With the one that it is handed to: a wrapper of it would hand it back.
    let passed: Vec<String> = passed(host)
        .into_iter()
        .chain(next.canonicalize().ok())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let env = [(PASSED_ON.into(), passed.join(":").into())];
    let called = next.clone().into_os_string();
    let error = child::exec(next.as_os_str(), &called, args, &env);
    Err(Error::caused(format!("cannot run {}", next.display()))(error))
}

/// That no program has such a command.
fn unknown(command: &str) -> Error {
    let names: Vec<String> = <Cli as clap::CommandFactory>::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .chain(tools::automations().map(|(tool, _)| tool.id.to_owned()))
        .collect();
    let hint = text::nearest(command, names.iter().map(String::as_str)).map_or_else(
        || "timmy --help lists the commands; no other timmy is on the PATH".to_owned(),
        |nearest| format!("did you mean `timmy {nearest}`?"),
    );
    Error::usage(format!("unrecognized subcommand '{}'", text::fit(command, 60)), hint)
}
