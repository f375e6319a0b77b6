//! What a run leaves behind: in `automation_state.json` that it began, that it ended and how; in `tokens.jsonl` what it
//! earned and cost. A failure to report is the caller's warning, never a failure of the run.

mod tokens;

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::document::{self, Document};
use crate::files::{self, Durability, FileError};
use crate::host::Host;
use crate::layout::Repo;
use crate::manifest::Manifest;
use crate::reason::Reason;
use crate::source::SourceError;

pub use tokens::{PastTokenLine, TOKEN_ECONOMY, TokenLine};

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
pub struct Judged {
    /// What is wrong with its entry in the manifest.
    pub problem: Option<String>,
    /// When it runs next, in the files' form.
    pub next_run: Option<String>,
}

/// The report of one automation's runs.
pub struct Report<'a> {
    host: &'a Host,
    repo: &'a Repo,
    manifest: &'a Manifest,
    id: &'a str,
}

impl<'a> Report<'a> {
    /// Opens the report of automation `id`.
    pub fn new(host: &'a Host, repo: &'a Repo, manifest: &'a Manifest, id: &'a str) -> Self {
        Self { host, repo, manifest, id }
    }

    /// Records that a run has begun: `running`, with this process and machine. A run that is still recorded as running
    /// but whose process is gone is counted as failed.
    ///
    /// # Errors
    /// The state file cannot be read or written, or is damaged.
    pub fn began(&self) -> Result<(), ReportError> {
        self.update(|entry, now| {
            settle_abandoned(entry);
            entry.insert("status".to_owned(), "running".into());
            entry.insert("last_run".to_owned(), now.into());
            entry.insert("pid".to_owned(), std::process::id().into());
            entry.insert("host".to_owned(), machine().into());
        })
    }

    /// Records that the automation was asked for but did not run, and why.
    ///
    /// # Errors
    /// As [`Report::began`].
    pub fn skipped(&self, reason: Reason) -> Result<(), ReportError> {
        self.update(|entry, _| {
            entry.insert("status".to_owned(), "skipped".into());
            entry.insert("last_result".to_owned(), reason.code().into());
            entry.insert("last_reason".to_owned(), reason.code().into());
        })
    }

    /// Records what is known of the automation without a run: whether its entry is valid, and when it runs next. A run that
    /// was abandoned is counted as failed.
    ///
    /// # Errors
    /// As [`Report::began`].
    pub fn judged(reports: &[(Report, Judged)]) -> Result<(), ReportError> {
        let Some((first, _)) = reports.first() else { return Ok(()) };
        first.update_all(|automations| {
            for (report, judged) in reports {
                let Some(entry) = report.entry_in(automations) else { continue };
                settle_abandoned(entry);
                entry.insert("valid".to_owned(), judged.problem.is_none().into());
                entry.insert("problem".to_owned(), judged.problem.clone().into());
                entry.insert("next_run".to_owned(), judged.next_run.clone().into());
            }
        })
    }

    /// Records how a run ended.
    ///
    /// # Errors
    /// As [`Report::began`].
    pub fn ended(&self, ending: &Ending) -> Result<(), ReportError> {
        self.update(|entry, now| {
            let (ok, milliseconds) = (ending.result.is_ok(), ending.duration.as_millis());
            count(entry, ok);
            entry.insert("status".to_owned(), if ok { "ok" } else { "failed" }.into());
            entry.insert(if ok { "last_success" } else { "last_failure" }.to_owned(), now.into());
            entry.insert("last_duration_ms".to_owned(), u64::try_from(milliseconds).unwrap_or(u64::MAX).into());
            entry.insert("last_exit_code".to_owned(), ending.code.into());
            let (result, error) = match &ending.result {
                Ok(result) => (Value::from(result.as_str()), Value::Null),
                Err(error) => (Value::Null, Value::from(error.as_str())),
            };
            entry.insert("last_result".to_owned(), result);
            entry.insert("last_error".to_owned(), error);
            entry.insert("last_reason".to_owned(), ending.reason.code().into());
            entry.shift_remove("pid");
            entry.shift_remove("host");
        })
    }

    /// Changes this automation's entry in the state file.
    fn update(&self, change: impl FnOnce(&mut Map<String, Value>, &str)) -> Result<(), ReportError> {
        self.update_all(|automations| {
            if let Some(entry) = self.entry_in(automations) {
                change(entry, &self.host.timestamp());
            }
        })
    }

    /// Changes the entries of the state file.
    fn update_all(&self, change: impl FnOnce(&mut Map<String, Value>)) -> Result<(), ReportError> {
        let path = self.repo.automation_state();
        let lock = files::lock(&path)?;
        let mut state = match document::read::<Map<String, Value>>(&path)? {
            Document::Missing => Map::from_iter([("version".to_owned(), 1.into())]),
            Document::Intact(state) => state,
            Document::Damaged(error) => return Err(ReportError::Damaged(error)),
        };
        state.insert("updated_at".to_owned(), self.host.timestamp().into());
        let automations = state.entry("automations").or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(automations) = automations else {
            let message = "`automations` is not an object".to_owned();
            return Err(ReportError::Damaged(SourceError { path, position: None, message, hint: None }));
        };
        change(automations);
        Ok(document::replace(&lock, &state, Durability::Derived)?)
    }

    /// Returns this automation's entry, made if it is not there, with what the manifest decides brought up to date.
    fn entry_in<'m>(&self, automations: &'m mut Map<String, Value>) -> Option<&'m mut Map<String, Value>> {
        let entry = automations.entry(self.id).or_insert(Value::Null);
        if !entry.is_object() {
            *entry = Value::Object(Map::new());
        }
        let entry = entry.as_object_mut()?;
        self.describe(entry);
        Some(entry)
    }

    /// Brings the parts of an entry that the manifest decides up to date, and lays a new entry's fields in their order.
    fn describe(&self, entry: &mut Map<String, Value>) {
        let listed = self.manifest.entry(self.id);
        entry.insert("enabled".to_owned(), listed.is_none_or(|listed| listed.enabled).into());
        // Whoever looks at the whole manifest says more.
        entry.entry("valid").or_insert(true.into());
        entry.entry("problem").or_insert(Value::Null);
        let script = listed.map(|listed| listed.script.as_str());
        let trigger = listed.map_or("manual", |listed| listed.trigger.as_str());
        for (key, value) in [("script", Value::from(script)), ("trigger", trigger.into())] {
            if listed.is_some() || !entry.contains_key(key) {
                entry.insert(key.to_owned(), value);
            }
        }
        let fresh = json!({
            "status": "never", "last_run": null, "last_success": null, "last_failure": null, "last_duration_ms": null,
            "last_exit_code": null, "last_result": null, "last_error": null, "last_reason": null, "runs": 0, "successes": 0, "failures": 0,
            "consecutive_failures": 0, "next_run": null
        });
        if let Value::Object(fresh) = fresh {
            for (key, value) in fresh {
                entry.entry(key).or_insert(value);
            }
        }
    }
}

/// Counts one more run.
fn count(entry: &mut Map<String, Value>, ok: bool) {
    let mut add = |key: &str| {
        let so_far = entry.get(key).and_then(Value::as_u64).unwrap_or(0);
        entry.insert(key.to_owned(), so_far.saturating_add(1).into());
    };
    add("runs");
    if ok {
        add("successes");
        entry.insert("consecutive_failures".to_owned(), 0.into());
    } else {
        add("failures");
        add("consecutive_failures");
    }
}

/// Counts a run as failed that an entry still has as running although its process is gone.
fn settle_abandoned(entry: &mut Map<String, Value>) {
    if is_abandoned(entry) {
        count(entry, false);
        entry.insert("status".to_owned(), "failed".into());
        entry.insert("last_failure".to_owned(), entry.get("last_run").cloned().unwrap_or(Value::Null));
        entry.insert("last_error".to_owned(), "the process was gone before it had ended".into());
        entry.insert("last_reason".to_owned(), Reason::Interrupted.code().into());
        entry.shift_remove("pid");
        entry.shift_remove("host");
    }
}

/// Whether an entry says `running` but its process, on this machine, is gone.
fn is_abandoned(entry: &Map<String, Value>) -> bool {
    if entry.get("status").and_then(Value::as_str) != Some("running")
        || entry.get("host").and_then(Value::as_str) != Some(&machine())
    {
        return false;
    }
    let pid = entry.get("pid").and_then(Value::as_i64).and_then(|pid| i32::try_from(pid).ok());
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
            let (repo, manifest) = (Repo::at(self.folder.path()), Manifest::default());
            work(&Report::new(&self.host, &repo, &manifest, "loop_guard"))
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
