//! What a tool's caller sees when it ends: an exit code, and for a surprise one error with its causes and a hint,
//! printed here and nowhere else.

use std::error::Error;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use crate::host::Host;
use crate::reason::Reason;
use crate::text;

/// A tool's expected ending: an answer that its caller may rely on.
pub trait Answer {
    /// The exit code that the tool documents for this answer.
    fn code(&self) -> u8;

    /// The answer in a few words, for the record of the run.
    fn in_words(&self) -> String;

    /// Why it is the answer, where that has a code of its own.
    fn reason(&self) -> Option<Reason> {
        None
    }
}

/// A tool's unexpected ending.
pub trait Failure: Error {
    /// The exit code: 1 for work that failed at run time, 2 for usage, configuration and files that stand in the way.
    fn code(&self) -> u8;

    /// What to do about it.
    fn hint(&self) -> Option<String>;
}

/// Ends a run: prints an error where there is one, and returns the exit code.
pub fn end<A: Answer, F: Failure>(host: &Host, result: &Result<A, F>) -> u8 {
    match result {
        Ok(answer) => answer.code(),
        Err(failure) => {
            print(host, failure, failure.hint());
            failure.code()
        }
    }
}

/// Prints `error: …`, a line for each cause, and the hint.
fn print(host: &Host, error: &dyn Error, hint: Option<String>) {
    host.note(&format!("error: {}", text::lines(&error.to_string())));
    let mut cause = error.source();
    while let Some(error) = cause {
        host.note(&format!("  caused by: {}", text::lines(&error.to_string())));
        cause = error.source();
    }
    if let Some(hint) = hint {
        host.note(&format!("hint: {}", text::lines(&hint)));
    }
}

/// Runs a tool in the real world: the body of every `main`.
///
/// A panic, which would be our own mistake, ends with an `error:` line and exit code 2 (1 would read as a documented
/// no), never with a panic message.
pub fn main(run: fn(&Host) -> u8) -> ExitCode {
    std::panic::set_hook(Box::new(end_on_panic));
    let host = match Host::real() {
        Ok(host) => host,
        Err((host, error)) => {
            print(&host, &error, Some("unset TIMMY_NOW, or give a time like 2026-03-21T12:00:00Z".to_owned()));
            return ExitCode::from(2);
        }
    };
    let code = run(&host);
    if let Err(error) = host.flush() {
        host.note(&format!("error: cannot write the results to stdout\n  caused by: {error}"));
        return ExitCode::from(2);
    }
    ExitCode::from(code)
}

#[expect(clippy::exit, reason = "the program is built to abort on a panic; this is its last word")]
fn end_on_panic(panic: &PanicHookInfo<'_>) {
    let what = panic.payload_as_str().unwrap_or("unknown");
    let place = panic.location().map_or(String::new(), |place| format!(" ({}:{})", place.file(), place.line()));
    let _ = writeln!(
        std::io::stderr(),
        "error: internal error: {}{place}\nhint: this is a bug in the tool; report it with the command that you ran",
        text::line(what)
    );
    std::process::exit(2);
}
