//! `timmy repair`: damaged bytes are moved into files beside; none is dropped, and what is intact stays byte for byte.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use common::{Error, Outcome, Page, View};
use host::Host;
use host::files::{self, Durability, FileError, Lock};
use records::TokenLine;
use serde::Serialize;
use serde_json::Value;
use store::document::{self, Document};
use store::log;

use super::stored::{Checked, documents, logs};
use crate::cli::RepairArgs;
use crate::context::Context;

/// What was repaired.
#[derive(Serialize)]
struct Repairs {
    dry_run: bool,
    repaired: Vec<Repair>,
    #[serde(skip)]
    is_whole: bool,
}

/// One file.
#[derive(Serialize)]
struct Repair {
    file: String,
    /// The damaged lines of a log; null of a document.
    lines: Option<u64>,
    moved_to: Option<String>,
}

impl View for Repairs {
    fn render(&self, page: &mut Page) {
        let would = if self.dry_run { "would be " } else { "" };
        for Repair { file, lines, moved_to } in &self.repaired {
            page.line(match (lines, moved_to) {
                (Some(lines), Some(side)) => format!("{file}: {lines} line(s) {would}moved to {side}"),
                (_, Some(kept)) => {
                    format!("{file}: moved to {kept}; its content is no longer used, and its tool recreates it")
                }
                (_, None) => format!("{file}: would be moved"),
            });
        }
        if self.repaired.is_empty() && self.is_whole {
            page.line("Nothing is damaged");
        }
    }
}

/// Repairs every damaged file.
pub(crate) fn repair(host: &Host, args: &RepairArgs) -> Result<Outcome, Error> {
    let context = Context::open_anyway(host, &args.common)?;
    let mut repairs = Repairs { dry_run: args.dry_run, repaired: Vec::new(), is_whole: true };
    for log in logs(&context) {
        repairs.add(&context, repair_log(&context, &log, args.dry_run)?);
    }
    for document in documents(&context) {
        repairs.add(&context, repair_document(&context, &document, args.dry_run)?);
    }
    context.present(&repairs)?;
    Ok(Outcome::yes_or_no(repairs.is_whole))
}

impl Repairs {
    /// Adds what was done about a file; an error is that of reading it.
    fn add(&mut self, context: &Context, result: Result<Option<Repair>, FileError>) {
        match result {
            Ok(repair) => self.repaired.extend(repair),
            Err(error) => {
                self.is_whole = false;
                context.warn(&format!("{error}: move it by hand"));
            }
        }
    }
}

fn repair_log(context: &Context, log: &Checked, dry_run: bool) -> Result<Result<Option<Repair>, FileError>, Error> {
    let (path, is_ledger) = (&log.path, log.is_ledger());
    let lock = files::lock(path)?;
    let lines = match moved_lines(path, is_ledger) {
        Ok(0) => return Ok(Ok(None)),
        Ok(lines) => lines,
        Err(error) => return Ok(Err(error)),
    };
    let side = side_file(path);
    if !dry_run {
        // First they are there, then they are gone here: killed in between, they are in both places.
        move_lines(&lock, &side, is_ledger)?;
    }
    let (file, moved_to) = (context.shown(path), Some(context.shown(&side)));
    Ok(Ok(Some(Repair { file, lines: Some(lines), moved_to })))
}

fn repair_document(
    context: &Context,
    checked: &Checked,
    dry_run: bool,
) -> Result<Result<Option<Repair>, FileError>, Error> {
    let path = &checked.path;
    let lock = files::lock(path)?;
    let is_damaged = match document::read::<Value>(path) {
        Err(error) => return Ok(Err(error)),
        Ok(Document::Missing) => false,
        Ok(Document::Damaged(_)) => true,
        Ok(Document::Intact(value)) => {
            value.is_array() != checked.is_list() || !(value.is_array() || value.is_object())
        }
    };
    if !is_damaged {
        return Ok(Ok(None));
    }
    let moved_to = if dry_run {
        None
    } else {
        let kept = document::keep_damaged(&lock)?;
        files::remove(path)?;
        Some(context.shown(&kept))
    };
    Ok(Ok(Some(Repair { file: context.shown(path), lines: None, moved_to })))
}

/// Where the damaged lines of a log go.
fn side_file(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".damaged");
    name.into()
}

/// Whether a line of a log is damaged; a blank one is not.
fn is_damaged(line: &[u8], is_ledger: bool) -> bool {
    if line.trim_ascii().is_empty() {
        return false;
    }
    let is_readable = if is_ledger {
        log::parse::<TokenLine>(line).is_some()
    } else {
        log::parse::<serde::de::IgnoredAny>(line).is_some()
    };
    line.len() > log::MAX_LINE || !is_readable
}

/// Gives every line of a file without its newline, and whether it had one.
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

/// How many lines would be moved.
fn moved_lines(path: &Path, is_ledger: bool) -> Result<u64, FileError> {
    let mut moved = 0;
    each_line(path, |line, _| {
        moved += u64::from(is_damaged(line, is_ledger));
        Ok(())
    })
    .map_err(|error| FileError::reading(path, error))?;
    Ok(moved)
}

fn move_lines(lock: &Lock, side: &Path, is_ledger: bool) -> Result<(), FileError> {
    let path = lock.path().to_owned();
    let mut aside = Vec::new();
    each_line(&path, |line, _| {
        if is_damaged(line, is_ledger) {
            aside.extend_from_slice(line);
            aside.push(b'\n');
        }
        Ok(())
    })
    .map_err(|error| FileError::reading(&path, error))?;
    aside.pop();
    files::lock(side)?.append_line(&aside, Durability::Flushed)?;
    lock.replace_by(Durability::Flushed, |file| {
        let mut writer = BufWriter::new(&*file);
        each_line(&path, |line, ended| {
            if is_damaged(line, is_ledger) {
                return Ok(());
            }
            writer.write_all(line)?;
            if ended { writer.write_all(b"\n") } else { Ok(()) }
        })?;
        writer.flush()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be repaired")]

    use std::fs;

    use super::*;

    #[test]
    fn intact_lines_stay_byte_for_byte_and_the_rest_is_moved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let content = b"{\"a\":1}\n\n{\"cut\": \nnull\n\xff\xfe\0\n{ \"b\" : 1.10 }\n{\"last\": 1";
        fs::write(&path, content).unwrap();
        assert_eq!(moved_lines(&path, false).unwrap(), 4);
        let side = side_file(&path);
        move_lines(&files::lock(&path).unwrap(), &side, false).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{\"a\":1}\n\n{ \"b\" : 1.10 }\n");
        assert_eq!(fs::read(&side).unwrap(), b"{\"cut\": \nnull\n\xff\xfe\0\n{\"last\": 1\n");
        assert_eq!(moved_lines(&path, false).unwrap(), 0);
    }

    #[test]
    fn of_a_ledger_intact_lines_stay_whatever_they_add_up_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.jsonl");
        let intact = "{\"tokens\": 3, \"balance\": 3}\n{\"tokens\": 5.0}\n{\"timestamp\": null, \"tokens\": 1, \"balance\": 98}\n";
        fs::write(&path, format!("{intact}{{\"tokens\": -1, \"bal\n{{\"balance\": 1}}\n")).unwrap();
        let side = side_file(&path);
        move_lines(&files::lock(&path).unwrap(), &side, true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), intact);
        assert_eq!(fs::read_to_string(&side).unwrap(), "{\"tokens\": -1, \"bal\n{\"balance\": 1}\n");
    }
}
