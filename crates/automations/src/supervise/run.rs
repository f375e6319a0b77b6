//! Runs an automation as a child process: with which variables, and what is recorded of it.

use std::ffi::OsString;
use std::fs::File;
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use common::manifest::{self, Automation};
use common::report::{Ending, Report};
use host::child::{self, Call, ExitOutcome, StreamKind};
use host::files::FileError;
use records::{DeclaredTrigger, Reason, Trigger, timestamp};
use serde::Serialize;
use serde_json::Value;
use store::Lease;

use super::settings::Supervision;
use super::target::{Target, TargetError, find_target};
use crate::context::Context;

/// How long an automation has to end when it is asked to.
const GRACE: Duration = Duration::from_secs(10);

/// A run that is asked for.
pub struct RunRequest<'a> {
    /// The automation.
    pub listed: &'a Automation,
    /// What starts it, as the automation and its log get it.
    pub trigger: &'a str,
    /// Further arguments.
    pub args: &'a [OsString],
    /// Whether it may read what this program reads.
    pub stdin: bool,
    /// Whether its output is passed on as well as logged.
    pub forward_output: bool,
    /// Whether it runs although it is disabled or paused.
    pub force: bool,
    /// Set when everything is to end.
    pub stop: &'a AtomicBool,
}

/// What became of a request.
#[derive(Clone, Debug, Serialize)]
pub struct RunResult {
    /// The automation.
    pub id: String,
    /// Why it ended as it did, or was not run.
    pub reason: Reason,
    /// The exit code, where it ran to its own end.
    pub exit_code: Option<i32>,
    /// How long it ran.
    pub duration_ms: u64,
    /// What the reason does not say.
    pub detail: Option<String>,
}

impl RunResult {
    /// An automation that was not run.
    pub fn not(listed: &Automation, reason: Reason, detail: Option<String>) -> Self {
        Self { id: listed.entry.id.clone(), reason, exit_code: None, duration_ms: 0, detail }
    }

    /// Whether it was run at all.
    pub fn was_run(&self) -> bool {
        use Reason::{RanFailed, RanWell, Stopped, TimedOut};
        matches!(self.reason, RanWell | RanFailed | TimedOut | Stopped)
    }

    /// Returns the exit code that the run adds to its trigger's: 0 well, or not to run (what it depends on has its own code); 1 a
    /// no, or a failure; 2 wrong configuration.
    pub fn code_for_trigger(&self) -> u8 {
        match self.reason {
            Reason::Invalid | Reason::NotStarted => 2,
            Reason::Disabled | Reason::Paused | Reason::DependencyNotOk => 0,
            _ => match self.exit_code {
                Some(0) => 0,
                Some(2) => 2,
                _ => 1,
            },
        }
    }
}

/// Runs an automation, if it is to run, and records what became of it.
pub fn run(context: &Context, request: &RunRequest) -> RunResult {
    let listed = request.listed;
    if let Some(result) = held_back(context, request) {
        return result;
    }
    let supervision = Supervision::of(context, listed).map_err(|error| TargetError::Invalid(error.to_string()));
    let prepared = supervision.and_then(|supervision| Ok((supervision, find_target(context, listed)?)));
    let (supervision, target) = match prepared {
        Ok(prepared) => prepared,
        // The system may let it be looked at later.
        Err(TargetError::Unreachable(problem)) => {
            return RunResult::not(listed, Reason::NotStarted, Some(problem));
        }
        Err(TargetError::Invalid(problem)) => {
            record(context, |report| report.skipped(Reason::Invalid), &listed.entry.id);
            return RunResult::not(listed, Reason::Invalid, Some(problem));
        }
    };
    // Held until the run is over.
    let (stdin, _right) = match stdin(context, request) {
        Ok(Some(both)) => both,
        Ok(None) => return RunResult::not(listed, Reason::AlreadyRunning, None),
        Err(error) => {
            let words = format!("{error}");
            return RunResult::not(listed, Reason::NotStarted, Some(words));
        }
    };
    start(context, request, &supervision, &target, stdin)
}

/// An automation that is switched off or paused, and not forced.
fn held_back(context: &Context, request: &RunRequest) -> Option<RunResult> {
    let listed = request.listed;
    if request.force {
        return None;
    }
    let (reason, detail) = if listed.entry.enabled {
        let pause = match context.pause(&listed.entry.id) {
            Ok(pause) => pause?,
            // Whether it is paused is not known.
            Err(error) => return Some(RunResult::not(listed, Reason::NotStarted, Some(error.to_string()))),
        };
        (Reason::Paused, Some(format!("until {}: {}", timestamp(pause.until), pause.reason)))
    } else {
        (Reason::Disabled, None)
    };
    record(context, |report| report.skipped(reason), &listed.entry.id);
    Some(RunResult::not(listed, reason, detail))
}

/// What an automation reads. Unless it is run by an event, which several agents may cause at once, it is an empty file that
/// stands for the right to run, so that the right lasts as long as anything of the run does, even when this program is killed.
/// None if another process has the right.
fn stdin(context: &Context, request: &RunRequest) -> Result<Option<(Stdio, Option<File>)>, FileError> {
    let own = || if request.stdin && context.host.stdin_is_piped() { Stdio::inherit() } else { Stdio::null() };
    if DeclaredTrigger::new(request.trigger).trigger().is_some_and(Trigger::is_event) {
        return Ok(Some((own(), None)));
    }
    let Some(granted) = context.store.run_lease(&request.listed.entry.id).acquire()? else { return Ok(None) };
    Ok(Some(if request.stdin { (own(), Some(granted.token)) } else { (granted.token.into(), None) }))
}

/// What the runs of an automation of this repository are known by.
pub(crate) fn label(context: &Context, id: &str) -> String {
    format!("{id}@{}", context.repo().root().display()).replace(':', "_")
}

fn start(
    context: &Context,
    request: &RunRequest,
    supervision: &Supervision,
    target: &Target,
    stdin: Stdio,
) -> RunResult {
    let id = &request.listed.entry.id;
    let args: Vec<OsString> = target
        .args
        .iter()
        .cloned()
        .chain(supervision.args.iter().map(Into::into))
        .chain(request.args.iter().cloned())
        .collect();
    let env = variables(context, request, target);
    if !target.reports {
        #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is not general over lifetimes")]
        record(context, |report| report.began(), id);
    }
    let log = Arc::new(Mutex::new(context.store.run_log(id)));
    let write = |line: &str| log.lock().unwrap_or_else(PoisonError::into_inner).line(line);
    write(&format!("=== {} {} begins, pid of timmy {}", context.host.timestamp(), request.trigger, std::process::id()));
    let (outlets, kept, forward_output) = (context.host.outlets(), Arc::clone(&log), request.forward_output);
    let sink: child::Sink = Arc::new(move |from, piece| {
        if forward_output {
            match from {
                StreamKind::Stdout => outlets.write_out(piece),
                StreamKind::Stderr => outlets.write_err(piece),
            }
        }
        kept.lock().unwrap_or_else(PoisonError::into_inner).write(piece);
    });
    let clock = Instant::now();
    let label = label(context, id);
    let call = Call {
        label: &label,
        program: target.program.as_os_str(),
        args: &args,
        env: &env,
        folder: context.repo().root(),
        stdin,
        limit: supervision.limit,
        grace: GRACE,
    };
    let finished = child::run(call, request.stop, &sink);
    let duration = clock.elapsed();
    let (reason, exit_code, detail) = judge(request.listed, target, supervision, &finished);
    let told = detail.as_deref().map_or(String::new(), |detail| format!(": {detail}"));
    write(&format!("=== {} ends: {reason}{told}", context.host.timestamp()));
    if let Some(problem) = log.lock().unwrap_or_else(PoisonError::into_inner).problem() {
        context
            .warn(&format!("{}: the output could not be logged: {problem}", context.store.run_log_path(id).display()));
    }
    // Our tools report by themselves, unless they were kept from it.
    if !target.reports || exit_code.is_none() {
        report(context, id, reason, exit_code, detail.as_deref(), duration, target.reports);
    }
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    RunResult { id: id.clone(), reason, exit_code, duration_ms, detail }
}

/// What a run's end means.
fn judge(
    listed: &Automation,
    target: &Target,
    supervision: &Supervision,
    finished: &std::io::Result<child::Finished>,
) -> (Reason, Option<i32>, Option<String>) {
    match finished {
        Err(error) => (Reason::NotStarted, None, Some(format!("{}: {error}", target.program.display()))),
        Ok(finished) => match finished.ended {
            ExitOutcome::Code(0) => (Reason::RanWell, Some(0), None),
            // A no that it is there to give.
            ExitOutcome::Code(1) if listed.entry.trigger.trigger().is_some_and(Trigger::takes_no) => {
                (Reason::RanWell, Some(1), Some("the answer is no (exit 1)".to_owned()))
            }
            ExitOutcome::Code(code) => (Reason::RanFailed, Some(code), Some(format!("exit {code}"))),
            ExitOutcome::Signal(signal) => (Reason::RanFailed, None, Some(format!("ended by signal {signal}"))),
            ExitOutcome::TimedOut => {
                let seconds = supervision.limit.as_secs();
                (
                    Reason::TimedOut,
                    None,
                    Some(format!("took more than {seconds} s and was ended with all that it had started")),
                )
            }
            ExitOutcome::Stopped => (Reason::Stopped, None, Some("ended because timmy was stopped".to_owned())),
        },
    }
}

/// The variables that an automation gets: where it works, and, unless it reads the manifest itself, its settings.
fn variables(context: &Context, request: &RunRequest, target: &Target) -> Vec<(OsString, OsString)> {
    let mut env: Vec<(OsString, OsString)> = vec![
        ("TIMMY_REPO_ROOT".into(), context.repo().root().into()),
        ("TIMMY_TRIGGER".into(), request.trigger.into()),
    ];
    if let Some(folder) = context.manifest.folder() {
        env.push((manifest::CONFIG_DIR.into(), folder.into()));
    }
    if !target.reports {
        let id = &request.listed.entry.id;
        env.push(("TIMMY_ID".into(), id.into()));
        env.push(("TIMMY_CONFIG".into(), Value::Object(request.listed.entry.config.clone()).to_string().into()));
        for (key, value) in &request.listed.entry.config {
            let name = format!("TIMMY_{}_{}", id.to_uppercase(), key.to_uppercase());
            let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            // A variable that is set has priority over the manifest.
            if is_name && context.host.var(&name).is_none() {
                env.push((name.into(), in_variable(value).into()));
            }
        }
    }
    env
}

/// A setting as a variable holds it: texts as they are, lists with commas, anything else as JSON.
pub(crate) fn in_variable(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            items.iter().map(in_variable).collect::<Vec<_>>().join(",")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn report(
    context: &Context,
    id: &str,
    reason: Reason,
    exit_code: Option<i32>,
    detail: Option<&str>,
    duration: Duration,
    is_tool: bool,
) {
    let words = detail.unwrap_or("done").to_owned();
    let is_well = reason == Reason::RanWell;
    let ending = Ending {
        code: exit_code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
        result: if is_well { Ok(words) } else { Err(words) },
        reason,
        duration,
    };
    record(context, |report| report.ended(&ending), id);
    let actions: &[&str] = match (is_tool, is_well) {
        (true, _) => &["failure"],
        (false, true) => &["run"],
        (false, false) => &["run", "failure"],
    };
    record(context, |report| Ok(report.append_tokens(actions).map(drop)?), id);
}

/// Writes a part of a report; a failure to is a warning.
fn record(context: &Context, write: impl FnOnce(&Report) -> Result<(), common::report::ReportError>, id: &str) {
    let result = context.store.prepare().map_err(Into::into);
    if let Err(error) = result.and_then(|()| write(&Report::new(context.host, &context.store, &context.manifest, id))) {
        context.warn(&format!("{id}: the run could not be reported: {error}"));
    }
}
