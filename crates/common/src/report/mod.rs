//! What a run leaves behind: in `automation_state.json` that it began, that it ended and how; in `tokens.jsonl` what it
//! earned and cost. A failure to report is the caller's warning, never a failure of the run.

mod ledger;

use std::time::Duration;

use records::{AutomationEntry, AutomationState, Reason, Status};

use crate::error::Failure;
use crate::manifest::Manifest;
use host::Host;
use host::files::FileError;
use host::source::SourceError;
use store::{Content, Document, Store};

/// What could not be reported.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The state file is damaged; it is left as it is.
    #[error("{0}; no run is recorded there until that file is moved")]
    Damaged(SourceError),
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The exit code.
    pub code: u8,
    /// The answer in a few words, or the error.
    pub result: Result<String, String>,
    /// Why it is the answer.
    pub reason: Reason,
    /// How long it took.
    pub duration: Duration,
}

/// What is known of an automation without a run of it.
#[derive(Clone, Debug, Default)]
pub struct AutomationStatus {
    /// What is wrong with its entry in the manifest.
    pub problem: Option<String>,
    /// When it runs next, in the files' form.
    pub next_run: Option<String>,
}

/// The report of one automation's runs.
pub struct Report<'a> {
    host: &'a Host,
    store: &'a Store<'a>,
    manifest: &'a Manifest,
    id: &'a str,
}

impl Failure for ReportError {}

impl<'a> Report<'a> {
    /// Opens the report of automation `id`.
    pub fn new(host: &'a Host, store: &'a Store<'a>, manifest: &'a Manifest, id: &'a str) -> Self {
        Self { host, store, manifest, id }
    }

    /// Records that a run has begun: `running`, with this process and machine. A run that is still recorded as running
    /// but whose process is gone is counted as failed.
    ///
    /// # Errors
    /// The state file cannot be read or written, or is damaged.
    pub fn began(&self) -> Result<(), ReportError> {
        self.update(|entry, now| {
            mark_interrupted(entry);
            entry.status = Status::Running;
            entry.last_run = Some(now);
            entry.pid = Some(std::process::id().into());
            entry.host = Some(machine());
        })
    }

    /// Records that the automation was asked for but did not run, and why.
    ///
    /// # Errors
    /// As [`Report::began`].
    pub fn skipped(&self, reason: Reason) -> Result<(), ReportError> {
        self.update(|entry, _| {
            entry.status = Status::Skipped;
            entry.last_result = Some(reason.code().to_owned());
            entry.last_reason = Some(reason.code().to_owned());
        })
    }

    /// Records what is known of the automation without a run: whether its entry is valid, and when it runs next. A run that
    /// was abandoned is counted as failed.
    ///
    /// # Errors
    /// As [`Report::began`].
    pub fn record_status(reports: &[(Report, AutomationStatus)]) -> Result<(), ReportError> {
        let Some((first, _)) = reports.first() else { return Ok(()) };
        let change = |state: &mut AutomationState| {
            for (report, status) in reports {
                report.update_entry(state, |entry| {
                    entry.valid = Some(status.problem.is_none());
                    entry.problem.clone_from(&status.problem);
                    entry.next_run.clone_from(&status.next_run);
                });
            }
        };
        // A look that finds nothing new leaves the file as it is.
        if let Content::Intact(before) = first.store.state().read()? {
            let mut after = before.clone();
            change(&mut after);
            if reports.iter().all(|(report, _)| before.entry(report.id) == after.entry(report.id)) {
                return Ok(());
            }
        }
        first.update_state(change)
    }

    /// Records how a run ended.
    ///
    /// # Errors
    /// As [`Report::began`].
    pub fn ended(&self, ending: &Ending) -> Result<(), ReportError> {
        self.update(|entry, now| {
            let is_success = ending.result.is_ok();
            entry.count_run(is_success);
            if is_success {
                (entry.status, entry.last_success) = (Status::Ok, Some(now));
            } else {
                (entry.status, entry.last_failure) = (Status::Failed, Some(now));
            }
            entry.last_duration_ms = Some(u64::try_from(ending.duration.as_millis()).unwrap_or(u64::MAX));
            entry.last_exit_code = Some(ending.code.into());
            entry.last_result = ending.result.as_ref().ok().cloned();
            entry.last_error = ending.result.as_ref().err().cloned();
            entry.last_reason = Some(ending.reason.code().to_owned());
            (entry.pid, entry.host) = (None, None);
        })
    }

    /// Changes this automation's entry in the state file.
    fn update(&self, change: impl FnOnce(&mut AutomationEntry, String)) -> Result<(), ReportError> {
        self.update_state(|state| self.update_entry(state, |entry| change(entry, self.host.timestamp())))
    }

    /// Changes the state file.
    fn update_state(&self, change: impl FnOnce(&mut AutomationState)) -> Result<(), ReportError> {
        let changed = self.store.state().change_intact(|state| {
            state.set_updated_at(self.host.timestamp());
            change(state);
        })?;
        changed.map_err(ReportError::Damaged)
    }

    /// Changes this automation's entry, with what the manifest decides brought up to date first.
    fn update_entry(&self, state: &mut AutomationState, change: impl FnOnce(&mut AutomationEntry)) {
        let listed = self.manifest.entry(self.id);
        state.update(self.id, |entry| {
            entry.enabled = Some(listed.is_none_or(|listed| listed.enabled));
            // A look at the whole manifest says more.
            entry.valid.get_or_insert(true);
            match listed {
                Some(listed) => {
                    entry.script = Some(listed.script.clone());
                    entry.trigger = Some(listed.trigger.text().to_owned());
                }
                None => drop(entry.trigger.get_or_insert_with(|| "manual".to_owned())),
            }
            change(entry);
        });
    }
}

/// Counts a run as failed that an entry still has as running although its process is gone.
pub fn mark_interrupted(entry: &mut AutomationEntry) {
    if is_abandoned(entry) {
        entry.count_run(false);
        entry.status = Status::Failed;
        entry.last_failure.clone_from(&entry.last_run);
        entry.last_error = Some("the process was gone before it had ended".to_owned());
        entry.last_reason = Some(Reason::Interrupted.code().to_owned());
        (entry.pid, entry.host) = (None, None);
    }
}

/// Whether an entry says `running` but its process, on this machine, is gone.
fn is_abandoned(entry: &AutomationEntry) -> bool {
    if entry.status != Status::Running || entry.host.as_deref() != Some(&machine()) {
        return false;
    }
    let pid = entry.pid.and_then(|pid| i32::try_from(pid).ok());
    // Not allowed to signal it means that it is there.
    pid.and_then(rustix::process::Pid::from_raw)
        .is_none_or(|pid| rustix::process::test_kill_process(pid).is_err_and(|error| error == rustix::io::Errno::SRCH))
}

/// The name of this machine.
fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write what is to be read")]

    use std::fs;
    use std::path::Path;

    use serde_json::{Value, json};
    use store::Repo;

    use super::*;

    pub(super) struct World {
        pub(super) folder: tempfile::TempDir,
        host: Host,
    }

    impl World {
        pub(super) fn new() -> Self {
            let env = [("TIMMY_NOW", "2026-03-21T12:00:00Z")];
            Self { folder: tempfile::tempdir().unwrap(), host: Host::test(&["x"], &env, Path::new("/")).0 }
        }

        pub(super) fn with<T>(&self, work: impl FnOnce(&Report) -> T) -> T {
            let store = Store::new(&self.host, Repo::at(self.folder.path()), true);
            let manifest = Manifest::default();
            work(&Report::new(&self.host, &store, &manifest, "loop_guard"))
        }

        fn began(&self) -> Result<(), ReportError> {
            self.with(|report: &Report| report.began())
        }

        fn entry(&self) -> Value {
            let text = fs::read_to_string(self.folder.path().join(".loop/automation_state.json")).unwrap();
            serde_json::from_str::<Value>(&text).unwrap()["automations"]["loop_guard"].clone()
        }
    }

    fn ending(result: Result<&str, &str>) -> Ending {
        let result = result.map(str::to_owned).map_err(str::to_owned);
        Ending { code: 1, result, reason: Reason::RanWell, duration: Duration::from_millis(4) }
    }

    #[test]
    fn a_run_is_recorded_from_its_beginning_to_its_end() {
        let world = World::new();
        world.began().unwrap();
        assert_eq!(world.entry()["status"], "running");
        assert_eq!(world.entry()["pid"], std::process::id());
        world.with(|report| report.ended(&ending(Ok("idle, backoff 240 s")))).unwrap();
        let entry = world.entry();
        let keys: Vec<&String> = entry.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "enabled",
                "valid",
                "problem",
                "script",
                "trigger",
                "status",
                "last_run",
                "last_success",
                "last_failure",
                "last_duration_ms",
                "last_exit_code",
                "last_result",
                "last_error",
                "last_reason",
                "runs",
                "successes",
                "failures",
                "consecutive_failures",
                "next_run"
            ]
        );
        assert_eq!((&entry["status"], &entry["runs"], &entry["last_exit_code"]), (&json!("ok"), &json!(1), &json!(1)));
        world.with(|report| report.ended(&ending(Err("no disk")))).unwrap();
        let entry = world.entry();
        assert_eq!(
            (&entry["status"], &entry["failures"], &entry["last_error"]),
            (&json!("failed"), &json!(1), &json!("no disk"))
        );
    }

    #[test]
    fn a_run_whose_process_is_gone_counts_as_failed() {
        let world = World::new();
        world.began().unwrap();
        let path = world.folder.path().join(".loop/automation_state.json");
        let text = fs::read_to_string(&path).unwrap();
        // No process has this number: it is above the largest that Linux and macOS give.
        fs::write(&path, text.replace(&format!("\"pid\": {}", std::process::id()), "\"pid\": 4194999")).unwrap();
        world.began().unwrap();
        assert_eq!((world.entry()["failures"].clone(), world.entry()["runs"].clone()), (json!(1), json!(1)));
        world.began().unwrap();
        assert_eq!(world.entry()["failures"], 1, "a living one is not counted");
    }

    #[test]
    fn what_others_wrote_survives() {
        let world = World::new();
        let path = world.folder.path().join(".loop/automation_state.json");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, r#"{"ours": 1.10, "automations": {"theirs": {"x": 123456789012345678901234567890}}}"#)
            .unwrap();
        world.began().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"ours\": 1.10") && text.contains("\"x\": 123456789012345678901234567890"), "{text}");
    }

    #[test]
    fn a_damaged_state_is_left_alone() {
        let world = World::new();
        let path = world.folder.path().join(".loop/automation_state.json");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        for damage in ["{\"automations\": [", "null", "[]", "{\"automations\": []}", " "] {
            fs::write(&path, damage).unwrap();
            assert!(world.began().is_err());
            assert_eq!(fs::read_to_string(&path).unwrap(), damage);
        }
    }
}
