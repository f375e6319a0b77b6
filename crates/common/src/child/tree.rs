//! A process group and the descendants of its leader, as something that can be ended.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

/// A process group, by the number of its leader.
#[derive(Clone, Copy)]
pub(super) struct Group(Option<Pid>);

impl Group {
    pub fn led_by(pid: u32) -> Self {
        Self(i32::try_from(pid).ok().and_then(Pid::from_raw))
    }

    /// Ends whatever is left of the group and of the leader's descendants: with SIGTERM, and what is still there after
    /// `grace`, with SIGKILL. `leader_has_exited` is asked before a group is taken to be gone.
    pub fn end(self, grace: Duration, mut leader_has_exited: impl FnMut() -> bool) {
        let Some(group) = self.0 else { return };
        let is_gone = || test_kill_process_group(group).is_err();
        if is_gone() {
            return;
        }
        let strays = descendants(group);
        if !grace.is_zero() {
            let _ = kill_process_group(group, Signal::TERM);
            for stray in &strays {
                let _ = kill_process(*stray, Signal::TERM);
            }
            let deadline = Instant::now() + grace;
            let mut pause = Duration::from_millis(1);
            while Instant::now() < deadline && !(leader_has_exited() && is_gone()) {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
        }
        for stray in strays.into_iter().chain(descendants(group)) {
            let _ = kill_process(stray, Signal::KILL);
        }
        // Gone already is as good.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// The descendants of a process, by what `/proc` says; where there is none, nothing is known.
fn descendants(leader: Pid) -> Vec<Pid> {
    let mut parents: Vec<(i32, i32)> = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name in parentheses may hold anything; what follows the last one is numbers.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if let Some(parent) = parent {
            parents.push((pid, parent));
        }
    }
    let mut found = vec![leader.as_raw_nonzero().get()];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.into_iter().skip(1).filter_map(Pid::from_raw).collect()
}
