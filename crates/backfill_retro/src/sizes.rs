//! How much merged work changed, as the local clone shows it: a `git` process a processor, each fed with its part of the
//! commits, which is several times as fast as comparing in this process; that serves where there is no `git`.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use git2::{DiffFindOptions, ErrorClass, Oid, Repository};
use gitea::Size;
use host::child::orphans;
use host::threads;

use crate::merged::Commits;

/// A comparison: the later commit, and the earlier one that it is compared with.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Pair {
    after: Oid,
    before: Oid,
}

/// Finds what is to be compared: the whole branch, where the clone has its ends, else the commit that merged it against its
/// first parent. None where the clone has neither.
///
/// # Errors
/// The system refuses to read the clone.
pub(crate) fn pair(repository: &Repository, commits: &Commits) -> Result<Option<Pair>, git2::Error> {
    let find = |name: &str| {
        let is_name = matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        match Oid::from_str(name).ok().filter(|_| is_name) {
            Some(id) => known(repository.find_commit(id)),
            None => Ok(None),
        }
    };
    if let (Some(base), Some(head)) = (find(&commits.base)?, find(&commits.head)?)
        && base.id() != head.id()
    {
        return Ok(Some(Pair { after: head.id(), before: base.id() }));
    }
    let Some(merge) = find(&commits.merge)? else { return Ok(None) };
    // In a shallow clone the parent may be missing.
    Ok(known(merge.parent(0))?.map(|parent| Pair { after: merge.id(), before: parent.id() }))
}

/// What Git says of an object: none where the clone does not have it, or has it damaged.
fn known<T>(object: Result<T, git2::Error>) -> Result<Option<T>, git2::Error> {
    match object {
        Err(error) if error.class() == ErrorClass::Os => Err(error),
        object => Ok(object.ok()),
    }
}

/// Compares all pairs. `step` is called for each one done. What the clone does not have, or has damaged, is left out.
///
/// # Errors
/// The system refuses to read the clone.
pub(crate) fn compare(
    root: &Path,
    repository: &Repository,
    pairs: &[Pair],
    mut step: impl FnMut() + Send,
) -> Result<HashMap<Pair, Size>, git2::Error> {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST);
    let shared = Mutex::new(&mut step);
    let count = || shared.lock().unwrap_or_else(PoisonError::into_inner)();
    let parts: Vec<&[Pair]> = pairs.chunks(pairs.len().div_ceil(processors).max(FEWEST)).collect();
    let sizes: Option<Vec<HashMap<Pair, Size>>> = std::thread::scope(|scope| {
        let count = &count;
        let start = |part| (threads::start_in(scope, move || with_git(root, part, count)), part);
        let work: Vec<_> = parts.iter().map(|part| start(*part)).collect();
        let sizes = work.into_iter().map(|(thread, part)| match thread {
            Ok(thread) => thread.join().ok().flatten(),
            // Where there is no further thread this one does the work.
            Err(_) => with_git(root, part, count),
        });
        sizes.collect()
    });
    if let Some(sizes) = sizes {
        return Ok(sizes.into_iter().flatten().collect());
    }
    let mut sizes = HashMap::new();
    for pair in pairs {
        step();
        sizes.extend(known(in_process(repository, *pair))?.map(|size| (*pair, size)));
    }
    Ok(sizes)
}

/// The most processes, and the fewest comparisons that are worth one.
const MOST: usize = 4;
const FEWEST: usize = 100;

/// Has `git` compare; none where there is none, or it fails.
fn with_git(root: &Path, pairs: &[Pair], step: &(impl Fn() + Sync)) -> Option<HashMap<Pair, Size>> {
    #[expect(clippy::disallowed_methods, reason = "the one process that this tool starts")]
    let mut git = Command::new("git");
    git.current_dir(root)
        .args(["--no-optional-locks", "diff-tree", "--stdin", "--always", "-r", "-M", "--shortstat"])
        // Messages in English; nothing is fetched from elsewhere; no surroundings of a hook.
        .env("LC_ALL", "C")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = orphans::start(&mut git).ok()?;
    let (mut input, output) = (child.stdin.take()?, child.stdout.take()?);
    let sizes = std::thread::scope(|scope| {
        // A commit with another one behind it is compared with that, as if it were its parent.
        let lines = move || {
            let mut lines = pairs.iter().map(|pair| format!("{} {}\n", pair.after, pair.before));
            lines.try_for_each(|line| input.write_all(line.as_bytes()))
        };
        let writer = threads::start_in(scope, lines).ok()?;
        let sizes = read(output, pairs, step)?;
        writer.join().is_ok_and(|written| written.is_ok()).then_some(sizes)
    });
    // Also where there was no thread: its input is closed, so it ends.
    let ended = child.wait();
    sizes.filter(|_| ended.is_ok_and(|status| status.success()))
}

/// Reads the answers: the later commit's name on a line, and its sizes on the next, where there are any. None where they
/// cannot be read to their end.
fn read(output: impl std::io::Read, pairs: &[Pair], step: &impl Fn()) -> Option<HashMap<Pair, Size>> {
    let mut sizes = HashMap::new();
    let mut pairs = pairs.iter();
    let mut current = None;
    for line in BufReader::new(output).lines() {
        let line = line.ok()?;
        let line = line.trim();
        if let Ok(after) = Oid::from_str(line)
            && line.len() >= 40
        {
            // A pair that is passed over could not be compared.
            current = pairs.by_ref().find(|pair| pair.after == after);
            if let Some(pair) = current {
                sizes.insert(*pair, Size { files: 0, added: 0, removed: 0 });
                step();
            }
        } else if let (Some(pair), Some(size)) = (current, shortstat(line)) {
            sizes.insert(*pair, size);
        }
    }
    Some(sizes)
}

/// Reads `3 files changed, 45 insertions(+), 12 deletions(-)`.
fn shortstat(line: &str) -> Option<Size> {
    let mut size = Size { files: 0, added: 0, removed: 0 };
    for part in line.split(',') {
        let (number, what) = part.trim().split_once(' ')?;
        let number = number.parse().ok()?;
        if what.starts_with("file") {
            size.files = number;
        } else if what.starts_with("insertion") {
            size.added = number;
        } else if what.starts_with("deletion") {
            size.removed = number;
        } else {
            return None;
        }
    }
    Some(size)
}

fn in_process(repository: &Repository, pair: Pair) -> Result<Size, git2::Error> {
    let tree = |id: Oid| repository.find_commit(id).and_then(|commit| commit.tree());
    let (before, after) = (tree(pair.before)?, tree(pair.after)?);
    let mut diff = repository.diff_tree_to_tree(Some(&before), Some(&after), None)?;
    diff.find_similar(Some(DiffFindOptions::new().renames(true)))?;
    let stats = diff.stats()?;
    let number = |count: usize| count as u64;
    Ok(Size {
        files: number(stats.files_changed()),
        added: number(stats.insertions()),
        removed: number(stats.deletions()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_statistic_is_read() {
        for (line, expected) in [
            ("3 files changed, 45 insertions(+), 12 deletions(-)", Some((3, 45, 12))),
            ("1 file changed, 1 insertion(+)", Some((1, 1, 0))),
            ("1 file changed, 1 deletion(-)", Some((1, 0, 1))),
            ("1 file changed, 0 insertions(+), 0 deletions(-)", Some((1, 0, 0))),
            ("warning: something", None),
            ("", None),
        ] {
            assert_eq!(shortstat(line).map(|size| (size.files, size.added, size.removed)), expected, "{line}");
        }
    }
}
