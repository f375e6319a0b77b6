//! The whole log, read once in as many parts as there are processors, each by itself and in blocks.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use records::Cycle;

use crate::lines::{self, MAX_LINE};
use host::files::{self, FileError};
use host::threads;

/// How much is read at once, in bytes.
const BLOCK: usize = 256 << 10;

/// The least part of a log that is worth a thread of its own, in bytes.
const PART: u64 = 4 << 20;

/// The log as it was when it was opened: lines that are added later, or a log that takes its place, are not in it.
#[derive(Debug)]
pub struct OpenLog {
    path: PathBuf,
    file: File,
}

impl OpenLog {
    /// Opens the log at `path`; none if there is none.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, FileError> {
        Ok(files::open(path)?.map(|file| Self { path: path.to_owned(), file }))
    }

    /// Reads every line, in at most `most` parts at once. `visit` gets the place of each line that is not blank and a text that
    /// begins with it, with its length, or none where it is too long to be read; `end` is called at the end of each part.
    /// Returns the parts in the order of the log.
    ///
    /// # Errors
    /// The system refuses.
    pub fn scan_in_parts<P: Default + Send>(
        &self,
        most: u64,
        visit: impl Fn(&mut P, u64, Option<(&[u8], usize)>) + Sync,
        end: impl Fn(&mut P) + Sync,
    ) -> Result<Vec<P>, FileError> {
        let fail = |error| FileError::reading(&self.path, error);
        let length = self.file.metadata().map_err(fail)?.len();
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
        let parts = threads.clamp(1, most).min(length / PART).max(1);
        let bounds: Vec<u64> =
            (0..=parts).map(|part| length / parts * part + if part == parts { length % parts } else { 0 }).collect();
        let read = |range: Range<u64>| -> std::io::Result<P> {
            let mut part = P::default();
            lines_in(&self.file, range, &mut |at, line| visit(&mut part, at, line))?;
            end(&mut part);
            Ok(part)
        };
        if parts == 1 {
            return Ok(vec![read(0..length).map_err(fail)?]);
        }
        std::thread::scope(|scope| {
            let ranges = bounds.windows(2).map(|ends| ends[0]..ends[1]);
            let read = &read;
            let start = |range: Range<u64>| {
                let own = range.clone();
                (threads::start_in(scope, move || read(own)), range)
            };
            let workers: Vec<_> = ranges.map(start).collect();
            let parts = workers.into_iter().map(|(worker, range)| match worker {
                Ok(worker) => worker.join().unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into())),
                // Where there is no further thread this one reads its part.
                Err(_) => read(range),
            });
            parts.map(|part| part.map_err(fail)).collect()
        })
    }

    /// Reads the line that begins at `at`; none where it is damaged.
    ///
    /// # Errors
    /// The system refuses.
    pub fn line(&self, at: u64) -> Result<Option<Cycle>, FileError> {
        let (mut at, mut line, mut block) = (at, Vec::new(), [0; 1024]);
        loop {
            let count = files::retry(|| self.file.read_at(&mut block, at));
            let count = count.map_err(|error| FileError::reading(&self.path, error))?;
            let end = block[..count].iter().position(|byte| *byte == b'\n');
            line.extend_from_slice(&block[..end.unwrap_or(count)]);
            if count == 0 || end.is_some() || line.len() > MAX_LINE {
                return Ok(lines::parse(&line));
            }
            at += count as u64;
        }
    }
}

/// Gives every line that begins in `range`, with its place: a text that begins with it and its length without the newline,
/// or none where it is too long. Blank lines are passed over.
fn lines_in(
    file: &File,
    range: Range<u64>,
    visit: &mut impl FnMut(u64, Option<(&[u8], usize)>),
) -> std::io::Result<()> {
    // A line that begins before the range ends belongs to the range before: the byte before tells.
    let (mut at, mut skipping) = (range.start.saturating_sub(1), range.start > 0);
    let (mut block, mut filled, mut begins, mut too_long) = (vec![0; BLOCK], 0, range.start, false);
    let mut give = |begins: u64, text: &[u8], length: usize, too_long: bool| {
        if too_long {
            visit(begins, None);
        } else if !text[..length].trim_ascii_start().is_empty() {
            visit(begins, Some((text, length)));
        }
    };
    loop {
        if filled == block.len() {
            if block.len() <= MAX_LINE {
                block.resize(2 * block.len(), 0);
            } else {
                too_long = true;
                filled = 0;
            }
        }
        let count = files::retry(|| file.read_at(&mut block[filled..], at))?;
        if count == 0 {
            if begins < range.end && !skipping {
                give(begins, &block[..filled], filled, too_long);
            }
            return Ok(());
        }
        let (mut from, fresh) = (0, filled);
        let end = filled + count;
        let mut search = fresh;
        while let Some(found) = memchr::memchr(b'\n', &block[search..end]) {
            let newline = search + found;
            if !skipping {
                if begins >= range.end {
                    return Ok(());
                }
                give(begins, &block[from..end], newline - from, too_long || newline - from > MAX_LINE);
            }
            (skipping, too_long) = (false, false);
            from = newline + 1;
            search = from;
            begins = at + (from - fresh) as u64;
        }
        at += count as u64;
        if skipping || (begins >= range.end && from > 0) {
            if !skipping {
                return Ok(());
            }
            filled = 0;
            continue;
        }
        block.copy_within(from..end, 0);
        filled = end - from;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be read")]

    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn split(content: &[u8], parts: u64) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        let (length, mut found) = (content.len() as u64, Vec::new());
        for part in 0..parts {
            let range = length * part / parts..length * (part + 1) / parts;
            lines_in(&file, range, &mut |at, line| {
                found.push((at, line.map(|(text, length)| text[..length].to_vec())));
            })
            .unwrap();
        }
        found
    }

    #[test]
    fn a_line_without_end_is_damage_and_is_not_held() {
        let mut content = b"one\n".to_vec();
        content.extend(std::iter::repeat_n(b'x', 3 * MAX_LINE));
        content.extend_from_slice(b"\ntwo");
        let after = content.len() as u64 - 3;
        for parts in [1, 2, 5] {
            let found = split(&content, parts);
            assert_eq!(found, [(0, Some(b"one".to_vec())), (4, None), (after, Some(b"two".to_vec()))], "{parts}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn in_parts_the_same_lines_are_met(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..90_000), 0..8),
            parts in 1_u64..9,
        ) {
            let content = pieces.join(&b'\n');
            let whole = split(&content, 1);
            let given: Vec<Option<Vec<u8>>> = content.split(|byte| *byte == b'\n')
                .filter(|line| !line.trim_ascii().is_empty()).map(|line| Some(line.to_vec())).collect();
            prop_assert_eq!(whole.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>(), given);
            prop_assert_eq!(split(&content, parts), whole);
        }
    }
}
