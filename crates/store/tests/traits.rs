//! What every implementation of the three traits promises, here tried on the one in `.loop/`.

#![allow(clippy::disallowed_methods, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use host::Host;
use host::files::FileError;
use records::{Release, ReleasedIssues, TriageRun};
use store::{Change, Content, Document, Fence, Found, Lease, Log, Repo, Store};

/// How many writers there are at once, and how often each writes.
const WRITERS: usize = 8;
const WRITES: usize = 25;

/// Every change is made of what the one before has written, and has a version of its own.
fn updates_are_not_lost<D: Document + Sync>(
    document: &D,
    add: impl Fn(&mut D::Value, usize) + Sync,
    count: impl Fn(&D::Value) -> usize,
) where
    D::Error: std::fmt::Debug + Send,
{
    assert!(matches!(document.read(), Ok(Content::Missing)));
    let missing = document.version().unwrap();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let add = &add;
            scope.spawn(move || {
                for write in 0..WRITES {
                    let before = document.version().unwrap();
                    let changed: Result<(), D::Error> = document.update(|value, _| {
                        add(value, writer * WRITES + write);
                        Ok(Change::Write(()))
                    });
                    changed.unwrap();
                    assert_ne!(document.version().unwrap(), before);
                }
            });
        }
    });
    let Ok(Content::Intact(value)) = document.read() else { panic!("it is intact") };
    assert_eq!(count(&value), WRITERS * WRITES);
    assert_ne!(document.version().unwrap(), missing);
}

/// What is not to be written is not, whatever the closure did to the value it was given.
fn a_kept_change_leaves_the_document<D: Document>(document: &D, add: impl Fn(&mut D::Value, usize))
where
    D::Error: std::fmt::Debug,
{
    let before = document.version().unwrap();
    let kept: Result<u8, D::Error> = document.update(|value, found| {
        assert_eq!(found, Found::Intact);
        add(value, usize::MAX);
        Ok(Change::Keep(7))
    });
    assert_eq!(kept.unwrap(), 7);
    assert_eq!(document.version().unwrap(), before);
}

/// Whole lines, each once, in an order that every reader sees.
fn lines_are_added_whole<L: Log + Sync>(
    log: &L,
    line: impl Fn(usize) -> L::Line + Sync,
    number: impl Fn(&L::Line) -> usize,
) where
    L::Error: std::fmt::Debug + Send,
{
    assert_eq!(log.scan(0, |_| panic!("no line")).unwrap(), 0);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let line = &line;
            scope.spawn(move || {
                for write in 0..WRITES {
                    let first = 2 * (writer * WRITES + write);
                    log.append(&[line(first), line(first + 1)]).unwrap();
                }
            });
        }
    });
    let mut all = Vec::new();
    let end = log.scan(0, |line| all.push(number(&line.unwrap()))).unwrap();
    assert!(all.chunks(2).all(|pair| pair[0] % 2 == 0 && pair[1] == pair[0] + 1), "lines of one step stay together");
    let last: Vec<usize> = log.tail(5).unwrap().intact.iter().map(&number).collect();
    assert_eq!(last, all[all.len() - 5..]);
    all.sort_unstable();
    assert_eq!(all, (0..2 * WRITERS * WRITES).collect::<Vec<_>>());
    log.append(&[]).unwrap();
    assert_eq!(log.scan(end, |_| panic!("nothing was added")).unwrap(), end);
    log.append(&[line(1000)]).unwrap();
    let mut later = Vec::new();
    log.scan(end, |line| later.push(number(&line.unwrap()))).unwrap();
    assert_eq!(later, [1000], "a scan goes on where an earlier one ended");
}

/// One holder at a time, and a later one has the greater number.
fn a_lease_has_one_holder<L: Lease + Sync>(lease: &L)
where
    L::Error: std::fmt::Debug,
{
    let (holders, granted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                let mut last = None;
                for _ in 0..WRITES {
                    let Some(grant) = lease.acquire().unwrap() else { continue };
                    assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "nobody else holds it");
                    granted.fetch_add(1, Ordering::SeqCst);
                    assert!(lease.renew(&grant).unwrap() && lease.check(grant.fence).unwrap());
                    assert!(last < Some(grant.fence), "the number rises");
                    last = Some(grant.fence);
                    holders.fetch_sub(1, Ordering::SeqCst);
                    lease.release(grant).unwrap();
                }
            });
        }
    });
    assert!(granted.load(Ordering::SeqCst) >= WRITES, "one writer at least gets it each time");

    let first = lease.acquire().unwrap().unwrap();
    assert!(lease.acquire().unwrap().is_none());
    let fence: Fence = first.fence;
    lease.release(first).unwrap();
    assert!(!lease.check(fence).unwrap(), "what was given back is no right");
    let second = lease.acquire().unwrap().unwrap();
    assert!(second.fence > fence);
    assert!(lease.check(second.fence).unwrap() && !lease.check(fence).unwrap());
    drop(second);
    assert!(lease.acquire().unwrap().is_some(), "it ends with its holder");
}

#[test]
fn the_files_of_the_loop_keep_the_promises() {
    let folder = tempfile::tempdir().unwrap();
    let (host, _, _) = Host::test(&["x"], &[], Path::new("/"));
    let store = Store::new(&host, Repo::at(folder.path()), true);
    store.prepare().unwrap();

    let add = |released: &mut ReleasedIssues, number: usize| {
        released.insert(number.to_string(), &Release::default()).unwrap();
    };
    updates_are_not_lost(&store.released(), add, |released| released.iter().count());
    a_kept_change_leaves_the_document(&store.released(), add);
    let before = store.released().version().unwrap();
    let failed: Result<(), FileError> = store.released().update(|released, _| {
        add(released, usize::MAX);
        Err(FileError::reading(Path::new("/"), std::io::ErrorKind::Other.into()))
    });
    failed.unwrap_err();
    assert_eq!(store.released().version().unwrap(), before);

    let line = |number: usize| TriageRun { total_open: Some(number as u64), ..TriageRun::default() };
    lines_are_added_whole(&store.triage_runs(), line, |run| usize::try_from(run.total_open.unwrap()).unwrap());
    a_lease_has_one_holder(&store.run_lease("x"));
}

#[test]
fn a_lease_whose_file_was_removed_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (host, _, _) = Host::test(&["x"], &[], Path::new("/"));
    let lease = Store::new(&host, Repo::at(folder.path()), true).scheduler_lease();
    let granted = lease.acquire().unwrap().unwrap();
    assert!(lease.is_held().unwrap());
    std::fs::remove_file(lease.path()).unwrap();
    assert!(!lease.renew(&granted).unwrap() && !lease.check(granted.fence).unwrap());
    let other = lease.acquire().unwrap().unwrap();
    assert!(!lease.renew(&granted).unwrap() && lease.renew(&other).unwrap());
}
