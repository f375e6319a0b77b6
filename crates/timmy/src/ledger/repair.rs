//! `timmy repair`: damaged bytes are moved into files beside; none is dropped, and what is intact stays byte for byte.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use common::document::{self, Document};
use common::files::{self, Durability, FileError, Lock};
use common::host::Host;
use common::journal;
use common::report::PastTokenLine;
use serde_json::{Value, json};

use super::{documents, logs};
use crate::cli::RepairArgs;
use crate::error::{Error, Verdict};
use crate::suite::Suite;

/// Repairs every damaged file.
pub(crate) fn repair(host: &Host, args: &RepairArgs) -> Result<Verdict, Error> {
    let suite = Suite::open_anyway(host, &args.common)?;
    let (mut repaired, mut is_whole) = (Vec::new(), true);
    for path in logs(&suite) {
        let is_ledger = path == suite.repo.tokens();
        let lock = files::lock(&path)?;
        let moved = match moved_lines(&path, is_ledger) {
            Ok(moved) => moved,
            Err(error) => {
                is_whole = false;
                suite.warn(&format!("{error}: move it by hand"));
                continue;
            }
        };
        if moved == 0 {
            continue;
        }
        let side = side_file(&path);
        if !args.dry_run {
            // First they are there, then they are gone here: killed in between, they are in both places.
            move_lines(&lock, &side, is_ledger)?;
        }
        let would = if args.dry_run { "would be " } else { "" };
        suite.say(&format!("{}: {moved} line(s) {would}moved to {}", suite.shown(&path), suite.shown(&side)));
        repaired.push(json!({"file": suite.shown(&path), "lines": moved, "moved_to": suite.shown(&side)}));
    }
    for (path, is_list) in documents(&suite) {
        let lock = files::lock(&path)?;
        let is_damaged = match document::read::<Value>(&path) {
            Err(error) => {
                is_whole = false;
                suite.warn(&format!("{error}: move it by hand"));
                continue;
            }
            Ok(Document::Missing) => false,
            Ok(Document::Damaged(_)) => true,
            Ok(Document::Intact(value)) => value.is_array() != is_list || !(value.is_array() || value.is_object()),
        };
        if !is_damaged {
            continue;
        }
        if args.dry_run {
            suite.say(&format!("{}: would be moved", suite.shown(&path)));
            repaired.push(json!({"file": suite.shown(&path), "lines": null, "moved_to": null}));
            continue;
        }
        let kept = document::keep_damaged(&lock)?;
        files::remove(&path)?;
        suite.say(&format!(
            "{}: moved to {}; its content is no longer used, and its tool recreates it",
            suite.shown(&path),
            suite.shown(&kept)
        ));
        repaired.push(json!({"file": suite.shown(&path), "lines": null, "moved_to": suite.shown(&kept)}));
    }
    if repaired.is_empty() && is_whole {
        suite.say("Nothing is damaged");
    }
    suite.json(&json!({"dry_run": args.dry_run, "repaired": repaired}))?;
    Ok(Verdict::of(is_whole))
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
        journal::parse::<PastTokenLine>(line).is_some()
    } else {
        journal::parse::<serde::de::IgnoredAny>(line).is_some()
    };
    line.len() > journal::MAX_LINE || !is_readable
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
