//! The world as a tool sees it, and the only door to it: arguments, environment, current directory, clock, output
//! streams. Tests hold the door; everything else in the workspace is kept from going around it by `clippy.toml`.

#![expect(clippy::disallowed_methods, reason = "this is the door")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use records::timestamp;

use crate::layout;

/// The variable whose value replaces the clock (RFC 3339).
const NOW: &str = "TIMMY_NOW";

/// The variable by which a shim passes on its path, with the number of the process that becomes the program: `PID:PATH`.
pub(crate) const SHIM: &str = "TIMMY_SHIM";

/// The variable that says how wide a line may be.
const COLUMNS: &str = "COLUMNS";

/// What a tool can see of the world.
pub struct Host {
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    current_dir: PathBuf,
    fixed_now: Option<DateTime<Utc>>,
    out: Arc<Stream>,
    err: Arc<Stream>,
    /// What is done, and is not to be done again.
    committed: Arc<OnceLock<&'static str>>,
}

/// `TIMMY_NOW` is set to something that is no time.
#[derive(Debug, thiserror::Error)]
#[error("TIMMY_NOW={0:?} is not an RFC 3339 time")]
pub struct BadClock(String);

/// One output stream. Once its reader has gone it swallows what comes, so that `| head` ends a tool quietly and its
/// work is still done.
struct Stream {
    sink: Mutex<Box<dyn Write + Send>>,
    closed: AtomicBool,
    /// Whether something was written to it.
    used: AtomicBool,
    failure: Mutex<Option<io::Error>>,
    terminal_width: Option<usize>,
}

/// Both output streams of a world.
#[derive(Clone)]
pub struct Outlets {
    out: Arc<Stream>,
    err: Arc<Stream>,
}

impl Outlets {
    /// Writes bytes to stdout as they are, at once.
    pub fn write_out(&self, bytes: &[u8]) {
        self.out.raw(bytes);
        self.out.flush();
    }

    /// Writes bytes to stderr as they are.
    pub fn write_err(&self, bytes: &[u8]) {
        self.err.raw(bytes);
    }
}

/// What was written to a [`Host::test`], in shared memory.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Host {
    /// Opens the door to the real world, and has the process end as a tool does where it would be killed by default: beyond
    /// a file-size limit (`SIGXFSZ`) a write gives an error; where the system refuses memory (`SIGABRT`, after Rust has
    /// written how much) the exit code is 2.
    ///
    /// # Errors
    /// `TIMMY_NOW` holds no time; the host that comes with the error has the real clock.
    #[expect(clippy::result_large_err, reason = "made once, in main, and taken apart there")]
    pub fn real() -> Result<Self, (Self, BadClock)> {
        use signal_hook::consts::{SIGABRT, SIGXFSZ};
        // Left as they are where the platform has no such signal.
        let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
        let _ = signal_hook::flag::register_conditional_shutdown(SIGABRT, 2, Arc::new(AtomicBool::new(true)));
        let env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        let width = || -> Option<usize> {
            let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
            (size.ws_col > 0).then_some(usize::from(size.ws_col))
        };
        let stream = |sink: Box<dyn Write + Send>, terminal: bool| {
            Arc::new(Stream {
                sink: Mutex::new(sink),
                closed: AtomicBool::new(false),
                used: AtomicBool::new(false),
                failure: Mutex::new(None),
                terminal_width: terminal.then(|| width().unwrap_or(80)),
            })
        };
        let mut host = Self {
            args: std::env::args_os().collect(),
            current_dir: std::env::current_dir().unwrap_or_default(),
            fixed_now: None,
            committed: Arc::default(),
            out: stream(Box::new(io::stdout()), io::stdout().is_terminal()),
            err: stream(Box::new(io::stderr()), io::stderr().is_terminal()),
            env,
        };
        match host.var(NOW).map(|value| (value.parse(), value)) {
            None => Ok(host),
            Some((Ok(now), _)) => {
                host.fixed_now = Some(now);
                Ok(host)
            }
            Some((Err(_), value)) => Err((host, BadClock(value))),
        }
    }

    /// Returns a stream that can be read once SIGINT, SIGTERM or SIGHUP has come, and where the signal's number will
    /// stand then. From now on these signals no longer end the process by themselves.
    ///
    /// # Errors
    /// The system has no more file descriptors.
    pub fn wake_on_signal() -> io::Result<(UnixStream, Arc<AtomicUsize>)> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let (read, write) = UnixStream::pair()?;
        let number = Arc::new(AtomicUsize::new(0));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            let value = usize::try_from(signal).unwrap_or(0);
            signal_hook::flag::register_usize(signal, Arc::clone(&number), value)?;
            signal_hook::low_level::pipe::register(signal, write.try_clone()?)?;
        }
        Ok((read, number))
    }

    /// Ends the process as this signal would have ended it, so that a shell that runs a loop sees it and ends as well. The first
    /// process of a container cannot be ended so; then this returns, and the exit code is the caller's.
    pub fn end_by_signal(&self, signal: usize) {
        // No reader is left.
        let _ = self.flush();
        if std::process::id() == 1 {
            return;
        }
        let _ = signal_hook::low_level::emulate_default_handler(i32::try_from(signal).unwrap_or(0));
    }

    /// Makes a closed world for a test: these arguments (the first is the program), these variables, this current
    /// directory, and the returned buffers as stdout and stderr.
    pub fn test(args: &[&str], env: &[(&str, &str)], current_dir: &Path) -> (Self, Captured, Captured) {
        let (out, err) = (Captured::default(), Captured::default());
        let stream = |captured: &Captured| {
            Arc::new(Stream {
                sink: Mutex::new(Box::new(captured.clone())),
                closed: AtomicBool::new(false),
                used: AtomicBool::new(false),
                failure: Mutex::new(None),
                terminal_width: None,
            })
        };
        let host = Self {
            args: args.iter().map(OsString::from).collect(),
            env: env.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            current_dir: current_dir.to_owned(),
            committed: Arc::default(),
            fixed_now: env.iter().find(|(name, _)| *name == NOW).and_then(|(_, now)| now.parse().ok()),
            out: stream(&out),
            err: stream(&err),
        };
        (host, out, err)
    }

    /// Returns the world as another program sees it: these arguments (the first is the program), the rest as here.
    #[must_use]
    pub fn calling(&self, args: Vec<OsString>) -> Self {
        Self {
            args,
            env: self.env.clone(),
            current_dir: self.current_dir.clone(),
            fixed_now: self.fixed_now,
            committed: Arc::clone(&self.committed),
            out: Arc::clone(&self.out),
            err: Arc::clone(&self.err),
        }
    }

    /// Returns a world of its own that shares nothing with this one but the streams: these arguments, these variables,
    /// this current directory.
    #[must_use]
    pub fn sealed(&self, args: Vec<OsString>, env: &[(&str, OsString)], current_dir: &Path) -> Self {
        let env: BTreeMap<OsString, OsString> = env.iter().map(|(name, value)| (name.into(), value.clone())).collect();
        let fixed_now = env.get(OsStr::new(NOW)).and_then(|now| now.to_str()?.parse().ok());
        Self { env, current_dir: current_dir.to_owned(), fixed_now, ..self.calling(args) }
    }

    /// Returns the arguments; the first is the name that the program was called by.
    pub fn args(&self) -> &[OsString] {
        &self.args
    }

    /// Returns a variable's value; an empty one counts as unset. Bytes that are no text become `U+FFFD`, which no setting
    /// takes.
    pub fn var(&self, name: &str) -> Option<String> {
        Some(self.env.get(OsStr::new(name))?.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
    }

    /// Returns the names of the variables that begin with `prefix` and are set.
    pub fn var_names(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.env
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, _)| name.to_str())
            .filter(move |name| name.starts_with(prefix))
    }

    /// Returns the path of the shim that has become this program: a file that finds the program and hands its process over.
    pub fn shim(&self) -> Option<PathBuf> {
        let value = self.env.get(OsStr::new(SHIM))?.as_bytes();
        let colon = value.iter().position(|byte| *byte == b':')?;
        // What this program's parent was called by is none of its business.
        let is_ours = value[..colon] == *std::process::id().to_string().as_bytes();
        is_ours.then(|| PathBuf::from(OsStr::from_bytes(&value[colon + 1..])))
    }

    /// Returns the running program's file.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn program(&self) -> io::Result<PathBuf> {
        // On Linux the system reads it from a link.
        let link = if cfg!(target_os = "linux") { "/proc/self/exe: " } else { "" };
        std::env::current_exe().map_err(|error| io::Error::new(error.kind(), format!("{link}{error}")))
    }

    /// Returns the current directory.
    pub fn current_dir(&self) -> &Path {
        &self.current_dir
    }

    /// Returns the time: the clock's, or what `TIMMY_NOW` says.
    pub fn now(&self) -> DateTime<Utc> {
        self.fixed_now.unwrap_or_else(Utc::now)
    }

    /// Returns the time in the files' form, like `2026-03-21T12:34:56.123456+00:00`.
    pub fn timestamp(&self) -> String {
        timestamp(self.now())
    }

    /// Returns whether stdin is something that ends by itself: a pipe or a file, and no terminal.
    pub fn stdin_is_piped(&self) -> bool {
        !io::stdin().is_terminal()
    }

    /// Reads stdin to its end, at most `limit` bytes.
    ///
    /// # Errors
    /// It cannot be read, or is longer.
    pub fn read_stdin(&self, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("more than {limit} bytes")));
        }
        Ok(bytes)
    }

    /// Writes a line to stdout: a result.
    pub fn say(&self, line: &str) {
        self.out.line(line);
    }

    /// Returns whether a result was written to stdout.
    pub fn has_said(&self) -> bool {
        self.out.used.load(Ordering::Relaxed)
    }

    /// Writes a line, or lines, to stderr: everything that is no result. One that is wider than the terminal is broken at spaces.
    pub fn note(&self, text: &str) {
        for line in text.split('\n') {
            break_lines(line, self.columns_of(&self.err), |line| self.err.line(line));
        }
    }

    /// Writes a warning to stderr.
    pub fn warn(&self, what: &str) {
        self.note(&format!("warning: {what}"));
    }

    /// Returns the two streams, for passing on what another program writes, byte for byte and from any thread.
    pub fn outlets(&self) -> Outlets {
        Outlets { out: Arc::clone(&self.out), err: Arc::clone(&self.err) }
    }

    /// Draws a progress line over the last one, on a terminal; elsewhere nothing happens. An empty one clears it.
    pub fn progress(&self, line: &str) {
        if self.err.terminal_width.is_some() && self.var("NO_COLOR").is_none() {
            self.err.raw(format!("\r\u{1b}[K{line}").as_bytes());
        }
    }

    /// Writes a text for people to stdout; lines that are wider than the terminal are broken at spaces.
    pub fn show(&self, text: &str) {
        for line in text.split('\n') {
            break_lines(line, self.columns(), |line| self.say(line));
        }
    }

    /// Returns how many columns a line of stdout has: what the variable COLUMNS says, else what the terminal has; none where
    /// lines can have any length.
    pub fn columns(&self) -> Option<usize> {
        self.columns_of(&self.out)
    }

    fn columns_of(&self, stream: &Stream) -> Option<usize> {
        let given = self.var(COLUMNS).and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
        given.or(stream.terminal_width)
    }

    /// Returns whether stdout may be coloured: it is a terminal and `NO_COLOR` is not set.
    pub fn colour(&self) -> bool {
        self.out.terminal_width.is_some() && self.var("NO_COLOR").is_none()
    }

    /// Notes that what the caller asked for is done, and must not be done again: from here on a failure to report it is no failure.
    pub fn commit(&self, done: &'static str) {
        let _ = self.committed.set(done);
    }

    /// Returns what is done, as [`Host::commit`] noted it.
    pub fn committed(&self) -> Option<&'static str> {
        self.committed.get().copied()
    }

    /// Writes out what is still buffered.
    ///
    /// # Errors
    /// The results could not be written, for another reason than that their reader has gone.
    pub fn flush(&self) -> io::Result<()> {
        self.out.flush();
        self.err.flush();
        self.out.failure.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

impl Stream {
    fn line(&self, line: &str) {
        self.raw(format!("{line}\n").as_bytes());
    }

    fn raw(&self, bytes: &[u8]) {
        self.used.store(true, Ordering::Relaxed);
        if !self.closed.load(Ordering::Relaxed) {
            let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = sink.write_all(bytes) {
                self.close(error);
            }
        }
    }

    fn flush(&self) {
        // A thread that writes to a reader that does not read keeps the stream without end; the end does not wait for that.
        for _ in 0..40 {
            match self.sink.try_lock() {
                Ok(mut sink) => {
                    if let Err(error) = sink.flush() {
                        self.close(error);
                    }
                    return;
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(50)),
                Err(TryLockError::Poisoned(_)) => return,
            }
        }
    }

    /// A reader that has gone is no failure; a full disk behind stdout is one.
    fn close(&self, error: io::Error) {
        self.closed.store(true, Ordering::Relaxed);
        if error.kind() != io::ErrorKind::BrokenPipe {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}

impl Captured {
    /// Returns the text so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
/// Breaks a line that is wider than `width` at spaces, if there is a width.
fn break_lines(line: &str, width: Option<usize>, write: impl Fn(&str)) {
    let Some(width) = width else { return write(line) };
    let is_message = ["error: ", "warning: ", "hint: "].iter().any(|start| line.starts_with(start));
    let step = if is_message || line.starts_with(['[', ' ']) { 2 } else { 0 };
    let hang = layout::natural_hang(line, width, step);
    for line in layout::broken(line, width, hang) {
        write(&line);
    }
}
