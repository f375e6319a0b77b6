//! The stored files of one repository, each by its name.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use records::stored_files::{
    CYCLES, DEEP_TRIAGE_LOG, LOGS, LOOP_FILES, ORIGINALS, PROGRAMS, QUEUE, QUEUE_BACKUP, RUN_LOCKS,
};
use records::{
    Agenda, AutomationState, CycleResult, DeepTriageRun, Durability, Format, Handout, IdleState, Insights,
    InsightsSource, Installation, Object, Pauses, Quarantine, ReleasedIssues, ScheduleState, Scores, ShadowRun, Stored,
    StoredFile, Summary, TokenLine, TriageRun,
};

use crate::checked::{CheckedDocument, CheckedLog};
use crate::config_file::{ConfigFile, EditOutcome};
use crate::cycle_result::CycleResultFile;
use crate::cycles::Cycles;
use crate::damage::Warnings;
use crate::foreign::{self, ForeignEntry};
use crate::json_file::JsonFile;
use crate::json_lines::JsonLines;
use crate::ledger::Ledger;
use crate::leftovers::{self, Leftover};
use crate::lock_file::LockFile;
use crate::queue::Queue;
use crate::repo::Repo;
use crate::run_log::RunLog;
use host::Host;
use host::files::{self, FileError};

/// The lock of the manifest, under `.loop/`: none appears among the configuration.
const MANIFEST_LOCK: &str = ".automations.json.lock";

/// How long a report of a run waits for another writer: it waits twice, and the run itself is not to wait for it.
const REPORT_PATIENCE: Duration = Duration::from_secs(10);

/// The stored files of a repository.
#[derive(Clone)]
pub struct Store<'h> {
    repo: Repo,
    warnings: Warnings<'h>,
}

impl<'h> Store<'h> {
    /// Takes the stored files of `repo`. Damage that is found in them is reported on `host`'s stderr, unless `is_quiet`.
    pub fn new(host: &'h Host, repo: Repo, is_quiet: bool) -> Self {
        Self { repo, warnings: Warnings { host, is_quiet } }
    }

    /// Prints a warning, unless the run is a quiet one.
    pub fn warn(&self, what: &str) {
        self.warnings.warn(what);
    }

    /// Returns the repository.
    pub fn repo(&self) -> &Repo {
        &self.repo
    }

    /// Creates `.loop/` if it is missing, with a `.gitignore` of `*` in it if git would otherwise see it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn prepare(&self) -> Result<(), FileError> {
        self.repo.prepare()?;
        foreign::hand_over_folders(&self.repo)?;
        // What is left does no harm, and a folder that cannot be listed is reported by the reader of its files.
        for folder in ["", "retro"] {
            let _ = files::sweep(&self.repo.in_loop(folder));
        }
        Ok(())
    }

    /// Returns whether `.loop/` exists.
    ///
    /// # Errors
    /// The system refuses to look, or something else is in its place.
    pub fn exists(&self) -> Result<bool, FileError> {
        self.repo.has_folder()
    }

    /// Returns the directories of `.loop/`, and the logs in them, that this user cannot write; without a `.loop/`, the repository
    /// if it cannot be made there.
    ///
    /// # Errors
    /// The system refuses to look, or something else is in the place of `.loop/`.
    pub fn unwritable(&self) -> Result<Vec<PathBuf>, FileError> {
        let folder = self.repo.in_loop("");
        if !self.exists()? {
            let root = Some(self.repo.root().to_owned());
            return Ok(root.filter(|root| !files::is_writable(root)).into_iter().collect());
        }
        // Only an installation writes the originals and the programs.
        let is_needed = |path: &PathBuf, is_folder: bool| {
            path.extension().is_some_and(|ending| ending == "jsonl")
                || is_folder && *path != self.originals() && *path != self.programs()
        };
        let entries = |folder: &Path| -> Result<Vec<PathBuf>, FileError> {
            let mut needed = Vec::new();
            for path in files::list(folder)?.iter().map(fs::DirEntry::path) {
                let is_folder = files::is_folder(&path)?;
                needed.extend(Some(path).filter(|path| is_needed(path, is_folder)));
            }
            Ok(needed)
        };
        let mut found = vec![folder.clone()];
        for path in entries(&folder)? {
            if path.ends_with("retro") {
                found.extend(entries(&path)?);
            }
            found.push(path);
        }
        found.retain(|path| !files::is_writable(path));
        found.sort();
        Ok(found)
    }

    /// Returns whether a path is in `.loop/`.
    pub fn contains(&self, path: &Path) -> bool {
        path.starts_with(self.repo.in_loop(""))
    }

    /// Fails if something that is no file is in the place of one of these, before anything is written.
    ///
    /// # Errors
    /// Something else is there.
    pub fn check_writable(&self, stored: &[StoredFile]) -> Result<(), FileError> {
        stored.iter().try_for_each(|file| files::check_writable_place(&self.repo.path(file)))
    }

    /// What each automation last did. It is never recreated: damaged, it stays as it is.
    pub fn state(&self) -> JsonFile<'h, AutomationState> {
        self.document().with_patience(REPORT_PATIENCE)
    }

    /// The ready issues, best first.
    pub fn queue(&self) -> Queue<'h> {
        Queue { path: self.repo.path(&QUEUE), backup: self.repo.path(&QUEUE_BACKUP), warnings: self.warnings }
    }

    /// The issues that are kept out of the queue.
    pub fn quarantine(&self) -> JsonFile<'h, Quarantine> {
        self.document()
    }

    /// When issues were released from quarantine. Changed under the lock of the quarantine.
    pub fn released(&self) -> JsonFile<'h, ReleasedIssues> {
        self.document()
    }

    /// Every issue's score by rule.
    pub fn scores<'a>(&self) -> JsonFile<'h, Scores<'a>> {
        self.document()
    }

    /// How long the loop has been idle.
    pub fn idle(&self) -> JsonFile<'h, Object<IdleState>> {
        self.document()
    }

    /// The issue that the guard gave out last.
    pub fn handout(&self) -> JsonFile<'h, Object<Handout>> {
        self.document()
    }

    /// What the agent reports of its cycle.
    pub fn cycle_result(&self) -> CycleResultFile<'h> {
        CycleResultFile(self.document::<CycleResult>())
    }

    /// The last agenda.
    pub fn agenda(&self) -> JsonFile<'h, Agenda> {
        self.document()
    }

    /// The automations that are paused.
    pub fn pauses(&self) -> JsonFile<'h, Pauses> {
        self.document()
    }

    /// The due runs that the scheduler has started.
    pub fn schedule(&self) -> JsonFile<'h, ScheduleState> {
        self.document()
    }

    /// What an installation replaced.
    pub fn installation(&self) -> JsonFile<'h, Installation> {
        self.document()
    }

    /// What introspection concluded.
    pub fn insights(&self) -> JsonFile<'h, Insights> {
        self.document()
    }

    /// What the insights were computed from.
    pub fn insights_source(&self) -> JsonFile<'h, InsightsSource> {
        self.document()
    }

    /// The log of cycles at `path`, which a setting may name, with its index and its summary.
    pub fn cycles(&self, path: &Path) -> Cycles<'h> {
        Cycles::new(path, self.document::<Summary>())
    }

    /// The log of cycles at its usual path.
    pub fn usual_cycles(&self) -> Cycles<'h> {
        self.cycles(&self.repo.path(&CYCLES))
    }

    /// The token ledger.
    pub fn tokens(&self) -> Ledger {
        Ledger(self.log::<TokenLine>())
    }

    /// One line per triage run.
    pub fn triage_runs(&self) -> JsonLines<TriageRun> {
        self.log()
    }

    /// One line per deep triage run; what is read of it is what triage runs have.
    pub fn deep_triage_runs(&self) -> JsonLines<TriageRun> {
        JsonLines::new(self.repo.path(&DEEP_TRIAGE_LOG), DeepTriageRun::FILE.durability)
    }

    /// Comparisons of old scripts and new tools.
    pub fn shadow_runs(&self) -> JsonLines<ShadowRun> {
        self.log()
    }

    /// The log of an automation's runs.
    pub fn run_log(&self, id: &str) -> RunLog {
        RunLog::open(self.run_log_path(id))
    }

    /// Where the log of an automation's runs is, for messages.
    pub fn run_log_path(&self, id: &str) -> PathBuf {
        self.repo.path(&LOGS).join(format!("{id}.log"))
    }

    /// The right to run an automation.
    pub fn run_lease(&self, id: &str) -> LockFile {
        LockFile::new(self.repo.path(&RUN_LOCKS).join(format!(".{id}.lock")))
    }

    /// The right to run automations when they are due.
    pub fn scheduler_lease(&self) -> LockFile {
        self.run_lease("scheduler")
    }

    /// The directory of the scripts that an installation replaced.
    pub fn originals(&self) -> PathBuf {
        self.repo.path(&ORIGINALS)
    }

    /// The directory of the installed programs.
    pub fn programs(&self) -> PathBuf {
        self.repo.path(&PROGRAMS)
    }

    /// Removes what a killed program has left next to the manifest.
    ///
    /// # Errors
    /// The system refuses.
    pub fn sweep_manifest(&self, file: &ConfigFile) -> Result<(), FileError> {
        file.sweep(&self.repo.in_loop(MANIFEST_LOCK))
    }

    /// Changes the manifest `file`: `make` gets its content, and returns the new one, or none if nothing is to change.
    ///
    /// # Errors
    /// The system refuses, or what `make` fails with.
    pub fn edit_manifest<E: From<FileError>>(
        &self,
        file: &ConfigFile,
        make: impl FnMut(Vec<u8>) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<EditOutcome, E> {
        file.edit(&self.repo.in_loop(MANIFEST_LOCK), make)
    }

    /// Replaces a file that is not stored here, such as a service unit or a baseline, whose directory is to hold no lock file.
    ///
    /// # Errors
    /// The system refuses.
    pub fn replace_elsewhere(&self, path: &Path, content: &[u8]) -> Result<(), FileError> {
        files::lock_from(path, &self.repo.path(&RUN_LOCKS).join(".elsewhere.lock"))?
            .replace(content, Durability::Flushed)
    }

    /// The documents whose damage is looked for, as far as they exist.
    pub fn checked_documents(&self) -> Vec<CheckedDocument> {
        let documents = LOOP_FILES.into_iter().filter(|file| matches!(file.format, Format::Object | Format::List));
        let documents = documents.filter(|file| file.is_verified);
        documents
            .map(|file| CheckedDocument::new(self.repo.path(&file), &file))
            .filter(|document| may_be_there(document.path()))
            .collect()
    }

    /// The logs whose damage is looked for, as far as they exist; the log of cycles is at `cycles`.
    pub fn checked_logs(&self, cycles: &Path) -> Vec<CheckedLog> {
        let logs = LOOP_FILES.into_iter().filter(|file| file.is_verified && file.format == Format::Log);
        let path = |file: &StoredFile| if file.path == CYCLES.path { cycles.to_owned() } else { self.repo.path(file) };
        logs.map(|file| CheckedLog::new(path(&file), &file)).filter(|log| may_be_there(log.path())).collect()
    }

    /// Looks for what keeps the tools from the other files and directories of `.loop/`, whose content is not checked: something else
    /// is in the place of one, or it cannot be read.
    pub fn blocked_places(&self) -> Vec<FileError> {
        let others = LOOP_FILES.into_iter().filter(|file| !file.is_verified);
        let look = |file: StoredFile| match file.format {
            Format::Directory => files::list(&self.repo.path(&file)).err(),
            _ => files::open(&self.repo.path(&file)).err(),
        };
        others.filter_map(look).collect()
    }

    /// The entries of `.loop/` that its user cannot write, because another user made them.
    ///
    /// # Errors
    /// An entry cannot be looked at.
    pub fn foreign_entries(&self) -> Result<Vec<ForeignEntry>, FileError> {
        foreign::find(&self.repo)
    }

    /// The files of `.loop/` that no tool reads: what killed writers have left, and data that was kept.
    ///
    /// # Errors
    /// A folder cannot be listed.
    pub fn leftovers(&self) -> Result<Vec<Leftover>, FileError> {
        leftovers::find(&self.repo)
    }

    fn document<T: Stored>(&self) -> JsonFile<'h, T> {
        JsonFile::new(self.repo.path(&T::FILE), T::FILE.durability, self.warnings)
    }

    fn log<T: Stored>(&self) -> JsonLines<T> {
        JsonLines::new(self.repo.path(&T::FILE), T::FILE.durability)
    }
}

/// Whether there is a file, or something else is in its place, or in that of a directory above it: then reading it is the error.
fn may_be_there(path: &Path) -> bool {
    !matches!(files::open(path), Ok(None))
}
