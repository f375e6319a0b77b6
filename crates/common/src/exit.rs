//! What the caller of a program sees when it ends: an exit code, and for an error one message with its causes and a hint,
//! printed here and nowhere else: as text on stderr, and with `--json` also as a document on stdout.

use std::error::Error as StdError;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use records::pyjson;
use serde::Serialize;

use crate::error::Error;
use crate::outcome::Outcome;
use host::Host;
use host::child::orphans;
use host::signals;
use host::text;

/// An error as `--json` prints it.
#[derive(Serialize)]
struct ErrorDocument {
    error: ErrorView,
}

/// What an error consists of.
#[derive(Serialize)]
pub(crate) struct ErrorView {
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    exit_code: u8,
}

impl ErrorView {
    /// Takes an error apart.
    fn of(error: &dyn StdError, hint: Option<String>, exit_code: u8) -> Self {
        let (mut causes, mut cause) = (Vec::new(), error.source());
        while let Some(error) = cause {
            causes.push(text::lines(&error.to_string()));
            cause = error.source();
        }
        let hint = hint.map(|hint| text::lines(&hint));
        Self { message: text::lines(&error.to_string()), causes, hint, exit_code }
    }

    /// Takes the text of a mistake on the command line apart: its first paragraph is the message, the rest is the hint.
    pub(crate) fn of_usage(text: &str, exit_code: u8) -> Self {
        let (message, rest) = text.trim().split_once("\n\n").unwrap_or((text.trim(), ""));
        let message = text::line(message.strip_prefix("error: ").unwrap_or(message));
        let hint = Some(text::line(rest)).filter(|hint| !hint.is_empty());
        Self { message, causes: Vec::new(), hint, exit_code }
    }

    /// Prints it on stdout, if the command line asks for JSON and nothing is printed there yet.
    pub(crate) fn print_json(self, host: &Host) {
        if wants_json(host) && !host.has_said() {
            // Strings, a number and a list of strings can be written.
            host.say(&pyjson::to_line(&ErrorDocument { error: self }).unwrap_or_default());
        }
    }

    fn print_text(&self, host: &Host) {
        host.note(&format!("error: {}", self.message));
        for cause in &self.causes {
            host.note(&format!("  caused by: {cause}"));
        }
        if let Some(hint) = &self.hint {
            host.note(&format!("hint: {hint}"));
        }
    }
}

/// Whether a program's own arguments ask for JSON; what comes after `--` is for another program.
fn wants_json(host: &Host) -> bool {
    host.args().iter().skip(1).take_while(|word| *word != "--").any(|word| word == "--json")
}

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
            print(host, error.as_std(), error.hint(), error.code());
            error.code()
        }
    }
}

/// Prints `error: …`, a line for each cause, and the hint; with `--json` the document of the error as well.
fn print(host: &Host, error: &dyn StdError, hint: Option<String>, exit_code: u8) {
    let view = ErrorView::of(error, hint, exit_code);
    view.print_text(host);
    view.print_json(host);
}

/// Runs a tool in the real world: the body of every `main`.
///
/// A panic, which would be our own mistake, ends with an `error:` line and exit code 2 (1 would read as a documented
/// no), never with a panic message. Where the system refuses memory, the run-time library reports it and aborts; this ends with 2
/// too.
pub fn main(run: fn(&Host) -> u8) -> ExitCode {
    std::panic::set_hook(Box::new(end_on_panic));
    let aborting = signals::end_at_abort(2);
    let host = match Host::real() {
        Ok(host) => host,
        Err((host, error)) => {
            print(&host, &error, Some("unset TIMMY_NOW, or give a time like 2026-03-21T12:00:00Z".to_owned()), 2);
            return ExitCode::from(2);
        }
    };
    if let Err(error) = aborting {
        host.warn(&format!("a lack of memory would end the program with a signal: {error}"));
    }
    if let Err(error) = orphans::collect_orphans() {
        host.warn(&format!("ended processes are not collected: {error}"));
    }
    let code = run(&host);
    if let Err(error) = host.flush() {
        let Some(done) = host.committed() else {
            host.note(&format!("error: cannot write the results to stdout\n  caused by: {error}"));
            return ExitCode::from(2);
        };
        host.warn(&format!("cannot write the results to stdout ({error}); {done}"));
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
