//! A process group and the descendants of its leader, as something that can be ended.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

/// The variable by which the descendants of a program are known, wherever they have gone.
pub(super) const MARK: &str = "TIMMY_RUN";

/// A process group, by the number of its leader, and the mark in the environment of all that the leader has started.
pub(super) struct Group {
    leader: Option<Pid>,
    mark: String,
}

impl Group {
    pub(super) fn led_by(pid: u32, mark: String) -> Self {
        Self { leader: i32::try_from(pid).ok().and_then(Pid::from_raw), mark }
    }

    /// Ends whatever is left of the group, after its leader has ended by itself: with SIGTERM, and what is still there after
    /// `grace`, with SIGKILL. What has left the group was meant to stay.
    pub(super) fn end_remains(&self, grace: Duration) {
        let Some(group) = self.leader else { return };
        if test_kill_process_group(group).is_ok() {
            let _ = kill_process_group(group, Signal::TERM);
            wait(grace, || test_kill_process_group(group).is_err());
            // Gone already is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Ends the group and all that the leader has started: with SIGTERM, and what is still there after `grace`, with SIGKILL.
    /// `leader_has_exited` is asked before a group is taken to be gone.
    pub(super) fn end_all(&self, grace: Duration, mut leader_has_exited: impl FnMut() -> bool) {
        let Some(group) = self.leader else { return };
        let strays = || marked(&self.mark).into_iter().filter(move |pid| *pid != group);
        if !grace.is_zero() {
            let _ = kill_process_group(group, Signal::TERM);
            for stray in strays() {
                let _ = kill_process(stray, Signal::TERM);
            }
            wait(grace, || leader_has_exited() && test_kill_process_group(group).is_err() && strays().next().is_none());
        }
        let _ = kill_process_group(group, Signal::KILL);
        // One that forks while it is looked for is found the next time.
        for _ in 0..5 {
            let mut is_gone = true;
            for stray in strays() {
                is_gone &= kill_process(stray, Signal::KILL).is_err();
            }
            if is_gone {
                break;
            }
        }
    }
}

/// Waits until something holds, or the time is over.
fn wait(grace: Duration, mut what: impl FnMut() -> bool) {
    let deadline = Instant::now() + grace;
    let mut pause = Duration::from_millis(1);
    while Instant::now() < deadline && !what() {
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// The processes that have a mark in their environment, by what `/proc` says; where there is none, nothing is known.
fn marked(mark: &str) -> Vec<Pid> {
    let expected = format!("{MARK}={mark}");
    processes_with(|variable| variable == expected.as_bytes()).filter_map(Pid::from_raw).collect()
}

/// Whether a process has a mark that begins so.
pub(super) fn any_marked(beginning: &str) -> bool {
    let expected = format!("{MARK}={beginning}");
    processes_with(|variable| variable.starts_with(expected.as_bytes())).next().is_some()
}

/// The numbers of the processes with such a variable in their environment.
fn processes_with(is_it: impl Fn(&[u8]) -> bool) -> impl Iterator<Item = i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(move |entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        environment.split(|byte| *byte == 0).any(&is_it).then_some(pid)
    })
}
