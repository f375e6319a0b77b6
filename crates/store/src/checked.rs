//! The stored files whose damage is looked for and moved away, whatever they hold.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use records::stored_files::{CYCLES, DEEP_TRIAGE_LOG, SHADOW, TRIAGE_LOG};
use records::{
    Agenda, AutomationState, Handout, IdleState, Insights, Object, Pauses, Quarantine, ReleasedIssues, Scores, Summary,
};
use records::{Cycle, Durability, Format, ShadowRun, Stored, StoredFile, TokenLine, TriageRun};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::damage::keep_damaged;
use crate::document::Content;
use crate::{json_file, lines};
use host::files::{self, FileError, Lock};
use host::source::SourceError;

/// A document whose damage is looked for.
#[derive(Debug)]
pub struct CheckedDocument {
    path: PathBuf,
    /// Whether it holds a list; else an object.
    is_list: bool,
    problem: Problem,
}

/// What is found when a document is checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Checked {
    /// It is not there, or has no content, such as a power cut leaves.
    Missing,
    /// Who reads it can read it.
    Intact,
    /// It cannot be read, for this reason.
    Damaged(String),
}

/// A log whose damage is looked for: a line is damaged if those who read the log cannot read it.
#[derive(Debug)]
pub struct CheckedLog {
    path: PathBuf,
    /// Whether it is the token ledger.
    pub is_ledger: bool,
    can_read: fn(&[u8]) -> bool,
}

/// What those who read a document cannot read in it.
type Problem = fn(&Path) -> Result<Option<SourceError>, FileError>;

/// Returns what reads a document.
fn reader_of_document(file: &StoredFile) -> Problem {
    fn problem<T: DeserializeOwned>(path: &Path) -> Result<Option<SourceError>, FileError> {
        let content = json_file::read::<T>(path)?;
        Ok(if let Content::Damaged(error) = content { Some(error) } else { None })
    }
    const fn reader<T: Stored + DeserializeOwned>() -> (&'static str, Problem) {
        (T::FILE.path, problem::<T>)
    }
    let readers = [
        reader::<AutomationState>(),
        reader::<Quarantine>(),
        reader::<ReleasedIssues>(),
        reader::<Scores<'static>>(),
        reader::<Object<IdleState>>(),
        reader::<Object<Handout>>(),
        reader::<Agenda>(),
        reader::<Pauses>(),
        reader::<Summary>(),
        reader::<Insights>(),
    ];
    readers.into_iter().find(|(path, _)| *path == file.path).map_or(problem::<Value>, |(_, reader)| reader)
}

/// Returns what reads a line of a log.
fn reader_of(file: &StoredFile) -> fn(&[u8]) -> bool {
    fn can_read<T: DeserializeOwned>(line: &[u8]) -> bool {
        lines::parse::<T>(line).is_some()
    }
    match file.path {
        path if path == CYCLES.path => can_read::<Cycle>,
        path if path == TRIAGE_LOG.path || path == DEEP_TRIAGE_LOG.path => can_read::<TriageRun>,
        path if path == SHADOW.path => can_read::<ShadowRun>,
        path if path == TokenLine::FILE.path => can_read::<TokenLine>,
        _ => can_read::<Value>,
    }
}

impl CheckedDocument {
    pub(crate) fn new(path: PathBuf, file: &StoredFile) -> Self {
        Self { path, is_list: file.format == Format::List, problem: reader_of_document(file) }
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether those who read the document can read it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn check(&self) -> Result<Checked, FileError> {
        match json_file::read::<Value>(&self.path)? {
            Content::Missing => return Ok(Checked::Missing),
            Content::Damaged(error) => return Ok(Checked::Damaged(error.message)),
            Content::Intact(value) if self.is_list && !value.is_array() => {
                return Ok(Checked::Damaged("it is not a list".to_owned()));
            }
            Content::Intact(value) if !self.is_list && !value.is_object() => {
                return Ok(Checked::Damaged("it is not an object".to_owned()));
            }
            Content::Intact(_) => {}
        }
        Ok((self.problem)(&self.path)?.map_or(Checked::Intact, |error| Checked::Damaged(error.message)))
    }

    /// Removes the document if it is damaged, and keeps its bytes next to it as `.bad`; with `dry_run` nothing is changed.
    /// Returns whether it is damaged, and where its bytes are kept.
    ///
    /// # Errors
    /// The outer one: the system refuses to lock, keep or remove it. The inner one: it cannot be read.
    pub fn set_aside(&self, dry_run: bool) -> Result<Result<Option<Option<PathBuf>>, FileError>, FileError> {
        // Before a lock is made next to something that is no file.
        if let Err(error) = files::open(&self.path) {
            return Ok(Err(error));
        }
        let lock = files::lock(&self.path)?;
        let is_damaged = match self.check() {
            Err(error) => return Ok(Err(error)),
            Ok(checked) => matches!(checked, Checked::Damaged(_)),
        };
        if !is_damaged {
            return Ok(Ok(None));
        }
        if dry_run {
            return Ok(Ok(Some(None)));
        }
        let kept = keep_damaged(&lock)?;
        files::remove(&self.path)?;
        Ok(Ok(Some(Some(kept))))
    }
}

impl CheckedLog {
    pub(crate) fn new(path: PathBuf, file: &StoredFile) -> Self {
        Self { path, is_ledger: file.path == TokenLine::FILE.path, can_read: reader_of(file) }
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads every line that is not blank, in order: whether it is intact, and of a ledger what it holds.
    ///
    /// # Errors
    /// The system refuses.
    pub fn scan(&self, mut visit: impl FnMut(bool, Option<TokenLine>)) -> Result<(), FileError> {
        lines::scan(&self.path, 0, |line| {
            if self.is_ledger {
                let line = line.and_then(lines::parse::<TokenLine>);
                visit(line.is_some(), line);
            } else {
                visit(line.is_some_and(self.can_read), None);
            }
        })
        .map(drop)
    }

    /// Returns the file that damaged lines are moved to.
    pub fn side(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".damaged");
        name.into()
    }

    /// Moves the damaged lines of the log to [`CheckedLog::side`]; with `dry_run` they are only counted. Intact lines stay byte
    /// for byte. Returns how many lines are damaged.
    ///
    /// # Errors
    /// The outer one: the system refuses to lock or write it. The inner one: it cannot be read.
    pub fn move_damaged(&self, dry_run: bool) -> Result<Result<u64, FileError>, FileError> {
        if let Err(error) = files::open(&self.path) {
            return Ok(Err(error));
        }
        let lock = files::lock(&self.path)?;
        let mut damaged = 0;
        let counted = each_line(&self.path, |line, _| {
            damaged += u64::from(self.is_damaged(line));
            Ok(())
        });
        if let Err(error) = counted {
            return Ok(Err(FileError::reading(&self.path, error)));
        }
        if damaged > 0 && !dry_run {
            self.move_lines(&lock)?;
        }
        Ok(Ok(damaged))
    }

    fn is_damaged(&self, line: &[u8]) -> bool {
        if line.trim_ascii().is_empty() {
            return false;
        }
        line.len() > lines::MAX_LINE || !(self.can_read)(line)
    }

    /// First the lines are there, then they are gone here: killed in between, they are in both places.
    fn move_lines(&self, lock: &Lock) -> Result<(), FileError> {
        let mut aside = Vec::new();
        each_line(&self.path, |line, _| {
            if self.is_damaged(line) {
                aside.extend_from_slice(line);
                aside.push(b'\n');
            }
            Ok(())
        })
        .map_err(|error| FileError::reading(&self.path, error))?;
        aside.pop();
        files::lock(&self.side())?.append_line(&aside, Durability::Flushed)?;
        lock.replace_by(Durability::Flushed, |file| {
            let mut writer = BufWriter::new(&*file);
            each_line(&self.path, |line, ended| {
                if self.is_damaged(line) {
                    return Ok(());
                }
                writer.write_all(line)?;
                if ended { writer.write_all(b"\n") } else { Ok(()) }
            })?;
            writer.flush()
        })
    }
}

/// Visits every line of a file, with whether it has its newline.
fn each_line(path: &Path, mut visit: impl FnMut(&[u8], bool) -> io::Result<()>) -> io::Result<()> {
    let file = files::open(path).map_err(io::Error::other)?.ok_or(io::ErrorKind::NotFound)?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let ended = line.last() == Some(&b'\n');
        visit(&line[..line.len() - usize::from(ended)], ended)?;
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be repaired")]

    use std::fs;

    use super::*;

    #[test]
    fn intact_lines_stay_byte_for_byte_and_the_rest_is_moved() {
        let folder = tempfile::tempdir().unwrap();
        let log = CheckedLog::new(folder.path().join("a.jsonl"), &CYCLES);
        let content = b"{\"a\":1}\n\n{\"cut\": \nnull\n\xff\xfe\0\n{ \"b\" : 1.10 }\n{\"last\": 1";
        fs::write(log.path(), content).unwrap();
        assert_eq!(log.move_damaged(true).unwrap().unwrap(), 4);
        assert_eq!(fs::read(log.path()).unwrap(), content);
        assert_eq!(log.move_damaged(false).unwrap().unwrap(), 4);
        assert_eq!(fs::read(log.path()).unwrap(), b"{\"a\":1}\n\n{ \"b\" : 1.10 }\n");
        assert_eq!(fs::read(log.side()).unwrap(), b"{\"cut\": \nnull\n\xff\xfe\0\n{\"last\": 1\n");
        assert_eq!(log.move_damaged(false).unwrap().unwrap(), 0);
    }

    #[test]
    fn of_a_ledger_intact_lines_stay_whatever_they_add_up_to() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = CheckedLog::new(folder.path().join("tokens.jsonl"), &TokenLine::FILE);
        let intact = "{\"tokens\": 3, \"balance\": 3}\n{\"tokens\": 5.0}\n{\"timestamp\": null, \"tokens\": 1, \"balance\": 98}\n";
        fs::write(ledger.path(), format!("{intact}{{\"tokens\": -1, \"bal\n{{\"balance\": 1}}\n")).unwrap();
        ledger.move_damaged(false).unwrap().unwrap();
        assert_eq!(fs::read_to_string(ledger.path()).unwrap(), intact);
        assert_eq!(fs::read_to_string(ledger.side()).unwrap(), "{\"tokens\": -1, \"bal\n{\"balance\": 1}\n");
    }

    #[test]
    fn a_line_is_damaged_if_the_readers_of_its_log_cannot_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = CheckedLog::new(folder.path().join("a.jsonl"), &CYCLES);
        fs::write(log.path(), b"{\"cycle\": 1, \"cycle\": 2}\n{\"notes\": \"caf\xe9\"}\n{\"cycle\": 1, \"x\": {}}\n")
            .unwrap();
        let mut seen = Vec::new();
        log.scan(|is_intact, _| seen.push(is_intact)).unwrap();
        assert_eq!(seen, [false, false, true]);
        assert_eq!(log.move_damaged(true).unwrap().unwrap(), 2);
    }
}
