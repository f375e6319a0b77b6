//! The line of the hook that calls the checks, in the form of today and in that of earlier versions.

use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How a hook is known that holds nothing but our call.
const MARK: &[u8] = b"# Made by `pre_commit_checks install-hook`.";

/// What is above the call in such a hook.
const HEAD: &[u8] = b"#!/bin/sh\n# Made by `pre_commit_checks install-hook`. Its `--remove` takes it away.\n";

/// What is around the program and the work tree in the line of today: a program that is gone lets the commit pass. The program
/// checks where the commit is made; it knows the hook and the work tree, so that one of several lines does it.
const BEFORE: &[u8] = b"timmy_checks=";
const BETWEEN: &[u8] = b" timmy_root=";
const AFTER: &[u8] = b"; if [ -x \"$timmy_checks\" ]; then \
TIMMY_REPO_ROOT= TIMMY_HOOK=\"$0\" TIMMY_HOOK_ROOT=\"$timmy_root\" \"$timmy_checks\" --staged --quiet || exit $?; \
else printf '%s\\n' \"pre-commit: the commit is not checked by $timmy_checks: there is no such program any more. \
To check again, install it again; to end this warning, remove this line from $0\" >&2; fi\n";

/// What follows the program in the line of an earlier version, which names no work tree.
const AFTER_WITHOUT_ROOT: &[u8] =
    b"; if [ -x \"$timmy_checks\" ]; then \"$timmy_checks\" --staged --quiet || exit $?; \
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
    /// The root of the work tree that it was installed for, as far as the line tells.
    pub root: Option<PathBuf>,
    /// Whether it lets the commit pass where the program is gone.
    pub is_guarded: bool,
    /// Whether it has the form of today.
    pub is_current: bool,
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

    /// Returns the content of a hook that holds nothing but the call of `program` for the work tree at `root`.
    pub fn whole(program: &Path, root: &Path) -> Vec<u8> {
        [HEAD, &call(program, Some(root))].concat()
    }

    /// Returns the content as it is in the file.
    pub fn content(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the content with each of our lines replaced by what `change` returns for it.
    pub fn with_lines(&self, mut change: impl FnMut(&HookLine) -> Option<Vec<u8>>) -> Vec<u8> {
        let (mut content, mut start) = (Vec::new(), 0);
        for line in &self.lines {
            content.extend_from_slice(&self.bytes[start..line.range.start]);
            content.extend(change(line).unwrap_or_default());
            start = line.range.end;
        }
        content.extend_from_slice(&self.bytes[start..]);
        content
    }

    /// Returns the content with `call` in place of those of our lines that are `own`, without those that are `dropped`, and with
    /// every other one in the form of today.
    pub fn with_call(
        &self,
        call: &[u8],
        own: impl Fn(&HookLine) -> bool,
        dropped: impl Fn(&HookLine) -> bool,
    ) -> Vec<u8> {
        let mut is_in = false;
        self.with_lines(|line| match line {
            line if own(line) => (!std::mem::replace(&mut is_in, true)).then(|| call.to_vec()),
            line if dropped(line) => None,
            line => Some(self.renewed(line)),
        })
    }

    /// Returns the content with `call` after everything else.
    pub fn with_call_added(&self, call: &[u8]) -> Vec<u8> {
        let newline: &[u8] = if self.bytes.last().is_none_or(|last| *last == b'\n') { b"" } else { b"\n" };
        [&self.bytes, newline, call].concat()
    }

    /// Returns the text of one of its lines.
    pub(crate) fn text(&self, line: &HookLine) -> &[u8] {
        &self.bytes[line.range.clone()]
    }

    /// Returns one of its lines in the form of today.
    fn renewed(&self, line: &HookLine) -> Vec<u8> {
        if line.is_current { self.text(line).to_vec() } else { call(&line.program, line.root.as_deref()) }
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

/// Returns the line that calls `program` for the work tree at `root`, with its newline.
pub fn call(program: &Path, root: Option<&Path>) -> Vec<u8> {
    let root = root.map_or(OsStr::new(""), Path::as_os_str);
    [BEFORE, &quoted(program.as_os_str()), BETWEEN, &quoted(root), AFTER].concat()
}

/// Reads one of our lines at a place; none where another one is.
fn line_at(bytes: &[u8], start: usize) -> Option<HookLine> {
    let rest = &bytes[start..];
    let is_guarded = rest.starts_with(BEFORE);
    let mut at = if is_guarded { BEFORE.len() } else { 0 };
    let (program, length) = unquoted(&rest[at..])?;
    at += length;
    let is_current = is_guarded && rest[at..].starts_with(BETWEEN);
    let root = if is_current {
        at += BETWEEN.len();
        let (root, length) = unquoted(&rest[at..])?;
        at += length;
        Some(root).filter(|root| !root.as_os_str().is_empty())
    } else {
        root_of(&program)
    };
    let ending = match (is_current, is_guarded) {
        (true, _) => AFTER,
        (false, true) => AFTER_WITHOUT_ROOT,
        (false, false) => AFTER_UNGUARDED,
    };
    let after = &rest[at..];
    // The last line of a file may have no newline.
    let is_call = after.starts_with(ending) || after == &ending[..ending.len() - 1];
    let end = start + at + ending.len().min(after.len());
    is_call.then_some(HookLine { program, root, is_guarded, is_current, range: start..end })
}

/// The work tree of a program in its `.loop/bin`; none of a program elsewhere.
fn root_of(program: &Path) -> Option<PathBuf> {
    let folder = program.parent().filter(|folder| folder.ends_with(".loop/bin"))?;
    folder.ancestors().nth(2).map(Path::to_owned)
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
            let hook = HookFile::parse(HookFile::whole(Path::new(path), Path::new(path)));
            assert!(hook.is_ours && hook.lines.len() == 1, "{hook:?}");
            let line = &hook.lines[0];
            assert!(line.is_guarded && line.is_current && line.program == Path::new(path));
            assert_eq!(line.root.as_deref(), Some(Path::new(path)));
            assert_eq!(hook.with_call(b"", |_| false, |_| false), hook.content());
            assert_eq!(hook.with_lines(|_| None), HEAD);
            let line = line_at(&call(Path::new(path), None), 0).unwrap();
            assert!(line.is_current && line.root.is_none());
        }
    }

    #[test]
    fn a_hook_of_an_earlier_version_is_known_and_renewed() {
        for path in [STRANGE, "/it's here/.loop/bin/pre_commit_checks"] {
            let program = quoted(OsStr::new(path));
            let unguarded = [HEAD, &program, AFTER_UNGUARDED].concat();
            let guarded = [HEAD, BEFORE, &program, AFTER_WITHOUT_ROOT].concat();
            let root = (path != STRANGE).then_some(Path::new("/it's here"));
            for (old, is_guarded) in [(unguarded, false), (guarded, true)] {
                let hook = HookFile::parse(old);
                let line = &hook.lines[0];
                assert!(hook.is_ours && line.is_guarded == is_guarded && !line.is_current);
                assert_eq!((line.program.as_path(), line.root.as_deref()), (Path::new(path), root));
                let renewed = hook.with_call(b"", |_| false, |_| false);
                assert_eq!(renewed, [HEAD, &call(Path::new(path), root)].concat());
            }
        }
    }

    #[test]
    fn a_call_takes_the_place_of_the_first_own_line_or_is_added() {
        let line = |name: &str| call(Path::new(&format!("/{name}/pre_commit_checks")), Some(Path::new(name)));
        let (one, two, three) = (line("one"), line("two"), line("three"));
        let is = |name: &'static str| move |line: &HookLine| line.root.as_deref() == Some(Path::new(name));
        let hook = HookFile::parse([HEAD, &one, &two, &three, &one].concat());
        assert!(hook.is_ours);
        assert_eq!(hook.with_call(b"new\n", is("one"), is("two")), [HEAD, b"new\n", &three].concat());
        assert_eq!(hook.with_call_added(&two), [HEAD, &one, &two, &three, &one, &two].concat());
        let unended = HookFile::parse([HEAD, &one[..one.len() - 1]].concat());
        assert_eq!(unended.lines.len(), 1);
        assert_eq!(unended.with_call_added(&two), [HEAD, &one, &two].concat());
    }

    #[test]
    fn in_a_hook_of_others_only_our_lines_are_ours() {
        let ours = call(Path::new("/r/.loop/bin/pre_commit_checks"), Some(Path::new("/r")));
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
