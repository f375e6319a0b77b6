//! The system's advisory locks of open files: asked for again where a signal interrupted, and waited for.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// Locks a file, unless another open file has it locked.
pub(super) fn try_lock_file(file: &File) -> Result<(), TryLockError> {
    loop {
        match file.try_lock() {
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Locks a file, waiting so long at most for who has it locked.
pub(super) fn wait_for(file: &File, patience: Duration) -> io::Result<()> {
    let begun = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        match try_lock_file(file) {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Err(ErrorKind::TimedOut.into()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
