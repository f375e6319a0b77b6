//! Another program, run with a time limit that ends all that it has started.

#![expect(clippy::disallowed_methods, reason = "the one place of this tool that starts a process")]

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// How much of a program's output is kept, in bytes.
const OUTPUT_LIMIT: u64 = 4 << 20;

/// How a program ended.
#[derive(Debug, Eq, PartialEq)]
pub enum Ended {
    /// With this code, and what it wrote to stderr.
    Code(i32, String),
    /// By a signal.
    Signal,
    /// It took too long, and was ended with its whole process group.
    TimedOut,
}

/// Runs a program in `folder`, in a process group of its own, for at most `limit`.
///
/// # Errors
/// It cannot be started: `NotFound` where there is no such program.
pub fn run(program: &str, args: &[&OsStr], folder: &Path, limit: Duration) -> io::Result<Ended> {
    let mut child = Command::new(program)
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let stderr = child.stderr.take();
    let (sender, ended) = channel();
    // Ends once the program and whoever holds its stderr have ended.
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stderr) = stderr {
            let _ = stderr.by_ref().take(OUTPUT_LIMIT).read_to_end(&mut text);
            let _ = io::copy(&mut stderr, &mut io::sink());
        }
        let _ = sender.send(());
        text
    });
    let in_time = ended.recv_timeout(limit) != Err(RecvTimeoutError::Timeout) && wait_for(&mut child, limit)?;
    if !in_time {
        if let Some(group) = group {
            // Gone already is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
        child.kill()?;
        child.wait()?;
        return Ok(Ended::TimedOut);
    }
    let status = child.wait()?;
    let text = reader.join().unwrap_or_default();
    Ok(status.code().map_or(Ended::Signal, |code| Ended::Code(code, String::from_utf8_lossy(&text).into_owned())))
}

/// Waits for a program that has closed its stderr, which is mostly its end.
fn wait_for(child: &mut Child, limit: Duration) -> io::Result<bool> {
    let mut waited = Duration::ZERO;
    let mut pause = Duration::from_micros(100);
    while child.try_wait()?.is_none() {
        if waited >= limit {
            return Ok(false);
        }
        thread::sleep(pause);
        waited += pause;
        pause = (pause * 2).min(Duration::from_millis(20));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn sh(script: &str, limit: Duration) -> Ended {
        run("sh", &[OsStr::new("-c"), OsStr::new(script)], Path::new("/"), limit).unwrap()
    }

    #[test]
    fn the_code_and_stderr_are_told() {
        assert_eq!(sh("echo a >&2; echo b; exit 3", Duration::from_mins(1)), Ended::Code(3, "a\n".to_owned()));
        assert_eq!(sh("kill -9 $$", Duration::from_mins(1)), Ended::Signal);
        let missing = run("no-such-program-here", &[], Path::new("/"), Duration::from_secs(1)).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn who_takes_too_long_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let script = format!("trap '' TERM INT; sleep 300 & echo $! > {}; sleep 300; wait", pid.display());
        let begun = Instant::now();
        assert_eq!(sh(&script, Duration::from_millis(300)), Ended::TimedOut);
        assert!(begun.elapsed() < Duration::from_secs(100));
        let grandchild: i32 = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
        // Ended, or still to be collected by whoever inherited it.
        let is_gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ") || stat.contains(") X ")
        };
        let deadline = Instant::now() + Duration::from_mins(1);
        while !is_gone() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(is_gone());
    }
}
