//! Records of the past are merged into the log, in the order of time, next to every line that is in it already.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use json_fields::slot;
use records::{Cycle, Stored, parse_time, written};

use super::line::LineReader;
use crate::lines::{self, MAX_LINE};
use host::files::{self, FileError, Lock};

const TIMESTAMP: usize = slot(Cycle::FIELDS, "timestamp");
const PR: usize = slot(Cycle::FIELDS, "pr");

/// A record of a merged pull request that is to come into the log.
#[derive(Debug)]
pub struct PastCycle {
    /// The pull request.
    pub pr: u64,
    /// When it was merged.
    pub time: DateTime<Utc>,
    /// The record, as it is written.
    pub text: String,
}

/// The pull requests that the log at `path` has records of.
///
/// # Errors
/// The log cannot be read.
pub(crate) fn known(path: &Path) -> Result<HashSet<u64>, FileError> {
    let (mut known, mut reader) = (HashSet::new(), LineReader::default());
    lines::scan(path, 0, |line| known.extend(line.and_then(|line| pull_request(&mut reader, line))))?;
    Ok(known)
}

/// Puts `lines` (in the order of time) into the locked log, each before the first line of a later time. Every line that was
/// there stays as it was, byte for byte; the log as it was goes to `.bak`.
///
/// # Errors
/// The system refuses; the old log stays.
pub(crate) fn merge(lock: &Lock, lines: &[PastCycle]) -> Result<(), FileError> {
    let old = files::open(lock.path())?;
    if old.is_some() {
        let mut name = lock.path().file_name().unwrap_or_default().to_owned();
        name.push(".bak");
        files::lock(&lock.path().with_file_name(name))?.replace_by_link(lock)?;
    }
    lock.replace_by(Cycle::FILE.durability, |file| {
        let mut output = BufWriter::with_capacity(1 << 20, file);
        let mut pending = lines.iter().peekable();
        let mut ended = true;
        if let Some(old) = old {
            let mut input = BufReader::with_capacity(1 << 20, old);
            let mut reader = LineReader::default();
            while let Some(line) = Piece::read(&mut input)? {
                let time = line.whole.then(|| time(&mut reader, &line.bytes)).flatten();
                while let Some(next) = pending.next_if(|next| time.is_some_and(|time| next.time < time)) {
                    writeln!(output, "{}", next.text)?;
                }
                ended = line.copy(&mut input, &mut output)?;
            }
        }
        for next in pending {
            // A last line that was cut is ended first.
            if !std::mem::replace(&mut ended, true) {
                output.write_all(b"\n")?;
            }
            writeln!(output, "{}", next.text)?;
        }
        output.flush()
    })
}

fn pull_request(reader: &mut LineReader, line: &[u8]) -> Option<u64> {
    reader.read(line, |fields| fields.get(PR).and_then(written::number), |cycle| cycle.pr)?
}

fn time(reader: &mut LineReader, line: &[u8]) -> Option<DateTime<Utc>> {
    reader.read(line, |fields| parse_time(&fields.get(TIMESTAMP).and_then(written::string)?), |cycle| cycle.time())?
}

/// A line of the log, or the beginning of one that is too long to be held.
struct Piece {
    bytes: Vec<u8>,
    /// Whether all of it is here.
    whole: bool,
}

impl Piece {
    fn read(input: &mut BufReader<File>) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        io::Read::take(&mut *input, MAX_LINE as u64 + 1).read_until(b'\n', &mut bytes)?;
        let whole = bytes.len() <= MAX_LINE || bytes.ends_with(b"\n");
        Ok((!bytes.is_empty()).then_some(Self { bytes, whole }))
    }

    /// Copies the line, and what of it is still in the input; returns whether it ends in a newline.
    fn copy(self, input: &mut BufReader<File>, output: &mut impl Write) -> io::Result<bool> {
        output.write_all(&self.bytes)?;
        if self.whole {
            return Ok(self.bytes.ends_with(b"\n"));
        }
        loop {
            let block = match input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            };
            if block.is_empty() {
                return Ok(false);
            }
            let end = block.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let used = end.unwrap_or(block.len());
            output.write_all(&block[..used])?;
            input.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be merged into")]

    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn line(minute: u32) -> PastCycle {
        let time = format!("2026-03-21T12:{minute:02}:00Z");
        PastCycle {
            pr: u64::from(minute),
            time: parse_time(&time).unwrap(),
            text: format!("{{\"timestamp\": \"{time}\", \"pr\": {minute}}}"),
        }
    }

    fn merged(old: &[u8], lines: &[PastCycle]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        fs::write(&path, old).unwrap();
        merge(&files::lock(&path).unwrap(), lines).unwrap();
        assert_eq!(fs::read(folder.path().join("log.jsonl.bak")).unwrap(), old);
        fs::read(&path).unwrap()
    }

    #[test]
    fn single_fields_are_read_as_the_general_parser_reads_them() {
        let mut reader = LineReader::default();
        for line in [
            r#"{"timestamp": "2026-03-21T12:00:00Z", "pr": 7}"#,
            "{\"pr\": \"#7\", \"timestamp\": \"2026-03-21 12:00\"}\r\n",
            r#"{"pr": 7, "timestamp": 5, "pr": 8}"#,
            r#"{"pr": 7, "theirs": "\udcff", "\u0074imestamp": "2026-03-21T12:00:00Z"}"#,
            r#"{"pr": 7.0, "timestamp": "2026-03-21T12:00:00\u005a"} "#,
            r#"{"pr": 7} {"#,
            "[7]",
            "{\"pr\": ",
        ] {
            let general = lines::parse::<Cycle>(line.as_bytes());
            assert_eq!(
                pull_request(&mut reader, line.as_bytes()),
                general.as_ref().and_then(|cycle| cycle.pr),
                "{line}"
            );
            assert_eq!(time(&mut reader, line.as_bytes()), general.and_then(|cycle| cycle.time()), "{line}");
        }
    }

    #[test]
    fn records_come_in_by_time_and_the_cut_last_line_is_ended() {
        let old = format!("{}\nbroken\n{}\n{{\"cut", line(10).text, line(30).text);
        let new = merged(old.as_bytes(), &[line(5), line(20), line(40)]);
        let expected = format!(
            "{}\n{}\nbroken\n{}\n{}\n{{\"cut\n{}\n",
            line(5).text,
            line(10).text,
            line(20).text,
            line(30).text,
            line(40).text
        );
        assert_eq!(String::from_utf8_lossy(&new), expected);
    }

    #[test]
    fn a_line_without_end_is_copied_whole() {
        let mut old = vec![b'x'; 3 * MAX_LINE];
        old.extend_from_slice(b"\nend");
        let new = merged(&old, &[line(1)]);
        assert_eq!(&new[..old.len()], old);
        assert_eq!(&new[old.len()..], format!("\n{}\n", line(1).text).as_bytes());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_was_there_is_still_there(
            old in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..12),
            dated in proptest::collection::vec(0_u32..60, 0..6),
            mut minutes in proptest::collection::vec(0_u32..60, 1..6),
        ) {
            let mut content = old.join(&b'\n');
            for minute in dated {
                content.extend_from_slice(format!("\n{}\n", line(minute).text).as_bytes());
            }
            minutes.sort_unstable();
            let fresh = |minute: &u32| PastCycle { text: line(*minute).text.replace("pr", "new"), ..line(*minute) };
            let lines: Vec<PastCycle> = minutes.iter().map(fresh).collect();
            let new = merged(&content, &lines);
            // Taking out one line for each that came in gives the old ones again.
            let mut left: Vec<&[u8]> = new.split(|byte| *byte == b'\n').collect();
            for line in &lines {
                let at = left.iter().position(|kept| *kept == line.text.as_bytes()).unwrap();
                left.remove(at);
            }
            let mut rest = left.join(&b'\n');
            while rest.ends_with(b"\n") && !content.ends_with(b"\n") {
                rest.pop();
            }
            prop_assert_eq!(rest, content);
        }
    }
}
