//! Processes whose parent has ended: the first process of a container becomes their parent, and has to collect them when they
//! end. Those that this process has started itself are left to the thread that waits for them.

use std::io;
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The numbers of the children that this process has started and not yet waited for. It is held while one is started, so that
/// none can end before it is known.
static STARTED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A child that the code which holds it waits for.
pub struct StartedChild(Child);

/// Starts a program; every child of a process that may adopt others is started here.
///
/// # Errors
/// The system refuses.
pub fn start(command: &mut Command) -> io::Result<StartedChild> {
    let mut started = started();
    let child = command.spawn()?;
    started.push(child.id());
    Ok(StartedChild(child))
}

impl StartedChild {
    /// Waits for its end.
    ///
    /// # Errors
    /// The system refuses.
    pub fn wait(mut self) -> io::Result<ExitStatus> {
        self.0.wait()
    }
}

impl Deref for StartedChild {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for StartedChild {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for StartedChild {
    fn drop(&mut self) {
        let mut started = started();
        if let Some(place) = started.iter().position(|number| *number == self.0.id()) {
            started.swap_remove(place);
        }
    }
}

fn started() -> MutexGuard<'static, Vec<u32>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Collects orphans from now on, in a thread of its own, if this process gets any: as the first process of a container, or as
/// a subreaper.
///
/// # Errors
/// The system has no more threads or file descriptors.
#[cfg(target_os = "linux")]
pub fn collect_orphans() -> io::Result<()> {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    let is_subreaper = || rustix::process::child_subreaper().is_ok_and(|reaper| reaper.is_some());
    if std::process::id() != 1 && !is_subreaper() {
        return Ok(());
    }
    let (mut wake, write) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGCHLD, write)?;
    crate::threads::start(move || {
        let mut many = [0; 64];
        loop {
            collect();
            if !matches!(wake.read(&mut many), Ok(count) if count > 0) {
                return;
            }
        }
    })
    .map(drop)
}

/// Other systems have no containers with a first process.
///
/// # Errors
/// There are none.
#[cfg(not(target_os = "linux"))]
pub fn collect_orphans() -> io::Result<()> {
    Ok(())
}

/// Collects every orphan that has ended.
#[cfg(target_os = "linux")]
fn collect() {
    use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
    use std::time::Duration;

    let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    // A started child that has ended hides the others until its own thread has waited for it, which is at once.
    let mut patience = 200;
    while patience > 0 {
        let started = started();
        let next = waitid(Id::All, ended).ok().and_then(|status| status.pid());
        let Some(number) = next else { return };
        if !u32::try_from(number.as_raw()).is_ok_and(|number| started.contains(&number)) {
            // It has ended, so this does not wait.
            let _ = waitpid(number, Some(WaitPidFlag::WNOHANG));
            continue;
        }
        drop(started);
        std::thread::sleep(Duration::from_millis(5));
        patience -= 1;
    }
}
