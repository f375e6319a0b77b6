//! `timmy repair`: damaged bytes are moved into files beside; none is dropped, and what is intact stays byte for byte.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use common::document::{self, Document};
use common::files::{self, Durability, FileError, Lock};
use common::host::Host;
use common::journal;
use common::pyjson;
use serde_json::{Map, Value, json};

use super::{documents, logs};
use crate::cli::RepairArgs;
use crate::error::{Error, Verdict};
use crate::suite::Suite;

/// Repairs every damaged file.
pub(crate) fn repair(host: &Host, args: &RepairArgs) -> Result<Verdict, Error> {
    let suite = Suite::open(host, &args.common)?;
    let mut repaired = Vec::new();
    for path in logs(&suite) {
        let is_ledger = path == suite.repo.tokens();
        let lock = files::lock(&path)?;
        let moved = moved_lines(&path, is_ledger)?;
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
        let is_damaged = match document::read::<Value>(&path)? {
            Document::Missing => false,
            Document::Damaged(_) => true,
            Document::Intact(value) => value.is_array() != is_list || !(value.is_array() || value.is_object()),
        };
        if !is_damaged {
            continue;
        }
        if args.dry_run {
            suite.say(&format!("{}: would be moved aside", suite.shown(&path)));
            repaired.push(json!({"file": suite.shown(&path), "lines": null, "moved_to": null}));
            continue;
        }
        let kept = document::keep_damaged(&lock)?;
        files::remove(&path)?;
        suite.say(&format!("{}: moved to {}; it is made anew by its tool", suite.shown(&path), suite.shown(&kept)));
        repaired.push(json!({"file": suite.shown(&path), "lines": null, "moved_to": suite.shown(&kept)}));
    }
    if repaired.is_empty() {
        suite.say("Nothing is damaged");
    }
    suite.json(&json!({"dry_run": args.dry_run, "repaired": repaired}))?;
    Ok(Verdict::Yes)
}

/// Where the damaged lines of a log go.
fn side_file(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".damaged");
    name.into()
}

/// What becomes of one line of a log.
enum Fate {
    /// It stays as it is.
    Stays,
    /// It is moved aside.
    Moves,
    /// It is moved aside, and this one stands in its place.
    Corrected(Vec<u8>),
}

/// Judges the lines of a log one after the other.
struct Judge {
    is_ledger: bool,
    balance: i64,
}

impl Judge {
    fn judge(&mut self, line: &[u8]) -> Fate {
        if line.trim_ascii().is_empty() {
            return Fate::Stays;
        }
        let Some(mut fields) =
            Some(line).filter(|line| line.len() <= journal::MAX_LINE).and_then(journal::parse::<Map<String, Value>>)
        else {
            return Fate::Moves;
        };
        if !self.is_ledger {
            return Fate::Stays;
        }
        let Some(tokens) = fields.get("tokens").and_then(Value::as_i64) else { return Fate::Moves };
        self.balance = self.balance.saturating_add(tokens);
        if fields.get("balance").and_then(Value::as_i64) == Some(self.balance) {
            return Fate::Stays;
        }
        fields.insert("balance".to_owned(), self.balance.into());
        pyjson::to_line(&fields).map_or(Fate::Moves, |line| Fate::Corrected(line.into_bytes()))
    }
}

/// Gives every line of a file without its newline, and whether it had one.
fn each_line(path: &Path, mut visit: impl FnMut(&[u8], bool) -> io::Result<()>) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
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
    let (mut judge, mut moved) = (Judge { is_ledger, balance: 0 }, 0);
    each_line(path, |line, _| {
        moved += u64::from(!matches!(judge.judge(line), Fate::Stays));
        Ok(())
    })
    .map_err(|error| FileError::reading(path, error))?;
    Ok(moved)
}

fn move_lines(lock: &Lock, side: &Path, is_ledger: bool) -> Result<(), FileError> {
    let path = lock.path().to_owned();
    let fail = |error| FileError::writing(side, error);
    let mut aside = Vec::new();
    let mut judge = Judge { is_ledger, balance: 0 };
    each_line(&path, |line, _| {
        if !matches!(judge.judge(line), Fate::Stays) {
            aside.extend_from_slice(line);
            aside.push(b'\n');
        }
        Ok(())
    })
    .map_err(fail)?;
    aside.pop();
    files::lock(side)?.append_line(&aside, Durability::Flushed)?;
    lock.replace_by(Durability::Flushed, |file| {
        let mut writer = BufWriter::new(&*file);
        let mut judge = Judge { is_ledger, balance: 0 };
        each_line(&path, |line, ended| match judge.judge(line) {
            Fate::Stays => {
                writer.write_all(line)?;
                if ended { writer.write_all(b"\n") } else { Ok(()) }
            }
            Fate::Moves => Ok(()),
            Fate::Corrected(line) => {
                writer.write_all(&line)?;
                writer.write_all(b"\n")
            }
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
    fn a_ledger_adds_up_again_and_keeps_the_lines_that_did_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.jsonl");
        fs::write(&path, "{\"tokens\": 3, \"balance\": 3}\nx\n{\"tokens\": 4, \"balance\": 9, \"x\": 1.10}\n{\"tokens\": 1, \"balance\": 8}\n").unwrap();
        let side = side_file(&path);
        move_lines(&files::lock(&path).unwrap(), &side, true).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "{\"tokens\": 3, \"balance\": 3}\n{\"tokens\": 4, \"balance\": 7, \"x\": 1.10}\n{\"tokens\": 1, \"balance\": 8}\n"
        );
        assert_eq!(fs::read_to_string(&side).unwrap(), "x\n{\"tokens\": 4, \"balance\": 9, \"x\": 1.10}\n");
    }
}
