//! What the caller of a program sees when it ends: an exit code, and for an error one message with its causes and a hint,
//! printed here and nowhere else.

use std::error::Error as StdError;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use crate::error::Error;
use crate::outcome::Outcome;
use host::Host;
use host::child::orphans;
use host::text;

/// Ends a run: prints the error where there is one, and returns the exit code. An outcome by a signal ends the process.
pub fn end(host: &Host, result: &Result<Outcome, Error>) -> u8 {
    match result {
        Ok(outcome) => {
            if let Some(signal) = outcome.signal() {
                host.end_by_signal(signal);
            }
            outcome.code()
        }
        Err(error) => {
            print(host, error.as_std(), error.hint());
            error.code()
        }
    }
}

/// Prints `error: …`, a line for each cause, and the hint.
fn print(host: &Host, error: &dyn StdError, hint: Option<String>) {
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
    if let Err(error) = orphans::collect_orphans() {
        host.warn(&format!("ended processes are not collected: {error}"));
    }
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
