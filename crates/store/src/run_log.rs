//! The log of an automation's runs, `.loop/logs/ID.log`: rotated, so that its size is bounded, with the last few logs before it.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use host::files;

/// The size from which on a log is put aside, in bytes.
const LIMIT: u64 = 4 << 20;

/// How many logs that were put aside are kept, as `ID.log.1` (the latest) and so on.
const KEPT: usize = 3;

/// A log that is being written.
pub struct RunLog {
    path: PathBuf,
    file: Option<File>,
    size: u64,
    at_line_start: bool,
    problem: Option<io::Error>,
}

impl RunLog {
    /// Opens a log to be continued. What goes wrong from here on is kept, and does not keep the automation from running.
    pub fn open(path: PathBuf) -> Self {
        let mut log = Self { path, file: None, size: 0, at_line_start: true, problem: None };
        log.reopen();
        log
    }

    /// Writes a line of our own.
    pub fn line(&mut self, line: &str) {
        let start = if self.at_line_start { "" } else { "\n" };
        self.write(format!("{start}{line}\n").as_bytes());
    }

    /// Writes bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.size > 0 && self.size + bytes.len() as u64 > LIMIT {
            self.rotate();
        }
        let Some(file) = &mut self.file else { return };
        match file.write_all(bytes) {
            Ok(()) => {
                self.size += bytes.len() as u64;
                self.at_line_start = bytes.last().is_none_or(|byte| *byte == b'\n');
            }
            Err(error) => {
                self.file = None;
                self.problem = Some(error);
            }
        }
    }

    /// Returns what has kept output from being logged.
    pub fn problem(&self) -> Option<&io::Error> {
        self.problem.as_ref()
    }

    fn reopen(&mut self) {
        let open = |path: &Path| -> io::Result<(File, u64)> {
            path.parent().map_or(Ok(()), files::make_folder).map_err(io::Error::other)?;
            let file = files::open_to_append(path).map_err(io::Error::other)?;
            let size = file.metadata()?.len();
            Ok((file, size))
        };
        match open(&self.path) {
            Ok((file, size)) => (self.file, self.size) = (Some(file), size),
            Err(error) => self.problem = Some(error),
        }
    }

    /// Moves the log aside and begins a new one. Where two runs of an event write the same log, one that finds it replaced
    /// already just goes on with the new one.
    fn rotate(&mut self) {
        let is_large = files::metadata(&self.path).is_ok_and(|it| it.is_some_and(|it| it.len() * 2 > LIMIT));
        if is_large {
            let name = |number: usize| self.path.with_extension(format!("log.{number}"));
            for number in (1..KEPT).rev() {
                let _ = files::rename(&name(number), &name(number + 1));
            }
            let _ = files::rename(&self.path, &name(1));
        }
        self.file = None;
        self.reopen();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests look at what was written")]

    use std::fs;

    use super::*;

    #[test]
    fn a_log_is_bounded_and_its_predecessors_are_few() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/a.log");
        let mut log = RunLog::open(path.clone());
        let block = vec![b'x'; 1 << 20];
        for _ in 0..30 {
            log.write(&block);
        }
        log.line("end");
        let mut sizes: Vec<(String, u64)> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len()))
            .collect();
        sizes.sort();
        let names: Vec<&str> = sizes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a.log", "a.log.1", "a.log.2", "a.log.3"]);
        assert!(sizes.iter().all(|(_, size)| *size <= LIMIT), "{sizes:?}");
        assert!(fs::read(&path).unwrap().ends_with(b"x\nend\n"), "a line of ours begins one");
        assert!(log.problem().is_none());
    }

    #[test]
    fn what_cannot_be_logged_is_told_and_harms_nobody() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a.log")).unwrap();
        let mut log = RunLog::open(folder.path().join("a.log"));
        log.line("x");
        assert!(log.problem().is_some());
    }
}
