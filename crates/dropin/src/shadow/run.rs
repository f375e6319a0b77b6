//! An old script and the tool that replaces it run on the same inputs, and are compared.

use std::ffi::{OsStr, OsString};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use automations::paths::tidy;
use automations::supervise::{is_compiled, own_program};
use automations::{Context, shim};
use common::Error;
use host::Host;
use host::child::{self, Call, CapturedOutput, ExitOutcome};
use host::files;
use host::redact;
use host::signals::Signals;
use records::{Difference, ShadowRun, ShadowSide};
use store::Log;

use super::compare::{compare, describe};
use super::output::RunOutput;
use super::repo_copy::RepoCopy;

/// The largest output that is compared, in bytes of each stream.
const OUTPUT_LIMIT: usize = 64 << 20;

/// The most that both may read, in bytes.
const INPUT_LIMIT: u64 = 64 << 20;

/// A call of an old script.
struct OldCall<'a> {
    /// The script's place among the words.
    at: usize,
    /// Where it is.
    found: PathBuf,
    /// Its path from the repository's root, where it stood before it was kept aside.
    script: PathBuf,
    tool: &'static str,
    /// What follows it.
    args: &'a [OsString],
}

/// How to shadow.
#[derive(Clone, Debug)]
pub struct ShadowOptions {
    /// The old script runs on the repository itself; only the tool runs on a copy.
    pub live: bool,
    /// The time limit of each run.
    pub timeout: Duration,
    /// The command line of the old script.
    pub call: Vec<OsString>,
}

/// Runs both, compares them, records the differences, and passes on what the old script printed; returns its exit code, 1 if it
/// did not end by itself.
///
/// # Errors
/// The call names no script that a tool replaces, or a copy cannot be made.
pub fn shadow(context: &Context, options: &ShadowOptions) -> Result<u8, Error> {
    let old_call = find_script(context, &options.call)?;
    context.store.prepare()?;
    let signals = Signals::watch().map_err(Error::caused("cannot wait for signals"))?;
    // The copies are gone before a signal may end us.
    let verdict = run_both(context, options, &old_call, &signals);
    if let Some(signal) = signals.number() {
        context.host.end_by_signal(signal);
    }
    verdict
}

fn run_both(context: &Context, options: &ShadowOptions, old_call: &OldCall, signals: &Signals) -> Result<u8, Error> {
    let host = context.host;
    let input = input(host)?;
    let limit = options.timeout;
    // Ours gets its copy before the old one may have changed anything.
    let ours = RepoCopy::copy(context, &old_call.script)?;
    let theirs = if options.live { None } else { Some(RepoCopy::copy(context, &old_call.script)?) };
    let script = context.repo().root().join(&old_call.script);
    let kept = old_call.found.clone();
    let old = {
        let (root, path) = match &theirs {
            Some(repo_copy) => (repo_copy.root().to_owned(), repo_copy.put_script(&old_call.script, &kept)?),
            None => (context.repo().root().to_owned(), if files::is_there(&kept)? { kept.clone() } else { script }),
        };
        let mut words = options.call.clone();
        words[old_call.at] = path.into_os_string();
        let before = theirs.as_ref().map(RepoCopy::snapshot).transpose()?;
        let output = run(context, &words, &root, limit, signals, &input)?;
        let written = match (&theirs, before) {
            (Some(repo_copy), Some(before)) => repo_copy.written_since(&before)?,
            // Other processes may have changed the repository meanwhile: compared with the copy made before.
            _ => ours.written_in(context.repo().root())?,
        };
        RunOutput { written, ..output }
    };
    let new = {
        let program = own_program(host, old_call.tool)?;
        let mut words: Vec<OsString> = vec![program.clone().into_os_string()];
        if program.file_name().is_none_or(|name| name != old_call.tool) {
            words.push(old_call.tool.into());
        }
        words.extend(old_call.args.iter().cloned());
        let before = ours.snapshot()?;
        let output = run(context, &words, ours.root(), limit, signals, &input)?;
        RunOutput { written: ours.written_since(&before)?, ..output }
    };
    let roots: Vec<&Path> = [Some(ours.root()), theirs.as_ref().map(RepoCopy::root), Some(context.repo().root())]
        .into_iter()
        .flatten()
        .collect();
    let differences = compare(&old, &new, &roots);
    if let Err(error) = write_down(context, old_call, &old, &new, &differences) {
        // The caller's answer must not suffer for our book-keeping.
        context.warn(&format!("the comparison could not be recorded: {error}"));
    }
    let outlets = host.outlets();
    outlets.write_err(&old.err);
    outlets.write_out(&old.out);
    if !differences.is_empty() && context.args.verbose {
        for difference in &differences {
            context.note(&format!("differs: {}", describe(difference)));
        }
    }
    Ok(old.code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Finds the script among the words of a call.
fn find_script<'a>(context: &Context, call: &'a [OsString]) -> Result<OldCall<'a>, Error> {
    let usage = |what: &str| {
        Error::usage(
            what,
            "timmy shadow -- python3 scripts/triage_score.py ARGS (after an installation: .loop/originals/scripts/…)",
        )
    };
    let at = call.iter().position(|word| context.toolset.named_like(Path::new(word)).is_some());
    let at =
        at.ok_or_else(|| usage("none of these words is the path of a script that a tool of the suite replaces"))?;
    let path = resolve(context, &call[at])?;
    if !files::is_file(&path)? {
        return Err(usage(&format!("there is no {}", path.display())));
    }
    if is_compiled(&path) || shim::is_at(&path) {
        return Err(usage(&format!("{} is the tool itself, which was installed there", path.display())));
    }
    let root = context.repo().root();
    let originals = context.store.originals();
    // The place that it was kept from, so that it finds the repository around itself.
    let inside = path.strip_prefix(&originals).or_else(|_| path.strip_prefix(root)).map(Path::to_owned);
    let script = inside.unwrap_or_else(|_| Path::new("scripts").join(path.file_name().unwrap_or_default()));
    let tool = context.toolset.named_like(&path).ok_or_else(|| usage("no tool of the suite"))?.id;
    Ok(OldCall { at, found: path, script, tool, args: &call[at + 1..] })
}

/// The file that a word names: from the current directory in the repository, or else from the repository's root.
fn resolve(context: &Context, word: &OsStr) -> Result<PathBuf, Error> {
    let (here, root) = (context.host.current_dir(), context.repo().root());
    let folders = if here.starts_with(root) { [here, root] } else { [root, here] };
    let [first, second] = folders.map(|folder| tidy(&folder.join(word)));
    Ok(if files::is_file(&first)? || !files::is_file(&second)? { first } else { second })
}

/// What both read: what this program could, if that ends by itself.
fn input(host: &Host) -> Result<Vec<u8>, Error> {
    if !host.stdin_is_piped() {
        return Ok(Vec::new());
    }
    host.read_stdin(INPUT_LIMIT).map_err(Error::io("read", "stdin"))
}

fn run(
    context: &Context,
    words: &[OsString],
    root: &Path,
    limit: Duration,
    signals: &Signals,
    input: &[u8],
) -> Result<RunOutput, Error> {
    let mut stdin =
        tempfile::tempfile_in(files::temporary_directory()).map_err(Error::io("create", "a temporary file"))?;
    stdin.write_all(input).and_then(|()| stdin.rewind()).map_err(Error::io("write", "a temporary file"))?;
    let kept = CapturedOutput::default();
    // The folder that the caller is in, as far as it lies in the repository.
    let below = context.host.current_dir().strip_prefix(context.repo().root()).ok().map(|below| root.join(below));
    let folder = match below {
        Some(folder) if files::is_folder(&folder)? => folder,
        _ => root.to_owned(),
    };
    let env = [("TIMMY_REPO_ROOT".into(), root.into())];
    let clock = Instant::now();
    let call = Call {
        label: "",
        program: &words[0],
        args: &words[1..],
        env: &env,
        folder: &folder,
        stdin: stdin.into(),
        limit,
        grace: Duration::from_secs(5),
    };
    let finished = child::run(call, signals.stop(), &kept.sink(OUTPUT_LIMIT)).map_err(Error::io("run", &words[0]))?;
    let code = match finished.ended {
        ExitOutcome::Code(code) => Some(code),
        ExitOutcome::Signal(_) | ExitOutcome::TimedOut | ExitOutcome::Stopped => None,
    };
    let (out, err) = kept.take();
    Ok(RunOutput { code, out, err, duration: clock.elapsed(), written: Vec::new() })
}

fn write_down(
    context: &Context,
    call: &OldCall,
    old: &RunOutput,
    new: &RunOutput,
    differences: &[Difference],
) -> Result<(), Error> {
    let milliseconds = |output: &RunOutput| u64::try_from(output.duration.as_millis()).unwrap_or(u64::MAX);
    let side = |output: &RunOutput| ShadowSide { exit_code: output.code, duration_ms: milliseconds(output) };
    let run = ShadowRun {
        timestamp: context.host.timestamp(),
        tool: call.tool.to_owned(),
        args: redact::arguments(call.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect()),
        agree: differences.is_empty(),
        old: side(old),
        new: side(new),
        differences: differences.to_vec(),
    };
    Ok(context.store.shadow_runs().append(&[run])?)
}
