//! The line of the hook that calls the checks, in the form of today and in that of earlier versions.

use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How a hook is known that holds nothing but our call.
const MARK: &[u8] = b"# Made by `pre_commit_checks install-hook`.";

/// What is above the call in such a hook.
const HEAD: &[u8] = b"#!/bin/sh\n# Made by `pre_commit_checks install-hook`. Its `--remove` takes it away.\n";

/// What is around the program in the line of today: a program that is gone lets the commit pass.
const BEFORE: &[u8] = b"timmy_checks=";
const AFTER: &[u8] = b"; if [ -x \"$timmy_checks\" ]; then \"$timmy_checks\" --staged --quiet || exit $?; \
else printf '%s\\n' \"pre-commit: the commit is not checked: there is no program $timmy_checks any more. \
To check again, install it again; to end this warning, remove this line from $0\" >&2; fi\n";

/// What follows the program in the line of earlier versions: a program that is gone blocks every commit.
const AFTER_UNGUARDED: &[u8] = b" --staged --quiet || exit $?\n";

/// The name of the program, without which a line of the earlier form may be one of another program.
const NAME: &str = "pre_commit_checks";

/// The content of a hook.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HookFile {
    bytes: Vec<u8>,
    /// Our lines in it, in their order.
    pub lines: Vec<HookLine>,
    /// Whether there is nothing else in it.
    pub is_ours: bool,
}

/// One of our lines in a hook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HookLine {
    /// The program that it calls.
    pub program: PathBuf,
    /// Whether it lets the commit pass where the program is gone.
    pub is_guarded: bool,
    range: Range<usize>,
}

impl HookFile {
    /// Finds our lines in the content of a hook.
    pub fn parse(bytes: Vec<u8>) -> Self {
        let head = [b"#!/bin/sh\n", MARK].concat();
        let is_marked = bytes.starts_with(&head);
        let (mut lines, mut start, mut others) = (Vec::<HookLine>::new(), 0, 0);
        while start < bytes.len() {
            let line = line_at(&bytes, start).filter(|line| is_marked || line.has_usual_name());
            let end = match &line {
                Some(line) => line.range.end,
                None => {
                    start
                        + bytes[start..].iter().position(|byte| *byte == b'\n').map_or(bytes.len() - start, |at| at + 1)
                }
            };
            others += usize::from(line.is_none());
            lines.extend(line);
            start = end;
        }
        // The first two lines are the head.
        let is_ours = is_marked && others == 2;
        Self { bytes, lines, is_ours }
    }

    /// Returns the content of a hook that holds nothing but the call of `program`.
    pub fn whole(program: &Path) -> Vec<u8> {
        [HEAD, &call(program)].concat()
    }

    /// Returns the content with each of our lines replaced by what `change` returns for it.
    pub fn with_lines(&self, change: impl Fn(&HookLine) -> Option<Vec<u8>>) -> Vec<u8> {
        let (mut content, mut start) = (Vec::new(), 0);
        for line in &self.lines {
            content.extend_from_slice(&self.bytes[start..line.range.start]);
            content.extend(change(line).unwrap_or_default());
            start = line.range.end;
        }
        content.extend_from_slice(&self.bytes[start..]);
        content
    }

    /// Returns the text of one of its lines.
    pub(crate) fn text(&self, line: &HookLine) -> &[u8] {
        &self.bytes[line.range.clone()]
    }

    /// Returns the content with every line that blocks commits once its program is gone in the form of today; none where there
    /// is no such line.
    pub fn renewed(&self) -> Option<Vec<u8>> {
        if self.lines.iter().all(|line| line.is_guarded) {
            return None;
        }
        let renew = |line: &HookLine| if line.is_guarded { self.text(line).to_vec() } else { call(&line.program) };
        Some(self.with_lines(|line| Some(renew(line))))
    }

    /// Whether another line of it names `folder`, such as a call that a person wrote.
    pub fn names(&self, folder: &Path) -> bool {
        let rest = self.with_lines(|_| None);
        let folder = folder.as_os_str().as_bytes();
        !folder.is_empty() && rest.windows(folder.len()).any(|piece| piece == folder)
    }
}

impl HookLine {
    fn has_usual_name(&self) -> bool {
        self.program.file_name().is_some_and(|name| name == NAME)
    }
}

/// Returns the line that calls `program`, with its newline.
pub fn call(program: &Path) -> Vec<u8> {
    [BEFORE, &quoted(program.as_os_str()), AFTER].concat()
}

/// Reads one of our lines at a place; none where another one is.
fn line_at(bytes: &[u8], start: usize) -> Option<HookLine> {
    let rest = &bytes[start..];
    let before = if rest.starts_with(BEFORE) { BEFORE.len() } else { 0 };
    let (program, length) = unquoted(&rest[before..])?;
    let after = &rest[before + length..];
    let is_guarded = before > 0;
    let ending = if is_guarded { AFTER } else { AFTER_UNGUARDED };
    // The last line of a file may have no newline.
    let is_call = after.starts_with(ending) || after == &ending[..ending.len() - 1];
    let end = start + before + length + ending.len().min(after.len());
    is_call.then_some(HookLine { program, is_guarded, range: start..end })
}

/// A path as one word of the shell.
fn quoted(path: &OsStr) -> Vec<u8> {
    let parts: Vec<&[u8]> = path.as_bytes().split(|byte| *byte == b'\'').collect();
    [b"'", parts.join(&b"'\\''"[..]).as_slice(), b"'"].concat()
}

/// Reads such a word, and how long it is.
fn unquoted(bytes: &[u8]) -> Option<(PathBuf, usize)> {
    let (mut path, mut at) = (Vec::new(), 1);
    bytes.strip_prefix(b"'")?;
    loop {
        let end = at + bytes[at..].iter().position(|byte| *byte == b'\'')?;
        path.extend_from_slice(&bytes[at..end]);
        if !bytes[end..].starts_with(b"'\\''") {
            return Some((PathBuf::from(OsStr::from_bytes(&path)), end + 1));
        }
        path.push(b'\'');
        at = end + 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRANGE: &str = "/a b/it's\n$(x)/ü/pre_commit_checks";

    #[test]
    fn a_line_is_known_again_whatever_is_in_the_path() {
        for path in ["/r/.loop/bin/pre_commit_checks", STRANGE, "/'/pre_commit_checks"] {
            let hook = HookFile::parse(HookFile::whole(Path::new(path)));
            assert!(hook.is_ours && hook.lines.len() == 1, "{hook:?}");
            assert!(hook.lines[0].is_guarded && hook.lines[0].program == Path::new(path));
            assert_eq!(hook.renewed(), None);
            assert_eq!(hook.with_lines(|_| None), HEAD);
        }
    }

    #[test]
    fn a_hook_of_an_earlier_version_is_known_and_renewed() {
        let old = [HEAD, &quoted(OsStr::new(STRANGE)), AFTER_UNGUARDED].concat();
        let hook = HookFile::parse(old);
        assert!(hook.is_ours && !hook.lines[0].is_guarded && hook.lines[0].program == Path::new(STRANGE));
        assert_eq!(hook.renewed(), Some(HookFile::whole(Path::new(STRANGE))));
    }

    #[test]
    fn in_a_hook_of_others_only_our_lines_are_ours() {
        let ours = call(Path::new("/r/.loop/bin/pre_commit_checks"));
        let old = b"'/r/.loop/bin/pre_commit_checks' --staged --quiet || exit $?";
        let other: &[u8] =
            b"#!/bin/bash\r\n\xff'/x/eslint' --staged --quiet || exit $?\n'/x/eslint' --staged --quiet || exit $?\n";
        let hook = HookFile::parse([other, &ours, b"echo 'unended\n", old].concat());
        assert!(!hook.is_ours);
        assert_eq!(hook.lines.iter().map(|line| line.is_guarded).collect::<Vec<_>>(), [true, false]);
        assert_eq!(hook.with_lines(|_| None), [other, b"echo 'unended\n"].concat());
        assert!(!hook.names(Path::new("/r/.loop/bin")));
        assert!(HookFile::parse(b"exec /r/.loop/bin/pre_commit_checks -q".to_vec()).names(Path::new("/r/.loop/bin")));
        let twice = HookFile::parse([HEAD, ours.as_slice(), b"make lint\n"].concat());
        assert!(!twice.is_ours && twice.lines.len() == 1, "a line was added to ours");
        assert_eq!(HookFile::parse(Vec::new()), HookFile::default());
    }
}
