//! The lines of a file, from its beginning or from its end.
//!
//! Memory does not grow with the log, nor with a damaged line in it: a line of more than [`MAX_LINE`] bytes is counted
//! and passed over without being held.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use records::pyjson;
use serde::de::DeserializeOwned;

use crate::log::Entries;
use host::files::{self, FileError};

/// The longest line that is read, in bytes; a longer one counts as damaged.
pub(crate) const MAX_LINE: usize = 4 << 20;

/// How much is read at once from the end.
const BLOCK: usize = 32 << 10;

/// Reads one line: a JSON object that fits `T`. Anything else is damage.
pub(crate) fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    // An array would fit a struct by the order of its fields.
    if line.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let parse = |line: &[u8]| serde_json::from_slice(line).ok();
    parse(line).or_else(|| parse(&pyjson::without_lone_surrogates(line)?))
}

/// Reads the last `count` lines that `read` can read. A file that does not exist is empty.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn tail<T>(
    path: &Path,
    count: usize,
    mut read: impl FnMut(&[u8]) -> Option<T>,
) -> Result<Entries<T>, FileError> {
    let mut entries = Entries { intact: Vec::new(), damaged: 0 };
    if count == 0 {
        return Ok(entries);
    }
    lines_from_end(path, |line| {
        match line.and_then(&mut read) {
            Some(entry) => entries.intact.push(entry),
            None => entries.damaged += 1,
        }
        entries.intact.len() < count
    })?;
    entries.intact.reverse();
    Ok(entries)
}

/// Reads every line from byte `start`, which must be a line's beginning, in order. `visit` gets each line that is not
/// blank: its bytes without the newline, or none where it is too long to be read.
///
/// Returns the length read: the end of the last line, whether it has its newline or not.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn scan(path: &Path, start: u64, mut visit: impl FnMut(Option<&[u8]>)) -> Result<u64, FileError> {
    let Some(mut file) = files::open(path)? else { return Ok(0) };
    let mut read = |file: &mut File| -> std::io::Result<u64> {
        file.seek(SeekFrom::Start(start))?;
        let mut reader = BufReader::with_capacity(BLOCK, file);
        let (mut at, mut line, mut too_long) = (start, Vec::new(), false);
        loop {
            let block = match reader.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            };
            if block.is_empty() {
                break;
            }
            let end = block.iter().position(|byte| *byte == b'\n');
            let piece = &block[..end.unwrap_or(block.len())];
            if !too_long && line.len() + piece.len() <= MAX_LINE {
                line.extend_from_slice(piece);
            } else {
                too_long = true;
                line = Vec::new();
            }
            let used = piece.len() + usize::from(end.is_some());
            reader.consume(used);
            at += used as u64;
            if end.is_some() {
                give(&line, too_long, &mut visit);
                line.clear();
                too_long = false;
            }
        }
        give(&line, too_long, &mut visit);
        Ok(at)
    };
    read(&mut file).map_err(|error| FileError::reading(path, error))
}

/// Gives the lines from the last to the first, each as in [`scan`], until `visit` returns false.
pub(crate) fn lines_from_end(path: &Path, mut visit: impl FnMut(Option<&[u8]>) -> bool) -> Result<(), FileError> {
    let Some(mut file) = files::open(path)? else { return Ok(()) };
    let mut walk = |file: &mut File| -> std::io::Result<()> {
        let mut at = file.seek(SeekFrom::End(0))?;
        let mut block = vec![0; BLOCK];
        // The pieces of the line whose beginning has not been met yet, last piece first.
        let (mut pieces, mut held, mut too_long): (Vec<Vec<u8>>, usize, bool) = (Vec::new(), 0, false);
        let mut more = true;
        let mut give_line = |pieces: &mut Vec<Vec<u8>>, too_long: bool| -> bool {
            pieces.reverse();
            let line = if let [only] = pieces.as_mut_slice() { std::mem::take(only) } else { pieces.concat() };
            pieces.clear();
            let mut goes_on = true;
            give(&line, too_long, &mut |line| goes_on = visit(line));
            goes_on
        };
        while at > 0 && more {
            let size = usize::try_from(at).unwrap_or(usize::MAX).min(BLOCK);
            at -= size as u64;
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut block[..size])?;
            let mut end = size;
            while more {
                let newline = block[..end].iter().rposition(|byte| *byte == b'\n');
                let piece = &block[newline.map_or(0, |newline| newline + 1)..end];
                held += piece.len();
                if held > MAX_LINE {
                    too_long = true;
                    pieces.clear();
                } else {
                    pieces.push(piece.to_vec());
                }
                let Some(newline) = newline else { break };
                more = give_line(&mut pieces, too_long);
                (held, too_long, end) = (0, false, newline);
            }
        }
        if more {
            give_line(&mut pieces, too_long);
        }
        Ok(())
    };
    walk(&mut file).map_err(|error| FileError::reading(path, error))
}

fn give(line: &[u8], too_long: bool, visit: &mut impl FnMut(Option<&[u8]>)) {
    if too_long {
        visit(None);
    } else if !line.trim_ascii().is_empty() {
        visit(Some(line));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what the journal is to read")]

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn log(content: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    fn count(path: &Path) -> (usize, usize) {
        let (mut intact, mut damaged) = (0, 0);
        scan(path, 0, |line| match line.and_then(parse::<Value>) {
            Some(_) => intact += 1,
            None => damaged += 1,
        })
        .unwrap();
        (intact, damaged)
    }

    #[test]
    fn damage_is_counted_and_passed_over() {
        let mut content = b"{\"n\": 1}\n\n[1]\nnull\n{\"n\": \"\xff\"}\n\0\0\0\n{\"n\": 2}\n".to_vec();
        content.extend(std::iter::repeat_n(b'x', MAX_LINE + 1));
        content.extend_from_slice(b"\n{\"n\": 3}\n{\"n\": 4, \"cut");
        let file = log(&content);
        assert_eq!(count(file.path()), (3, 6));
        let entries: Entries<Value> = tail(file.path(), 2, parse).unwrap();
        assert_eq!(
            (entries.intact, entries.damaged),
            (vec![serde_json::json!({"n": 2}), serde_json::json!({"n": 3})], 2)
        );
    }

    #[test]
    fn a_log_that_is_not_there_is_empty() {
        let entries: Entries<Value> = tail(Path::new("/nowhere/log.jsonl"), 5, parse).unwrap();
        assert!(entries.intact.is_empty());
        assert_eq!(scan(Path::new("/nowhere/log.jsonl"), 0, |_| ()).unwrap(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn from_the_end_and_from_the_start_the_same_lines_are_met(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..90_000), 0..6),
            last_newline in any::<bool>(),
        ) {
            let mut content = lines.join(&b'\n');
            if last_newline {
                content.push(b'\n');
            }
            let file = log(&content);
            let (mut forward, mut backward) = (Vec::new(), Vec::new());
            let end = scan(file.path(), 0, |line| forward.push(line.map(<[u8]>::to_vec))).unwrap();
            lines_from_end(file.path(), |line| { backward.push(line.map(<[u8]>::to_vec)); true }).unwrap();
            backward.reverse();
            prop_assert_eq!(end, content.len() as u64);
            prop_assert_eq!(forward, backward);
        }
    }
}
