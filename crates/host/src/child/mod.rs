//! Another program, run in a process group of its own with a time limit that ends all that it has started.

#![expect(clippy::disallowed_methods, reason = "the place where programs are started")]

pub mod orphans;
mod tree;

use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::child::orphans::StartedChild;
use crate::child::tree::{Group, MARK};
use crate::host::SHIM;
use crate::threads;

/// How often a caller's wish to stop is looked for.
const TICK: Duration = Duration::from_millis(50);

/// How long output is read on after the end, where a process outside the group still has it open.
const LINGER: Duration = Duration::from_secs(1);

/// A mark that no other run has, and by which all runs of one label are known.
fn mark(label: &str) -> String {
    format!("{label}:{}-{:016x}", std::process::id(), RandomState::new().build_hasher().finish())
}

/// Returns whether anything that runs under a label is still there, whichever program started it; no where the system does not
/// report that.
pub fn is_running(label: &str) -> bool {
    !label.is_empty() && tree::any_marked(&format!("{label}:"))
}

/// A program that is to be run.
pub struct Call<'a> {
    /// What its runs are known by, as text without `:`; empty where that is not needed.
    pub label: &'a str,
    /// The program: a path, or a name to be looked for in `PATH`.
    pub program: &'a OsStr,
    /// Its arguments.
    pub args: &'a [OsString],
    /// Variables that it gets besides those of this process.
    pub env: &'a [(OsString, OsString)],
    /// Its current directory.
    pub folder: &'a Path,
    /// What it reads.
    pub stdin: Stdio,
    /// How long it may take.
    pub limit: Duration,
    /// How long it has to end by itself after SIGTERM before it is ended (SIGKILL).
    pub grace: Duration,
}

/// Which stream a piece of output came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StreamKind {
    /// Its results.
    Stdout,
    /// The rest.
    Stderr,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExitOutcome {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// It took too long, and was ended with all that it had started.
    TimedOut,
    /// The caller wished it to end.
    Stopped,
}

/// A finished call.
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    /// How it ended.
    pub ended: ExitOutcome,
    /// Its process number.
    pub pid: u32,
}

/// Takes pieces of output as they come, from two threads.
pub type Sink = Arc<dyn Fn(StreamKind, &[u8]) + Send + Sync>;

enum Event {
    Exited(io::Result<ExitStatus>),
    Closed,
}

/// Runs a program to its end. When it ends, what is left of its process group is ended. When its time is over or when `stop` is
/// set, all that it has started is: on Linux also those of its descendants that have left the group and their parents.
///
/// # Errors
/// It cannot be started: `NotFound` where there is no such program.
pub fn run(call: Call<'_>, stop: &AtomicBool, sink: &Sink) -> io::Result<Finished> {
    let mark = mark(call.label);
    let (events, receiver) = channel();
    // The threads come first: a program that cannot be watched is not started.
    let out = pump(StreamKind::Stdout, sink, &events)?;
    let err = pump(StreamKind::Stderr, sink, &events)?;
    let waiter = wait_in_thread(&events)?;
    let mut child = orphans::start(
        Command::new(call.program)
            .args(call.args)
            .env(MARK, &mark)
            .env_remove(SHIM)
            .envs(call.env.iter().map(|(name, value)| (name, value)))
            .current_dir(call.folder)
            .stdin(call.stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0),
    )?;
    let pid = child.id();
    let group = Group::led_by(pid, mark);
    // The threads wait for nothing else.
    let _ = (child.stdout.take().map(|stream| out.send(stream)), child.stderr.take().map(|stream| err.send(stream)));
    let _ = waiter.send(child);
    let open = 2;
    let mut watch = Watch { events: receiver, open, status: None };
    let ended = if let Some(ended) = watch.until(Instant::now() + call.limit, Some(stop)) {
        // What it has left behind in its group is ended too: otherwise the next run would meet it.
        group.end_remains(call.grace);
        ended
    } else {
        let ended = if stop.load(Ordering::Relaxed) { ExitOutcome::Stopped } else { ExitOutcome::TimedOut };
        group.end_all(call.grace, || watch.has_exited());
        watch.until(Instant::now() + Duration::from_secs(10), None);
        ended
    };
    watch.drain();
    Ok(Finished { ended, pid })
}

/// What is known of a running program.
struct Watch {
    events: Receiver<Event>,
    open: usize,
    status: Option<io::Result<ExitStatus>>,
}

impl Watch {
    /// Waits until the program has ended; none when the time is over or the caller wishes to stop first.
    fn until(&mut self, deadline: Instant, stop: Option<&AtomicBool>) -> Option<ExitOutcome> {
        while self.status.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return None;
            }
            if self.take(left.min(TICK)) == Err(RecvTimeoutError::Disconnected) {
                return None;
            }
        }
        Some(match &self.status {
            Some(Ok(status)) => {
                status.code().map_or_else(|| ExitOutcome::Signal(status.signal().unwrap_or(0)), ExitOutcome::Code)
            }
            _ => ExitOutcome::Signal(0),
        })
    }

    /// Returns whether the program itself has ended, without waiting.
    fn has_exited(&mut self) -> bool {
        while self.take(Duration::ZERO).is_ok() {}
        self.status.is_some()
    }

    /// Reads what is still to come of its output, as long as it comes.
    fn drain(&mut self) {
        let deadline = Instant::now() + LINGER;
        while self.open > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.take(left).is_err() {
                return;
            }
        }
    }

    fn take(&mut self, patience: Duration) -> Result<(), RecvTimeoutError> {
        match self.events.recv_timeout(patience)? {
            Event::Exited(status) => self.status = Some(status),
            Event::Closed => self.open -= 1,
        }
        Ok(())
    }
}

/// Starts a thread that hands the stream which it gets to the sink, piece by piece.
fn pump<R: Read + Send + 'static>(from: StreamKind, sink: &Sink, events: &Sender<Event>) -> io::Result<Sender<R>> {
    let (sink, events) = (Arc::clone(sink), events.clone());
    let (sender, streams) = channel::<R>();
    threads::start(move || {
        // None comes where the program was not started.
        let Ok(mut stream) = streams.recv() else { return };
        let mut block = vec![0; 64 << 10];
        loop {
            match stream.read(&mut block) {
                Ok(0) => break,
                Ok(count) => sink(from, &block[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let _ = events.send(Event::Closed);
    })?;
    Ok(sender)
}

/// Starts a thread that waits for the child which it gets.
fn wait_in_thread(events: &Sender<Event>) -> io::Result<Sender<StartedChild>> {
    let events = events.clone();
    let (sender, children) = channel::<StartedChild>();
    threads::start(move || {
        if let Ok(child) = children.recv() {
            let _ = events.send(Event::Exited(child.wait()));
        }
    })?;
    Ok(sender)
}

/// What a short call printed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Output {
    /// How it ended.
    pub ended: ExitOutcome,
    /// The beginning of its stdout.
    pub out: Vec<u8>,
    /// The beginning of its stderr.
    pub err: Vec<u8>,
}

/// What a program says, kept as it comes: of each stream its beginning.
#[derive(Clone, Default)]
pub struct CapturedOutput(Arc<Mutex<(Vec<u8>, Vec<u8>)>>);

impl CapturedOutput {
    /// Returns a sink that keeps at most `most` bytes of each stream here.
    pub fn sink(&self, most: usize) -> Sink {
        let kept = self.clone();
        Arc::new(move |from, piece| {
            let mut kept = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
            let stream = if from == StreamKind::Stdout { &mut kept.0 } else { &mut kept.1 };
            let room = most.saturating_sub(stream.len()).min(piece.len());
            stream.extend_from_slice(&piece[..room]);
        })
    }

    /// Takes what was printed on stdout and on stderr.
    pub fn take(&self) -> (Vec<u8>, Vec<u8>) {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs a program that is to say something, with nothing to read, for at most `limit`; of each stream no more than
/// `most` bytes are kept.
///
/// # Errors
/// As [`run`].
pub fn output(program: &OsStr, args: &[OsString], folder: &Path, limit: Duration, most: usize) -> io::Result<Output> {
    let kept = CapturedOutput::default();
    let call = Call { label: "", program, args, env: &[], folder, stdin: Stdio::null(), limit, grace: Duration::ZERO };
    let finished = run(call, &AtomicBool::new(false), &kept.sink(most))?;
    let (out, err) = kept.take();
    Ok(Output { ended: finished.ended, out, err })
}

/// Ends this program and runs another in its place, called by the name `called`.
///
/// # Errors
/// It cannot be started; nothing else returns.
pub fn exec(program: &OsStr, called: &OsStr, args: &[OsString], env: &[(OsString, OsString)]) -> io::Error {
    let env = env.iter().map(|(name, value)| (name, value));
    Command::new(program).arg0(called).args(args).envs(env).exec()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn sh(script: &str, limit: Duration) -> Output {
        output("sh".as_ref(), &["-c".into(), script.into()], Path::new("/"), limit, 1000).unwrap()
    }

    fn is_gone(pid: i32) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ") || stat.contains(") X ")
    }

    fn soon(what: impl Fn() -> bool) -> bool {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !what() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        what()
    }

    #[test]
    fn the_code_and_the_output_are_told() {
        let said = sh("echo a >&2; echo b; exit 3", Duration::from_mins(1));
        assert_eq!(said, Output { ended: ExitOutcome::Code(3), out: b"b\n".to_vec(), err: b"a\n".to_vec() });
        assert_eq!(sh("kill -9 $$", Duration::from_mins(1)).ended, ExitOutcome::Signal(9));
        assert_eq!(sh("head -c 5000 /dev/zero", Duration::from_mins(1)).out.len(), 1000, "no more is kept");
        let missing = output("no-such-program-here".as_ref(), &[], Path::new("/"), Duration::from_secs(1), 0);
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn who_takes_too_long_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        // One grandchild in the group, one that has left it, and one that has left its parents too.
        let script = format!(
            "trap '' TERM INT; sleep 300 & echo $! > {0}; setsid sleep 300 & echo $! >> {0}; \
             (setsid sh -c 'echo $$ >> {0}; exec sleep 300' &); sleep 300; wait",
            pids.display()
        );
        let begun = Instant::now();
        assert_eq!(sh(&script, Duration::from_millis(500)).ended, ExitOutcome::TimedOut);
        assert!(begun.elapsed() < Duration::from_secs(100));
        let text = std::fs::read_to_string(pids).unwrap();
        let pids: Vec<i32> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(pids.len(), 3);
        let expected = if cfg!(target_os = "linux") { 3 } else { 1 };
        assert!(soon(|| pids[..expected].iter().all(|pid| is_gone(*pid))));
    }

    #[test]
    fn what_is_left_in_the_background_is_ended_and_does_not_hold_up_the_caller() {
        let begun = Instant::now();
        let said = sh("sleep 300 & echo $!", Duration::from_mins(1));
        assert!(begun.elapsed() < Duration::from_secs(50));
        let pid = String::from_utf8(said.out).unwrap().trim().parse().unwrap();
        assert!(soon(|| is_gone(pid)));
    }

    #[test]
    fn a_wish_to_stop_ends_it() {
        let stop = Arc::new(AtomicBool::new(false));
        let wish = Arc::clone(&stop);
        let sink: Sink = Arc::new(move |_, _| wish.store(true, Ordering::Relaxed));
        let args = ["-c".into(), "echo ready; sleep 300".into()];
        let call = Call {
            label: "",
            program: "sh".as_ref(),
            args: &args,
            env: &[],
            folder: Path::new("/"),
            stdin: Stdio::null(),
            limit: Duration::from_mins(5),
            grace: Duration::from_secs(5),
        };
        assert_eq!(run(call, &stop, &sink).unwrap().ended, ExitOutcome::Stopped);
    }
}
