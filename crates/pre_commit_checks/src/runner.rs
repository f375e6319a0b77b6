//! Runs the checks: those of single files side by side, those of all files together after them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use common::error::chain;
use host::files;
use host::text;
use python_source::{Dialect, Outline};
use rustix::process::{Resource, getrlimit};

use crate::check::{Check, Work};
use crate::checks;
use crate::entry::Entry;
use crate::file::{File, Python, Report};
use crate::finding::{Finding, Findings};
use crate::modules::Modules;
use crate::place::{READ_LIMIT, read_file};
use crate::project::Project;
use crate::selection::Selection;
use crate::settings::Settings;
use crate::tree::Tree;
use crate::{fix, ignore, patterns};

/// The stack of a thread that reads Python, in bytes: trees of the depth that is walked fit in it in every build.
const STACK: usize = 128 << 20;

/// The stack that is enough where the compiler has optimized, in bytes.
const SMALL_STACK: usize = 8 << 20;

/// A limited address space holds this many times the stacks that are taken from it.
const STACK_SHARE: u64 = 4;

/// How often a file that another program changes meanwhile is fixed again.
const TRIES: usize = 5;

/// How many files a thread is worth starting for.
const FILES_PER_THREAD: usize = 16;

/// The checks of all files together that look at what each module binds and imports.
const OF_OUTLINES: [&str; 3] = ["imports", "importers", "undefined-names"];

/// What the checks say.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The findings, by file and place.
    pub findings: Vec<Finding>,
    /// What kept checks from their work: an id and the reason.
    pub warnings: Vec<(&'static str, String)>,
    /// How many files were looked at.
    pub files: usize,
    /// The files that were fixed.
    pub mended: Vec<String>,
    /// What is printed with --verbose.
    pub details: Vec<String>,
    /// What could not be read, and so was not checked.
    pub unread: Vec<String>,
}

impl Outcome {
    /// Returns the counts as a sentence.
    pub(crate) fn summary(&self) -> String {
        format!("{} in {}", text::counted(self.findings.len(), "finding"), text::counted(self.files, "file"))
    }
}

/// What the threads share.
struct Shared<'s> {
    root: &'s Path,
    entries: Vec<&'s Entry>,
    /// Contents that only the main thread can read, in the order of `entries`.
    contents: Vec<Option<Vec<u8>>>,
    checks: &'s [&'static Check],
    settings: &'s Settings,
    fix: bool,
    keeps_outlines: bool,
    next: AtomicUsize,
    done: Mutex<Done>,
}

#[derive(Default)]
struct Done {
    findings: Vec<Finding>,
    outlines: HashMap<String, Outline>,
    mended: Vec<String>,
    failures: Vec<(String, String)>,
    unread: Vec<String>,
}

/// Runs `work` with a stack that is large enough to read Python in: the caller's, or that of a new thread.
pub(crate) fn with_large_stack<T: Send>(work: impl Fn() -> T + Sync) -> T {
    if has_large_stack() {
        return work();
    }
    thread::scope(|scope| {
        let begin = |stack| thread::Builder::new().stack_size(stack).spawn_scoped(scope, &work).ok();
        let stacks = if most_helpers() > 0 { &[STACK, SMALL_STACK][..] } else { &[SMALL_STACK] };
        match stacks.iter().copied().find_map(begin) {
            Some(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // Where there is no further thread the caller's stack has to do.
            None => work(),
        }
    })
}

/// How many threads with a large stack leave memory for the work: as many as wanted, unless the address space is limited
/// (`ulimit -v`).
fn most_helpers() -> usize {
    let limit = getrlimit(Resource::As).current;
    limit.map_or(usize::MAX, |limit| usize::try_from(limit / STACK_SHARE / STACK as u64).unwrap_or(usize::MAX))
}

/// How many further threads are started for so many files.
fn helpers_for(files: usize) -> usize {
    let worth = files / FILES_PER_THREAD;
    // Asking how many processors there are takes longer than a few files.
    if worth == 0 {
        return 0;
    }
    worth.min(thread::available_parallelism().map_or(1, usize::from) - 1).min(most_helpers())
}

/// Whether this is the main thread of an optimized program with the usual stack.
fn has_large_stack() -> bool {
    let limit = getrlimit(Resource::Stack).current;
    !cfg!(debug_assertions)
        && thread::current().name() == Some("main")
        && limit.is_none_or(|limit| limit >= SMALL_STACK as u64)
}

/// Runs `checks` on what is selected; `path` is where programs are looked for. The caller's stack is to be large
/// ([`with_large_stack`]).
pub(crate) fn run(
    selection: &Selection,
    checks: &[&'static Check],
    settings: &Settings,
    path: &str,
    fix: bool,
) -> Outcome {
    let tree = &selection.tree;
    let excluded = |entry: &&Entry| !patterns::any(&settings.exclude, &entry.name);
    let entries: Vec<&Entry> = selection.chosen.iter().map(|at| &tree.entries[*at]).filter(excluded).collect();
    let files = entries.len();
    let shared = Shared {
        root: tree.root(),
        contents: contents(tree, &entries),
        entries,
        checks,
        settings,
        fix,
        keeps_outlines: checks.iter().any(|check| OF_OUTLINES.contains(&check.id)),
        next: AtomicUsize::new(0),
        done: Mutex::default(),
    };
    thread::scope(|scope| {
        for _ in 0..helpers_for(files) {
            // Where there is no further thread the work is done by those that there are.
            let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || shared.work());
        }
        shared.work();
    });
    let done = shared.done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let failures = done.failures.into_iter().map(|(name, error)| ("fix", format!("cannot fix {name}: {error}")));
    let mut outcome = Outcome {
        findings: done.findings,
        warnings: failures.collect(),
        files,
        mended: done.mended,
        details: Vec::new(),
        unread: done.unread,
    };
    let dialect = Dialect { version: settings.version, stub: false };
    let modules = Modules::new(tree, dialect, &settings.source_roots, done.outlines);
    let project = Project {
        selection,
        modules: &modules,
        settings,
        path,
        fix,
        warnings: RefCell::default(),
        details: RefCell::default(),
    };
    let found = look_at_tree(&project, checks);
    outcome.findings.extend(found.into_iter().filter(|finding| !patterns::any(&settings.exclude, &finding.file)));
    outcome.warnings.extend(project.warnings.into_inner());
    outcome.details.extend(project.details.into_inner());
    outcome.unread.extend(tree.take_unread());
    outcome.warnings.extend(tree.passed_over.iter().map(|problem| ("files", format!("{problem}: passed over"))));
    for list in [&mut outcome.unread, &mut outcome.mended] {
        list.sort();
        list.dedup();
    }
    outcome.findings.sort();
    outcome.findings.dedup();
    outcome
}

/// Runs the checks of all files together.
fn look_at_tree(project: &Project, checks: &[&'static Check]) -> Vec<Finding> {
    let tree = &project.selection.tree;
    let mut by_file: BTreeMap<String, Findings> = BTreeMap::new();
    for check in checks {
        if let Work::Tree(look) = check.work {
            let mut findings = Findings::default();
            look(project, &mut findings);
            for finding in findings.found {
                by_file.entry(finding.file.clone()).or_default().found.push(finding);
            }
        }
    }
    for (name, findings) in &mut by_file {
        if let Some(bytes) = tree.entry(name).and_then(|entry| tree.read(entry)) {
            ignore::leave_out(&File::new(name, &bytes), findings);
        }
    }
    by_file.into_values().flat_map(|findings| findings.found).collect()
}

/// Reads what only the main thread can read: objects of Git.
fn contents(tree: &Tree, entries: &[&Entry]) -> Vec<Option<Vec<u8>>> {
    entries.iter().map(|entry| entry.blob.and_then(|_| if entry.is_link { None } else { tree.read(entry) })).collect()
}

impl Shared<'_> {
    /// Takes one file after another until none is left.
    fn work(&self) {
        let mut done = Done::default();
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = self.entries.get(at) else { break };
            if !entry.is_link {
                match self.contents[at].as_deref() {
                    Some(bytes) => self.file(entry, bytes, &mut done),
                    None => self.file_of_work_tree(entry, &mut done),
                }
            }
        }
        let mut all = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        all.findings.append(&mut done.findings);
        all.outlines.extend(done.outlines);
        all.mended.append(&mut done.mended);
        all.failures.append(&mut done.failures);
        all.unread.append(&mut done.unread);
    }

    fn file_of_work_tree(&self, entry: &Entry, done: &mut Done) {
        let mut bytes = match read_file(self.root, entry) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return self.not_read(entry, done),
            Err(problem) => return done.unread.push(problem),
        };
        if self.fix {
            self.mend(entry, &mut bytes, done);
        }
        self.file(entry, &bytes, done);
    }

    /// Reports a file that is too large to be read: it is a finding of one check, by its size alone. Where that check allows the
    /// size, no other has seen the file. One that is gone is no problem.
    fn not_read(&self, entry: &Entry, done: &mut Done) {
        let path = self.root.join(&entry.path);
        let size = match files::metadata(&path) {
            Ok(metadata) => metadata.map_or(0, |metadata| metadata.len()),
            Err(error) => return done.unread.push(chain(&error)),
        };
        if size <= READ_LIMIT {
            return;
        }
        let mut findings = Findings::default();
        if self.wants("large-files") {
            let mut report = Report::new("large-files", &entry.name, b"", &mut findings);
            checks::too_large(size, self.settings, &mut report);
        }
        if findings.found.is_empty() {
            done.unread.push(format!("cannot read {}: it is larger than {} MiB", path.display(), READ_LIMIT >> 20));
        }
        done.findings.append(&mut findings.found);
    }

    /// Fixes a file of the work tree whose content is `bytes`. Where another program, such as an editor, changes it meanwhile, what
    /// that wrote is fixed instead; a file that changes again and again is left as it is.
    fn mend(&self, entry: &Entry, bytes: &mut Vec<u8>, done: &mut Done) {
        for _ in 0..TRIES {
            let mend = |bytes: &[u8]| fix::mend(&File::new(&entry.name, bytes), &|id| self.wants(id));
            let Some(mended) = mend(bytes) else {
                let is_left = |left: &[u8]| left == &**bytes || mend(left).as_ref() == Some(bytes);
                let removed = files::remove_left_replacement(&self.root.join(&entry.path), is_left);
                done.failures.extend(removed.err().map(|error| (entry.name.clone(), error.to_string())));
                return;
            };
            match files::replace_if(&self.root.join(&entry.path), bytes, &mended) {
                Ok(true) => {
                    done.mended.push(entry.name.clone());
                    *bytes = mended;
                    return;
                }
                Ok(false) => match read_file(self.root, entry) {
                    Ok(Some(present)) => *bytes = present,
                    Ok(None) => return,
                    Err(problem) => return done.unread.push(problem),
                },
                Err(error) => {
                    let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
                    return done.failures.push((entry.name.clone(), cause));
                }
            }
        }
        done.failures.push((entry.name.clone(), "another program changes it again and again".to_owned()));
    }

    fn file(&self, entry: &Entry, bytes: &[u8], done: &mut Done) {
        let file = File::new(&entry.name, bytes);
        let mut findings = Findings::default();
        for check in self.checks {
            if let Work::Bytes(look) = check.work {
                look(&file, self.settings, &mut Report::new(check.id, file.name, bytes, &mut findings));
            }
        }
        if file.is_python() && (self.keeps_outlines || self.checks.iter().any(|check| check.work.reads_python())) {
            self.python(&file, &mut findings, done);
        }
        ignore::apply(&file, &mut findings);
        done.findings.append(&mut findings.found);
    }

    fn python(&self, file: &File, findings: &mut Findings, done: &mut Done) {
        let decoded = file.decode();
        let dialect = Dialect { version: self.settings.version, stub: file.is_any(&[".pyi"]) };
        let text = decoded.as_ref().and_then(|decoded| decoded.as_ref().ok());
        let python = text.map(|text| Python::parse(text, dialect));
        let places = text.map_or(file.bytes, |text| text.as_bytes());
        for check in self.checks {
            let mut report = Report::new(check.id, file.name, places, findings);
            match (check.work, &python, &decoded) {
                (Work::Syntax(look), Some(python), _) => look(&Ok(python), &mut report),
                (Work::Syntax(look), None, Some(Err(error))) => look(&Err(error), &mut report),
                (Work::Source(look), Some(python), _) if python.errors.is_empty() => {
                    look(file, python, self.settings, &mut report);
                }
                _ => {}
            }
        }
        if self.keeps_outlines
            && let Some(python) = python
        {
            done.outlines.insert(file.name.to_owned(), python.module.outline());
        }
    }

    fn wants(&self, id: &str) -> bool {
        self.checks.iter().any(|check| check.id == id)
    }
}
